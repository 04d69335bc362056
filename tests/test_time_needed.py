"""How long a notebook takes, told on the leak that is open."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

import toolkit
from toolkit.report.notebooks import find_notebooks
from toolkit.report.time_needed import in_time


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0.2, "about 5 seconds"), (22, "about 20 seconds"), (89, "about 90 seconds"), (91, "about 2 minutes")],
)
def test_seconds_are_told_as_one_says_them(seconds: float, told: str) -> None:
    """A time is told in steps of five seconds, and from a minute and a half on in whole minutes."""
    assert told == in_time(seconds)


@pytest.mark.parametrize("name", [path.stem for path in find_notebooks()])
def test_a_small_leak_is_told_its_time_and_that_of_the_whole(name: str, small_leak: Path) -> None:
    """On a small leak a notebook tells its time there and at 22 million lines; those that link tell the linkage too."""
    with toolkit.open_leak(small_leak, threads=1) as leak:
        told = toolkit.time_needed(leak, name).data

    assert told.startswith("**Takes** about ")
    assert "on these 20,000 lines; on 22,000,000, about " in told
    assert (name in {"04_duplicates", "05_claims"}) == ("The linkage" in told)


def test_the_whole_leak_is_told_its_own_time_alone() -> None:
    """On 22 million lines nothing is compared with 22 million lines."""
    whole = SimpleNamespace(manifest={"rows": 22_000_000})

    told = toolkit.time_needed(whole, "04_duplicates").data

    assert 1 == told.count("22,000,000")
    assert "there" not in told
