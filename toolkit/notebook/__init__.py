"""Helpers for notebooks: readable tables, a browser for masked lines, the default data set, times, skipped cells."""

from toolkit.notebook._default_leak import default_leak, project_root
from toolkit.notebook._needs import install, needs
from toolkit.notebook._tables import browse, readable
from toolkit.notebook._timing import format_seconds, time_needed

__all__ = [
    "browse",
    "default_leak",
    "format_seconds",
    "needs",
    "project_root",
    "readable",
    "time_needed",
]

install()
