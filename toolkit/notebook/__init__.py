"""Helpers for notebooks: readable tables, a browser for masked lines, the default data set, expected times."""

from toolkit.notebook._default_leak import default_leak, project_root
from toolkit.notebook._tables import browse, readable
from toolkit.notebook._timing import in_time, time_needed

__all__ = [
    "browse",
    "default_leak",
    "in_time",
    "project_root",
    "readable",
    "time_needed",
]
