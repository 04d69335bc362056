"""From scored pairs to people: connected components, then each component checked from within.

A chain of pairs is not a person: one borrowed social security number ties a family together, one record without a
birth date ties a father to his son.  So every pair inside a component is scored, also those that no key brought
together, and a component where they do not all agree is taken apart and built up again by average linkage
(Sokal and Michener 1958): the two groups whose records agree best on average merge first, as long as they agree
more than they disagree, a veto counting for several pairs.
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
"""No single pair counts for more than this, for or against, when groups are compared."""
VETO_COUNTS = 40.0
"""What a veto counts for: more than two pairs that agree, less than three.

A record typed badly enough contradicts one record of its person and agrees with all others; a twin contradicts all.
"""
_VETO = -VETO_BITS / 2
"""Weights below this hold a veto."""


def components(size: int, left: Ids, right: Ids) -> Ids:
    """For each of the records 0 .. size-1 the smallest record it is connected to by the pairs (`left`, `right`)."""
    graph = coo_array((np.ones(len(left), dtype=np.int8), (left, right)), shape=(size, size))
    _, labels = connected_components(graph, directed=False)
    return smallest_of(labels.astype(np.int64))


def smallest_of(labels: Ids) -> Ids:
    """For each record the smallest record of the same label; labels are below the number of records."""
    smallest = np.empty(len(labels), dtype=np.int64)
    # Of several assignments to one place the last stays: going backwards, the smallest record.
    smallest[labels[::-1]] = np.arange(len(labels) - 1, -1, -1)
    return np.asarray(smallest[labels], dtype=np.int64)


def positions(ids: pl.Series, asked: pl.Series) -> Ids:
    """The position of each asked id among the `ids`, which are in order; -1 where it is not one of them."""
    # Searched for in order, neighbours lie together in memory.
    order = asked.arg_sort()
    ordered = asked.gather(order)
    found = ids.search_sorted(ordered).cast(pl.Int64).clip(0, len(ids) - 1)
    places = np.empty(len(asked), dtype=np.int64)
    places[order.to_numpy()] = np.where((ids.gather(found) == ordered).to_numpy(), found.to_numpy(), -1)
    return places


def cluster_positions(ids: pl.Series, clusters: pl.Series) -> Ids:
    """As `positions`, of the cluster of each record of `ids`; most records are the one their cluster is named after."""
    label = np.arange(len(ids))
    others = (clusters != ids).to_numpy()
    label[others] = positions(ids, clusters.filter(others))
    return label


def people_at(label: Ids, left: Ids, right: Ids, weight: Weights, threshold: float, other: float) -> int:
    """How many clusters there would be at the threshold `other`, when there are those of `label` at `threshold`.

    The number that `labels_at` would lead to, without looking at the records of which no pair says anything.
    """
    sizes = np.bincount(label)
    clusters = int(np.count_nonzero(sizes))
    starts, stops = label[left], label[right]
    inside = starts == stops
    if other < threshold:
        joined = ~inside & (weight >= other) & (weight < threshold)
        return clusters - _joins(starts[joined], stops[joined])
    broken = np.unique(starts[inside & (weight < other)])
    held = inside & (weight >= other)
    held[held] = np.isin(starts[held], broken)
    return clusters - len(broken) + int(sizes[broken].sum()) - _joins(left[held], right[held])


def _joins(left: Ids, right: Ids) -> int:
    """By how many these pairs bring down the number of clusters, when each end is a cluster at first."""
    ends, places = np.unique(np.r_[left, right], return_inverse=True)
    components, _ = connected_components(
        coo_array((np.ones(len(left), dtype=np.int8), np.split(places, 2)), shape=(len(ends), len(ends))),
        directed=False,
    )
    return len(ends) - int(components)


def labels_at(label: Ids, left: Ids, right: Ids, weight: Weights, threshold: float, other: float) -> tuple[Ids, Ids]:
    """The records whose clusters would be others at the threshold `other`, and their labels there.

    `label` are the clusters at `threshold`.  Above it, only pairs of that weight inside a cluster hold it together;
    below it, pairs between clusters join them.  The records are those of whole clusters, before and after.
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
        # Records of one cluster stay together: each is tied to the one the cluster is named after.
        starts, stops = np.r_[starts, np.arange(len(touched))], np.r_[stops, place[label[touched]]]
    return touched, touched[components(len(touched), starts, stops)]


def split_incoherent(label: Ids, left: Ids, right: Ids, weight: Weights, threshold: float) -> Ids:
    """The labels again, after every component with a pair below `threshold` has been rebuilt by average linkage.

    `left`, `right`, `weight` are all the pairs inside the components that have three records or more.
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
    """For each of n records the smallest record of its group, from the symmetric n x n matrix of pair weights.

    The two groups with the highest mean weight between them merge until no mean is above 0; of equal means the pair
    with the smallest records merges first.  A single pair counts for `CLIP` at most, a veto for `VETO_COUNTS`.
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
