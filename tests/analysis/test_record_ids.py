"""Record ids as bit sets, compared with Python sets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from toolkit.analysis._record_ids import all_ids, count_ids, id_sets, in_order
from toolkit.dataset._leak import Leak

if TYPE_CHECKING:
    import ibis.expr.types as ir

CLOSE, FAR = st.integers(-70, 200), st.integers(-(2**63), 2**63 - 1)


def lines_of(ids: list[int]) -> ir.Table:
    """Return lines with these record ids and no other column."""
    return ibis.memtable({"record_id": np.array(ids, dtype=np.int64)})


@settings(max_examples=25, deadline=None)
@given(st.lists(CLOSE, min_size=1) | st.lists(FAR, min_size=1))
@example([31, 32, 31, 63, 64, 0])
@example([2**63 - 1, -(2**63)])
def test_ids_are_those_of_a_set(ids: list[int]) -> None:
    """Each id is returned once, in ascending order, whether the ids are close together or far apart."""
    sets = id_sets(lines_of(ids))

    assert len(set(ids)) == count_ids(sets)
    assert sorted(set(ids)) == np.concatenate(list(in_order(sets))).tolist()


def test_ids_come_in_order_over_several_parts() -> None:
    """Ids that are returned in several parts are complete and in order."""
    ids = [40 * n for n in range(100_000)]

    parts = list(in_order(id_sets(lines_of(ids[::-1]))))

    assert len(parts) > 1
    assert ids == np.concatenate(parts).tolist()


def test_no_line_has_no_id() -> None:
    """Without lines, no id is counted or returned."""
    sets = id_sets(lines_of([]))

    assert 0 == count_ids(sets)
    assert [] == list(in_order(sets))


@pytest.mark.parametrize("opened", ["leak", pytest.param("spark_leak", marks=pytest.mark.spark)])
def test_records_of_a_leak(opened: str, request: pytest.FixtureRequest) -> None:
    """Nine lines hold eight records, on both engines; one was exported twice."""
    leak: Leak = request.getfixturevalue(opened)

    assert 8 == count_ids(all_ids(leak))
    assert [[10, 11, 12, 20, 21, 22, 30, 31]] == [ids.tolist() for ids in in_order(all_ids(leak))]
