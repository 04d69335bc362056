"""Labelled notes that come with the package: to learn on, to teach with, never to estimate a share from.

`data/comments_dev.md` and `data/comments_taught.md` say how they were written, and what they hold.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

__all__ = ["labelled_notes", "taught_notes"]

_DATA = Path(__file__).parent / "data"


def labelled_notes() -> pl.DataFrame:
    """700 invented notes with what a reader would say of each, one row a note: for development, lessons and practice.

    `id`, `comment`, `sensitive` (bool), `categories` (list, main one first), `polarity`, `about`, `stated`, and `note`:
    what kind of look-alike a harmless one is, null where it is none.
    """
    return _read("comments_dev.csv").select(*_COLUMNS, "polarity", "about", "stated", "note")


def taught_notes() -> pl.DataFrame:
    """The invented notes that the second reader was taught, besides `labelled_notes`, one row a note.

    `id`, `comment`, `sensitive` (bool), `categories` (list, main one first), and `writer`: notes of one writer have a
    manner in common, so a fair test leaves a whole writer out.
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
