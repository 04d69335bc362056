"""The size of the whole table: worked by hand, and enumerated over every table and draw that is small enough."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from fractions import Fraction
from math import comb
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit import schema
from toolkit.analysis import _record_ids as record_ids
from toolkit.analysis.counts._table_size import estimate_size, evenness, table_size
from toolkit.dataset._leak import Leak, open_leak
from toolkit.errors import InputError


def chance(highest: int, seen: int, size: int) -> Fraction:
    """How likely `seen` numbers drawn from 1 to `size` have `highest` as their largest."""
    return Fraction(comb(highest - 1, seen - 1), comb(size, seen))


def test_tanks_numbered_19_40_42_60() -> None:
    """Four serial numbers up to 60 make 74; C(60,4)/C(125,4) is 0.0503, and C(60,4)/C(126,4) is 0.0487."""
    assert (74.0, 60, 125) == estimate_size(60, 4)


def test_one_number_gives_a_wide_interval() -> None:
    """One tank numbered 60: twice as many less one, and up to twenty times as many (60 in 1,200 is 5 %)."""
    assert (119.0, 60, 1200) == estimate_size(60, 1)


def test_a_table_seen_whole_is_no_larger() -> None:
    """From 1 to 10 all seen, the estimate is 10; the interval includes 11, where this has a probability of 9 %."""
    size, low, high = estimate_size(10, 10)

    assert (10.0, 10) == (size, low)
    assert 11 == high  # C(10,10)/C(11,10) is 1/11, C(10,10)/C(12,10) is 1/66


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 60).flatmap(lambda size: st.tuples(st.just(size), st.integers(1, size))))
def test_estimate_is_unbiased_and_its_interval_covers_the_truth(table: tuple[int, int]) -> None:
    """Over all possible highest numbers, the mean estimate is the truth, and 95 % of the intervals contain it."""
    size, seen = table
    shown = {highest: chance(highest, seen, size) for highest in range(seen, size + 1)}

    mean = sum(Fraction(highest * (seen + 1), seen) * p for highest, p in shown.items()) - 1
    held = sum(p for highest, p in shown.items() if highest <= size <= estimate_size(highest, seen).high)

    assert 1 == sum(shown.values())
    assert size == mean
    assert held >= Fraction(95, 100)
    assert all(pytest.approx(highest * (seen + 1) / seen - 1) == estimate_size(highest, seen).size for highest in shown)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 400).flatmap(lambda highest: st.tuples(st.just(highest), st.integers(1, highest))))
def test_upper_end_is_the_last_table_that_is_not_too_rare(drawn: tuple[int, int]) -> None:
    """At the upper end a highest number this low has a probability of 5 % or more; at the next size, less."""
    highest, seen = drawn
    high = estimate_size(highest, seen).high

    assert Fraction(comb(highest, seen), comb(high, seen)) >= Fraction(5, 100)
    assert Fraction(comb(highest, seen), comb(high + 1, seen)) < Fraction(5, 100)


@pytest.mark.parametrize(("highest", "seen"), [(5, 6), (5, 0), (0, 0)])
def test_impossible_numbers_are_refused(highest: int, seen: int) -> None:
    """More numbers than are possible, or none at all, are refused."""
    with pytest.raises(InputError, match="There cannot be"):
        estimate_size(highest, seen)


def test_confidence_is_a_share() -> None:
    """A confidence of 1 is refused."""
    with pytest.raises(InputError, match="confidence of 1"):
        estimate_size(60, 4, 1)


def test_equal_parts_are_even() -> None:
    """Every second number, ten in each part of twenty, is as even as can be."""
    spread = evenness([10] * 20, 400, 2)

    assert spread.even
    assert 1.0 == spread.parts_p


def test_chi_square_allows_for_what_was_seen() -> None:
    """Two parts of 60 and 40 of 200: 4 over half unseen is 8, passed by chi-square of one degree with p = 0.00468."""
    spread = evenness([60, 40], 200, 1)

    assert pytest.approx(0.0046777, rel=1e-4) == spread.parts_p


def test_parts_that_differ_are_uneven() -> None:
    """All numbers in the first half of the range are not spread over it."""
    assert not evenness([20] * 10 + [0] * 10, 400, 2).even


def test_a_wide_gap_is_uneven() -> None:
    """One step of 30 among 200 numbers of 400: 200 times a half to the 29th."""
    spread = evenness([10] * 20, 400, 30)

    assert pytest.approx(200 / 2**29) == spread.gap_p
    assert not spread.even


def test_a_table_seen_whole_is_even() -> None:
    """Numbers that were all seen are even."""
    assert evenness([5] * 20, 100, 1).even


def test_table_of_nine_lines(leak: Leak) -> None:
    """Eight records up to number 31 make 33.875; the widest step is the first one, from 0 to 10."""
    table = table_size(leak)

    assert (8, 31) == (table.records, table.highest)
    assert pytest.approx(31 + 31 / 8 - 1) == table.size.size
    assert 10 == table.evenness.widest_gap


@pytest.mark.parametrize(
    ("ids", "widest"),
    [
        ([1, 2, 4, 9, 10], 5),
        ([5, 6, 7], 5),
        ([1, 33, 40, 120, 121], 80),
        ([1, 30, 31, 32, 60], 29),
    ],
)
@pytest.mark.parametrize("rows_at_once", [1, 1000])
def test_widest_gap_between_record_ids(
    ids: list[int],
    widest: int,
    rows_at_once: int,
    write_data_set: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The largest step between ids, the first from 0, in any order of lines and size of the chunks."""
    monkeypatch.setattr(record_ids, "_ROWS_AT_ONCE", rows_at_once)
    dates = dict.fromkeys(("created_on", "updated_on"), date(2020, 1, 1))
    rows = [
        dict.fromkeys(schema.LINES.names) | dates
        | {"line_id": line_id, "record_id": record_id, "practice_id": 1, "practitioner_id": 1}
        for line_id, record_id in enumerate([*ids[::-1], ids[0]])
    ]  # fmt: skip
    lines = pa.Table.from_pylist(rows, schema=schema.LINES.arrow_schema())
    with open_leak(write_data_set(tmp_path, lines=lines)) as leak:
        table = table_size(leak)

    assert (len(ids), ids[-1], widest) == (table.records, table.highest, table.evenness.widest_gap)


@pytest.mark.spark
def test_both_engines_agree(leak: Leak, spark_leak: Leak) -> None:
    """DuckDB and Spark give the same size and the same evenness."""
    assert table_size(leak) == table_size(spark_leak)
