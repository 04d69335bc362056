"""How long a notebook takes on the leak that is open, told where it begins."""

from __future__ import annotations

from IPython.display import Markdown

from toolkit.analysis.linkage import PEOPLE_STEPS
from toolkit.dataset import Leak
from toolkit.i18n import number
from toolkit.questions import ANSWERS
from toolkit.run import CLAIMS, asking, expected_seconds, linking, notebook_step

__all__ = ["in_time", "time_needed"]

_FULL_SIZE = 22_000_000
_LINKING = tuple(map(linking, PEOPLE_STEPS))
_ASKED = {
    "00_start_here": (asking("counts"),),
    "01_counts": (asking("counts"),),
    "02_comments": (*_LINKING, asking("comments")),
    "03_public_figures": (asking("public-figures"),),
    "04_duplicates": (*_LINKING, asking("duplicates")),
    "05_claims": (*_LINKING, *map(asking, ANSWERS), CLAIMS),
}
"""What a notebook asks of the leak that is kept beside the data afterwards, as steps of the plan."""


def time_needed(leak: Leak, notebook: str) -> Markdown:
    """How long the notebook of that name takes the first time on this leak, and on one of 22 million lines.

    What is told is rough, for 2 cores (`toolkit.run._steps`); another machine has its own speed.
    """
    rows = int(leak.manifest["rows"])
    told = f"**Takes** {_first_time(rows, notebook)} the first time on these {number(rows)} lines"
    if rows < _FULL_SIZE:
        told += f"; on {number(_FULL_SIZE)}, {_first_time(_FULL_SIZE, notebook)}"
    told += " (rough figures, for 2 cores). It takes less once its answers are kept beside the data."
    return Markdown(told)  # type: ignore[no-untyped-call]


def _first_time(rows: int, notebook: str) -> str:
    """How long a notebook takes with all that it asks."""
    steps = expected_seconds(rows, [notebook])
    return in_time(sum(steps[step] for step in (notebook_step(notebook), *_ASKED.get(notebook, ()))))


def in_time(seconds: float) -> str:
    """So many seconds as one says it: "about 20 seconds", "about 3 minutes"."""
    if seconds < 90:
        return f"about {max(5, round(seconds / 5) * 5)} seconds"
    return f"about {round(seconds / 60)} minutes"
