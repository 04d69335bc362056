"""The answers told: numbers with their denominators, notebooks run at full scale, a page to open in a browser."""

from toolkit.report.answers import ANSWERS, Answer, Result
from toolkit.report.data_sets import data_set_folder, default_leak
from toolkit.report.description import describe
from toolkit.report.investigation import Investigation, investigate
from toolkit.report.notebooks import ReportError
from toolkit.report.tables import readable

__all__ = [
    "ANSWERS",
    "Answer",
    "Investigation",
    "ReportError",
    "Result",
    "data_set_folder",
    "default_leak",
    "describe",
    "investigate",
    "readable",
]
