"""Compare the names of the register with the spellings in the leak: the same, or near.

A leak has each name thousands of times, so the comparison runs over the list of distinct spellings and not over the
lines. Two names are the *same* when their keys are equal (letters and digits, folded, without spaces: `LE GALL`, `Le
Gall` and `Legall` are one name). They are *near* when one contains all words of the other, such as a shortened first
name or one name of a double name, or when they differ by one letter and their Jaro-Winkler similarity is high (W.
Winkler, 1990, *String comparator metrics*, in Proceedings of the Section on Survey Research Methods, American
Statistical Association). Pairs that differ by one letter come from an index of keys with one letter deleted (symmetric
delete, SymSpell, W. Garbe, 2012), not from comparing all pairs.
"""

from __future__ import annotations

import contextlib

import duckdb
import ibis
import polars as pl

from toolkit.analysis._folding import fold

__all__ = ["NEAR", "near_names", "with_keys"]

NEAR = 0.9
"""The least Jaro-Winkler similarity of near names that differ by one letter."""

_PARTICLES = ("D", "DE", "DES", "DU", "L", "LA", "LE", "LES")
_SHORTEST_PART = 3
_SHORTEST_SLIP = 4
_CHUNK = 250_000


def with_keys(spellings: pl.DataFrame) -> pl.DataFrame:
    """Add `words` (the folded `spelling`) and `key` to the table, null where nothing is left."""
    repaired = spellings.with_columns(repaired=_repaired(spellings["spelling"]))
    distinct = ibis.memtable(repaired.select("repaired").unique())
    folded = distinct.mutate(words=fold(distinct.repaired)).to_polars()
    keyed = folded.with_columns(key=pl.col("words").str.replace_all(" ", "", literal=True))
    return repaired.join(keyed, on="repaired", how="left", maintain_order="left").drop("repaired")


def near_names(wanted: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Return the pairs of a `wanted` and a `known` name that are near, but not the same.

    Both tables have `key` and `words`, one row per key. The result has `key` (of the wanted name) and `near` (key of
    the known name), each pair once, in order.
    """
    wanted, known = (table.select("key", "words").drop_nulls("key").unique("key") for table in (wanted, known))
    pairs = pl.concat([_parts(wanted, known), _one_slip(wanted["key"], known["key"])])
    return pairs.filter(pl.col("key") != pl.col("near")).unique().sort("key", "near")


def _repaired(spellings: pl.Series) -> pl.Series:
    """Repair spellings whose UTF-8 was read as Windows-1252 ("Ã©" becomes "é")."""
    broken = spellings.filter(spellings.str.contains("[ÃÅ]").fill_null(False)).unique().to_list()
    repairs = {}
    for spelling in broken:
        with contextlib.suppress(UnicodeError):
            repairs[spelling] = spelling.encode("cp1252").decode("utf-8")
    return spellings.replace(repairs) if repairs else spellings


def _parts(wanted: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Return the pairs of names of which one has all the words of the other, apart from particles."""
    left, right = _words(wanted), _words(known)
    shared = left.join(right, on="word", suffix="_known").group_by("key", "key_known").agg(
        shared=pl.len(), few=pl.min_horizontal("count", "count_known").first()
    )  # fmt: skip
    return shared.filter(pl.col("shared") == pl.col("few")).select("key", near="key_known")


def _words(names: pl.DataFrame) -> pl.DataFrame:
    """Return one row per name and word that is not a particle: `key`, `word`, `count` of such words in the name."""
    parts = (
        names.select("key", word=pl.col("words").str.split(" "))
        .explode("word")
        .filter(~pl.col("word").is_in(_PARTICLES) & (pl.col("word").str.len_bytes() >= _SHORTEST_PART))
        .unique()
    )
    return parts.with_columns(count=pl.len().over("key"))


def _one_slip(wanted: pl.Series, known: pl.Series) -> pl.DataFrame:
    """Return similar keys that differ by one letter inserted, deleted, changed or swapped with its neighbour."""
    index = _deletions(wanted).unique()
    found = [
        _deletions(known.slice(start, _CHUNK)).join(index, on="cut", suffix="_wanted").select("key_wanted", "key")
        for start in range(0, len(known), _CHUNK)
    ]
    empty = pl.DataFrame(schema={"key_wanted": pl.String, "key": pl.String})
    pairs = pl.concat([empty, *found]).unique().rename({"key_wanted": "key", "key": "near"})
    return pairs.filter(_similarity(pairs) >= NEAR)


def _deletions(keys: pl.Series) -> pl.DataFrame:
    """Return one row per key and way to leave out one of its letters, or none: `key`, `cut`."""
    long = pl.DataFrame({"key": keys}).filter(pl.col("key").str.len_bytes() >= _SHORTEST_SLIP)
    at = long.with_columns(at=pl.int_ranges(0, pl.col("key").str.len_bytes() + 1, dtype=pl.Int64)).explode("at")
    cut = pl.concat_str(pl.col("key").str.head(pl.col("at")), pl.col("key").str.slice(pl.col("at") + 1))
    return at.select("key", cut=cut)


def _similarity(pairs: pl.DataFrame) -> pl.Series:
    """Return the Jaro-Winkler similarity of `key` and `near` in each row, computed by DuckDB on every engine."""
    with duckdb.connect() as connection:
        numbered = pairs.with_row_index("row").to_arrow()
        connection.register("pairs", numbered)
        found = connection.sql("SELECT jaro_winkler_similarity(key, near) AS similarity FROM pairs ORDER BY row").pl()
    similarity: pl.Series = found["similarity"]
    return similarity
