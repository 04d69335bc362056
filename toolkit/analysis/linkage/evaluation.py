"""How right a linkage is, against the truth, and which part of it each error comes from.

Two views, by contingency counts alone (no pair is ever listed): *pairwise* precision and recall ask how many pairs
put together are of one person and how many pairs of one person were put together, so that large clusters weigh
most; *B-cubed* (Bagga and Baldwin 1998) asks it of each record and averages, so that each record weighs the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from toolkit.errors import InputError

__all__ = ["Quality", "errors_by_cause", "errors_by_kind", "quality"]


@dataclass(frozen=True, slots=True)
class Quality:
    """Precision, recall and F1 by pairs and by records (B-cubed), and the number of people found and true."""

    pair_precision: float
    pair_recall: float
    bcubed_precision: float
    bcubed_recall: float
    people_found: int
    people_true: int

    @property
    def pair_f1(self) -> float:
        """Harmonic mean of the pairwise precision and recall."""
        return _harmonic(self.pair_precision, self.pair_recall)

    @property
    def bcubed_f1(self) -> float:
        """Harmonic mean of the B-cubed precision and recall."""
        return _harmonic(self.bcubed_precision, self.bcubed_recall)


def quality(clusters: pl.DataFrame, truth: pl.DataFrame, id_column: str = "record_id") -> Quality:
    """How well `clusters` (id, `person_cluster`) agree with `truth` (id, `person_id`), on the ids of the truth.

    Records whose `person_id` is null are nobody and do not count.  With no pair put together the precision is 1.

    Raises `InputError` when no id of the truth has a cluster.
    """
    known = _joined(clusters, truth, id_column)
    cells = known.group_by("person_cluster", "person_id").len("n").with_columns(pl.col("n").cast(pl.Int64))
    found = cells.group_by("person_cluster").agg(pl.col("n").sum().alias("found"))
    true = cells.group_by("person_id").agg(pl.col("n").sum().alias("true"))
    right, together, same = _pairs(cells["n"]), _pairs(found["found"]), _pairs(true["true"])
    cells = cells.join(found, on="person_cluster").join(true, on="person_id")
    records = known.height
    return Quality(
        pair_precision=right / together if together else 1.0,
        pair_recall=right / same if same else 1.0,
        bcubed_precision=float((cells["n"] ** 2 / cells["found"]).sum()) / records,
        bcubed_recall=float((cells["n"] ** 2 / cells["true"]).sum()) / records,
        people_found=found.height,
        people_true=true.height,
    )


def errors_by_cause(
    clusters: pl.DataFrame, pairs: pl.DataFrame, truth: pl.DataFrame, threshold: float, id_column: str = "record_id"
) -> pl.DataFrame:
    """Where wrong pairs come from: one row a cause, `error`, `cause`, `pairs`.

    `pairs` are all compared pairs (`id_l`, `id_r`, `weight`), as `link(..., keep_pairs=True)` keeps them.  Of the
    pairs of one person that were parted: *never compared* (no key brought them together), *scored wrong* (compared,
    below the threshold), *clustered wrong* (above it, and parted by the check from within).  Of the pairs of two
    people put together: *scored wrong* (above the threshold) and *clustered wrong* (put together by way of others).
    """
    known = _joined(clusters, truth, id_column)
    parted = _within(known, "person_id", id_column).filter(pl.col("person_cluster_l") != pl.col("person_cluster_r"))
    joined = _within(known, "person_cluster", id_column).filter(pl.col("person_id_l") != pl.col("person_id_r"))
    scored = pl.concat([pairs, pairs.rename({"id_l": "id_r", "id_r": "id_l"}).select(pairs.columns)])
    linked = pl.col("weight") >= threshold
    parted = parted.join(scored, on=["id_l", "id_r"], how="left").select(
        pl.lit("parted").alias("error"),
        pl.when(pl.col("weight").is_null()).then(pl.lit("never compared")).when(linked).then(pl.lit("clustered wrong"))
        .otherwise(pl.lit("scored wrong")).alias("cause"),
    )  # fmt: skip
    joined = joined.join(scored, on=["id_l", "id_r"], how="left").select(
        pl.lit("joined").alias("error"),
        pl.when(linked).then(pl.lit("scored wrong")).otherwise(pl.lit("clustered wrong")).alias("cause"),
    )
    return pl.concat([parted, joined]).group_by("error", "cause").len("pairs").sort("error", "cause")


def errors_by_kind(
    clusters: pl.DataFrame, truth: pl.DataFrame, id_column: str = "record_id", errors: str = "errors"
) -> pl.DataFrame:
    """Recall of records by what was done to them: one row a kind of typing error, `kind`, `records`, `recall`.

    `truth` has a list column of error names; the recall of a record is the share of the other records of its person
    that are in its cluster.  Only people with two records or more count.
    """
    columns = [id_column, "person_id", errors]
    known = clusters.join(truth.select(columns).drop_nulls("person_id"), on=id_column).with_columns(
        (pl.len().over("person_cluster", "person_id") - 1).alias("found"), (pl.len().over("person_id") - 1).alias("all")
    )
    return (
        known.filter(pl.col("all") > 0)
        .with_columns(kind=pl.when(pl.col(errors).list.len() == 0).then(pl.lit(["none"])).otherwise(pl.col(errors)))
        .explode("kind")
        .group_by("kind")
        .agg(pl.len().alias("records"), (pl.col("found") / pl.col("all")).mean().alias("recall"))
        .sort("kind")
    )


def _joined(clusters: pl.DataFrame, truth: pl.DataFrame, id_column: str) -> pl.DataFrame:
    known = clusters.join(truth.select(id_column, "person_id").drop_nulls("person_id"), on=id_column)
    if known.is_empty():
        raise InputError(f"No record of the clusters is in the truth: their columns {id_column!r} share no value.")
    return known


def _within(known: pl.DataFrame, group: str, id_column: str) -> pl.DataFrame:
    """All pairs of records inside each group that holds both several clusters and several records of the truth."""
    other = "person_cluster" if group == "person_id" else "person_id"
    mixed = known.filter(pl.col(other).n_unique().over(group) > 1).rename({id_column: "id"})
    left = mixed.select(pl.all().name.suffix("_l"))
    right = mixed.select(pl.all().name.suffix("_r"))
    pairs = left.join(right, left_on=f"{group}_l", right_on=f"{group}_r", coalesce=False)
    return pairs.filter(pl.col("id_l") < pl.col("id_r"))


def _pairs(sizes: pl.Series) -> int:
    return int((sizes * (sizes - 1) // 2).sum())


def _harmonic(a: float, b: float) -> float:
    return 2 * a * b / (a + b) if a + b else 0.0
