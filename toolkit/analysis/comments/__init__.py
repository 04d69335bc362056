"""Question 2: what share of the comments reveals something intimate, and what?

`classify` reads any texts; `read_texts` reads those of a leak, `overview` sums them up, `flagged` gives the lines,
`by_practice` who wrote them. `train` and `train_on_scan` make a second reader of one's
own; `labelled_notes` and `taught_notes` are there to learn on.
"""

from toolkit.analysis.comments.overview import Overview, by_practice, flagged, overview, read_texts
from toolkit.analysis.comments.reading import classify
from toolkit.analysis.comments.second_reader import SecondReader, load_second_reader, train, train_on_scan
from toolkit.analysis.comments.teaching import labelled_notes, taught_notes

__all__ = [
    "Overview",
    "SecondReader",
    "by_practice",
    "classify",
    "flagged",
    "labelled_notes",
    "load_second_reader",
    "overview",
    "read_texts",
    "taught_notes",
    "train",
    "train_on_scan",
]
