"""How long a notebook takes, told on the leak that is open."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import pytest

import toolkit
from toolkit.notebook._timing import in_time
from toolkit.report._notebooks import find_notebooks
from toolkit.run._steps import expected_seconds


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0.2, "about 5 seconds"), (22, "about 20 seconds"), (89, "about 90 seconds"), (91, "about 2 minutes")],
)
def test_seconds_are_told_as_one_says_them(seconds: float, told: str) -> None:
    """A time is told in steps of five seconds, and from a minute and a half on in whole minutes."""
    assert told == in_time(seconds)


@pytest.mark.parametrize("name", [path.stem for path in find_notebooks()])
def test_a_small_leak_is_told_its_time_and_that_of_the_whole(name: str, small_leak: Path) -> None:
    """On a small leak a notebook tells its time there and the longer one at 22 million lines."""
    with toolkit.open_leak(small_leak, threads=1) as leak:
        here, whole = toolkit.time_needed(leak, name).data.split("; ")

    assert here.startswith("**Takes** about ")
    assert here.endswith("the first time on these 20,000 lines")
    assert whole.startswith("on 22,000,000, about ")
    assert _seconds(here) < _seconds(whole)


def test_notebooks_that_link_tell_the_time_of_it() -> None:
    """Whoever opens notebook 04 first waits for the linkage, who opens notebook 01 does not."""
    whole = SimpleNamespace(manifest={"rows": 22_000_000})

    counts, people = (_seconds(toolkit.time_needed(whole, name).data) for name in ("01_counts", "04_duplicates"))

    linking = sum(seconds for step, seconds in expected_seconds(22_000_000, []).items() if step.startswith("Linking"))
    assert counts < linking < people


def test_the_whole_leak_is_told_its_own_time_alone() -> None:
    """On 22 million lines nothing is compared with 22 million lines."""
    whole = SimpleNamespace(manifest={"rows": 22_000_000})

    told = toolkit.time_needed(whole, "04_duplicates").data

    assert 1 == told.count("22,000,000")
    assert ";" not in told


def _seconds(told: str) -> int:
    """The first time that a sentence tells."""
    amount, unit = re.findall(r"about (\d+) (second|minute)", told)[0]
    return int(amount) * {"second": 1, "minute": 60}[unit]
