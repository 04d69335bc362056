"""Question 2: what share of the comments reveals something intimate, and what?

`classify` takes any texts. `read_texts` classifies those of a leak; `overview` counts them, `flagged` returns their
lines and `by_practice` counts them in each practice. `train` and `train_on_scan` train an n-gram model on other labels;
`labelled_notes` and `training_notes` are labelled notes to train on.
"""

from toolkit.analysis.comments._classifier import classify
from toolkit.analysis.comments._folding import fold_phrase
from toolkit.analysis.comments._labelled_notes import labelled_notes, training_notes
from toolkit.analysis.comments._lexicon import FOLDER, load_lexicon, plain_words
from toolkit.analysis.comments._ngram_model import (
    NgramModel,
    load_ngram_model,
    train,
    train_on_scan,
    train_with_categories,
)
from toolkit.analysis.comments._overview import Overview, by_practice, flagged, overview, read_texts

__all__ = [
    "FOLDER",
    "NgramModel",
    "Overview",
    "by_practice",
    "classify",
    "flagged",
    "fold_phrase",
    "labelled_notes",
    "load_lexicon",
    "load_ngram_model",
    "overview",
    "plain_words",
    "read_texts",
    "train",
    "train_on_scan",
    "train_with_categories",
    "training_notes",
]
