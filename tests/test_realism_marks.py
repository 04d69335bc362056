"""The marks of a real base on synthetic leaks: each is there, and goes when its switch in the scenario is off."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from toolkit.dataset import open_leak
from toolkit.errors import InputError
from toolkit.realism import Reading, measure
from toolkit.scenario import Marks, load_scenario
from toolkit.synth import generate
from toolkit.synth._geography import PERSON, Geography
from toolkit.synth._homes import HOME_BITS, home_tables
from toolkit.synth._plan import make_plan

ROWS = 60_000
MARKS = tuple(Marks.model_fields)
MEASURED = {mark: mark for mark in MARKS if mark != "inhabitants"}
"""The reading that shows each mark; people against inhabitants only show in a leak of millions of lines."""
ROUNDS = len(MARKS).bit_length()
NEEDS = {"style_runs": "house_style"}
"""Marks that show only where another is on."""


def _off(number: int) -> set[str]:
    """Return the marks that are off in one round: those whose number has this bit, so that no two have one pattern."""
    return {mark for place, mark in enumerate(MARKS, start=1) if place >> number & 1}


@pytest.fixture(scope="module")
def rounds(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Reading]]:
    """The readings of one leak per round, each with other marks off."""
    found = []
    for number in range(ROUNDS):
        path = tmp_path_factory.mktemp("marks") / "leak"
        generate(load_scenario().without(_off(number)), 1, ROWS, path)
        with open_leak(path, threads=2, memory_limit="1GB") as leak:
            found.append({reading.mark: reading for reading in measure(leak)})
    return found


@pytest.mark.parametrize("mark", MEASURED)
def test_a_mark_is_there_when_its_switch_is_on_and_gone_when_it_is_off(
    rounds: list[dict[str, Reading]], mark: str
) -> None:
    """Over rounds with different marks off, the reading of a mark follows its own switch."""
    expected, seen = [], []
    for number, readings in enumerate(rounds):
        off = _off(number)
        if NEEDS.get(mark) in off:
            continue
        expected.append("lacking" if mark in off else "present")
        seen.append(readings[MEASURED[mark]].status)

    assert {"present", "lacking"} == set(expected)
    assert expected == seen


def test_changes_and_newborns_follow_the_switches_of_working_days_and_school_age(
    rounds: list[dict[str, Reading]],
) -> None:
    """Two marks have two readings each."""
    for number, readings in enumerate(rounds):
        assert (readings["changes_on_sundays"].status == "present") == ("working_days" not in _off(number))
        assert (readings["newborns"].status == "present") == ("school_age" not in _off(number))


@pytest.mark.parametrize("on", [True, False])
def test_no_commune_has_more_patients_than_inhabitants_at_full_size(on: bool) -> None:
    """At 22 million lines the homes of the practices fit into every commune, and do not where the mark is off."""
    scenario, geography = load_scenario().without([] if on else ["inhabitants"]), Geography.load()
    plan = make_plan(scenario, 1, 22_000_000, geography)
    tables, people = home_tables(scenario, plan, geography), np.diff(plan.people_start)
    expected = np.zeros(len(geography.population))
    for k in range(plan.practices):
        expected += np.bincount(tables[k], minlength=len(expected)) * people[k] / (1 << HOME_BITS)
    over = np.maximum(expected - geography.population / PERSON, 0).sum() / plan.sizes.people

    assert expected.sum() == pytest.approx(plan.sizes.people)
    assert over < 0.0001 if on else over > 0.02


def test_an_unknown_mark_is_refused(small_leak: Path) -> None:
    """A misspelt mark is named, with those there are, in the scenario and in the measures."""
    with pytest.raises(InputError, match="Unknown mark 'weekends': use some of working_days"):
        load_scenario().without(["weekends"])
    with open_leak(small_leak) as leak, pytest.raises(InputError, match="Unknown mark 'weekends'"):
        measure(leak, ["weekends"])
