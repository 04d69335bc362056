"""The estimate of how long a notebook takes on the open leak."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import pytest

import toolkit
from toolkit.notebook._timing import format_seconds
from toolkit.report import find_notebooks
from toolkit.run import expected_seconds


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "about 5 seconds"), (22, "about 20 seconds"), (89, "about 90 seconds"), (91, "about 2 minutes")],
)
def test_seconds_are_rounded(seconds: float, text: str) -> None:
    """A time is rounded to five seconds, and to whole minutes from a minute and a half on."""
    assert text == format_seconds(seconds)


@pytest.mark.parametrize("name", [path.stem for path in find_notebooks()])
def test_time_on_a_small_leak_and_at_full_size(name: str, small_leak: Path) -> None:
    """On a small leak a notebook shows its time there and the longer time on 22 million lines."""
    with toolkit.open_leak(small_leak, threads=1) as leak:
        here, full = toolkit.time_needed(leak, name).data.split("; ")

    assert here.startswith("**Takes** about ")
    assert here.endswith("the first time on these 20,000 lines")
    assert full.startswith("on 22,000,000, about ")
    assert _seconds(here) < _seconds(full)


def test_time_of_the_linkage_counts_where_a_notebook_needs_it() -> None:
    """The first run of notebook 04 includes the linkage, that of notebook 01 does not."""
    full = SimpleNamespace(manifest={"rows": 22_000_000})

    counts, people = (_seconds(toolkit.time_needed(full, name).data) for name in ("01_counts", "04_duplicates"))

    linking = sum(seconds for step, seconds in expected_seconds(22_000_000, []).items() if step.startswith("Linking"))
    assert counts < linking < people


def test_time_at_full_size_is_shown_once() -> None:
    """On 22 million lines there is one time, without a comparison."""
    full = SimpleNamespace(manifest={"rows": 22_000_000})

    text = toolkit.time_needed(full, "04_duplicates").data

    assert 1 == text.count("22,000,000")
    assert ";" not in text


def _seconds(text: str) -> int:
    """Return the first time in a sentence."""
    amount, unit = re.findall(r"about (\d+) (second|minute)", text)[0]
    return int(amount) * {"second": 1, "minute": 60}[unit]
