"""Train the n-gram model of comments that comes with the toolkit, and write it.

usage: python -m maintenance.ngram_model

The training data are the labelled notes of `toolkit/analysis/comments/data` and, with a low weight, comments of a
synthetic leak from families of phrases that are not held out. These add ordinary comments, which are rare among the
labelled notes. The leak has its own seed, which no test and no notebook uses.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import polars as pl

from toolkit.analysis.comments import NgramModel, labelled_notes, train_with_categories, training_notes
from toolkit.scenario import DEFAULT_SCENARIO, load_scenario
from toolkit.synth import generate

TARGET = Path(__file__).parents[1] / "toolkit" / "analysis" / "comments" / "data" / "ngram_model.npz"
_ROWS, _SEED = 500_000, 20_260_222
_SENSITIVE, _HARMLESS = 2_000, 12_000
"""Number of distinct comments of the leak to train on."""
_WEIGHT = 0.1
"""Weight of a comment of the leak, relative to a labelled note."""


def train_model() -> NgramModel:
    """Return the trained model."""
    notes = pl.concat([part.select("comment", "categories") for part in (labelled_notes(), training_notes())])
    comments = _comments()
    importance = np.concatenate([np.ones(notes.height), np.full(comments.height, _WEIGHT)])
    training = pl.concat([notes, comments])
    return train_with_categories(training["comment"], training["categories"].to_list(), importance)


def _comments() -> pl.DataFrame:
    """Return distinct comments of a synthetic leak, without held-out families: comment, categories."""
    with tempfile.TemporaryDirectory() as folder:
        path = generate(load_scenario(DEFAULT_SCENARIO), _SEED, _ROWS, Path(folder) / "leak").path
        lines = pl.scan_parquet(path / "lines" / "*.parquet").select("line_id", comment="administrative_comment")
        truth = pl.scan_parquet(path / "truth" / "lines" / "*.parquet")
        known = (
            lines.join(truth, on="line_id")
            .filter(pl.col("comment").is_not_null() & ~pl.col("comment_held_out"))
            .group_by("comment")
            .agg(pl.col("comment_sensitive", "comment_category").first())
            .sort("comment")
            .collect()
        )
    parts = []
    for sensitive, most in ((True, _SENSITIVE), (False, _HARMLESS)):
        part = known.filter(pl.col("comment_sensitive") == sensitive)
        parts.append(part.gather_every(max(1, part.height // most)).head(most))
    names = pl.col("comment_category").fill_null("").str.split("|").list.filter(pl.element() != "")
    return pl.concat(parts).select("comment", categories=pl.when("comment_sensitive").then(names).otherwise([]))


if __name__ == "__main__":
    model = train_model()
    model.save(TARGET)
    print(f"{TARGET.name}: {len(model.ngrams):,} letter sequences, {TARGET.stat().st_size / 1e6:.1f} MB")
