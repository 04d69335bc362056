"""Question 2: what share of the comments reveals something intimate, and what?

`classify` reads any texts; `overview` reads a whole leak; `flagged` gives the answer for each distinct text, for scoring.
"""

from toolkit.analysis.comments.reading import classify

__all__ = ["classify"]
