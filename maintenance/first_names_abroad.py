"""Rebuild `toolkit/synth/data/first_names_abroad.csv`: `python -m maintenance.first_names_abroad` (a second).

The names of each group of countries are listed in `first_names_abroad.toml` from the most common to the rarest, from
general knowledge. Their weights fall with the rank as those of first names do, about 1 / (rank + 5).
"""

from __future__ import annotations

import tomllib
from pathlib import Path

import polars as pl

from toolkit.scenario import ORIGINS

__all__ = ["build"]

SOURCES = Path(__file__).parent / "sources"
OUTPUT = Path(__file__).parent.parent / "toolkit" / "synth" / "data" / "first_names_abroad.csv"
FLATNESS = 5


def build() -> pl.DataFrame:
    """Return one row per origin, sex and name: `origin`, `sex`, `name`, `weight`, `spellings` (separated by |)."""
    content = tomllib.loads((SOURCES / "first_names_abroad.toml").read_text(encoding="utf-8"))
    spellings = {name: "|".join(others) for name, others in content["spellings"].items()}
    rows = [
        (origin, sex, name, 100_000 // (rank + FLATNESS), spellings.get(name))
        for origin in ORIGINS
        for sex in ("F", "M")
        for rank, name in enumerate(content[origin][sex].split())
    ]
    schema = {"origin": pl.String, "sex": pl.String, "name": pl.String, "weight": pl.Int64, "spellings": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


if __name__ == "__main__":
    build().write_csv(OUTPUT)
