"""Names of the register among the spellings of the leak: which are the same, which are near.

A leak types each name thousands of times, so spellings are listed once, with how many lines bear them, and names are
compared in those lists, never line by line. Two names are the *same* when their keys are (letters and digits, folded,
without spaces: `LE GALL`, `Le Gall` and `Legall` are one name). They are *near* when one is a part of the other, as
first names cut short and names used singly of a pair are, or when a slip of one letter parts them and their
Jaro-Winkler similarity is high (W. Winkler, 1990, *String comparator metrics*, in Proceedings of the Section on Survey
Research Methods, American Statistical Association). Candidates for slips come from keys with one letter deleted (the
symmetric-delete index of SymSpell, W. Garbe, 2012), never from comparing all pairs.
"""

from __future__ import annotations

import contextlib

import duckdb
import ibis
import polars as pl

from toolkit.analysis._folding import fold

__all__ = ["NEAR", "near_names", "with_keys"]

NEAR = 0.9
"""The Jaro-Winkler similarity from which two names one slip apart are near."""

_PARTICLES = ("D", "DE", "DES", "DU", "L", "LA", "LE", "LES")
_SHORTEST_PART = 3
_SHORTEST_SLIP = 4
_CHUNK = 250_000


def with_keys(spellings: pl.DataFrame) -> pl.DataFrame:
    """`spellings` (a column `spelling`, among others) with `words` (folded) and `key`, null where nothing is left."""
    mended = spellings.with_columns(mended=_mended(spellings["spelling"]))
    distinct = ibis.memtable(mended.select("mended").unique())
    folded = distinct.mutate(words=fold(distinct.mended)).to_polars()
    keyed = folded.with_columns(key=pl.col("words").str.replace_all(" ", "", literal=True))
    return mended.join(keyed, on="mended", how="left", maintain_order="left").drop("mended")


def near_names(wanted: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Which of the `known` names are near which of the `wanted` ones, but not the same?

    Both hold `key` and `words`, one row a key. Returns `key` (of the wanted) and `near` (key of the known), each pair
    once, in order.
    """
    wanted, known = (table.select("key", "words").drop_nulls("key").unique("key") for table in (wanted, known))
    pairs = pl.concat([_parts(wanted, known), _one_slip(wanted["key"], known["key"])])
    return pairs.filter(pl.col("key") != pl.col("near")).unique().sort("key", "near")


def _mended(spellings: pl.Series) -> pl.Series:
    """The spellings with the letters of UTF-8 that was read as Windows-1252 ("Ã©") put right ("é")."""
    broken = spellings.filter(spellings.str.contains("[ÃÅ]").fill_null(False)).unique().to_list()
    put_right = {}
    for spelling in broken:
        with contextlib.suppress(UnicodeError):
            put_right[spelling] = spelling.encode("cp1252").decode("utf-8")
    return spellings.replace(put_right) if put_right else spellings


def _parts(wanted: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Names of which one holds all the words of the other, but for particles."""
    left, right = _words(wanted), _words(known)
    shared = left.join(right, on="word", suffix="_known").group_by("key", "key_known").agg(
        shared=pl.len(), few=pl.min_horizontal("count", "count_known").first()
    )  # fmt: skip
    return shared.filter(pl.col("shared") == pl.col("few")).select("key", near="key_known")


def _words(names: pl.DataFrame) -> pl.DataFrame:
    """One row a name and word of it that is no particle: `key`, `word`, `count` of such words in the name."""
    parts = (
        names.select("key", word=pl.col("words").str.split(" "))
        .explode("word")
        .filter(~pl.col("word").is_in(_PARTICLES) & (pl.col("word").str.len_bytes() >= _SHORTEST_PART))
        .unique()
    )
    return parts.with_columns(count=pl.len().over("key"))


def _one_slip(wanted: pl.Series, known: pl.Series) -> pl.DataFrame:
    """Keys that one letter inserted, deleted, changed or exchanged with its neighbour parts, and that look alike."""
    index = _deletions(wanted).unique()
    found = [
        _deletions(known.slice(start, _CHUNK)).join(index, on="cut", suffix="_wanted").select("key_wanted", "key")
        for start in range(0, len(known), _CHUNK)
    ]
    empty = pl.DataFrame(schema={"key_wanted": pl.String, "key": pl.String})
    pairs = pl.concat([empty, *found]).unique().rename({"key_wanted": "key", "key": "near"})
    return pairs.filter(_similarity(pairs) >= NEAR)


def _deletions(keys: pl.Series) -> pl.DataFrame:
    """One row a key and way to leave out one of its letters, or none: `key`, `cut`."""
    long = pl.DataFrame({"key": keys}).filter(pl.col("key").str.len_bytes() >= _SHORTEST_SLIP)
    at = long.with_columns(at=pl.int_ranges(0, pl.col("key").str.len_bytes() + 1, dtype=pl.Int64)).explode("at")
    cut = pl.concat_str(pl.col("key").str.head(pl.col("at")), pl.col("key").str.slice(pl.col("at") + 1))
    return at.select("key", cut=cut)


def _similarity(pairs: pl.DataFrame) -> pl.Series:
    """The Jaro-Winkler similarity of `key` and `near` in each row, by the DuckDB in this process on every engine."""
    with duckdb.connect() as connection:
        numbered = pairs.with_row_index("row").to_arrow()
        connection.register("pairs", numbered)
        found = connection.sql("SELECT jaro_winkler_similarity(key, near) AS similarity FROM pairs ORDER BY row").pl()
    similarity: pl.Series = found["similarity"]
    return similarity
