"""Data-leak forensics: open a leak, answer questions about it, and check the answers on synthetic leaks.

>>> import toolkit
>>> from toolkit.analysis import counts
>>> with toolkit.open_leak(toolkit.default_leak()) as leak:
...     print(counts.overview(leak))
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from toolkit.dataset import Leak, describe, open_leak
    from toolkit.errors import ToolkitError
    from toolkit.notebook import browse, default_leak, needs, readable, time_needed
    from toolkit.provenance import verify_synthetic

__all__ = [
    "Leak",
    "ToolkitError",
    "__version__",
    "browse",
    "default_leak",
    "describe",
    "needs",
    "open_leak",
    "readable",
    "time_needed",
    "verify_synthetic",
]

__version__ = version("leak-forensics-toolkit")

_HOMES = {
    "Leak": "toolkit.dataset",
    "ToolkitError": "toolkit.errors",
    "browse": "toolkit.notebook",
    "default_leak": "toolkit.notebook",
    "describe": "toolkit.dataset",
    "needs": "toolkit.notebook",
    "open_leak": "toolkit.dataset",
    "readable": "toolkit.notebook",
    "time_needed": "toolkit.notebook",
    "verify_synthetic": "toolkit.provenance",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first used, so that a command loads only what it needs."""
    if name not in _HOMES:
        raise AttributeError(f"module 'toolkit' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
