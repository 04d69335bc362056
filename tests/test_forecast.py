"""The time left of a long job, and what is shown of it."""

from __future__ import annotations

from functools import partial
from io import StringIO

import pytest
from rich.console import Console

from toolkit.cli import _progress as progress
from toolkit.cli._forecast import Forecast
from toolkit.cli._progress import Job, clock
from toolkit.questions import ANSWERS
from toolkit.run._steps import expected_seconds

PLAN = {"first": 100.0, "second": 200.0, "third": 40.0}


def test_at_first_it_takes_what_it_took_elsewhere() -> None:
    """Before anything has passed, all that was measured is left."""
    assert 340.0 == Forecast(PLAN).left(0.0)


def test_a_slow_machine_is_believed() -> None:
    """When a step took twice as long as expected, so will the others, nearly."""
    forecast = Forecast(PLAN)
    forecast.hear("first", 0, 0.0)
    forecast.hear("first", 1, 200.0)

    assert {"first": 200.0} == forecast.taken
    assert 240 * (20 + 200) / (20 + 100) == pytest.approx(forecast.left(200.0))


def test_a_step_that_was_done_before_tells_no_speed() -> None:
    """What an earlier run has kept passes at once, and the rest is expected to take its time."""
    forecast = Forecast(PLAN)
    forecast.hear("first", 0, 0.0)
    forecast.hear("first", 1, 0.5)

    assert 240.0 == forecast.left(0.5)


def test_steps_that_are_passed_over_will_not_come() -> None:
    """When a later step begins, those before it are over, whether they were told or not."""
    forecast = Forecast(PLAN)
    forecast.hear("third", 0, 10.0)

    assert 40.0 == forecast.left(10.0)
    assert (3, 3) == forecast.number


def test_the_step_that_goes_on_gets_shorter() -> None:
    """Time passes within a step; where it tells how much is done, that counts and not the plan."""
    forecast = Forecast(PLAN)
    forecast.hear("second", 0, 0.0)
    by_the_clock = forecast.left(150.0)
    forecast.hear("second", 0.75, 150.0)

    assert 50.0 + 40.0 == by_the_clock
    assert 50.0 + 40.0 == forecast.left(150.0)


def test_a_step_that_is_late_is_never_just_about_to_end() -> None:
    """A step that has outlasted the plan needs some of its time once more, never none or less."""
    forecast = Forecast(PLAN)
    forecast.hear("third", 0, 0.0)

    assert 20.0 == pytest.approx(forecast.left(100.0))


def test_an_unknown_step_does_not_disturb() -> None:
    """A step that the plan does not know is timed, and nothing is expected of it."""
    forecast = Forecast(PLAN)
    forecast.hear("other", 0, 0.0)
    forecast.hear("other", 1, 5.0)

    assert {"other": 5.0} == forecast.taken
    assert (1, 3) == forecast.number


def test_the_plan_knows_the_steps_in_order() -> None:
    """Every step has a cost that grows with the lines, and questions come after the linkage."""
    small, large = (expected_seconds(rows, ["00_start_here", "99_new"]) for rows in (1_000, 22_000_000))

    assert list(small) == list(large)
    assert "Making the leak" == next(iter(small))
    assert "Writing the report" == list(small)[-1]
    assert all(0 < small[step] <= large[step] for step in small)
    assert [f"Asking: {name}" for name in (*ANSWERS, "claims")] == [step for step in small if step.startswith("Asking")]
    assert {"Notebook 00_start_here", "Notebook 99_new"} <= set(small)


@pytest.mark.parametrize(("seconds", "words"), [(0.4, "0:00"), (59.6, "1:00"), (754, "12:34"), (3_661, "1:01:01")])
def test_seconds_are_told_as_a_clock(seconds: float, words: str) -> None:
    """Minutes and seconds, with hours where there are any."""
    assert words == clock(seconds)


@pytest.mark.parametrize("width", [80, 120])
def test_a_job_is_shown_on_a_terminal(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    """A line for each step that is over, told once, then the one that goes on with what is left; no line is cut."""
    shown = StringIO()
    console = partial(Console, file=shown, force_terminal=True, width=width, color_system=None)
    monkeypatch.setattr(progress, "Console", lambda **options: console(**{**options, "stderr": False}))

    with Job(PLAN) as job:
        for done in (0, 1, 1):
            job("first", done, 1)
        job("second", 0, 1)
        job._live.refresh()

    lines = shown.getvalue().splitlines()
    assert 1 == sum("✓ first" in line for line in lines)
    assert any("second" in line for line in lines)
    assert any("step 2 of 3" in line and "so far, about" in line for line in lines)
    assert {"first"} == set(job.taken)


def test_a_job_is_silent_elsewhere(capsys: pytest.CaptureFixture[str]) -> None:
    """Where standard error is no terminal nothing is shown, and the seconds are counted all the same."""
    with Job(PLAN) as job:
        job("first", 0, 1)
        job("first", 1, 1)

    assert ("", "") == capsys.readouterr()
    assert {"first"} == set(job.taken)
