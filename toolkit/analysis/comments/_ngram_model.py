"""A character n-gram model: the score from 0 to 1 that a text is sensitive.

A rule matches a word or it does not; a model of character n-grams generalises over endings, misspellings and the words
that often accompany sensitive content ("ne rien dire", "sous enveloppe"). It is a logistic regression over the n-grams
(2 to 5 characters) within words, weighted by inverse document frequency and scaled to length one: the strong baseline
of short-text classification (Wang and Manning 2012, ACL). It is fitted by liblinear, which is deterministic.

Since n-grams do not cross word boundaries, the score of a text is a sum over its words. A leak of 3.6 million texts has
about a hundred thousand distinct words, and each is scored once, not once per text.

A model trained on labelled notes comes with the toolkit (`load_ngram_model`); `classify` uses it. `train` takes any
labels. `train_on_scan` takes the results of the scan on a leak as labels: no one has to label, and the model still
ranks what the scan missed (distant supervision: Mintz et al. 2009, ACL).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy import sparse

from toolkit.analysis.comments._folding import fold
from toolkit.analysis.comments._labelled_notes import labelled_notes
from toolkit.errors import InputError
from toolkit.schema import CATEGORIES

__all__ = ["NgramModel", "load_ngram_model", "train", "train_on_scan", "train_with_categories"]

_TEXT = "administrative_comment"
_FILE = Path(__file__).parent / "data" / "ngram_model.npz"
_SHORTEST, _LONGEST = 2, 5
_COST = 10.0
"""Inverse regularisation strength, chosen by leaving out one writer of the labelled notes at a time."""
_FLAGGED, _OTHER = 10_000, 20_000
"""How many texts of each kind `train_on_scan` uses: more take longer and improve the model little."""
_BATCH = 400_000
_DIGITS = 6
"""Digits of a score: further digits may differ between machines, which would change the order of texts."""

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class NgramModel:
    """A trained n-gram model.

    `ngrams` maps each known n-gram to its row in `weights`, which has one column per output: sensitive, then, if it was
    trained on them, the categories of the schema in their order. `offsets` has one number per output, `rarity` (inverse
    document frequency) one per n-gram. `training_digest` is a hash of the training texts and labels.
    """

    ngrams: dict[str, int]
    rarity: Numbers
    weights: Numbers
    offsets: Numbers
    training_digest: str

    def score(self, texts: Sequence[str | None] | pl.Series) -> pl.Series:
        """Return the score of each text, from 0 (harmless) to 1 (sensitive). Blank texts score 0."""
        return self.score_folded(_folded(texts))

    def score_folded(self, folded: pl.Series) -> pl.Series:
        """Return the `score` of texts that are folded already."""
        odds = pl.Series(self._log_odds(folded, 0, 1)[:, 0])
        score = 1 / (1 + (-odds).exp())
        return pl.select(pl.when(folded == " ").then(0.0).otherwise(score).round(_DIGITS).alias("score")).to_series()

    def categories(self, folded: pl.Series) -> pl.Series:
        """Return the most likely category of each folded text, assuming that it is sensitive."""
        likely = self._log_odds(folded, 1, len(self.offsets)).argmax(axis=1)
        return pl.Series("category", [CATEGORIES[place] for place in likely], dtype=pl.String)

    def save(self, path: Path) -> None:
        """Write the model to a compressed NumPy archive, with weights to three digits."""
        np.savez_compressed(
            path,
            sequences=np.array("\n".join(self.ngrams)),
            rarity=self.rarity.astype(np.float32),
            weights=self.weights.astype(np.float16),
            offsets=self.offsets,
            taught=np.array(self.training_digest),
        )

    def _log_odds(self, folded: pl.Series, first: int, last: int) -> Numbers:
        """Return the log odds of some outputs, one row per text and one column per output."""
        # Words become categoricals whose numbers index the sums per word: a join on words is several times slower.
        # Polars drops the categories when no column uses them, so `numbered` is kept from one batch to the next.
        seen = pl.Categories.random()
        numbered = pl.Series(dtype=pl.Categorical(seen))
        sums_of_words = np.empty((0, 1 + last - first))
        batches = [np.empty((0, last - first))]
        for at in range(0, len(folded), _BATCH):
            words = _split(folded.slice(at, _BATCH))
            numbered = words.explode().cast(pl.Categorical(seen))
            new_words = seen.to_series()[len(sums_of_words) :].to_list()
            new = _count_ngrams(new_words, self.ngrams) @ sparse.diags(self.rarity)
            new_sums = np.column_stack([_squares(new), new @ self.weights[:, first:last]])
            sums_of_words = np.vstack([sums_of_words, new_sums])
            counts = words.list.len().to_numpy().astype(np.int64)
            starts = counts.cumsum() - counts
            places = numbered.to_physical().to_numpy()
            square, *sums = (np.add.reduceat(column[places], starts) for column in sums_of_words.T.copy())
            length = np.sqrt(np.maximum(square, 1.0))
            batches.append(np.column_stack(sums) / length[:, None] + self.offsets[first:last])
        return np.concatenate(batches)


def train(texts: Sequence[str | None] | pl.Series, labels: Sequence[bool] | pl.Series) -> NgramModel:
    """Return a model trained on labelled texts; a label is true where the text is sensitive.

    Raises `InputError` when the two differ in length or when the labels are all the same.
    """
    folded = _folded(texts)
    sensitive = np.asarray(list(labels), dtype=bool)
    ngrams, rarity, scaled = _prepare(folded, sensitive)
    weights, offset = _fit(scaled, sensitive, np.ones(sensitive.size))
    return NgramModel(ngrams, rarity, weights[:, None], np.array([offset]), _digest(folded, sensitive))


def train_with_categories(texts: pl.Series, categories: Sequence[Sequence[str]], importance: Numbers) -> NgramModel:
    """Return a model that also predicts categories; a text without a category is harmless.

    `importance` has the weight of each text; in addition, the sensitive and the harmless texts are balanced so that
    both have the same total weight. Raises `InputError` as `train` does.
    """
    folded = _folded(texts)
    sensitive = np.array([bool(names) for names in categories])
    ngrams, rarity, scaled = _prepare(folded, sensitive)
    fits = [_fit(scaled, sensitive, importance)]
    for category in CATEGORIES:
        member = np.array([category in names for names in categories])[sensitive]
        fits.append(_fit(scaled[sensitive], member, importance[sensitive]))
    weights, offsets = (np.stack([fit[part] for fit in fits], axis=-1) for part in (0, 1))
    return NgramModel(ngrams, rarity, weights, offsets, _digest(folded, sensitive))


def train_on_scan(texts: pl.DataFrame) -> NgramModel:
    """Return a model trained on the results of the scan on a leak and on the labelled notes of the package.

    `texts` is the result of `comments.read_texts`: `administrative_comment`, `sensitive`. Texts are sampled from those
    called sensitive and from the others, evenly over their alphabetical order.
    """
    parts = [
        _evenly(texts.filter(pl.col("sensitive") == label).select(text=_TEXT, label="sensitive"), most)
        for label, most in ((True, _FLAGGED), (False, _OTHER))
    ]
    examples = pl.concat([*parts, labelled_notes().select(text="comment", label="sensitive")])
    return train(examples["text"], examples["label"])


@cache
def load_ngram_model(path: Path = _FILE) -> NgramModel:
    """Return the model that comes with the toolkit, trained on `labelled_notes`, `training_notes` and others."""
    with np.load(path) as archive:
        return NgramModel(
            {ngram: place for place, ngram in enumerate(str(archive["sequences"]).split("\n"))},
            archive["rarity"].astype(np.float64),
            archive["weights"].astype(np.float64),
            archive["offsets"],
            str(archive["taught"]),
        )


def _evenly(texts: pl.DataFrame, most: int) -> pl.DataFrame:
    """Return at most `most` rows, evenly spaced in alphabetical order."""
    ordered = texts.sort("text")
    return ordered.gather_every(max(1, -(-ordered.height // most)))


def _folded(texts: Sequence[str | None] | pl.Series) -> pl.Series:
    column = pl.DataFrame({"comment": pl.Series(texts, dtype=pl.String)})
    return column.select(fold(pl.col("comment"))).to_series()


def _split(folded: pl.Series) -> pl.Series:
    """Return the words of each text, in order, as a list; a blank text has one empty word.

    All numbers become the same word: dates, telephone and file numbers carry no meaning here.
    """
    return folded.str.replace_all(r"[0-9]+", "0").str.strip_chars().str.split(" ")


def _words(folded: pl.Series) -> pl.DataFrame:
    """Return one row per word of each text, in order: text (its place), word."""
    return pl.DataFrame({"text": pl.int_range(len(folded), eager=True), "word": _split(folded)}).explode("word")


def _ngrams_of(word: str) -> list[str]:
    """Return the n-grams of a word with a space at both ends, so that its beginning and end have their own n-grams."""
    padded = f" {word} "
    return [
        padded[start : start + size]
        for size in range(_SHORTEST, min(_LONGEST, len(padded)) + 1)
        for start in range(len(padded) - size + 1)
    ]


def _count_ngrams(words: list[str], ngrams: dict[str, int]) -> sparse.csr_matrix:
    """Count each known n-gram in each word: one row per word."""
    found = [[place for ngram in _ngrams_of(word) if (place := ngrams.get(ngram)) is not None] for word in words]
    starts = np.cumsum([0, *map(len, found)], dtype=np.int64)
    columns = np.fromiter((place for row in found for place in row), dtype=np.int64, count=int(starts[-1]))
    counted = sparse.csr_matrix((np.ones(columns.size), columns, starts), shape=(len(words), len(ngrams)))
    counted.sum_duplicates()
    return counted


def _squares(rows: sparse.csr_matrix) -> Numbers:
    """Return the squared length of each row."""
    return np.asarray(rows.multiply(rows).sum(axis=1), dtype=np.float64).ravel()


def _prepare(folded: pl.Series, sensitive: npt.NDArray[np.bool_]) -> tuple[dict[str, int], Numbers, sparse.csr_matrix]:
    """Return the n-grams of the texts, the rarity of each, and the texts as vectors of length one."""
    if len(folded) != sensitive.size:
        raise InputError(f"There are {len(folded)} texts and {sensitive.size} labels: give one label per text.")
    if sensitive.all() or not sensitive.any():
        raise InputError("All labels are the same: give sensitive and harmless texts to train on.")
    words = _words(folded)
    distinct = words.select(pl.col("word").unique().sort()).with_row_index("place")
    places = words.join(distinct, on="word", maintain_order="left")
    where = (places["text"].to_numpy(), places["place"].to_numpy())
    words_of_texts = sparse.csr_matrix((np.ones(words.height), where), shape=(len(folded), distinct.height))
    names = sorted({ngram for word in distinct["word"] for ngram in _ngrams_of(word)})
    ngrams = {ngram: place for place, ngram in enumerate(names)}
    counted = _count_ngrams(distinct["word"].to_list(), ngrams)
    containing = np.asarray((words_of_texts @ counted).sign().sum(axis=0), dtype=np.float64).ravel()
    rarity: Numbers = np.log((1 + len(folded)) / (1 + containing)) + 1
    weighted = counted @ sparse.diags(rarity)
    length = np.sqrt(np.maximum(words_of_texts @ _squares(weighted), 1.0))
    return ngrams, rarity, sparse.csr_matrix(sparse.diags(1 / length) @ words_of_texts @ weighted)


def _fit(texts: sparse.csr_matrix, member: npt.NDArray[np.bool_], importance: Numbers) -> tuple[Numbers, float]:
    """Return the weights and the offset that separate members from other texts, balanced to the same total weight."""
    # Imported here because it is slow to load, and only training needs it.
    from sklearn.linear_model import LogisticRegression

    balanced = np.where(member, importance / importance[member].sum(), importance / importance[~member].sum())
    regression = LogisticRegression(C=_COST, solver="liblinear", random_state=0)
    regression.fit(texts, member, sample_weight=balanced * importance.sum() / 2)
    return regression.coef_[0], float(regression.intercept_[0])


def _digest(folded: pl.Series, sensitive: npt.NDArray[np.bool_]) -> str:
    return hashlib.sha256(json.dumps([folded.to_list(), sensitive.tolist()]).encode()).hexdigest()
