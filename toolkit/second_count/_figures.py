"""Public figures found without any slip, counted a second time."""

from __future__ import annotations

import contextlib
from pathlib import Path

import polars as pl

from toolkit.second_count._folding import fold
from toolkit.second_count._lines import scan_lines

__all__ = ["count_exact_pairs"]


def count_exact_pairs(data_set: Path) -> int:
    """How many pairs of a figure and a record agree in first name, in a surname, and in the birth date?

    Names are folded and compared without spaces, once letters that UTF-8 lost to Windows-1252 are put right; last and
    birth name may stand for each other.  A pair whose known sexes differ is none.
    """
    figures = pl.read_parquet(data_set / "public_figures.parquet", glob=False).drop_nulls("birth_date")
    wanted = _named(figures.select("figure_id", "last_name", "birth_name", "first_name", "birth_date", "sex"))
    # Only lines of a figure's birth date can agree with one, and these are few.
    born = figures.select("birth_date").unique().lazy()
    columns = ["record_id", "last_name", "birth_name", "first_name", "birth_date", "sex"]
    lines = scan_lines(data_set).select(columns).join(born, on="birth_date", how="semi").collect(engine="streaming")
    met = _named(lines).join(wanted, on=["surname", "first", "birth_date"], suffix="_of_figure")
    agreeing = met.filter((pl.col("sex") == pl.col("sex_of_figure")).fill_null(value=True))
    return agreeing.select("figure_id", "record_id").unique().height


def _named(people: pl.DataFrame) -> pl.DataFrame:
    """One row a person and surname: the table, with `surname` and `first` as they compare."""
    both = people.unpivot(
        ["last_name", "birth_name"],
        index=[name for name in people.columns if name not in ("last_name", "birth_name")],
        value_name="surname",
    )
    keyed = both.with_columns(surname=_key(both["surname"]), first=_key(both["first_name"]))
    return keyed.drop("variable", "first_name").drop_nulls(["surname", "first"]).unique()


def _key(names: pl.Series) -> pl.Series:
    """Each name as it compares; every spelling is folded once."""
    spellings = names.drop_nulls().unique()
    mended = pl.Series([_mended(spelling) for spelling in spellings], dtype=pl.String)
    keys = mended.to_frame("name").select(fold(pl.col("name")).str.replace_all(" ", "")).to_series()
    return names.replace_strict(spellings, keys, default=None, return_dtype=pl.String)


def _mended(spelling: str) -> str:
    """What was meant by a name whose UTF-8 was read as Windows-1252 ("Ã©" for "é")."""
    if "Ã" in spelling or "Å" in spelling:
        with contextlib.suppress(UnicodeError):
            return spelling.encode("cp1252").decode("utf-8")
    return spelling
