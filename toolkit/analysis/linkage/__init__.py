"""Probabilistic record linkage of any table of people."""

from toolkit.analysis.linkage._evaluation import Quality, against, quality
from toolkit.analysis.linkage._evaluation_on_truth import Judged, judge_people, judge_rules
from toolkit.analysis.linkage._example import example_pair
from toolkit.analysis.linkage._model import Model
from toolkit.analysis.linkage._people import PEOPLE_STEPS, People, count_people, write_clusters
from toolkit.analysis.linkage._practice_overlap import cluster_sizes, copied_bases
from toolkit.analysis.linkage._spark import score_on_spark

__all__ = [
    "PEOPLE_STEPS",
    "Judged",
    "Model",
    "People",
    "Quality",
    "against",
    "cluster_sizes",
    "copied_bases",
    "count_people",
    "example_pair",
    "judge_people",
    "judge_rules",
    "quality",
    "score_on_spark",
    "write_clusters",
]
