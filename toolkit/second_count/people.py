"""How many people do the exact keys tell apart, and how many of them stand at several practices? A second time.

Names come in millions of lines and some hundred thousand spellings.  The spellings are numbered once, and the lines are
grouped by numbers: that keeps 22 million lines within a laptop's memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from toolkit.second_count.folding import fold
from toolkit.second_count.lines import scan_lines, totals

__all__ = ["count_people_by_keys"]

_PRACTICE = "practice_id"


def count_people_by_keys(data_set: Path) -> dict[str, int]:
    """How many people by each key, over how many lines on which every part of it is filled?

    For each key: `people_by_<key>` (distinct values), `lines_with_<key>`, and
    `people_at_several_practices_by_<key>` (values that stand at two practices or more).

    - nir: the social security number, letter for letter;
    - birth_identity: birth name and first name folded, birth date, sex;
    - names_birth_date: last name and first name folded, birth date;
    - use_name: last name, first name and birth date, letter for letter.
    """
    counted: dict[str, int] = {}
    for key, parts in _keys(scan_lines(data_set)):
        complete = parts.drop_nulls([name for name in parts.collect_schema() if name != _PRACTICE])
        people = complete.group_by(pl.exclude(_PRACTICE)).agg(
            lines=pl.len(), first=pl.col(_PRACTICE).min(), last=pl.col(_PRACTICE).max()
        )
        counted |= totals(
            people.select(
                pl.len().alias(f"people_by_{key}"),
                pl.col("lines").sum().alias(f"lines_with_{key}"),
                # Whoever stands at several practices stands at a first and at another last one.
                (pl.col("first") != pl.col("last")).sum().alias(f"people_at_several_practices_by_{key}"),
            )
        )
    return counted


def _keys(lines: pl.LazyFrame) -> Iterator[tuple[str, pl.LazyFrame]]:
    """Each key, with one row a line: the practice, and the parts of the key, null where blank."""
    surnames, first_names = _spellings(lines, "last_name", "birth_name"), _spellings(lines, "first_name")
    yield "nir", lines.select(_PRACTICE, _filled("nir"))
    by_birth = _numbered(_numbered(lines, "birth_name", surnames, "folded"), "first_name", first_names, "folded")
    yield "birth_identity", by_birth.select(_PRACTICE, "birth_name", "first_name", "birth_date", _filled("sex"))
    for key, form in (("names_birth_date", "folded"), ("use_name", "typed")):
        named = _numbered(_numbered(lines, "last_name", surnames, form), "first_name", first_names, form)
        yield key, named.select(_PRACTICE, "last_name", "first_name", "birth_date")


def _spellings(lines: pl.LazyFrame, *columns: str) -> pl.DataFrame:
    """One row a spelling: `spelling`, and two numbers, `typed` (its own) and `folded` (that of all that fold alike)."""
    every = pl.concat([lines.select(pl.col(column).alias("spelling")) for column in columns])
    spellings = every.drop_nulls().unique().filter(pl.col("spelling") != "").collect(engine="streaming")
    return spellings.with_row_index("typed").with_columns(folded=fold(pl.col("spelling")).rank("dense"))


def _numbered(lines: pl.LazyFrame, column: str, spellings: pl.DataFrame, form: str) -> pl.LazyFrame:
    """The lines with the number of a name in the place of the name."""
    numbers = spellings.lazy().select(pl.col("spelling").alias(column), pl.col(form).alias("number"))
    return lines.join(numbers, on=column, how="left").drop(column).rename({"number": column})


def _filled(column: str) -> pl.Expr:
    return pl.when(pl.col(column) != "").then(column).alias(column)
