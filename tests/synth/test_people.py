"""The people and the plan: exact totals, true households, an age pyramid like the country's, unique numbers."""

from __future__ import annotations

import numpy as np
import pytest

from toolkit.scenario import Scenario, load_scenario
from toolkit.synth._geography import Geography
from toolkit.synth._households import CHILD, Demography
from toolkit.synth._people import People
from toolkit.synth._plan import Plan, make_plan
from toolkit.synth._records import export_order
from toolkit.synth._vocabulary import Vocabulary


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    """The scenario that comes with the toolkit."""
    return load_scenario()


@pytest.fixture(scope="module")
def plan(scenario: Scenario) -> Plan:
    """The plan of a leak of 400,000 lines."""
    return make_plan(scenario, 1, 400_000, Geography.load())


@pytest.fixture(scope="module")
def people(scenario: Scenario, plan: Plan) -> People:
    """Its people."""
    return People(scenario, plan, Geography.load(), Vocabulary.load())


@pytest.fixture(scope="module")
def everybody(plan: Plan, people: People) -> Demography:
    """The demography of all of them, in the order of their numbers."""
    return people.households(np.arange(plan.sizes.people, dtype=np.int64))


@pytest.mark.parametrize("rows", [1_000, 20_001, 2_000_000, 22_000_000, 100_000_000])
def test_a_plan_shares_out_the_totals_exactly(scenario: Scenario, rows: int) -> None:
    """Lines, records, people, practitioners and sensitive people sum to the scenario's sizes at any scale."""
    plan = make_plan(scenario, 3, rows, Geography.load())
    sizes = scenario.sizes_at(rows)

    assert (sizes.lines, sizes.records, sizes.people) == (
        plan.lines_start[-1],
        plan.records_start[-1],
        plan.people_start[-1],
    )
    assert sizes.practitioners == plan.practitioners.sum()
    assert sizes.sensitive_people == plan.sensitive.sum()
    assert plan.segments.length.sum() + plan.sentinels.sum() == sizes.records - sizes.people
    transferred = plan.segments.length[plan.segments.transfer > 0].sum()
    assert sizes.records == plan.opened.sum() + plan.imported.sum() + transferred
    assert sizes.table_records == plan.day_start[-1]
    assert (np.diff(plan.day_start) >= plan.opened.sum(axis=0)).all()


def test_at_full_size_the_counts_are_those_of_the_published_claims(scenario: Scenario) -> None:
    """22,000,000 lines are 19,000,000 records of 15,000,000 people, 169,000 of them with a sensitive comment."""
    sizes = scenario.sizes_at(22_000_000)

    assert (19_000_000, 15_000_000, 1_150, 1_500, 169_000, 65_000_000) == (
        sizes.records,
        sizes.people,
        sizes.practices,
        sizes.practitioners,
        sizes.sensitive_people,
        sizes.table_records,
    )


def test_a_person_has_one_record_per_practice_or_two_at_home(plan: Plan) -> None:
    """The further records of a practice are of different people, each at four practices at most; few are its own."""
    further = [plan.further_people(k)[0] for k in range(plan.practices)]
    own = [int((plan.home(people) == k).sum()) for k, people in enumerate(further)]
    for people in further:
        assert len(set(people.tolist())) == len(people)

    assert np.unique(np.concatenate(further), return_counts=True)[1].max() <= 3
    assert 0.003 < sum(own) / plan.sizes.people < 0.01


def test_ranks_and_people_correspond(plan: Plan) -> None:
    """The rank of a person at the home practice leads back to the person."""
    people = np.arange(plan.people_start[1], plan.people_start[2], dtype=np.int64)
    practice = np.ones(len(people), dtype=np.int64)
    rank = plan.rank_of_person(practice, people)

    assert sorted(rank.tolist()) == list(range(len(people)))
    assert plan.person_of_rank(practice, rank).tolist() == people.tolist()


def test_repeats_come_in_runs_and_every_record_is_exported_once_before(plan: Plan) -> None:
    """The runs of each practice cover its records once in order, plus the planned number of duplicates."""
    for k in range(plan.practices):
        runs = export_order(plan, k)
        first_time = [run for run in runs if not run[2]]
        files = [start + n for start, length, _ in first_time for n in range(length)]

        assert list(range(int(np.diff(plan.records_start)[k]))) == files
        assert plan.repeated[k] == sum(length for _, length, repeat in runs if repeat)


def test_the_age_pyramid_of_the_living_is_the_country_s(plan: Plan, people: People, everybody: Demography) -> None:
    """By sex and five-year band, the distance to the pyramid of 1 January 2024 (INSEE) is under two in a hundred."""
    ids = np.arange(plan.sizes.people, dtype=np.int64)
    living = everybody.take(np.flatnonzero(people.households.deaths(ids, everybody, plan.home(ids)) == 0))
    pyramid = Vocabulary.load().pyramid
    wanted = np.stack([pyramid[:, 5 * band : 5 * band + 5].sum(axis=1) for band in range(21)], axis=1) / pyramid.sum()
    age = np.minimum(2025 - living.year, 104)
    found = np.zeros((2, 21))
    np.add.at(found, (living.sex, age // 5), 1 / len(age))

    assert np.abs(found - wanted).sum() / 2 < 0.02


def test_parents_are_a_generation_older_than_their_children(people: People, everybody: Demography) -> None:
    """A mother is 18 to 50 years older than her child, and both parents are of the child's household."""
    children = np.flatnonzero((everybody.role == CHILD) & (everybody.mother >= 0))
    mothers = everybody.mother[children]
    older = everybody.year[children] - everybody.year[mothers]

    assert len(children) > 10_000
    assert 18 <= older.min()
    assert older.max() <= 50
    assert (everybody.household[mothers] == everybody.household[children]).all()


def test_brothers_and_sisters_are_twins_or_nine_months_apart_and_named_apart(
    plan: Plan, people: People, everybody: Demography
) -> None:
    """Two children of one household are born the same day or at least nine months apart; namesakes are next to none."""
    ids = np.arange(len(everybody.year), dtype=np.int64)
    names = people.names(ids, everybody, plan.home(ids))
    pairs = np.flatnonzero(
        (everybody.role[1:] == CHILD)
        & (everybody.role[:-1] == CHILD)
        & (everybody.household[1:] == everybody.household[:-1])
    )
    apart = np.abs(everybody.birth_date[pairs + 1] - everybody.birth_date[pairs])
    twins = (apart == 0).mean()

    assert ((apart == 0) | (apart > 275)).all()
    assert 0.005 < twins < 0.06
    same = (names.first[pairs] == names.first[pairs + 1]) & (everybody.sex[pairs] == everybody.sex[pairs + 1])
    assert same.mean() < 0.002


def test_some_sons_have_their_father_s_first_name(plan: Plan, people: People, everybody: Demography) -> None:
    """One or two sons in a hundred are namesakes of their father, who shares their last name."""
    ids = np.arange(plan.sizes.people, dtype=np.int64)
    sons = np.flatnonzero((everybody.role == CHILD) & (everybody.sex == 0) & (everybody.father >= 0))
    names = people.names(ids, everybody, plan.home(ids))
    same = names.first[sons] == names.first[everybody.father[sons]]

    assert 0.005 < same.mean() < 0.05
    assert (names.birth[sons[same]] == names.birth[everybody.father[sons[same]]]).mean() > 0.8


def test_no_two_people_share_a_nir(plan: Plan, people: People, everybody: Demography) -> None:
    """Sex, year, month, place and order make each number unique, and its parts are the person's own."""
    ids = np.arange(plan.sizes.people, dtype=np.int64)
    nirs = people.nirs(ids, everybody, plan.home(ids))
    held = nirs.order > 0
    parts = np.stack([nirs.sex, nirs.year, nirs.month, nirs.origin, nirs.order])[:, held]

    assert parts.shape[1] == np.unique(parts, axis=1).shape[1]
    assert (nirs.month == everybody.month).all()
    assert (nirs.sex == everybody.sex + 1).all()
    assert abs(held.mean() - 0.757) < 0.01


def test_numbers_stay_unique_when_a_month_is_full(scenario: Scenario, monkeypatch: pytest.MonkeyPatch) -> None:
    """Past the last order number of a place and month comes the overflow series, and past that no number at all."""
    monkeypatch.setattr("toolkit.synth._people._ORDERS", 1)
    plan = make_plan(scenario, 1, 100_000, Geography.load())
    crowded = People(scenario, plan, Geography.load(), Vocabulary.load())
    ids = np.arange(plan.sizes.people, dtype=np.int64)
    nirs = crowded.nirs(ids, crowded.households(ids), plan.home(ids))
    held = nirs.order > 0
    parts = np.stack([nirs.sex, nirs.year, nirs.month, nirs.origin, nirs.order])[:, held]

    assert parts.shape[1] == np.unique(parts, axis=1).shape[1]
    assert nirs.order.max() == 1
    assert (nirs.origin[held] == len(crowded.origins) - 1).any()
    assert held.mean() < 0.7


def test_a_person_does_not_depend_on_the_others_computed(plan: Plan, people: People, everybody: Demography) -> None:
    """Names, homes and ages are the same when people are computed in another order or subset."""
    some = np.array([5, 77_000, 12, 200_001, 13], dtype=np.int64)
    who = people.households(some)
    former = np.zeros(len(some), dtype=bool)

    assert everybody.birth_date[some].tolist() == who.birth_date.tolist()
    one_by_one = [some[i : i + 1] for i in range(5)]
    alone = [int(people.names(one, people.households(one), plan.home(one)).use[0]) for one in one_by_one]
    assert alone == people.names(some, who, plan.home(some)).use.tolist()
    homes = people.homes(some, who, plan.home(some), former).place
    assert (
        homes[::-1].tolist()
        == people.homes(some[::-1], people.households(some[::-1]), plan.home(some[::-1]), former).place.tolist()
    )


def test_surnames_have_a_long_tail(plan: Plan, people: People, everybody: Demography) -> None:
    """The chance that two people share a birth name is within a quarter of INSEE's 1.43e-4."""
    ids = np.arange(plan.sizes.people, dtype=np.int64)
    names = people.names(ids, everybody, plan.home(ids))
    counts = np.bincount(names.birth).astype(float)
    n = counts.sum()

    assert (counts * (counts - 1)).sum() / (n * (n - 1)) == pytest.approx(1.43e-4, rel=0.25)
