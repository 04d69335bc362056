"""The estimate of the time left of a long job, and how a job is shown on a terminal."""

from __future__ import annotations

from functools import partial
from io import StringIO

import pytest
from rich.console import Console

from toolkit.cli import _progress as progress
from toolkit.cli._forecast import Forecast
from toolkit.cli._progress import Job, clock
from toolkit.questions import questions
from toolkit.run import expected_seconds

PLAN = {"first": 100.0, "second": 200.0, "third": 40.0}


def test_time_left_at_the_start() -> None:
    """Before the first step the time left is the sum of the expected times."""
    assert 340.0 == Forecast(PLAN).left(0.0)


def test_slow_machine_slows_the_rest() -> None:
    """When a step took twice as long as expected, the others are expected to take nearly twice as long."""
    forecast = Forecast(PLAN)
    forecast.update("first", 0, 0.0)
    forecast.update("first", 1, 200.0)

    assert {"first": 200.0} == forecast.taken
    assert 240 * (20 + 200) / (20 + 100) == pytest.approx(forecast.left(200.0))


def test_cached_step_does_not_count_for_the_speed() -> None:
    """A step whose result was cached ends at once, and the expected times of the others stay."""
    forecast = Forecast(PLAN)
    forecast.update("first", 0, 0.0)
    forecast.update("first", 1, 0.5)

    assert 240.0 == forecast.left(0.5)


def test_skipped_steps_are_over() -> None:
    """When a later step begins, the steps before it no longer count, even where they did not run."""
    forecast = Forecast(PLAN)
    forecast.update("third", 0, 10.0)

    assert 40.0 == forecast.left(10.0)
    assert (3, 3) == forecast.number


def test_current_step_gets_shorter() -> None:
    """The time left of the current step shrinks; where the step reports how much is done, that decides."""
    forecast = Forecast(PLAN)
    forecast.update("second", 0, 0.0)
    by_time = forecast.left(150.0)
    forecast.update("second", 0.75, 150.0)

    assert 50.0 + 40.0 == by_time
    assert 50.0 + 40.0 == forecast.left(150.0)


def test_late_step_has_time_left() -> None:
    """A step that takes longer than expected always has some time left."""
    forecast = Forecast(PLAN)
    forecast.update("third", 0, 0.0)

    assert 20.0 == pytest.approx(forecast.left(100.0))


def test_unknown_step_is_timed() -> None:
    """A step without an expected time is timed, and changes neither the number of steps nor the order."""
    forecast = Forecast(PLAN)
    forecast.update("other", 0, 0.0)
    forecast.update("other", 1, 5.0)

    assert {"other": 5.0} == forecast.taken
    assert (1, 3) == forecast.number


def test_expected_steps_are_in_order() -> None:
    """Every step has an expected time that grows with the lines; every question is among the steps."""
    small, large = (expected_seconds(rows, ["00_start_here", "99_new"]) for rows in (1_000, 22_000_000))

    assert list(small) == list(large)
    assert "Making the leak" == next(iter(small))
    assert "Writing the report" == list(small)[-1]
    assert all(0 < small[step] <= large[step] for step in small)
    steps = [step for step in small if step.startswith("Answering")]
    assert [f"Answering: {question.name}" for question in questions()] == steps
    assert {"Notebook 00_start_here", "Notebook 99_new"} <= set(small)


@pytest.mark.parametrize(("seconds", "words"), [(0.4, "0:00"), (59.6, "1:00"), (754, "12:34"), (3_661, "1:01:01")])
def test_seconds_as_a_clock(seconds: float, words: str) -> None:
    """Seconds are shown as minutes and seconds, with hours where there are any."""
    assert words == clock(seconds)


@pytest.mark.parametrize("width", [80, 120])
def test_job_on_a_terminal(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    """A terminal shows one line per finished step, then the current step and the time left; no line is cut."""
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


def test_job_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """Where standard error is not a terminal nothing is shown, and the steps are timed all the same."""
    with Job(PLAN) as job:
        job("first", 0, 1)
        job("first", 1, 1)

    assert ("", "") == capsys.readouterr()
    assert {"first"} == set(job.taken)
