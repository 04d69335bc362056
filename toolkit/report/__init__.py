"""Write the report of an investigation: page, tables, charts, executed notebooks, privacy check."""

from toolkit.report._chart_set import Chart
from toolkit.report._command import command
from toolkit.report._exports import shown
from toolkit.report._findings import Findings, NotebookPage
from toolkit.report._image_export import write_stills
from toolkit.report._notebooks import execute_notebook, find_notebooks, run_notebook
from toolkit.report._page import INDEX, write_report
from toolkit.report._privacy_check import scan_report

__all__ = [
    "INDEX",
    "Chart",
    "Findings",
    "NotebookPage",
    "command",
    "execute_notebook",
    "find_notebooks",
    "run_notebook",
    "scan_report",
    "shown",
    "write_report",
    "write_stills",
]
