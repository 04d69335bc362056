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
    from toolkit.dataset import Leak, describe, open_leak
    from toolkit.errors import ToolkitError
    from toolkit.notebook import browse, default_leak, readable, time_needed
    from toolkit.provenance import verify_synthetic

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
    "Leak": "toolkit.dataset._leak",
    "ToolkitError": "toolkit.errors",
    "browse": "toolkit.notebook._tables",
    "default_leak": "toolkit.notebook._default_leak",
    "describe": "toolkit.dataset._describe",
    "open_leak": "toolkit.dataset._leak",
    "readable": "toolkit.notebook._tables",
    "time_needed": "toolkit.notebook._timing",
    "verify_synthetic": "toolkit.provenance",
}


def __getattr__(name: str) -> object:
    """The public names, each imported when it is first asked for: the maker pays for no engine it does not use."""
    if name not in _HOMES:
        raise AttributeError(f"module 'toolkit' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
