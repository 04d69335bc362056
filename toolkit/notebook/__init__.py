"""Helpers for notebooks: readable tables, a browser for masked lines, the default data set, times, skipped cells.

Also the copies of the notebooks that `toolkit lab` opens in JupyterLab.
"""

from toolkit.notebook._default_leak import default_leak, project_root
from toolkit.notebook._lab import CopiedNotebooks, copy_notebooks, start_lab
from toolkit.notebook._needs import install, needs
from toolkit.notebook._tables import browse, readable
from toolkit.notebook._timing import format_seconds, time_needed

__all__ = [
    "CopiedNotebooks",
    "browse",
    "copy_notebooks",
    "default_leak",
    "format_seconds",
    "needs",
    "project_root",
    "readable",
    "start_lab",
    "time_needed",
]

install()
