"""Labelled notes that come with the package, for training and teaching, never for estimating a share.

`data/comments_dev.md` and `data/comments_taught.md` describe how they were written and what they contain.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

__all__ = ["labelled_notes", "training_notes"]

_DATA = Path(__file__).parent / "data"


def labelled_notes() -> pl.DataFrame:
    """Return 700 synthetic notes with their labels, one row per note: for development, lessons and practice.

    Columns: `id`, `comment`, `sensitive` (bool), `categories` (list, main one first), `polarity`, `about`, `stated`,
    and `note`: the kind of look-alike, null for other notes.
    """
    return _read("comments_dev.csv").select(*_COLUMNS, "polarity", "about", "stated", "note")


def training_notes() -> pl.DataFrame:
    """Return the synthetic notes on which the n-gram model was trained besides `labelled_notes`, one row per note.

    Columns: `id`, `comment`, `sensitive` (bool), `categories` (list, main one first), and `writer`: the notes of one
    writer share a style, so a fair test leaves out all notes of a writer.
    """
    return _read("comments_taught.csv").select(*_COLUMNS, "writer")


_COLUMNS = (
    pl.col("id"),
    pl.col("comment"),
    (pl.col("sensitive") == "1").alias("sensitive"),
    pl.col("category").fill_null("").str.split("|").list.filter(pl.element() != "").alias("categories"),
)


def _read(name: str) -> pl.DataFrame:
    return pl.read_csv(_DATA / name, infer_schema=False)
