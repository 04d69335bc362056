"""Practices that share more patients than expected.

A person who moves or sees a specialist has records at two practices. How many patients two practices share for that
reason depends on their sizes and on the distance between them. The expected number is therefore computed by pair of
departements: all the patients that the practices of the two departements share, spread over the pairs of practices in
proportion to the product of their sizes.
"""

from __future__ import annotations

import polars as pl

from toolkit.errors import InputError

__all__ = ["cluster_sizes", "copied_bases", "shared_by_visits", "shared_patients"]


def shared_patients(clusters: pl.DataFrame, records: pl.DataFrame, practices: pl.DataFrame) -> pl.DataFrame:
    """Count the people that each two practices share, with the number expected for their departements.

    `clusters`: record_id, person_cluster. `records`: record_id, practice_id. `practices`: practice_id,
    departement_code. One row per pair of practices with patients in common: `practice_a` < `practice_b`,
    `departement_a`, `departement_b`, `people_a`, `people_b`, `shared`, `expected`, `ratio` (shared over expected) and
    `overlap` (shared over the smaller practice), highest Pearson residual (`surprise`) first.

    Raises `InputError` when a practice of the records is missing from `practices`.
    """
    visits = clusters.join(records, on="record_id").select("person_cluster", "practice_id").unique()
    return shared_by_visits(visits.rename({"person_cluster": "person"}).sort("person"), practices)


def shared_by_visits(visits: pl.DataFrame, practices: pl.DataFrame) -> pl.DataFrame:
    """Do the same as `shared_patients`, from one row per `person` and `practice_id`, sorted by person."""
    sizes = visits.group_by("practice_id").agg(pl.len().cast(pl.Int64).alias("people"))
    sizes = sizes.join(practices.select("practice_id", "departement_code"), on="practice_id", how="left")
    if sizes["departement_code"].null_count():
        lost = sizes.filter(pl.col("departement_code").is_null())["practice_id"].sort().head(3).to_list()
        raise InputError(
            f"Some practices of the records are missing from the practices table, such as {lost}: give all practices."
        )
    person = pl.col("person")
    several = visits.filter((person == person.shift(1)) | (person == person.shift(-1)))
    named = (
        several.rename({"practice_id": "practice_a"})
        .join(several.rename({"practice_id": "practice_b"}), on="person")
        .filter(pl.col("practice_a") < pl.col("practice_b"))
        .group_by("practice_a", "practice_b")
        .agg(pl.len().cast(pl.Int64).alias("shared"))
    )
    for side in "ab":
        side_names = {
            "practice_id": f"practice_{side}",
            "people": f"people_{side}",
            "departement_code": f"departement_{side}",
        }
        named = named.join(sizes.rename(side_names), on=f"practice_{side}")
    return (
        _expected(named, sizes)
        .with_columns(
            ratio=pl.col("shared") / pl.col("expected"),
            overlap=pl.col("shared") / pl.min_horizontal("people_a", "people_b"),
            surprise=(pl.col("shared") - pl.col("expected")) / pl.col("expected").sqrt(),
        )
        .select(
            "practice_a", "practice_b", "departement_a", "departement_b", "people_a", "people_b", "shared", "expected",
            "ratio", "overlap", "surprise",
        )
        .sort(["surprise", "practice_a", "practice_b"], descending=[True, False, False])
    )  # fmt: skip


def _expected(named: pl.DataFrame, sizes: pl.DataFrame) -> pl.DataFrame:
    """Add `expected`: all that the two departements share, times this pair's part of the products of sizes."""
    by_departement = sizes.group_by("departement_code").agg(
        pl.col("people").cast(pl.Float64).sum().alias("sum"),
        (pl.col("people").cast(pl.Float64) ** 2).sum().alias("squares"),
    )
    key = [
        pl.min_horizontal("departement_a", "departement_b").alias("d"),
        pl.max_horizontal("departement_a", "departement_b").alias("e"),
    ]
    totals = named.with_columns(key).group_by("d", "e").agg(pl.col("shared").sum().alias("total"))
    left = by_departement.rename({"departement_code": "d", "sum": "sum_d", "squares": "squares_d"})
    right = by_departement.select(pl.col("departement_code").alias("e"), pl.col("sum").alias("sum_e"))
    within = (pl.col("sum_d") ** 2 - pl.col("squares_d")) / 2
    products = pl.when(pl.col("d") == pl.col("e")).then(within).otherwise(pl.col("sum_d") * pl.col("sum_e"))
    rates = totals.join(left, on="d").join(right, on="e").select("d", "e", (pl.col("total") / products).alias("rate"))
    expected = pl.col("rate") * pl.col("people_a").cast(pl.Float64) * pl.col("people_b").cast(pl.Float64)
    return named.with_columns(key).join(rates, on=["d", "e"]).with_columns(expected=expected)


def copied_bases(shared: pl.DataFrame, overlap: float = 0.5) -> pl.DataFrame:
    """Return the pairs of `shared_patients` with at least this `overlap`, as if one base had been copied."""
    return shared.filter((pl.col("overlap") >= overlap) & (pl.col("ratio") > 2)).sort(
        ["overlap", "practice_a", "practice_b"], descending=[True, False, False]
    )


def cluster_sizes(clusters: pl.DataFrame) -> pl.DataFrame:
    """Count the people by their number of records: one row per number, `records` and `people`, smallest first."""
    return clusters.group_by("person_cluster").len("records").group_by("records").len("people").sort("records")
