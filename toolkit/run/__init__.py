"""Run an investigation: the pipeline, its record, reruns, and the spread over seeds."""

from toolkit.run._investigation import investigate, investigate_data_set
from toolkit.run._pipeline import Answered, DataSet, Settings, answer_questions, make_data_set, open_data_set
from toolkit.run._rerun import Change, Comparison, Rerun, rerun
from toolkit.run._run_manifest import RunRecord, read_record
from toolkit.run._seeds import Study, over_seeds, parse_seeds, seed_step, spread
from toolkit.run._seeds_page import headings, spread_rows, write_study
from toolkit.run._steps import expected_seconds, first_time_seconds

__all__ = [
    "Answered",
    "Change",
    "Comparison",
    "DataSet",
    "Rerun",
    "RunRecord",
    "Settings",
    "Study",
    "answer_questions",
    "expected_seconds",
    "first_time_seconds",
    "headings",
    "investigate",
    "investigate_data_set",
    "make_data_set",
    "open_data_set",
    "over_seeds",
    "parse_seeds",
    "read_record",
    "rerun",
    "seed_step",
    "spread",
    "spread_rows",
    "write_study",
]
