"""Precision and recall of a linkage against the truth, and the step of the linkage that causes each error.

Both measures come from contingency counts, without listing pairs. *Pairwise* precision is the share of linked pairs
that are one person, and pairwise recall the share of the pairs of one person that were linked, so large clusters weigh
most. *B-cubed* precision and recall (Bagga and Baldwin 1998) are computed for each record and averaged, so every record
weighs the same.

`compare_with_truth` matches a linkage with the truth once; the other functions compute figures from its result.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from toolkit.analysis.linkage._clusters import Ids, Weights, cluster_positions, labels_at, positions
from toolkit.analysis.linkage.resolve import Linkage
from toolkit.errors import InputError

__all__ = [
    "Known",
    "Quality",
    "compare_with_truth",
    "errors_by_cause",
    "errors_by_kind",
    "quality",
    "quality_by_threshold",
]


@dataclass(frozen=True, slots=True)
class Known:
    """The records of a linkage, in the order of their `ids`, with their true person.

    `label`: the position of the smallest record of the cluster. `person`: the number of the true person from 0, or -1
    for a record without one. The sizes count only records with a true person: `true`, the records of each person;
    `found`, the records of each cluster, by label; `together`, for each record, the records of its person in its
    cluster, including itself.
    """

    ids: pl.Series
    label: Ids
    person: Ids
    true: Ids
    found: Ids
    together: Ids


def compare_with_truth(clusters: pl.DataFrame, truth: pl.DataFrame, id_column: str = "record_id") -> Known:
    """Match the records of `clusters` (id, `person_cluster`) with their person in `truth` (id, `person_id`).

    Both have one row per id. Records that are missing from the truth, or have a null `person_id`, do not count.

    Raises `InputError` when no id of the truth has a cluster, and when a cluster is not named after one of its
    records.
    """
    clusters, truth = clusters.sort(id_column), truth.drop_nulls("person_id")
    ids = clusters[id_column]
    label = cluster_positions(ids, clusters["person_cluster"])
    if (label < 0).any():
        raise InputError("Some clusters are named after a record that is missing: give the clusters of all records.")
    place = positions(ids, truth[id_column])
    has_cluster = place >= 0
    if not has_cluster.any():
        raise InputError(f"No record of the clusters is in the truth: no value of {id_column!r} is in both.")
    person = np.full(len(ids), -1)
    person[place[has_cluster]] = truth["person_id"].rank("dense").to_numpy()[has_cluster].astype(np.int64) - 1
    return _counted(ids, label, person, np.bincount(person[person >= 0]))


def _counted(ids: pl.Series, label: Ids, person: Ids, true: Ids) -> Known:
    """Add the sizes of the people and of the clusters."""
    known = person >= 0
    found, together = np.bincount(label[known], minlength=len(label)), known.astype(np.int64)
    # Most clusters and most people have a single record, and need no counting.
    several = np.flatnonzero(known)
    several = several[(found[label[several]] > 1) & (true[person[several]] > 1)]
    cells = label[several] * len(true) + person[several]
    _, cell, size = np.unique(cells, return_inverse=True, return_counts=True)
    together[several] = size[cell]
    return Known(ids, label, person, true, found, together)


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


def quality(known: Known) -> Quality:
    """Return precision, recall and the numbers of people; the precision is 1 when no pair is linked."""
    shares = _shares(_sums(known), known)
    return Quality(*shares, int(np.count_nonzero(known.found)), int(np.count_nonzero(known.true)))


def quality_by_threshold(linkage: Linkage, known: Known) -> pl.DataFrame:
    """Return precision and recall at each threshold: one row per threshold of the sweep, lowest first.

    `linkage` must have kept its pairs. Columns: `threshold`, `people` (found), and `pair_precision`, `pair_recall`,
    `pair_f1`, `bcubed_precision`, `bcubed_recall` as in `Quality`. Only the clusters that some threshold of the sweep
    changes are counted again.
    """
    part, left, right, weight = _movable(linkage, known)
    others = _sums(known) - _sums(part)
    rows = []
    for threshold, people in linkage.sweep.rows():
        touched, labels = labels_at(part.label, left, right, weight, linkage.threshold, threshold)
        moved = part.label.copy()
        moved[touched] = labels
        then = _counted(part.ids, moved, part.person, part.true)
        precision, recall, *bcubed = _shares(others + _sums(then), known)
        rows.append((threshold, people, precision, recall, _harmonic(precision, recall), *bcubed))
    names = ("pair_precision", "pair_recall", "pair_f1", "bcubed_precision", "bcubed_recall")
    return pl.DataFrame(rows, schema=["threshold", "people", *names], orient="row")


def _movable(linkage: Linkage, known: Known) -> tuple[Known, Ids, Ids, Weights]:
    """The clusters that some threshold of the sweep changes, and what ties their records together.

    Ties are the two ends and the weight of each pair that some threshold lets through, exact copies as pairs of
    boundless weight.
    """
    low, high = linkage.sweep["threshold"].min(), linkage.sweep["threshold"].max()
    pairs = _kept_pairs(linkage).filter(pl.col("weight") >= low)
    near = pairs.filter(pl.col("weight") < high)
    changes = np.zeros(len(known.ids), dtype=np.bool_)
    changes[known.label[positions(known.ids, pl.concat([near["id_l"], near["id_r"]]))]] = True
    records = np.flatnonzero(changes[known.label])
    ids, label = known.ids.gather(records), np.searchsorted(records, known.label[records])
    copies = linkage.copies.select(id_l="representative", id_r="id", weight=pl.lit(math.inf))
    ties = pl.concat([pairs, copies]).join(ids.to_frame("id_l"), on="id_l", how="semi")
    ties = ties.join(ids.to_frame("id_r"), on="id_r", how="semi")
    return (
        _counted(ids, label, known.person[records], known.true),
        positions(ids, ties["id_l"]), positions(ids, ties["id_r"]), ties["weight"].to_numpy(),
    )  # fmt: skip


def _kept_pairs(linkage: Linkage) -> pl.DataFrame:
    if linkage.pairs is None:
        raise InputError("The linkage has not kept its pairs: link with `keep_pairs=True`.")
    return linkage.pairs


def _sums(known: Known) -> NDArray[np.float64]:
    """Return the numbers of correct and of linked pairs, the sums of B-cubed precision and recall, and the records."""
    has_person = known.person >= 0
    together = known.together[has_person]
    found, true = known.found[known.label[has_person]], known.true[known.person[has_person]]
    # Each pair is counted at both of its records.
    right, joined = (together - 1).sum() / 2, (found - 1).sum() / 2
    return np.array([right, joined, (together / found).sum(), (together / true).sum(), len(together)])


def _shares(sums: NDArray[np.float64], known: Known) -> tuple[float, float, float, float]:
    """Return precision and recall by pairs and by records, from the sums of `_sums`."""
    right, joined, precise, recalled, records = sums.tolist()
    same = float((known.true * (known.true - 1)).sum() / 2)
    precision, recall = right / joined if joined else 1.0, right / same if same else 1.0
    return precision, recall, precise / records, recalled / records


def errors_by_cause(linkage: Linkage, known: Known) -> pl.DataFrame:
    """Count the wrong pairs by the step that caused them: one row per cause, `error`, `cause`, `pairs`.

    `linkage` must have kept its pairs. Pairs of one person in two clusters (`parted`): *never compared* (no blocking
    key found them), *scored wrong* (compared, weight below the threshold), *clustered wrong* (weight above it, split by
    the check of the clusters). Pairs of two people in one cluster (`joined`): *exact copies* (the two records agree in
    every field that is compared for copies), *scored wrong* (weight above the threshold), *clustered wrong* (linked
    through other records). An exact copy counts as compared wherever its representative was.
    """
    scored = _kept_pairs(linkage).rename({"id_l": "first", "id_r": "second"})
    compared = np.arange(len(known.ids))
    compared[positions(known.ids, linkage.copies["id"])] = positions(known.ids, linkage.copies["representative"])
    with_person = np.flatnonzero(known.person >= 0)
    label, person, together = known.label[with_person], known.person[with_person], known.together[with_person]
    records = pl.DataFrame({"place": with_person, "compared": compared[with_person], "label": label, "person": person})
    parted = _within(known, records.filter(together < known.true[person]), "person", "label")
    joined = _within(known, records.filter(together < known.found[label]), "label", "person")
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


def _within(known: Known, records: pl.DataFrame, group: str, other: str) -> pl.DataFrame:
    """Return the pairs with the same `group` and a different `other`: the representatives `first` and `second`."""
    pairs = records.join(records, on=group, suffix="_r").filter(
        pl.col("place") < pl.col("place_r"), pl.col(other) != pl.col(f"{other}_r")
    )
    return pairs.select(
        first=known.ids.gather(pairs.select(pl.min_horizontal("compared", "compared_r")).to_series()),
        second=known.ids.gather(pairs.select(pl.max_horizontal("compared", "compared_r")).to_series()),
    )


def errors_by_kind(known: Known, errors: pl.DataFrame) -> pl.DataFrame:
    """Compute the recall by kind of typing error: one row per kind, `kind`, `records`, `recall`.

    `errors` has the id and a list of error names, `errors`; a record that is not in it has no typing error. The recall
    of a record is the share of the other records of its person that are in its cluster. Only people with two or more
    records count.
    """
    several = known.person >= 0
    several[several] = known.true[known.person[several]] > 1
    recall = np.zeros(len(several))
    recall[several] = (known.together[several] - 1) / (known.true[known.person[several]] - 1)
    marked = errors.filter(pl.col("errors").list.len() > 0)
    place = positions(known.ids, marked[known.ids.name])
    counts = (place >= 0) & several[place]
    right = several.copy()
    right[place[counts]] = False
    wrong = pl.DataFrame({"kind": marked["errors"].filter(counts), "recall": recall[place[counts]]}).explode("kind")
    each = pl.concat([wrong, pl.DataFrame({"recall": recall[right]}).select(pl.lit("none").alias("kind"), "recall")])
    names = each["kind"].unique().sort()
    kind = each["kind"].cast(pl.Enum(names)).to_physical().to_numpy()
    records = np.bincount(kind, minlength=len(names))
    sums = np.bincount(kind, weights=each["recall"].to_numpy(), minlength=len(names))
    table = {"kind": names, "records": records, "recall": sums / records}
    return pl.DataFrame(table, schema_overrides={"records": pl.UInt32})


def _harmonic(a: float, b: float) -> float:
    return 2 * a * b / (a + b) if a + b else 0.0
