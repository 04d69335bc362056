"""Data-leak forensics on invented data: make a leak, open it, ask it questions, check the answers.

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
    from toolkit.errors import ToolkitError
    from toolkit.leak import Leak, open_leak
    from toolkit.provenance import verify_synthetic
    from toolkit.report.data_sets import default_leak
    from toolkit.report.description import describe
    from toolkit.report.tables import browse, readable
    from toolkit.report.time_needed import time_needed

__all__ = [
    "Leak",
    "ToolkitError",
    "__version__",
    "browse",
    "default_leak",
    "describe",
    "open_leak",
    "readable",
    "time_needed",
    "verify_synthetic",
]

__version__ = version("leak-forensics-toolkit")

_HOMES = {
    "Leak": "toolkit.leak",
    "ToolkitError": "toolkit.errors",
    "browse": "toolkit.report.tables",
    "default_leak": "toolkit.report.data_sets",
    "describe": "toolkit.report.description",
    "open_leak": "toolkit.leak",
    "readable": "toolkit.report.tables",
    "time_needed": "toolkit.report.time_needed",
    "verify_synthetic": "toolkit.provenance",
}


def __getattr__(name: str) -> object:
    """The public names, each imported when it is first asked for: the maker pays for no engine it does not use."""
    if name not in _HOMES:
        raise AttributeError(f"module 'toolkit' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
