"""Funnel plots: control limits worked by hand, and checked on simulated places with equal or different rates."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy import stats

from toolkit.analysis.stats import funnel
from toolkit.errors import InputError


def places(rates: np.ndarray, sizes: np.ndarray, seed: int) -> pl.DataFrame:
    """Return places of these sizes, with events drawn from these true rates."""
    events = np.random.default_rng(seed).binomial(sizes, rates)
    return pl.DataFrame({"place": range(len(sizes)), "events": events, "size": sizes})


SIZES = np.random.default_rng(7).integers(200, 20_000, 1_000)


def test_limits_of_chance_by_hand() -> None:
    """For ten tries at one half, the limits are those interpolated by hand from the binomial in 1,024ths."""
    table = pl.DataFrame({"events": [5, 5], "size": [10, 10]})
    row = funnel(table, "events", "size").places.row(0, named=True)

    # P(0) = 1/1024 is below .001 and P(0 or 1) = 11/1024 above: the limit is 1 less the excess over the mass of 1.
    beyond = (11 / 1024 - 0.001) / (10 / 1024)
    assert pytest.approx((1 - beyond) / 10) == row["low"]
    # P(9 or fewer) = 1023/1024 is above .999, and P(8 or fewer) = 1013/1024 below.
    above = (1023 / 1024 - 0.999) / (10 / 1024)
    assert pytest.approx((9 - above) / 10) == row["high"]


def test_chance_leaves_two_in_a_thousand_outside() -> None:
    """Of 1,000 places with one true rate, about two are outside the limits of chance; the dispersion is near 1."""
    outside = []
    for seed in range(20):
        result = funnel(places(np.full(1000, 0.014), SIZES, seed), "events", "size")
        outside.append(result.places.filter(pl.col("chance") != "within").height)
        assert pytest.approx(1, abs=0.15) == result.dispersion

    assert 0.5 < np.mean(outside) < 4


def test_variance_between_places_is_estimated() -> None:
    """Where true rates differ, many exceed the limits of chance, few the wide limits, and `between` is their spread."""
    spread = 0.03
    true = np.sin(np.random.default_rng(3).normal(np.arcsin(0.014**0.5), spread, 1000)) ** 2
    result = funnel(places(true, SIZES, 1), "events", "size")

    assert result.dispersion > 10
    assert result.places.filter(pl.col("chance") != "within").height > 400
    assert result.places.filter(pl.col("peers") != "within").height < 20
    assert pytest.approx(spread, rel=0.2) == result.between


def test_one_outlier_is_found_among_its_peers() -> None:
    """A place with five times the rate of 200 others is above its peers: winsorising keeps it from hiding itself."""
    table = places(np.full(200, 0.014), SIZES[:200], 5)
    odd = pl.DataFrame({"place": [999], "events": [700], "size": [10_000]})
    result = funnel(pl.concat([table, odd]), "events", "size").places

    assert [999] == result.filter(pl.col("peers") == "above")["place"].to_list()


def test_curve_equals_the_limits_of_the_places() -> None:
    """The curves run from the smallest to the largest size and equal the limits of the places of these sizes."""
    table = pl.DataFrame({"events": [3, 10, 120], "size": [100, 1_000, 10_000]})
    result = funnel(table, "events", "size")
    ends = result.curve.filter(pl.col("size").is_in([100, 10_000])).sort("size")

    assert (100, 10_000) == (result.curve["size"].min(), result.curve["size"].max())
    for name in ("low", "high", "wide_low", "wide_high"):
        assert pytest.approx(result.places[name].gather([0, 2]).to_list()) == ends[name].to_list()
    rate = result.rate
    assert pytest.approx(133 / 11_100) == rate
    inner = result.curve.filter(pl.col("size") == 10_000)
    normal = stats.norm.isf(0.025) * (rate * (1 - rate) / 10_000) ** 0.5
    assert pytest.approx(rate + normal, rel=0.03) == inner["inner_high"].item()


def test_empty_places_are_left_out() -> None:
    """A place of size 0 has no rate and is not in the table."""
    result = funnel(pl.DataFrame({"events": [0, 1], "size": [0, 9]}), "events", "size")

    assert [9] == result.places["size"].to_list()


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"events": [1]}, "These columns were not found: size"),
        ({"events": [2], "size": [1]}, "Some places have more events than size"),
        ({"events": [0], "size": [0]}, "The column size is 0 in every row"),
    ],
)
def test_tables_without_rates_are_an_error(table: dict[str, list[int]], message: str) -> None:
    """A missing column, empty places or more events than size are an error that names the columns."""
    with pytest.raises(InputError, match=message):
        funnel(pl.DataFrame(table), "events", "size")
