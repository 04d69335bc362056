"""The day of the copy and the years behind it, on nine lines worked by hand."""

from __future__ import annotations

from datetime import date

import pytest

from toolkit.analysis.counts._copy_date import copy_day, history, latest_copy
from toolkit.dataset._leak import Leak


def test_copy_is_not_before_the_last_change(leak: Leak) -> None:
    """The last of eight records changed on 30 November 2025, alone in its two weeks."""
    day = copy_day(leak)

    assert date(2025, 11, 30) == day.first
    assert pytest.approx(1 / 14) == day.changes_a_day


def test_the_pause_limits_how_much_later_the_copy_can_be(leak: Leak) -> None:
    """At one change in fourteen days, 5 % of pauses are longer than 14 ln 20 = 41.9 days: 42 days on, 11 January."""
    assert date(2026, 1, 11) == copy_day(leak).last


@pytest.mark.parametrize(("rate", "days"), [(1, 3), (3, 1), (1000, 1), (0.1, 30)])
def test_more_changes_make_the_range_narrower(rate: float, days: int) -> None:
    """The pause is ln 20, or 2.996, over the changes a day, rounded up to whole days."""
    assert days == (latest_copy(date(2025, 1, 1), rate) - date(2025, 1, 1)).days


def test_history_counts_practices_with_a_line(leak: Leak) -> None:
    """Three of four practices have a line, installed on 1 January 2015, 2018 and 2019: 10.9, 7.9 and 6.9 years ago."""
    years = history(leak)

    assert 3 == years.practices
    assert pytest.approx([6.9131, 7.9124, 10.9131], abs=1e-3) == [years.shortest, years.median, years.longest]


@pytest.mark.spark
def test_both_engines_agree(leak: Leak, spark_leak: Leak) -> None:
    """DuckDB and Spark give the same days and years."""
    assert (copy_day(leak), history(leak)) == (copy_day(spark_leak), history(spark_leak))
