"""Which record ids stand where: counted as sets of bits, an id being a number of the program and not a text.

How many different records there are is asked of nearly every part of a leak. Engines answer by a table of all ids in
memory, 19 million of them at full size. Here 32 neighbouring ids are one row with a bit for each: about half the time,
and a tenth of the rows where the ids lie close, as numbers that a program gives in turn do. Where they lie far apart, a
row holds one id, and nothing is lost.
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
"""How many ids a row holds: of the 64 bits of a number, engines take the highest for its sign."""

_SHIFT = _BITS.bit_length() - 1
_ROWS_AT_ONCE = 1 << 16


def all_ids(leak: Leak) -> ir.Table:
    """The ids of all records, as `id_sets` has them, computed once while the leak is open."""
    return leak.derived("record_ids", lambda own: id_sets(own.lines))


def id_sets(lines: ir.Table) -> ir.Table:
    """The different values of `record_id` in `lines`: one row 32 neighbouring ids of which one at least is there.

    `block` is the number of the row, `ids` has a bit for each: that of the id `32 * block + n` is 2 ** n.
    """
    # A cast, and not a literal of 64 bits: engines take that for a 1 of 32.
    one = ibis.literal(1).cast("int64")
    placed = lines.select(block=lines.record_id >> _SHIFT, bit=one << (lines.record_id & _BITS - 1).cast("int32"))
    return placed.group_by("block").aggregate(ids=_bit_or(placed.bit))


def count_ids(sets: ir.Table) -> int:
    """How many different ids are in the sets?"""
    return int(collect(sets.aggregate(ids=_bit_count(sets.ids).sum().coalesce(0)), "ids").item())


def in_order(sets: ir.Table) -> Iterator[npt.NDArray[np.int64]]:
    """The ids in the sets from the lowest to the highest, never none and at most some million at a time."""
    for rows in collect(sets, "block").iter_slices(_ROWS_AT_ONCE):
        bits = np.unpackbits(rows["ids"].to_numpy().astype("<u4").view(np.uint8), bitorder="little")
        row, place = bits.reshape(-1, _BITS).nonzero()
        yield rows["block"].to_numpy()[row] * _BITS + place


# Both engines have these under their names; Ibis knows the first for DuckDB only, and the second for neither.
@ibis.udf.agg.builtin(name="bit_or")  # type: ignore[untyped-decorator]
def _bit_or(_bits: int) -> int:  # type: ignore[empty-body]
    """The bits that are set in any of the numbers."""


@ibis.udf.scalar.builtin(name="bit_count")  # type: ignore[untyped-decorator]
def _bit_count(_bits: int) -> int:  # type: ignore[empty-body]
    """How many bits are set."""
