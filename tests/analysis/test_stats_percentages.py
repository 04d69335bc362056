"""`percentages`: the denominators that a published count and percentage agree with, worked by hand."""

from __future__ import annotations

import pytest

from toolkit.analysis.stats import percentages
from toolkit.errors import InputError


def test_one_percentage_fits_several_denominators() -> None:
    """30 is about 1 % of 4,000 and of 2,500 but not of 1,000; the last row takes 1 % of the 30."""
    table = percentages(30, 0.01, {"lines": 4_000, "people": 2_500, "villages": 1_000})

    assert [
        ("of all lines", 30, 4_000, 0.0075, True),
        ("of all people", 30, 2_500, 0.012, True),
        ("of all villages", 30, 1_000, 0.03, False),
        ("1% of the 30", 0, 30, 0.0, False),
    ] == table.rows()


def test_misreading_takes_the_share_of_the_count() -> None:
    """One percent of 5,000, taken of the 5,000 themselves, is 50."""
    assert ("1% of the 5,000", 50, 5_000, 0.01, True) == percentages(5_000, 0.01, {}).row(0)


def test_digits_decide_what_agrees() -> None:
    """With three decimals, 1.2 % agrees only with the denominator whose share rounds to it."""
    table = percentages(30, 0.012, {"lines": 4_000, "people": 2_500}, digits=3)

    assert [False, True] == table["agrees"].head(2).to_list()
    assert "1.2% of the 30" == table["interpretation"][-1]


def test_denominator_of_zero_is_an_error() -> None:
    """A denominator that is not positive is named."""
    with pytest.raises(InputError, match="The denominator of lines is not positive"):
        percentages(5, 0.01, {"people": 10, "lines": 0})


def test_share_above_one_is_an_error() -> None:
    """A share outside 0 to 1 is an error, such as a percentage given in its place."""
    with pytest.raises(InputError, match=r"A share of 1\.5 is not between 0 and 1"):
        percentages(5, 1.5, {"lines": 10})
