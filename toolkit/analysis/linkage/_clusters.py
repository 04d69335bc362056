"""From scored pairs to people: connected components, then a check of every component.

A chain of linked pairs is not yet a person. One borrowed social security number can link a whole family, and one record
without a birth date can link a father to his son. So every pair inside a component is scored, including pairs that no
blocking key found. If any of them is below the threshold, the component is rebuilt by average linkage (Sokal and
Michener 1958): the two groups with the highest mean weight merge first, until no mean weight is above the threshold. A
veto counts for several pairs.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from toolkit.analysis.linkage._comparisons import VETO_BITS

__all__ = [
    "average_linkage",
    "cluster_positions",
    "components",
    "labels_at",
    "people_at",
    "positions",
    "smallest_of",
    "split_incoherent",
]

Ids = NDArray[np.int64]
Weights = NDArray[np.float64]

CLIP = 16.0
"""The most that one pair counts, for or against, when groups are compared."""
VETO_COUNTS = 40.0
"""What a veto counts: more than two pairs that agree, less than three.

A badly typed record may contradict one record of its person but agrees with the others; a twin contradicts all of them.
"""
_VETO = -VETO_BITS / 2
"""A weight below this includes a veto."""


def components(size: int, left: Ids, right: Ids) -> Ids:
    """Return, for each record 0 .. size-1, the smallest record it is connected to by the pairs (`left`, `right`)."""
    graph = coo_array((np.ones(len(left), dtype=np.int8), (left, right)), shape=(size, size))
    _, labels = connected_components(graph, directed=False)
    return smallest_of(labels.astype(np.int64))


def smallest_of(labels: Ids) -> Ids:
    """Return, for each record, the smallest record with its label; labels are below the number of records."""
    smallest = np.empty(len(labels), dtype=np.int64)
    # The last of several assignments to one position wins: going backwards, that is the smallest record.
    smallest[labels[::-1]] = np.arange(len(labels) - 1, -1, -1)
    return np.asarray(smallest[labels], dtype=np.int64)


def positions(ids: pl.Series, wanted: pl.Series) -> Ids:
    """Return the position of each `wanted` id in the sorted `ids`; -1 where it is not among them."""
    # Searching in sorted order reads neighbouring memory, which is faster.
    order = wanted.arg_sort()
    ordered = wanted.gather(order)
    found = ids.search_sorted(ordered).cast(pl.Int64).clip(0, len(ids) - 1)
    places = np.empty(len(wanted), dtype=np.int64)
    places[order.to_numpy()] = np.where((ids.gather(found) == ordered).to_numpy(), found.to_numpy(), -1)
    return places


def cluster_positions(ids: pl.Series, clusters: pl.Series) -> Ids:
    """Return the position in `ids` of the record that each record's cluster is named after."""
    # Most records are the one their cluster is named after, and need no search.
    label = np.arange(len(ids))
    others = (clusters != ids).to_numpy()
    label[others] = positions(ids, clusters.filter(others))
    return label


def people_at(label: Ids, left: Ids, right: Ids, weight: Weights, threshold: float, other: float) -> int:
    """Return the number of clusters at the threshold `other`, given the clusters `label` at `threshold`.

    The same number as from `labels_at`, computed without reading the records that are in no pair.
    """
    sizes = np.bincount(label)
    clusters = int(np.count_nonzero(sizes))
    starts, stops = label[left], label[right]
    inside = starts == stops
    if other < threshold:
        joined = ~inside & (weight >= other) & (weight < threshold)
        return clusters - _joins(starts[joined], stops[joined])
    broken = np.unique(starts[inside & (weight < other)])
    linked = inside & (weight >= other)
    linked[linked] = np.isin(starts[linked], broken)
    return clusters - len(broken) + int(sizes[broken].sum()) - _joins(left[linked], right[linked])


def _joins(left: Ids, right: Ids) -> int:
    """Return by how many these pairs reduce the number of clusters, if each end starts as its own cluster."""
    ends, places = np.unique(np.r_[left, right], return_inverse=True)
    components, _ = connected_components(
        coo_array((np.ones(len(left), dtype=np.int8), np.split(places, 2)), shape=(len(ends), len(ends))),
        directed=False,
    )
    return len(ends) - int(components)


def labels_at(label: Ids, left: Ids, right: Ids, weight: Weights, threshold: float, other: float) -> tuple[Ids, Ids]:
    """Return the records whose clusters change at the threshold `other`, and their labels there.

    `label` holds the clusters at `threshold`. At a higher threshold, only pairs of at least that weight hold a cluster
    together; at a lower one, pairs between clusters join them. All records of an affected cluster are returned.
    """
    inside = label[left] == label[right]
    if other >= threshold:
        ends = np.unique(label[left[inside & (weight < other)]])
        edges = inside & (weight >= other)
    else:
        edges = ~inside & (weight >= other) & (weight < threshold)
        ends = np.unique(label[np.r_[left[edges], right[edges]]])
    affected = np.zeros(len(label), dtype=np.bool_)
    affected[ends] = True
    touched = np.flatnonzero(affected[label])
    edges &= affected[label[left]]
    place = np.zeros(len(label), dtype=np.int64)
    place[touched] = np.arange(len(touched))
    starts, stops = place[left[edges]], place[right[edges]]
    if other < threshold:
        # Records of one cluster stay together: link each to the record that the cluster is named after.
        starts, stops = np.r_[starts, np.arange(len(touched))], np.r_[stops, place[label[touched]]]
    return touched, touched[components(len(touched), starts, stops)]


def split_incoherent(label: Ids, left: Ids, right: Ids, weight: Weights, threshold: float) -> Ids:
    """Return the labels after rebuilding every component that has a pair below `threshold` by average linkage.

    `left`, `right`, `weight` are all the pairs inside the components of three or more records.
    """
    fixed = label.copy()
    doubtful = np.unique(label[left[weight < threshold]])
    inside = np.isin(label[left], doubtful)
    left, right, weight = left[inside], right[inside], weight[inside] - threshold
    order = np.argsort(label[left], kind="stable")
    left, right, weight = left[order], right[order], weight[order]
    bounds = np.flatnonzero(np.diff(label[left], prepend=-1, append=-1)) if len(left) else np.array([], dtype=np.int64)
    for begin, end in pairwise(bounds):
        members = np.unique(np.r_[left[begin:end], right[begin:end]])
        matrix = np.full((len(members), len(members)), _VETO * 2)
        rows, columns = np.searchsorted(members, left[begin:end]), np.searchsorted(members, right[begin:end])
        matrix[rows, columns] = matrix[columns, rows] = weight[begin:end]
        fixed[members] = members[average_linkage(matrix)]
    return fixed


def average_linkage(weights: Weights) -> Ids:
    """Return, for each of n records, the smallest record of its group, from the symmetric n x n matrix of pair weights.

    The two groups with the highest mean weight between them merge, until no mean is above 0. If means are equal, the
    pair with the smallest records merges first. One pair counts for `CLIP` at most, a veto for `VETO_COUNTS`.
    """
    size = len(weights)
    total = np.where(weights < _VETO, -VETO_COUNTS, np.clip(weights, -CLIP, CLIP))
    count = np.ones(size)
    group = np.arange(size, dtype=np.int64)
    np.fill_diagonal(total, -np.inf)
    for _ in range(size - 1):
        mean = np.round(total / np.outer(count, count), 6)
        best = int(np.argmax(mean))
        a, b = divmod(best, size)
        if mean[a, b] <= 0:
            break
        a, b = min(a, b), max(a, b)
        total[a] += total[b]
        total[:, a] = total[a]
        total[a, a] = -np.inf
        total[b, :] = total[:, b] = -np.inf
        count[a] += count[b]
        group[group == b] = a
    return group
