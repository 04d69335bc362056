"""The second reader: a linear model of letter sequences, which knows words by their pieces.

A rule knows a word or it does not; a model of letter sequences generalises over endings, misspellings and the words
that keep company with what is hidden ("ne rien dire", "sous enveloppe"). It is logistic regression over the character
n-grams (2 to 5) inside words, weighted by inverse document frequency and scaled to length one: the strong baseline of
short-text classification (Wang and Manning 2012, ACL). Fitted by liblinear, which is deterministic.

The sequences stay within words, so what a text scores is a sum over its words: a leak of 3.6 million texts is written
with some hundred thousand words, and each is weighed once instead of once a text.

One that was taught on labelled notes comes with the toolkit (`load_second_reader`) and has a say in `classify`.
`train` learns from anybody's labels; `train_on_scan` from what the scan said of a leak, which costs no label at all
and still ranks what the scan missed (distant supervision: Mintz et al. 2009, ACL).
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

__all__ = ["SecondReader", "load_second_reader", "train", "train_on_scan", "train_with_categories"]

_TEXT = "administrative_comment"
_FILE = Path(__file__).parent / "data" / "ngram_model.npz"
_SHORTEST, _LONGEST = 2, 5
_COST = 10.0
"""Inverse strength of the penalty, chosen by leaving out one writer of the labelled notes at a time."""
_FLAGGED, _OTHER = 10_000, 20_000
"""How many texts of each kind `train_on_scan` learns from: more teach it little and cost time."""
_BATCH = 400_000
_DIGITS = 6
"""Digits of a score: what lies beyond may differ from one machine to another, and would then change the order."""

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SecondReader:
    """A trained second reader.

    `sequences` numbers the letter sequences it knows; `weights` has one row a sequence and one column an output:
    sensitive at all, then, where it was taught them, the categories of the schema in their order; `offsets` one an
    output; `rarity` one a sequence. `taught` is a hash of what it learned from.
    """

    sequences: dict[str, int]
    rarity: Numbers
    weights: Numbers
    offsets: Numbers
    taught: str

    def score(self, texts: Sequence[str | None] | pl.Series) -> pl.Series:
        """How much does each text look like the sensitive ones it was taught, from 0 to 1? Blank texts score 0."""
        return self.score_folded(_folded(texts))

    def score_folded(self, folded: pl.Series) -> pl.Series:
        """`score` of texts that `folding.fold` has folded already."""
        odds = pl.Series(self._add_up(folded, 0, 1)[:, 0])
        score = 1 / (1 + (-odds).exp())
        return pl.select(pl.when(folded == " ").then(0.0).otherwise(score).round(_DIGITS).alias("score")).to_series()

    def categories(self, folded: pl.Series) -> pl.Series:
        """The category that each folded text looks most like, taking it to be sensitive."""
        likely = self._add_up(folded, 1, len(self.offsets)).argmax(axis=1)
        return pl.Series("category", [CATEGORIES[place] for place in likely], dtype=pl.String)

    def save(self, path: Path) -> None:
        """Write the reader to a compressed NumPy archive, a weight to three digits."""
        np.savez_compressed(
            path,
            sequences=np.array("\n".join(self.sequences)),
            rarity=self.rarity.astype(np.float32),
            weights=self.weights.astype(np.float16),
            offsets=self.offsets,
            taught=np.array(self.taught),
        )

    def _add_up(self, folded: pl.Series, first: int, last: int) -> Numbers:
        """The log odds of some outputs, one row a text and one column an output."""
        # Words are numbered as they come, and what a number weighs is looked up: joining words is several times slower.
        # Numbers last as long as a column that bears some, so one of them is always held.
        seen = pl.Categories.random()
        numbered = pl.Series(dtype=pl.Categorical(seen))
        weighed = np.empty((0, 1 + last - first))
        batches = [np.empty((0, last - first))]
        for at in range(0, len(folded), _BATCH):
            words = _split(folded.slice(at, _BATCH))
            numbered = words.explode().cast(pl.Categorical(seen))
            new = _count_pieces(seen.to_series()[len(weighed) :].to_list(), self.sequences) @ sparse.diags(self.rarity)
            weighed = np.vstack([weighed, np.column_stack([_squares(new), new @ self.weights[:, first:last]])])
            counts = words.list.len().to_numpy().astype(np.int64)
            starts = counts.cumsum() - counts
            places = numbered.to_physical().to_numpy()
            square, *sums = (np.add.reduceat(column[places], starts) for column in weighed.T.copy())
            length = np.sqrt(np.maximum(square, 1.0))
            batches.append(np.column_stack(sums) / length[:, None] + self.offsets[first:last])
        return np.concatenate(batches)


def train(texts: Sequence[str | None] | pl.Series, labels: Sequence[bool] | pl.Series) -> SecondReader:
    """A second reader taught on texts that somebody labelled: true where the text is sensitive.

    Raises `InputError` when the two differ in length or when the labels are all the same.
    """
    folded = _folded(texts)
    sensitive = np.asarray(list(labels), dtype=bool)
    sequences, rarity, scaled = _prepare(folded, sensitive)
    weights, offset = _fit(scaled, sensitive, np.ones(sensitive.size))
    return SecondReader(sequences, rarity, weights[:, None], np.array([offset]), _digest(folded, sensitive))


def train_with_categories(texts: pl.Series, categories: Sequence[Sequence[str]], importance: Numbers) -> SecondReader:
    """As `train`, and taught which categories a sensitive text falls in; a text without a category is harmless.

    `importance` weighs the texts; beyond it, the sensitive and the harmless ones count the same in all.
    """
    folded = _folded(texts)
    sensitive = np.array([bool(names) for names in categories])
    sequences, rarity, scaled = _prepare(folded, sensitive)
    fits = [_fit(scaled, sensitive, importance)]
    for category in CATEGORIES:
        member = np.array([category in names for names in categories])[sensitive]
        fits.append(_fit(scaled[sensitive], member, importance[sensitive]))
    weights, offsets = (np.stack([fit[part] for fit in fits], axis=-1) for part in (0, 1))
    return SecondReader(sequences, rarity, weights, offsets, _digest(folded, sensitive))


def train_on_scan(read: pl.DataFrame) -> SecondReader:
    """A second reader taught on what the scan said of a leak, and on the labelled notes of the package.

    `read` is what `comments.read_texts` returned: `administrative_comment`, `sensitive`. From those called sensitive
    and from the others a number of texts each is taken, evenly over their alphabetical order.
    """
    parts = [
        _evenly(read.filter(pl.col("sensitive") == said).select(text=_TEXT, label="sensitive"), most)
        for said, most in ((True, _FLAGGED), (False, _OTHER))
    ]
    taught = pl.concat([*parts, labelled_notes().select(text="comment", label="sensitive")])
    return train(taught["text"], taught["label"])


@cache
def load_second_reader(path: Path = _FILE) -> SecondReader:
    """The second reader that comes with the toolkit, taught on the notes of `teaching.labelled_notes` and others."""
    with np.load(path) as archive:
        return SecondReader(
            {piece: place for place, piece in enumerate(str(archive["sequences"]).split("\n"))},
            archive["rarity"].astype(np.float64),
            archive["weights"].astype(np.float64),
            archive["offsets"],
            str(archive["taught"]),
        )


def _evenly(texts: pl.DataFrame, most: int) -> pl.DataFrame:
    """At most so many rows, at equal distances in alphabetical order."""
    ordered = texts.sort("text")
    return ordered.gather_every(max(1, -(-ordered.height // most)))


def _folded(texts: Sequence[str | None] | pl.Series) -> pl.Series:
    column = pl.DataFrame({"comment": pl.Series(texts, dtype=pl.String)})
    return column.select(fold(pl.col("comment"))).to_series()


def _split(folded: pl.Series) -> pl.Series:
    """The words of each text, in their order, as a list; a blank text has one word, of no letter.

    Every number is the same word: dates, telephones and file numbers say nothing here.
    """
    return folded.str.replace_all(r"[0-9]+", "0").str.strip_chars().str.split(" ")


def _words(folded: pl.Series) -> pl.DataFrame:
    """One row a word of each text, in their order: text (its place), word."""
    return pl.DataFrame({"text": pl.int_range(len(folded), eager=True), "word": _split(folded)}).explode("word")


def _pieces(word: str) -> list[str]:
    """The letter sequences of a word, with a space at its ends: what it begins and ends with counts apart."""
    padded = f" {word} "
    return [
        padded[start : start + size]
        for size in range(_SHORTEST, min(_LONGEST, len(padded)) + 1)
        for start in range(len(padded) - size + 1)
    ]


def _count_pieces(words: list[str], sequences: dict[str, int]) -> sparse.csr_matrix:
    """How often each known sequence stands in each word: one row a word."""
    found = [[place for piece in _pieces(word) if (place := sequences.get(piece)) is not None] for word in words]
    starts = np.cumsum([0, *map(len, found)], dtype=np.int64)
    columns = np.fromiter((place for row in found for place in row), dtype=np.int64, count=int(starts[-1]))
    counted = sparse.csr_matrix((np.ones(columns.size), columns, starts), shape=(len(words), len(sequences)))
    counted.sum_duplicates()
    return counted


def _squares(pieces: sparse.csr_matrix) -> Numbers:
    """The squared length of each row."""
    return np.asarray(pieces.multiply(pieces).sum(axis=1), dtype=np.float64).ravel()


def _prepare(folded: pl.Series, sensitive: npt.NDArray[np.bool_]) -> tuple[dict[str, int], Numbers, sparse.csr_matrix]:
    """The sequences of the texts, how rare each is, and the texts as vectors of length one, as `_add_up` takes them."""
    if len(folded) != sensitive.size:
        raise InputError(f"There are {len(folded)} texts and {sensitive.size} labels: give one label a text.")
    if sensitive.all() or not sensitive.any():
        raise InputError("All labels are the same: a second reader needs sensitive and harmless texts to learn from.")
    words = _words(folded)
    distinct = words.select(pl.col("word").unique().sort()).with_row_index("place")
    places = words.join(distinct, on="word", maintain_order="left")
    where = (places["text"].to_numpy(), places["place"].to_numpy())
    standing = sparse.csr_matrix((np.ones(words.height), where), shape=(len(folded), distinct.height))
    names = sorted({piece for word in distinct["word"] for piece in _pieces(word)})
    sequences = {piece: place for place, piece in enumerate(names)}
    counted = _count_pieces(distinct["word"].to_list(), sequences)
    holding = np.asarray((standing @ counted).sign().sum(axis=0), dtype=np.float64).ravel()
    rarity: Numbers = np.log((1 + len(folded)) / (1 + holding)) + 1
    pieces = counted @ sparse.diags(rarity)
    length = np.sqrt(np.maximum(standing @ _squares(pieces), 1.0))
    return sequences, rarity, sparse.csr_matrix(sparse.diags(1 / length) @ standing @ pieces)


def _fit(texts: sparse.csr_matrix, member: npt.NDArray[np.bool_], importance: Numbers) -> tuple[Numbers, float]:
    """The weights and the offset that tell members from the others, both counting the same in all."""
    # Slow to load, and only teaching needs it: who reads with what was taught, such as a notebook, does without.
    from sklearn.linear_model import LogisticRegression

    balanced = np.where(member, importance / importance[member].sum(), importance / importance[~member].sum())
    line = LogisticRegression(C=_COST, solver="liblinear", random_state=0)
    line.fit(texts, member, sample_weight=balanced * importance.sum() / 2)
    return line.coef_[0], float(line.intercept_[0])


def _digest(folded: pl.Series, sensitive: npt.NDArray[np.bool_]) -> str:
    return hashlib.sha256(json.dumps([folded.to_list(), sensitive.tolist()]).encode()).hexdigest()
