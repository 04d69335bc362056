"""What a published count and percentage may mean, worked by hand."""

from __future__ import annotations

import pytest

from toolkit.analysis.stats._percentages import readings
from toolkit.errors import InputError


def test_one_percentage_fits_several_wholes() -> None:
    """30 is 1 % of 2,500 to 4,000 or so, not of 1,000; and 1 % of 30 is the misreading."""
    table = readings(30, 0.01, {"lines": 4_000, "people": 2_500, "villages": 1_000})

    assert [
        ("of all lines", 30, 4_000, 0.0075, True),
        ("of all people", 30, 2_500, 0.012, True),
        ("of all villages", 30, 1_000, 0.03, False),
        ("1% of the 30", 0, 30, 0.0, False),
    ] == table.rows()


def test_share_of_itself_is_a_hundredth() -> None:
    """One percent of 5,000, taken of the 5,000 themselves, is 50."""
    assert ("1% of the 5,000", 50, 5_000, 0.01, True) == readings(5_000, 0.01, {}).row(0)


def test_digits_decide_what_agrees() -> None:
    """Published as 1.2 %, only the whole it rounds to agrees."""
    table = readings(30, 0.012, {"lines": 4_000, "people": 2_500}, digits=3)

    assert [False, True] == table["agrees"].head(2).to_list()
    assert "1.2% of the 30" == table["reading"][-1]


@pytest.mark.parametrize(("share", "wholes"), [(0.01, {"lines": 0}), (1.5, {"lines": 10})])
def test_impossible_shares_are_refused(share: float, wholes: dict[str, int]) -> None:
    """Nothing is a share of nothing, and no share is above one."""
    with pytest.raises(InputError, match="There is no share of"):
        readings(5, share, wholes)
