"""Run an investigation: the pipeline, its record, reruns, and the spread over seeds."""

from toolkit.run._investigation import investigate
from toolkit.run._rerun import Change, Comparison, Rerun, rerun
from toolkit.run._run_manifest import read_record
from toolkit.run._seeds import over_seeds, parse_seeds, seed_step
from toolkit.run._seeds_page import headings, rows_to_read, write_study
from toolkit.run._steps import CLAIMS, asking, expected_seconds, linking, notebook_step

__all__ = [
    "CLAIMS",
    "Change",
    "Comparison",
    "Rerun",
    "asking",
    "expected_seconds",
    "headings",
    "investigate",
    "linking",
    "notebook_step",
    "over_seeds",
    "parse_seeds",
    "read_record",
    "rerun",
    "rows_to_read",
    "seed_step",
    "write_study",
]
