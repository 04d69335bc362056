"""Probabilistic record linkage of any table of people."""

from toolkit.analysis.linkage._evaluation import Quality, compare_with_truth, quality
from toolkit.analysis.linkage._evaluation_on_truth import Evaluation, evaluate_people, evaluate_rules
from toolkit.analysis.linkage._example import example_pair
from toolkit.analysis.linkage._model import Model
from toolkit.analysis.linkage._people import PEOPLE_STEPS, People, count_people, write_clusters
from toolkit.analysis.linkage._practice_overlap import cluster_sizes, copied_bases
from toolkit.analysis.linkage._spark import score_on_spark

__all__ = [
    "PEOPLE_STEPS",
    "Evaluation",
    "Model",
    "People",
    "Quality",
    "cluster_sizes",
    "compare_with_truth",
    "copied_bases",
    "count_people",
    "evaluate_people",
    "evaluate_rules",
    "example_pair",
    "quality",
    "score_on_spark",
    "write_clusters",
]
