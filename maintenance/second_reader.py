"""Teach the second reader that comes with the toolkit, and write it.

usage: python -m maintenance.second_reader

It learns from the labelled notes of `toolkit/analysis/comments/data`, and, with little weight, from the notes of an invented
leak, those of families of phrases that are not held out: they show it what an ordinary comment looks like, which
people who write examples forget. The leak has a seed of its own, that no test and no notebook uses.
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
"""How many distinct comments of the leak are taught."""
_WEIGHT = 0.1
"""What a comment of the leak weighs beside a note."""


def teach() -> NgramModel:
    """The second reader, taught anew."""
    notes = pl.concat([part.select("comment", "categories") for part in (labelled_notes(), training_notes())])
    comments = _comments()
    importance = np.concatenate([np.ones(notes.height), np.full(comments.height, _WEIGHT)])
    taught = pl.concat([notes, comments])
    return train_with_categories(taught["comment"], taught["categories"].to_list(), importance)


def _comments() -> pl.DataFrame:
    """Distinct comments of an invented leak, none of a held-out family: comment, categories."""
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
    reader = teach()
    reader.save(TARGET)
    print(f"{TARGET.name}: {len(reader.ngrams):,} n-grams, {TARGET.stat().st_size / 1e6:.1f} MB")
