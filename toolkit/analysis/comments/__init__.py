"""Question 2: what share of the comments reveals something intimate, and what?

`classify` reads any texts; `read_texts` reads those of a leak, `overview` sums them up, `flagged` gives the lines.
"""

from toolkit.analysis.comments.overview import Overview, flagged, overview, read_texts
from toolkit.analysis.comments.reading import classify

__all__ = ["Overview", "classify", "flagged", "overview", "read_texts"]
