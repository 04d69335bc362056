"""Control limits: against the binomial counted by hand, and against places that were drawn alike or apart."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy import stats

from toolkit.analysis.stats._funnel_plot import funnel
from toolkit.errors import InputError


def places(rates: np.ndarray, sizes: np.ndarray, seed: int) -> pl.DataFrame:
    """Places of such sizes and true rates, with what chance gave them."""
    events = np.random.default_rng(seed).binomial(sizes, rates)
    return pl.DataFrame({"place": range(len(sizes)), "events": events, "size": sizes})


SIZES = np.random.default_rng(7).integers(200, 20_000, 1_000)


def test_limits_of_chance_by_hand() -> None:
    """Ten tries at one half: none has probability 1/1024, one or fewer 11/1024, so .001 lies just above none."""
    table = pl.DataFrame({"events": [5, 5], "size": [10, 10]})
    row = funnel(table, "events", "size").places.row(0, named=True)

    # One is the first count to reach .001; the limit lies below it by what is too much, over the mass of one.
    beyond = (11 / 1024 - 0.001) / (10 / 1024)
    assert pytest.approx((1 - beyond) / 10) == row["low"]
    # Nine or fewer have 1023/1024, more than .999, and eight or fewer 1013/1024.
    above = (1023 / 1024 - 0.999) / (10 / 1024)
    assert pytest.approx((9 - above) / 10) == row["high"]


def test_chance_leaves_two_in_a_thousand_outside() -> None:
    """Of 1,000 places with one true rate, about two lie beyond the limits of chance, and the dispersion is near one."""
    outside = []
    for seed in range(20):
        told = funnel(places(np.full(1000, 0.014), SIZES, seed), "events", "size")
        outside.append(told.places.filter(pl.col("chance") != "within").height)
        assert pytest.approx(1, abs=0.15) == told.dispersion

    assert 0.5 < np.mean(outside) < 4


def test_places_that_differ_are_told_apart() -> None:
    """Where true rates differ, most lie beyond chance, hardly any beyond the wide limits, and the spread is found."""
    spread = 0.03
    true = np.sin(np.random.default_rng(3).normal(np.arcsin(0.014**0.5), spread, 1000)) ** 2
    told = funnel(places(true, SIZES, 1), "events", "size")

    assert told.dispersion > 10
    assert told.places.filter(pl.col("chance") != "within").height > 400
    assert told.places.filter(pl.col("peers") != "within").height < 20
    assert pytest.approx(spread, rel=0.2) == told.between


def test_one_place_that_stands_out_is_found() -> None:
    """A place with five times the rate of 200 others that vary is above its peers, and does not hide itself."""
    table = places(np.full(200, 0.014), SIZES[:200], 5)
    odd = pl.DataFrame({"place": [999], "events": [700], "size": [10_000]})
    told = funnel(pl.concat([table, odd]), "events", "size").places

    assert [999] == told.filter(pl.col("peers") == "above")["place"].to_list()


def test_curve_meets_the_places() -> None:
    """The limits drawn as curves are those of the places of that size, and run from the smallest to the largest."""
    table = pl.DataFrame({"events": [3, 10, 120], "size": [100, 1_000, 10_000]})
    told = funnel(table, "events", "size")
    ends = told.curve.filter(pl.col("size").is_in([100, 10_000])).sort("size")

    assert (100, 10_000) == (told.curve["size"].min(), told.curve["size"].max())
    for name in ("low", "high", "wide_low", "wide_high"):
        assert pytest.approx(told.places[name].gather([0, 2]).to_list()) == ends[name].to_list()
    rate = told.rate
    assert pytest.approx(133 / 11_100) == rate
    inner = told.curve.filter(pl.col("size") == 10_000)
    normal = stats.norm.isf(0.025) * (rate * (1 - rate) / 10_000) ** 0.5
    assert pytest.approx(rate + normal, rel=0.03) == inner["inner_high"].item()


def test_empty_places_are_left_out() -> None:
    """A place with nothing in it has no rate."""
    told = funnel(pl.DataFrame({"events": [0, 1], "size": [0, 9]}), "events", "size")

    assert [9] == told.places["size"].to_list()


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"events": [1]}, "These columns were not found: size"),
        ({"events": [2], "size": [1]}, "never more events than size"),
        ({"events": [0], "size": [0]}, "needs a place with some"),
    ],
)
def test_tables_without_rates_are_refused(table: dict[str, list[int]], message: str) -> None:
    """What makes no rate is named."""
    with pytest.raises(InputError, match=message):
        funnel(pl.DataFrame(table), "events", "size")
