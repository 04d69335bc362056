"""Charts: one function per chart, from a result table to a Plotly figure.

Every chart has a title with the finding, a subtitle with what is counted, and a source. Charts take counts, not lines,
so a figure holds a few hundred points at most, or one per practice; the map also holds its outlines. `report` writes
the figures to pages and image files: `for_page` adapts a figure to a page, `IMAGE_WIDTH` is the width of an image file.
"""

from toolkit.charts._ages import people_by_age
from toolkit.charts._claims import claims_against_leak
from toolkit.charts._comments import (
    audit_intervals,
    comments_by_category,
    comments_by_practice,
    comments_funnel,
    estimate_and_truth,
    misleading_comments,
)
from toolkit.charts._counts import completeness, counts_overview, lines_by_practice, lines_by_year
from toolkit.charts._departements import departement_map
from toolkit.charts._duplicates import cluster_sizes, people_by_practices, people_steps, repeats, shared_patients
from toolkit.charts._linkage import (
    linkage_errors,
    match_weights,
    missed_by_typing_error,
    people_by_threshold,
    weight_of_a_pair,
)
from toolkit.charts._public_figures import (
    public_figures_exposure,
    public_figures_placebo,
    public_figures_reliability,
    public_figures_tiers,
)
from toolkit.charts._realism import REALISM_CHARTS, realism_chart
from toolkit.charts._seeds import spread_over_seeds
from toolkit.charts._theme import IMAGE_WIDTH, TEMPLATE, for_page

__all__ = [
    "IMAGE_WIDTH",
    "REALISM_CHARTS",
    "TEMPLATE",
    "audit_intervals",
    "claims_against_leak",
    "cluster_sizes",
    "comments_by_category",
    "comments_by_practice",
    "comments_funnel",
    "completeness",
    "counts_overview",
    "departement_map",
    "estimate_and_truth",
    "for_page",
    "lines_by_practice",
    "lines_by_year",
    "linkage_errors",
    "match_weights",
    "misleading_comments",
    "missed_by_typing_error",
    "people_by_age",
    "people_by_practices",
    "people_by_threshold",
    "people_steps",
    "public_figures_exposure",
    "public_figures_placebo",
    "public_figures_reliability",
    "public_figures_tiers",
    "realism_chart",
    "repeats",
    "shared_patients",
    "spread_over_seeds",
    "weight_of_a_pair",
]
