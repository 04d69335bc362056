"""Sets of record ids, stored as bit sets, to count distinct records quickly.

Nearly every count needs the number of distinct records. Engines compute it from a table of all ids in memory, 19
million at full size. Here one row holds 32 neighbouring ids, with one bit for each. This takes about half the time, and
a tenth of the rows if the ids are close together, as consecutive numbers are. If they are far apart, a row holds one
id, which is no slower.
"""

from __future__ import annotations

from collections.abc import Iterator

import ibis
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt

from toolkit.dataset import Leak, collect

__all__ = ["all_ids", "count_ids", "id_sets", "in_order"]

_BITS = 32
"""How many ids a row holds: less than 64, because engines use the highest bit for the sign."""

_SHIFT = _BITS.bit_length() - 1
_ROWS_AT_ONCE = 1 << 16


def all_ids(leak: Leak) -> ir.Table:
    """Return the ids of all records in the form of `id_sets`, computed once while the leak is open."""
    return leak.materialize("record_ids", lambda own: id_sets(own.lines))


def id_sets(lines: ir.Table) -> ir.Table:
    """Return the distinct values of `record_id` in `lines`: one row per block of 32 ids with at least one of them.

    `block` is the number of the block, and `ids` has one bit per id: the bit of the id `32 * block + n` is 2 ** n.
    """
    # A cast, because engines treat a 64-bit literal 1 as 32 bits.
    one = ibis.literal(1).cast("int64")
    placed = lines.select(block=lines.record_id >> _SHIFT, bit=one << (lines.record_id & _BITS - 1).cast("int32"))
    return placed.group_by("block").aggregate(ids=_bit_or(placed.bit))


def count_ids(sets: ir.Table) -> int:
    """Count the distinct ids in the sets."""
    return int(collect(sets.aggregate(ids=_bit_count(sets.ids).sum().coalesce(0)), "ids").item())


def in_order(sets: ir.Table) -> Iterator[npt.NDArray[np.int64]]:
    """Yield the ids in ascending order, in arrays of at most about two million."""
    for rows in collect(sets, "block").iter_slices(_ROWS_AT_ONCE):
        bits = np.unpackbits(rows["ids"].to_numpy().astype("<u4").view(np.uint8), bitorder="little")
        row, place = bits.reshape(-1, _BITS).nonzero()
        yield rows["block"].to_numpy()[row] * _BITS + place


# Both engines have functions with these names; Ibis supports the first on DuckDB only, and the second on neither.
@ibis.udf.agg.builtin(name="bit_or")  # type: ignore[untyped-decorator]
def _bit_or(_bits: int) -> int:  # type: ignore[empty-body]
    """Return the bits that are set in any of the numbers."""


@ibis.udf.scalar.builtin(name="bit_count")  # type: ignore[untyped-decorator]
def _bit_count(_bits: int) -> int:  # type: ignore[empty-body]
    """Count the bits that are set."""
