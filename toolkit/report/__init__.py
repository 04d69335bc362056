"""Write the report of an investigation: page, tables, charts, executed notebooks, privacy check."""

from toolkit.report._chart_set import DrawnChart, draw
from toolkit.report._command import command_to_investigate, command_to_make, path_in_report
from toolkit.report._findings import Findings, NotebookPage
from toolkit.report._image_export import write_images
from toolkit.report._notebooks import (
    SKIPPED,
    execute_notebook,
    find_notebooks,
    run_notebook,
    supplied_notebooks,
    to_page,
)
from toolkit.report._page import CHARTS, INDEX, TABLES, write_report
from toolkit.report._privacy_check import check_privacy
from toolkit.report._rendering import render

__all__ = [
    "CHARTS",
    "INDEX",
    "SKIPPED",
    "TABLES",
    "DrawnChart",
    "Findings",
    "NotebookPage",
    "check_privacy",
    "command_to_investigate",
    "command_to_make",
    "draw",
    "execute_notebook",
    "find_notebooks",
    "path_in_report",
    "render",
    "run_notebook",
    "supplied_notebooks",
    "to_page",
    "write_images",
    "write_report",
]
