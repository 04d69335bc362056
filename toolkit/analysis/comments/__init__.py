"""Question 2: what share of the comments reveals something intimate, and what?

`classify` reads any texts; `read_texts` reads those of a leak, `overview` sums them up, `flagged` gives the lines,
`by_practice` who wrote them. `train` and `train_on_scan` make a second reader of one's
own; `labelled_notes` and `taught_notes` are there to learn on.
"""

from toolkit.analysis.comments._classifier import classify
from toolkit.analysis.comments._folding import fold_phrase
from toolkit.analysis.comments._labelled_notes import labelled_notes, taught_notes
from toolkit.analysis.comments._lexicon import FOLDER, load_lexicon, plain_words
from toolkit.analysis.comments._ngram_model import (
    SecondReader,
    load_second_reader,
    train,
    train_on_scan,
    train_with_categories,
)
from toolkit.analysis.comments._overview import Overview, by_practice, flagged, overview, read_texts

__all__ = [
    "FOLDER",
    "Overview",
    "SecondReader",
    "by_practice",
    "classify",
    "flagged",
    "fold_phrase",
    "labelled_notes",
    "load_lexicon",
    "load_second_reader",
    "overview",
    "plain_words",
    "read_texts",
    "taught_notes",
    "train",
    "train_on_scan",
    "train_with_categories",
]
