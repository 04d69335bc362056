"""Pictures: one function each, from a result table to a Plotly figure.

Every picture has a title that states the finding, a line that says what is counted, and a line of sources. Figures are
small: what is drawn was counted before, so no picture holds more than a few hundred points. Writing them to a
page, with plotly.js inside, is the business of `report`. One file a question; `look` is what all share.
"""

from toolkit.charts.comments import comments_by_category, comments_by_practice
from toolkit.charts.counts import completeness, counts_overview, lines_by_practice, lines_by_year
from toolkit.charts.duplicates import people_by_practices
from toolkit.charts.look import TEMPLATE
from toolkit.charts.public_figures import public_figures_tiers

__all__ = [
    "TEMPLATE",
    "comments_by_category",
    "comments_by_practice",
    "completeness",
    "counts_overview",
    "lines_by_practice",
    "lines_by_year",
    "people_by_practices",
    "public_figures_tiers",
]
