"""Where is it? Practices, lines and records by departement, against the people who live there.

A departement here is that of the practice, not of the patient. Its inhabitants are those of the 101 departements on the
official geographic code of 2026 (`data/departements.md`), a denominator that no leak can change.
"""

from __future__ import annotations

from functools import cache
from importlib import resources

import polars as pl

from toolkit.analysis.counts._overview import by_practice
from toolkit.dataset import Leak

__all__ = ["by_departement", "inhabitants"]


def by_departement(leak: Leak) -> pl.DataFrame:
    """How many records does the leak hold in each departement, and how many for 1,000 of its inhabitants?

    One row a departement, by code, also those without a practice: `departement_code`, `name`, `practices` (listed),
    `lines`, `records` (of the practices there), `inhabitants`, `records_per_1000`. A person with files at two
    practices has two records, and a file is kept for years: there may be more than 1,000. A departement that the
    reference does not know, overseas collectivities among them, has neither name nor inhabitants.
    """
    found = (
        by_practice(leak)
        .group_by("departement_code")
        .agg(practices=pl.len().cast(pl.Int64), lines=pl.col("lines").sum(), records=pl.col("records").sum())
    )
    table = inhabitants().join(found, on="departement_code", how="full", coalesce=True)
    return (
        table.with_columns(pl.col("practices", "lines", "records").fill_null(0))
        .with_columns(records_per_1000=1000 * pl.col("records") / pl.col("inhabitants"))
        .select("departement_code", "name", "practices", "lines", "records", "inhabitants", "records_per_1000")
        .sort("departement_code")
    )


@cache
def inhabitants() -> pl.DataFrame:
    """The reference: one row a departement, `departement_code`, `name`, `inhabitants` (residents of 2023)."""
    file = resources.files("toolkit.analysis.counts") / "data" / "departements.csv"
    table = pl.read_csv(file.read_bytes(), schema={"code": pl.String, "name": pl.String, "population": pl.Int64})
    return table.rename({"code": "departement_code", "population": "inhabitants"})
