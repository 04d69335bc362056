"""Count people by exact keys, and how many of them have records at several practices.

Millions of lines have only some hundred thousand spellings of names. The spellings are numbered once and the lines are
grouped by these numbers, so 22 million lines fit into the memory of a laptop.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from toolkit.second_count._folding import fold
from toolkit.second_count._lines import scan_lines, totals

__all__ = ["count_people_by_keys"]

_PRACTICE = "practice_id"
_KEYS = {
    "birth_identity": ["birth_name_folded", "first_name_folded", "birth_date", "sex_typed"],
    "names_birth_date": ["last_name_folded", "first_name_folded", "birth_date"],
    "use_name": ["last_name_typed", "first_name_typed", "birth_date"],
}
"""The columns of `_numbered` in each key other than the social security number."""


def count_people_by_keys(data_set: Path) -> dict[str, int]:
    """Count the people by each key, on the lines where every part of the key is filled.

    For each key: `people_by_<key>` (distinct values), `lines_with_<key>`, and
    `people_at_several_practices_by_<key>` (values with lines at two or more practices).

    - nir: the social security number, unchanged;
    - birth_identity: birth name and first name folded, birth date, sex;
    - names_birth_date: last name and first name folded, birth date;
    - use_name: last name, first name and birth date, unchanged.
    """
    lines = scan_lines(data_set)
    counted = _count("nir", lines.filter(pl.col("nir") != ""), ["nir"])
    numbered = _numbered(lines).lazy()
    for key, parts in _KEYS.items():
        counted |= _count(key, numbered, parts)
    return counted


def _count(key: str, lines: pl.LazyFrame, parts: list[str]) -> dict[str, int]:
    """Return the three numbers of a key, from lines where parts that are not filled are null."""
    complete = lines.select(_PRACTICE, *parts).drop_nulls(parts)
    people = complete.group_by(parts).agg(lines=pl.len(), first=pl.col(_PRACTICE).min(), last=pl.col(_PRACTICE).max())
    return totals(
        people.select(
            pl.len().alias(f"people_by_{key}"),
            pl.col("lines").sum().alias(f"lines_with_{key}"),
            # A person has lines at several practices if the lowest and the highest practice number differ.
            (pl.col("first") != pl.col("last")).sum().alias(f"people_at_several_practices_by_{key}"),
        )
    )


def _numbered(lines: pl.LazyFrame) -> pl.DataFrame:
    """Return one row per line: the practice, the birth date, and numbers for the texts that keys are made of.

    Each text has two numbers, null where it is blank: `<column>_typed` is the same for equal texts, and
    `<column>_folded` for texts that are equal after folding.
    """
    surnames = _spellings(lines, "last_name", "birth_name")
    texts = {"last_name": surnames, "birth_name": surnames}
    texts |= {column: _spellings(lines, column) for column in ("first_name", "sex")}
    numbered = lines
    for column, spellings in texts.items():
        names = {name: f"{column}_{name}" for name in ("typed", "folded")}
        numbered = numbered.join(spellings.lazy().rename(names), left_on=column, right_on="spelling", how="left")
    return numbered.select(_PRACTICE, *sorted(set().union(*_KEYS.values()))).collect(engine="streaming")


def _spellings(lines: pl.LazyFrame, *columns: str) -> pl.DataFrame:
    """Return one row per spelling: `spelling`, its number `typed`, and `folded`, a number shared after folding."""
    texts = pl.concat([lines.select(pl.col(column).alias("spelling")) for column in columns])
    spellings = texts.drop_nulls().unique().filter(pl.col("spelling") != "")
    # Folding inside the query lets Polars compute each fold once, although the expression uses it twice.
    folded = spellings.with_columns(folded=fold(pl.col("spelling"))).collect(engine="streaming")
    return folded.with_row_index("typed").with_columns(pl.col("folded").rank("dense"))
