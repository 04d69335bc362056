"""Count the records that match a public figure exactly."""

from __future__ import annotations

import contextlib
from pathlib import Path

import polars as pl

from toolkit.second_count._folding import fold
from toolkit.second_count._lines import scan_lines

__all__ = ["count_exact_pairs"]


def count_exact_pairs(data_set: Path) -> int:
    """Count the pairs of a public figure and a record with the same first name, a common surname and birth date.

    Text decoded as Windows-1252 instead of UTF-8 is repaired first; names are then folded and compared without spaces.
    A last name may equal a birth name. Pairs with different known sexes are left out.
    """
    figures = pl.read_parquet(data_set / "public_figures.parquet", glob=False).drop_nulls("birth_date")
    wanted = _named(figures.select("figure_id", "last_name", "birth_name", "first_name", "birth_date", "sex"))
    # Only the few lines with the birth date of a figure can match.
    born = figures.select("birth_date").unique().lazy()
    columns = ["record_id", "last_name", "birth_name", "first_name", "birth_date", "sex"]
    lines = scan_lines(data_set).select(columns).join(born, on="birth_date", how="semi").collect(engine="streaming")
    matched = _named(lines).join(wanted, on=["surname", "first", "birth_date"], suffix="_of_figure")
    agreeing = matched.filter((pl.col("sex") == pl.col("sex_of_figure")).fill_null(value=True))
    return agreeing.select("figure_id", "record_id").unique().height


def _named(people: pl.DataFrame) -> pl.DataFrame:
    """Return one row per person and surname, with the comparison keys `surname` and `first`."""
    both = people.unpivot(
        ["last_name", "birth_name"],
        index=[name for name in people.columns if name not in ("last_name", "birth_name")],
        value_name="surname",
    )
    keyed = both.with_columns(surname=_key(both["surname"]), first=_key(both["first_name"]))
    return keyed.drop("variable", "first_name").drop_nulls(["surname", "first"]).unique()


def _key(names: pl.Series) -> pl.Series:
    """Return the comparison key of each name; each spelling is folded once."""
    spellings = names.drop_nulls().unique()
    repaired = pl.Series([_repaired(spelling) for spelling in spellings], dtype=pl.String)
    keys = repaired.to_frame("name").select(fold(pl.col("name")).str.replace_all(" ", "")).to_series()
    return names.replace_strict(spellings, keys, default=None, return_dtype=pl.String)


def _repaired(spelling: str) -> str:
    """Undo UTF-8 decoded as Windows-1252 ("Ã©" becomes "é")."""
    if "Ã" in spelling or "Å" in spelling:
        with contextlib.suppress(UnicodeError):
            return spelling.encode("cp1252").decode("utf-8")
    return spelling
