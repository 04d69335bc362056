"""How right a linkage is, against the truth, and which part of it each error comes from.

Two views, by contingency counts alone (no pair is ever listed): *pairwise* precision and recall ask how many pairs
put together are of one person and how many pairs of one person were put together, so that large clusters weigh
most; *B-cubed* (Bagga and Baldwin 1998) asks it of each record and averages, so that each record weighs the same.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from toolkit.analysis.linkage.clusters import Ids, Weights, labels_at
from toolkit.analysis.linkage.resolve import Linkage
from toolkit.errors import InputError

__all__ = ["Quality", "errors_by_cause", "errors_by_kind", "quality", "quality_by_threshold"]


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


def quality_by_threshold(linkage: Linkage, truth: pl.DataFrame) -> pl.DataFrame:
    """What the threshold trades: one row a threshold of the sweep, lowest first.

    `linkage` has its pairs; `truth` has the id and `person_id`.  Columns: `threshold`, `people` (found), and
    `pair_precision`, `pair_recall`, `pair_f1`, `bcubed_precision`, `bcubed_recall` as in `Quality`.  Only the clusters
    that a threshold changes are counted again.
    """
    label, left, right, weight = _positions(linkage)
    id_column = linkage.clusters.columns[0]
    placed = linkage.clusters.join(truth, on=id_column, how="left", maintain_order="left")["person_id"]
    person = placed.rank("dense").fill_null(0).to_numpy().astype(np.int64) - 1
    true = np.bincount(person[person >= 0])
    base, same = _sums(label, person, true), _pairs(pl.Series(true))
    rows = []
    for threshold, people in linkage.sweep.rows():
        touched, moved = labels_at(label, left, right, weight, linkage.threshold, threshold)
        sums = base - _sums(label[touched], person[touched], true) + _sums(moved, person[touched], true)
        correct, together, precise, recalled, records = sums.tolist()
        precision, recall = correct / together if together else 1.0, correct / same if same else 1.0
        f1 = _harmonic(precision, recall)
        rows.append((threshold, people, precision, recall, f1, precise / records, recalled / records))
    names = ("pair_precision", "pair_recall", "pair_f1", "bcubed_precision", "bcubed_recall")
    return pl.DataFrame(rows, schema=["threshold", "people", *names], orient="row")


def _positions(linkage: Linkage) -> tuple[Ids, Ids, Ids, Weights]:
    """Labels and pairs of a linkage by the position of a record among all, exact copies as pairs of boundless weight.

    Of the pairs, those that some threshold of the sweep lets through.
    """
    if linkage.pairs is None:
        raise InputError("The linkage has not kept its pairs: link with `keep_pairs=True`.")
    pairs = linkage.pairs.filter(pl.col("weight") >= linkage.sweep["threshold"].min())
    copies = linkage.copies.select(id_l="representative", id_r="id", weight=pl.lit(math.inf))
    edges = pl.concat([pairs, copies])
    clusters = linkage.clusters
    places = clusters.select(pl.col(clusters.columns[0]).alias("id"), place=pl.int_range(pl.len(), dtype=pl.Int64))

    def place(ids: pl.Series) -> Ids:
        return ids.to_frame("id").join(places, on="id", how="left", maintain_order="left")["place"].to_numpy()

    return (
        place(clusters["person_cluster"]), place(edges["id_l"]), place(edges["id_r"]), edges["weight"].to_numpy(),
    )  # fmt: skip


def _sums(label: Ids, person: Ids, true: Ids) -> NDArray[np.float64]:
    """Pairs right, pairs put together, sums of B-cubed precision and recall, and records, of those who are known."""
    known = person >= 0
    cells = (
        pl.DataFrame({"label": label[known], "person": person[known]})
        .group_by("label", "person")
        .agg(pl.len().cast(pl.Int64).alias("n"))
        .with_columns(pl.col("n").sum().over("label").alias("found"))
    )
    n, found = cells["n"].to_numpy(), cells["found"].to_numpy()
    of_person = true[cells["person"].to_numpy()]
    squares = n.astype(np.float64) ** 2
    # Each cluster is met once in each of its cells: its pairs are spread over them.
    together = (n * (found - 1) / 2).sum()
    return np.array(
        [(n * (n - 1) // 2).sum(), together, (squares / found).sum(), (squares / of_person).sum(), n.sum()],
        dtype=np.float64,
    )


def errors_by_cause(linkage: Linkage, truth: pl.DataFrame) -> pl.DataFrame:
    """Where wrong pairs come from: one row a cause, `error`, `cause`, `pairs`.

    `linkage` has its pairs; `truth` has the id and `person_id`.  Of the pairs of one person that were parted: *never
    compared* (no key brought them together), *scored wrong* (compared, below the threshold), *clustered wrong* (above
    it, and parted by the check from within).  Of the pairs of two people put together: *scored wrong* (above the
    threshold) and *clustered wrong* (put together by way of others).  A record that says the same as another was
    compared where that one was.
    """
    if linkage.pairs is None:
        raise InputError("The linkage has not kept its pairs: link with `keep_pairs=True`.")
    id_column = linkage.clusters.columns[0]
    known = _joined(linkage.clusters, truth, id_column).rename({id_column: "id"})
    known = known.join(linkage.copies, on="id", how="left").with_columns(
        pl.col("representative").fill_null(pl.col("id"))
    )
    parted = _within(known, "person_id").filter(pl.col("person_cluster_l") != pl.col("person_cluster_r"))
    joined = _within(known, "person_cluster").filter(pl.col("person_id_l") != pl.col("person_id_r"))
    scored = linkage.pairs.rename({"id_l": "first", "id_r": "second"})
    linked = pl.col("weight") >= linkage.threshold
    parted = parted.join(scored, on=["first", "second"], how="left").select(
        pl.lit("parted").alias("error"),
        pl.when(pl.col("weight").is_null()).then(pl.lit("never compared")).when(linked).then(pl.lit("clustered wrong"))
        .otherwise(pl.lit("scored wrong")).alias("cause"),
    )  # fmt: skip
    same = pl.col("first") == pl.col("second")
    joined = joined.join(scored, on=["first", "second"], how="left").select(
        pl.lit("joined").alias("error"),
        pl.when(same).then(pl.lit("exact copies")).when(linked).then(pl.lit("scored wrong"))
        .otherwise(pl.lit("clustered wrong")).alias("cause"),
    )  # fmt: skip
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


def _within(known: pl.DataFrame, group: str) -> pl.DataFrame:
    """All pairs of records inside each group that holds both several clusters and several people.

    `first` and `second` are the records that were compared in the place of the two, in order.
    """
    other = "person_cluster" if group == "person_id" else "person_id"
    mixed = known.select(group, other).unique().group_by(group).len().filter(pl.col("len") > 1)
    inside = known.join(mixed, on=group, how="semi")
    left = inside.select(pl.all().name.suffix("_l"))
    right = inside.select(pl.all().name.suffix("_r"))
    pairs = left.join(right, left_on=f"{group}_l", right_on=f"{group}_r", coalesce=False)
    return pairs.filter(pl.col("id_l") < pl.col("id_r")).with_columns(
        first=pl.min_horizontal("representative_l", "representative_r"),
        second=pl.max_horizontal("representative_l", "representative_r"),
    )


def _pairs(sizes: pl.Series) -> int:
    return int((sizes * (sizes - 1) // 2).sum())


def _harmonic(a: float, b: float) -> float:
    return 2 * a * b / (a + b) if a + b else 0.0
