"""Statistics shared by several questions: confidence intervals, funnel plots, percentages."""

from toolkit.analysis.stats._funnel_plot import Funnel, funnel
from toolkit.analysis.stats._intervals import Interval, clopper_pearson, garwood, jeffreys, poisson_range, wilson
from toolkit.analysis.stats._percentages import percentages

__all__ = [
    "Funnel",
    "Interval",
    "clopper_pearson",
    "funnel",
    "garwood",
    "jeffreys",
    "percentages",
    "poisson_range",
    "wilson",
]
