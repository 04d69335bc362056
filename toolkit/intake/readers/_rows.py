"""Batches from rows of Python cells, for formats that are read row by row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pyarrow as pa

from toolkit.intake._kinds import Batch, Job, Places, Reject

__all__ = ["Row", "batches"]

_ROWS = 50_000
Row = tuple[int, int, int, int, int, Sequence[str | None]]
"""Line, units, offset, length (-1 where the format has no byte ranges), repairs, cells."""


def batches(names: Sequence[str], rows: Iterable[Row | Reject | tuple[str, int]]) -> Iterator[Job]:
    """Yield batches of rows; a `Reject` and a kind of unit with a number may come between the rows."""
    pending: list[Row] = []
    rejects: list[Reject] = []
    counts: Counter[str] = Counter()
    for item in rows:
        if isinstance(item, Reject):
            rejects.append(item)
            counts["rows_rejected"] += item.lines
        elif len(item) == 2:
            counts[item[0]] += item[1]
        else:
            pending.append(item)
            if len(pending) >= _ROWS:
                yield _job(names, pending, rejects, counts)
                pending, rejects, counts = [], [], Counter()
    if pending or rejects or counts:
        yield _job(names, pending, rejects, counts)


def _job(names: Sequence[str], rows: list[Row], rejects: list[Reject], counts: Counter[str]) -> Job:
    return lambda: _batch(names, rows, rejects, counts)


def _batch(names: Sequence[str], rows: list[Row], rejects: list[Reject], counts: Counter[str]) -> Batch:
    columns = [
        pa.array([row[5][number] if number < len(row[5]) else None for row in rows], pa.string())
        for number in range(len(names))
    ]
    placed = bool(rows) and rows[0][2] >= 0
    places = Places(
        np.array([row[0] for row in rows], dtype=np.int64),
        np.array([row[1] for row in rows], dtype=np.int32),
        np.array([row[2] for row in rows], dtype=np.int64) if placed else None,
        np.array([row[3] for row in rows], dtype=np.int64) if placed else None,
    )
    repairs = np.array([row[4] for row in rows], dtype=np.uint32)
    read_to = rows[-1][2] + rows[-1][3] if placed else 0
    return Batch(pa.table(columns, names=list(names)), places, repairs, tuple(rejects), counts, read_to)
