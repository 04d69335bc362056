"""P(wrong person) and chance hits: by hand, on simulated leaks with independent fields, and on twenty leaks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from itertools import product
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from toolkit import schema
from toolkit.analysis import public_figures, scoring
from toolkit.analysis.public_figures import Matches, poisson_binomial_range, reliability
from toolkit.analysis.public_figures._candidates import Candidates, FigureNames
from toolkit.analysis.public_figures._frequencies import Frequencies
from toolkit.analysis.public_figures._match_levels import DATES
from toolkit.analysis.public_figures._namesakes import Namesakes, Rates
from toolkit.analysis.public_figures._posterior import evaluate
from toolkit.dataset._leak import open_leak
from toolkit.errors import InputError
from toolkit.scenario import load_scenario
from toolkit.synth._generate import generate

D = date
SAME, YEAR, OTHER, UNKNOWN = (DATES.index(level) for level in ("same", "year", "other", "unknown"))

# --- Namesakes, by hand -------------------------------------------------------------------------------------------

_DAYS = [D(1980, month, day) for month, day in product(range(1, 13), range(1, 11))]


def _hand_made(born: date | None) -> Namesakes:
    """A leak of 1,200 men born on 120 days of 1980: 41 have the surname, 24 the first name, 60 live in 35."""
    frequencies = Frequencies(
        surnames=pl.DataFrame({"spelling": ["A", "AB"], "words": ["A", "AB"], "key": ["A", "AB"], "lines": [41, 6]}),
        first_names=pl.DataFrame({"spelling": ["G"], "words": ["G"], "key": ["G"], "first": [0]}),
        first_names_by_decade=pl.DataFrame({"key": ["G"], "sex": ["M"], "decade": [198], "lines": [24]}),
        days=pl.DataFrame({"birth_date": _DAYS, "sex": ["M"] * 120, "lines": [10] * 120}),
        places=pl.DataFrame({"departement": ["35", "75"], "lines": [60, 1140]}),
        placeholders=(),
        undated=0.0,
        unplaced=0.0,
    )
    names = FigureNames(
        surnames=pl.DataFrame({"figure_id": [1], "key": ["A"]}),
        first_names=pl.DataFrame({"figure_id": [1], "key": ["G"]}),
        near_surnames=pl.DataFrame({"key": ["A"], "near": ["AB"]}),
        near_first_names=pl.DataFrame(schema={"key": pl.String, "near": pl.String}),
    )
    pairs = pl.DataFrame({"figure_id": [1], "record_id": [1], "same_name": [True]})
    bearers = pl.DataFrame({"key": ["A"], "sex": ["M"], "decade": [198], "people": [41]})
    register = pl.DataFrame(
        {"figure_id": [1], "sex": ["M"], "birth_date": [born], "departement_code": ["35"]},
        schema_overrides={"birth_date": pl.Date},
    )
    return Namesakes(register, names, frequencies, Candidates(pairs, bearers, 1.0, 1.0, 1.0))


def test_namesakes_beside_a_hit_are_those_worked_out_by_hand() -> None:
    """Of 41 people with the surname and 24 with the first name, one each is the hit; the prior adds one half."""
    rates = _hand_made(D(1980, 3, 4)).beside_hits()

    everybody = (41 - 1 + 0.5) * (24 - 1 + 0.5) / 1200
    on_the_day = everybody / 120
    near = (6 - 1 + 0.5) * 23.5 / 1200 / 120 + 40.5 * 0.5 / 1200 / 120
    # 4 March: the other nine days of the month less the 4th of other months, 10 and 30 being no days here.
    one_digit = everybody * (8 + 8) / 120
    assert on_the_day == pytest.approx(rates.people[0, SAME])
    assert on_the_day == pytest.approx(rates.people[0, DATES.index("swapped")])
    assert one_digit == pytest.approx(rates.people[0, DATES.index("one_digit")])
    assert everybody == pytest.approx(rates.people[0, :-1].sum())
    assert near == pytest.approx(rates.people[0, -1])
    assert 60.5 / 1200 == pytest.approx(rates.place[0])


def test_namesakes_of_a_figure_without_birth_date_agree_in_name_alone() -> None:
    """Without a birth date all namesakes are at one level."""
    rates = _hand_made(None).beside_hits()

    expected = np.zeros(len(DATES) + 1)
    expected[UNKNOWN] = 40.5 * 23.5 / 1200
    assert expected == pytest.approx(rates.people[0])


def test_namesakes_in_all_leave_out_the_figure_itself() -> None:
    """The expected chance hits exclude the figure itself, with the probability that it is in the leak."""
    namesakes = _hand_made(D(1980, 3, 4))

    totals = [namesakes.in_all(np.array([present])).people[0, :-1].sum() for present in (0.0, 0.5, 1.0)]

    assert pytest.approx([41 * 24 / 1200, 40.5 * 23.5 / 1200, 40 * 23 / 1200]) == totals


# --- P(wrong person), by hand -------------------------------------------------------------------------------------


def _p_wrong(pairs: list[tuple[int, int, str, str]], rates: Rates, register: pl.DataFrame) -> list[float]:
    """P(wrong person) of pairs (figure, record, date, place) of the same name, in the order of their ids."""
    table = pl.DataFrame(pairs, schema=["figure_id", "record_id", "date", "place"], orient="row")
    # Birth dates that are far apart, so that each record is another candidate.
    typed = pl.Series([D(1900 + 13 * n, 1 + 5 * n % 12, 1 + 11 * n % 28) for n in range(len(pairs))])
    evaluated = evaluate(register, table.with_columns(same_name=True, typed=typed, nir=None), rates)
    return evaluated.pairs.sort("figure_id", "record_id")["p_wrong_person"].to_list()


def test_a_lone_hit_has_the_odds_of_the_formula() -> None:
    """A hit with L namesakes expected is wrong with the odds (1 - p) L : p m, with what was learnt for p and m."""
    register = pl.DataFrame({"figure_id": [1], "birth_date": [D(1980, 1, 1)]})
    pair = pl.DataFrame({"figure_id": [1], "record_id": [1], "same_name": [True], "date": ["same"], "place": ["same"]})
    evaluated = evaluate(
        register,
        pair.with_columns(typed=D(1980, 1, 1), nir=None),
        Rates(np.full((1, len(DATES) + 1), 0.4), np.array([0.1])),
    )

    learnt, namesakes = evaluated.learnt, 0.4 * 0.1
    own = learnt.dates[SAME] * learnt.same_place
    odds = (1 - learnt.present) * namesakes / (learnt.present * own)
    assert odds / (1 + odds) == pytest.approx(evaluated.pairs["p_wrong_person"].item())


def test_equal_candidates_share_what_is_left() -> None:
    """Two candidates with the same pattern share the probability; a single one gets all of it."""
    register = pl.DataFrame({"figure_id": [1, 2], "birth_date": [None, None]}, schema_overrides={"birth_date": pl.Date})
    rates = Rates(np.full((2, len(DATES) + 1), 0.01), np.full(2, 0.1))

    alone, *two = _p_wrong([(1, 1, "unknown", "same"), *((2, n, "unknown", "same") for n in (2, 3))], rates, register)

    assert two[0] == pytest.approx(two[1])
    assert 0.4 < two[0] < 0.6
    assert 0.05 > alone


def test_records_with_one_nir_are_one_candidate() -> None:
    """A record with another birth date has the probability of the record whose NIR it shares."""
    register = pl.DataFrame({"figure_id": [1], "birth_date": [D(1980, 1, 1)]})
    pairs = pl.DataFrame(
        {
            "figure_id": [1, 1, 1],
            "record_id": [1, 2, 3],
            "same_name": [True] * 3,
            "date": ["same", "other", "other"],
            "place": ["same"] * 3,
            "typed": [D(1980, 1, 1), D(1999, 1, 1), D(1998, 1, 1)],
            "nir": ["1", "1", None],
        }
    )

    evaluated = evaluate(register, pairs, Rates(np.full((1, len(DATES) + 1), 0.001), np.array([0.1]))).pairs

    own, shared, apart = evaluated["p_wrong_person"].to_list()
    assert own == shared < apart


@given(namesakes=st.lists(st.floats(1e-6, 100), min_size=2, max_size=6, unique=True))
def test_more_namesakes_make_a_hit_less_likely(namesakes: list[float]) -> None:
    """P(wrong person) is between 0 and 1 and grows with the expected namesakes."""
    ordered = sorted(namesakes)
    pairs = [(figure, figure, "same", "unknown") for figure in range(1, len(ordered) + 1)]

    register = pl.DataFrame({"figure_id": range(1, len(ordered) + 1), "birth_date": [D(1980, 1, 1)] * len(ordered)})
    rates = Rates(np.tile(np.array(ordered)[:, None], (1, len(DATES) + 1)), np.full(len(ordered), 0.1))

    wrong = _p_wrong(pairs, rates, register)

    assert wrong == sorted(wrong)
    assert all(0 <= p <= 1 for p in wrong)


# --- Simulated leaks with independent fields ------------------------------------------------------------------------------

_PEOPLE, _FIGURES = 20_000, 400
Write = Callable[..., Path]


def _independent(random: np.random.Generator, rows: int) -> pl.DataFrame:
    """People with independent surname, first name, birth day and departement; some names are more common."""

    def names(prefix: str, many: int, skew: float) -> list[str]:
        letters = "abcdefghijklmnopqrst"
        ranks = np.minimum(random.pareto(skew, rows) * 12, many - 1).astype(int)
        return [f"{prefix}{letters[n // 400]}{letters[n // 20 % 20]}{letters[n % 20]}{prefix}" for n in ranks]

    births = [D(1940, 1, 1) + timedelta(days=int(day)) for day in random.integers(0, 60 * 365, rows)]
    surnames = names("Sur", 4000, 0.5)
    return pl.DataFrame(
        {
            "last_name": surnames,
            "birth_name": surnames,
            "first_name": names("Pre", 400, 0.9),
            "sex": "F",
            "birth_date": births,
            "postal_code": [f"{35 + place}000" for place in random.integers(0, 20, rows)],
        }
    )


def _simulate(seed: int, write: Write, folder: Path) -> tuple[Matches, pl.DataFrame]:
    """Match a simulated leak with 400 figures, of whom 100 are in it; return the matches and which hits are wrong."""
    random = np.random.default_rng(seed)
    people = _independent(random, _PEOPLE)
    outside = _independent(random, _FIGURES - 100)
    lines = people.with_row_index("line_id").with_columns(record_id=pl.col("line_id"), practice_id=1, practitioner_id=1)
    lines = lines.with_columns(created_on=D(2020, 1, 1), updated_on=D(2020, 1, 1))
    known = pl.Series(random.random(_FIGURES) < 0.3)
    register = pl.concat([people.head(100), outside]).with_columns(
        figure_id=pl.int_range(1, _FIGURES + 1),
        birth_date=pl.when(known).then("birth_date"),
        departement_code=pl.when(pl.Series(random.random(_FIGURES) < 0.5)).then(pl.col("postal_code").str.head(2)),
        role=pl.lit("maire"),
        role_category=pl.lit("mayor"),
    )
    tables = {"lines": _as(schema.LINES, lines), "public_figures": _as(schema.PUBLIC_FIGURES, register)}
    with open_leak(write(folder, **tables), threads=2) as leak:
        matches = public_figures.match(leak)
    own = pl.col("figure_id") == pl.col("record_id") + 1
    return matches, matches.hits.with_columns(wrong=~(own & (pl.col("figure_id") <= 100)))


def _as(table: schema.Table, frame: pl.DataFrame) -> object:
    """Convert `frame` to an Arrow table of the schema, with nulls for missing columns."""
    missing = [pl.lit(None).alias(name) for name in table.names if name not in frame.columns]
    return frame.with_columns(missing).select(table.names).to_arrow().cast(table.arrow_schema())


@pytest.fixture(scope="module")
def simulated(write_data_set: Write, tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Matches, pl.DataFrame]]:
    """The matches of eight simulated leaks, with their hits."""
    folder = tmp_path_factory.mktemp("simulated")
    return [_simulate(seed, write_data_set, folder / str(seed)) for seed in range(8)]


@pytest.mark.slow
def test_probabilities_are_calibrated_where_fields_are_independent(
    simulated: list[tuple[Matches, pl.DataFrame]],
) -> None:
    """Over eight leaks the number of wrong hits is as predicted, in all and in every bin of the probability."""
    curve = reliability(pl.concat([hits for _, hits in simulated]))

    # One of ten ranges of 95 % may be missed.
    inside = (curve["low"] <= curve["wrong"]) & (curve["wrong"] <= curve["high"])
    assert 300 < curve.filter(pl.col("p_to") <= 0.95, pl.col("p_from") >= 0.05)["hits"].sum()
    assert inside[-1]
    assert 1 >= (~inside).sum()


@pytest.mark.slow
def test_chance_hits_are_as_expected_where_fields_are_independent(
    simulated: list[tuple[Matches, pl.DataFrame]],
) -> None:
    """In each leak and tier the wrong hits are within the range for chance, with few exceptions."""
    outside = 0
    for matches, hits in simulated:
        for rank, row in enumerate(matches.tiers.iter_rows(named=True)):
            wrong = hits.filter(pl.col("rank") >= rank)["wrong"].sum()
            outside += not row["low"] <= wrong <= row["high"]

    assert 3 >= outside


@pytest.mark.slow
def test_a_placebo_finds_what_the_model_expects(simulated: list[tuple[Matches, pl.DataFrame]]) -> None:
    """With birth dates of other figures, as many hits agree in the year as the model expects."""
    tables = [public_figures.placebo(matches, rounds=5) for matches, _ in simulated]

    by_tier = pl.concat(tables).group_by("tier").agg(pl.col("hits", "expected_by_chance").sum())
    year = by_tier.filter(pl.col("tier") == "name_birth_year")
    assert year["expected_by_chance"].item() == pytest.approx(year["hits"].item(), rel=0.2)


# --- Twenty leaks -------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_probabilities_are_calibrated_on_twenty_leaks(tmp_path: Path) -> None:
    """On synthetic leaks of 20 seeds the wrong hits are within the predicted 95 % range, with at most one exception."""
    outside, parts = 0, []
    for seed in range(1, 21):
        path = generate(load_scenario(), seed, 20_000, tmp_path / str(seed)).path
        with open_leak(path, threads=2) as leak:
            hits = scoring.wrong_hits(leak, public_figures.match(leak).hits)
        low, high = poisson_binomial_range(hits["p_wrong_person"].to_numpy())
        outside += not low <= hits["wrong"].sum() <= high
        parts.append(hits)
    everything = reliability(pl.concat(parts)).row(-1, named=True)

    assert 1 >= outside
    assert everything["low"] <= everything["wrong"] <= everything["high"]


# --- The Poisson-binomial range ----------------------------------------------------------------------------


def test_poisson_binomial_range_of_equal_probabilities_is_binomial() -> None:
    """With equal probabilities the range is that of the binomial distribution."""
    from scipy import stats

    expected = stats.binom.ppf([0.025, 0.975], 40, 0.3).tolist()

    assert expected == list(poisson_binomial_range([0.3] * 40))


@settings(max_examples=40)
@given(st.lists(st.sampled_from([0.0, 1.0, 0.1, 0.5, 0.97]), min_size=1, max_size=9))
def test_poisson_binomial_range_is_that_of_all_outcomes(probabilities: list[float]) -> None:
    """For a few events the range covers 95 % of all outcomes, listed one by one, and cannot be narrower."""
    weights = np.zeros(len(probabilities) + 1)
    for outcome in product((0, 1), repeat=len(probabilities)):
        weights[sum(outcome)] += np.prod([p if one else 1 - p for p, one in zip(probabilities, outcome, strict=True)])

    low, high = (int(end) for end in poisson_binomial_range(probabilities))

    assert weights[:low].sum() <= 0.025 + 1e-9
    assert weights[high + 1 :].sum() <= 0.025 + 1e-9
    assert weights[: low + 1].sum() >= 0.025 - 1e-9
    assert weights[high:].sum() >= 0.025 - 1e-9


@pytest.mark.parametrize(("probabilities", "confidence"), [([1.2], 0.95), ([-0.1], 0.95), ([0.5], 1.0)])
def test_numbers_that_are_not_probabilities_are_refused(probabilities: list[float], confidence: float) -> None:
    """Numbers outside 0 to 1, and a confidence of 1, are refused."""
    with pytest.raises(InputError, match="between 0 and 1"):
        poisson_binomial_range(probabilities, confidence)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.sampled_from([0.0, 1e-13, 0.25, 0.5, 0.9, 1.0]) | st.floats(0, 1), max_size=80),
    st.sampled_from([0.5, 0.9, 0.95, 0.99]),
)
@example([], 0.95)
@example([0.0] * 5, 0.95)
@example([1.0] * 5, 0.95)
def test_poisson_binomial_range_is_that_of_the_convolution(probabilities: list[float], confidence: float) -> None:
    """The range is that of the distribution worked out event by event, for any number of events and none."""
    mass = np.ones(1)
    for p in probabilities:
        certain = 1.0 if p > 1 - 1e-12 else 0.0 if p < 1e-12 else p
        mass = np.append(mass, 0.0) * (1 - certain) + np.insert(mass, 0, 0.0) * certain
    below, tail = np.cumsum(mass), (1 - confidence) / 2

    low, high = poisson_binomial_range(probabilities, confidence)

    # One either side where a cumulative probability is within rounding of the tail.
    assert below[int(low)] > tail - 1e-9
    assert low == 0 or below[int(low) - 1] < tail + 1e-9
    assert below[int(high)] > 1 - tail - 1e-9
    assert high == 0 or below[int(high) - 1] < 1 - tail + 1e-9


def test_reliability_counts_every_hit_once() -> None:
    """Each hit is in one bin, with 0 and 1 in the outermost, and the last row has all hits."""
    hits = pl.DataFrame({"p_wrong_person": [0.0, 0.001, 0.3, 0.3, 1.0], "wrong": [False, False, True, False, True]})

    table = reliability(hits)

    assert [(0.0, 0.001, 2, 0), (0.2, 0.5, 2, 1), (0.99, 1.0, 1, 1), (0.0, 1.0, 5, 2)] == table.select(
        "p_from", "p_to", "hits", "wrong"
    ).rows()
    assert 1.601 == pytest.approx(table["predicted"][-1])
