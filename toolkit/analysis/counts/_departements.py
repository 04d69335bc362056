"""Count practices, lines and records by departement, per inhabitant.

The departement is that of the practice, not of the patient. Inhabitants are those of the 101 departements in the
official geographic code of 2026 (`data/departements.md`), so the denominator does not depend on the leak.
"""

from __future__ import annotations

from functools import cache
from importlib import resources

import polars as pl

from toolkit.analysis.counts._overview import by_practice
from toolkit.dataset import Leak

__all__ = ["by_departement", "inhabitants"]


def by_departement(leak: Leak) -> pl.DataFrame:
    """Count the practices, lines and records in each departement, and its records per 1,000 inhabitants.

    One row per departement, by code, including those without a practice: `departement_code`, `name`, `practices`
    (listed), `lines`, `records` (of those practices; null where none of their lines has a record id), `inhabitants`,
    `records_per_1000`. It can exceed 1,000: a person with files at two practices has two records, and programs keep
    files for years. A departement that the reference lacks, such as an overseas collectivity, has no name and no
    inhabitants. The last row has no code where lines have a practice id that the table of practices lacks.
    Raises `MissingError` when the data set has no table of practices, or has lines of which none has a practice id.
    """
    # Without the table, no practice has a departement; the leak raises the error.
    leak.practices  # noqa: B018
    found = (
        by_practice(leak)
        .group_by("departement_code")
        .agg(
            practices=pl.len().cast(pl.Int64),
            lines=pl.col("lines").sum(),
            records=pl.when(pl.col("records").is_not_null().any()).then(pl.col("records").sum()),
        )
    )
    table = inhabitants().join(found, on="departement_code", how="full", coalesce=True)
    return (
        table.with_columns(records=pl.when(pl.col("lines").is_null()).then(0).otherwise("records"))
        .with_columns(pl.col("practices", "lines").fill_null(0))
        .with_columns(records_per_1000=1000 * pl.col("records") / pl.col("inhabitants"))
        .select("departement_code", "name", "practices", "lines", "records", "inhabitants", "records_per_1000")
        .sort("departement_code", nulls_last=True)
    )


@cache
def inhabitants() -> pl.DataFrame:
    """Return the reference: one row per departement, `departement_code`, `name`, `inhabitants` (residents of 2023)."""
    file = resources.files("toolkit.analysis.counts") / "data" / "departements.csv"
    table = pl.read_csv(file.read_bytes(), schema={"code": pl.String, "name": pl.String, "population": pl.Int64})
    return table.rename({"code": "departement_code", "population": "inhabitants"})
