"""From scored pairs to people: connected components, then each component checked from within.

A chain of pairs is not a person: one borrowed social security number ties a family together, one record without a
birth date ties a father to his son.  So every pair inside a component is scored, also those that no key brought
together, and a component where they do not all agree is taken apart and built up again by average linkage
(Sokal and Michener 1958): the two groups whose records agree best on average merge first, as long as they agree
more than they disagree and no veto stands between any two of their records.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from toolkit.analysis.linkage.model import VETO_BITS

__all__ = ["average_linkage", "components", "people_at", "smallest_of", "split_incoherent"]

Ids = NDArray[np.int64]
Weights = NDArray[np.float64]

CLIP = 16.0
"""No single pair counts for more than this, for or against, when groups are compared."""
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


def people_at(label: Ids, left: Ids, right: Ids, weight: Weights, threshold: float, other: float) -> int:
    """How many clusters there would be at the threshold `other`, when there are those of `label` at `threshold`.

    Above it, only pairs of that weight inside a cluster hold it together; below it, pairs between clusters join them.
    """
    kept = (weight >= other) if other >= threshold else (weight >= other) & (weight < threshold)
    if other >= threshold:
        kept &= label[left] == label[right]
        clusters, ends = len(label), np.r_[left[kept], right[kept]]
    else:
        clusters, ends = int(np.count_nonzero(np.bincount(label))), label[np.r_[left[kept], right[kept]]]
    touched, ends = np.unique(ends, return_inverse=True)
    half = len(ends) // 2
    joined = components(len(touched), ends[:half], ends[half:])
    return clusters - len(touched) + int(np.count_nonzero(np.bincount(joined)))


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
    with the smallest records merges first.  A single pair counts for `CLIP` at most, and a veto forbids the merger.
    """
    size = len(weights)
    total = np.where(weights < _VETO, -np.inf, np.clip(weights, -CLIP, CLIP))
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
