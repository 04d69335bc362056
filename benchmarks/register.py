"""Make a large register of names for the benchmark, from the names in a data set.

usage: python -m benchmarks.register DATA_SET FIGURES OUT

Each figure has the surname, first name and birth date of three different lines, so it matches no one by design.
"""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl

_LINES_A_FIGURE = 3


def make_register(data_set: Path, figures: int, out: Path) -> None:
    """Write a register of `figures` names as Parquet, or fewer if the data set has not enough complete lines."""
    files = sorted((data_set / "lines").glob("*.parquet"))
    lines = pl.scan_parquet(files).select("line_id", "last_name", "first_name", "sex", "birth_date", "postal_code")
    typed = lines.drop_nulls().filter(pl.col("birth_date").dt.year() > 1900)
    chosen = typed.sort("line_id").head(figures * _LINES_A_FIGURE).collect()
    chosen = chosen.head(chosen.height - chosen.height % _LINES_A_FIGURE)
    surnames, given, dates = (chosen.gather_every(_LINES_A_FIGURE, offset) for offset in range(_LINES_A_FIGURE))
    register = pl.DataFrame(
        {
            "last_name": surnames["last_name"],
            "first_name": given["first_name"],
            "sex": given["sex"],
            "birth_date": dates["birth_date"],
            "departement_code": dates["postal_code"].str.head(2).replace({"20": "2A", "97": "974", "98": "988"}),
        }
    )
    register.write_parquet(out)


if __name__ == "__main__":
    make_register(Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
