"""How many people do the exact keys tell apart, and how many of them stand at several practices? A second time.

Names come in millions of lines and some hundred thousand spellings.  The spellings are numbered once, and the lines are
grouped by numbers: that keeps 22 million lines within a laptop's memory.
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
"""What each key is made of, besides the social security number: columns of `_numbered`."""


def count_people_by_keys(data_set: Path) -> dict[str, int]:
    """How many people by each key, over how many lines on which every part of it is filled?

    For each key: `people_by_<key>` (distinct values), `lines_with_<key>`, and
    `people_at_several_practices_by_<key>` (values that stand at two practices or more).

    - nir: the social security number, letter for letter;
    - birth_identity: birth name and first name folded, birth date, sex;
    - names_birth_date: last name and first name folded, birth date;
    - use_name: last name, first name and birth date, letter for letter.
    """
    lines = scan_lines(data_set)
    counted = _count("nir", lines.filter(pl.col("nir") != ""), ["nir"])
    numbered = _numbered(lines).lazy()
    for key, parts in _KEYS.items():
        counted |= _count(key, numbered, parts)
    return counted


def _count(key: str, lines: pl.LazyFrame, parts: list[str]) -> dict[str, int]:
    """The three numbers of a key, from lines on which the parts of it that are not filled are null."""
    complete = lines.select(_PRACTICE, *parts).drop_nulls(parts)
    people = complete.group_by(parts).agg(lines=pl.len(), first=pl.col(_PRACTICE).min(), last=pl.col(_PRACTICE).max())
    return totals(
        people.select(
            pl.len().alias(f"people_by_{key}"),
            pl.col("lines").sum().alias(f"lines_with_{key}"),
            # Whoever stands at several practices stands at a first and at another last one.
            (pl.col("first") != pl.col("last")).sum().alias(f"people_at_several_practices_by_{key}"),
        )
    )


def _numbered(lines: pl.LazyFrame) -> pl.DataFrame:
    """One row a line: the practice, the birth date, and the numbers of the texts that keys are made of.

    Of each text two numbers, null where it is blank: `<column>_typed`, the same for the same letters, and
    `<column>_folded`, the same for all that fold alike.
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
    """One row a spelling: `spelling`, and two numbers, `typed` (its own) and `folded` (that of all that fold alike)."""
    every = pl.concat([lines.select(pl.col(column).alias("spelling")) for column in columns])
    spellings = every.drop_nulls().unique().filter(pl.col("spelling") != "")
    # Folded within the query: Polars then folds each spelling once, though `fold` names its result twice.
    folded = spellings.with_columns(folded=fold(pl.col("spelling"))).collect(engine="streaming")
    return folded.with_row_index("typed").with_columns(pl.col("folded").rank("dense"))
