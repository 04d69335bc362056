"""Data sets on disk: opening them on an engine, describing them, and the cache of answers that take long."""

from toolkit.dataset._code import code_digest, source_digest
from toolkit.dataset._describe import describe
from toolkit.dataset._leak import ENGINES, Leak, open_leak
from toolkit.dataset._manifest import INTAKE, ORIGINS, SYNTHETIC, Capabilities
from toolkit.dataset._results import collect, share

__all__ = [
    "ENGINES",
    "INTAKE",
    "ORIGINS",
    "SYNTHETIC",
    "Capabilities",
    "Leak",
    "code_digest",
    "collect",
    "describe",
    "open_leak",
    "share",
    "source_digest",
]
