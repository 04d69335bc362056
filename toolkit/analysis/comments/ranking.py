"""The second reader: a linear model of character n-grams that ranks what the scan did not hit.

A rule knows a word or it does not; a model of letter sequences generalises over endings and misspellings. It decides
nothing here: its score puts the texts that the lexicon missed in an order, for an audit sample or for widening the
lexicon. TF-IDF with sublinear counts and logistic regression, the usual baseline of text classification
(Wang and Manning 2012); fitted by liblinear, which is deterministic.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from toolkit.analysis.comments.folding import fold
from toolkit.errors import InputError

__all__ = ["Ranker", "train"]


@dataclass(frozen=True, slots=True)
class Ranker:
    """A trained second reader."""

    pipeline: Pipeline

    def score(self, texts: Sequence[str | None] | pl.Series) -> pl.Series:
        """How much each text looks like the sensitive ones it was trained on, from 0 to 1; blank texts score 0."""
        folded = _folded(texts)
        scores = np.zeros(len(folded))
        filled = np.flatnonzero((folded != " ").to_numpy())
        if filled.size:
            scores[filled] = self.pipeline.predict_proba(folded.gather(filled).to_list())[:, 1]
        return pl.Series("score", scores)


def train(texts: Sequence[str | None] | pl.Series, labels: Sequence[bool] | pl.Series) -> Ranker:
    """A second reader trained on texts that somebody labelled: true where the text is sensitive.

    Raises `InputError` when the two differ in length or when the labels are all the same.
    """
    folded = _folded(texts)
    truth = np.asarray(list(labels), dtype=bool)
    if len(folded) != truth.size:
        raise InputError(f"There are {len(folded)} texts and {truth.size} labels: give one label a text.")
    if truth.all() or not truth.any():
        raise InputError("All labels are the same: a second reader needs sensitive and harmless texts to learn from.")
    pipeline = Pipeline(
        [
            ("letters", TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=2, sublinear_tf=True)),
            ("line", LogisticRegression(C=10.0, class_weight="balanced", solver="liblinear", random_state=0)),
        ]
    )
    return Ranker(pipeline.fit(folded.to_list(), truth))


def _folded(texts: Sequence[str | None] | pl.Series) -> pl.Series:
    column = pl.DataFrame({"comment": pl.Series(texts, dtype=pl.String)})
    return column.select(fold(pl.col("comment"))).to_series()
