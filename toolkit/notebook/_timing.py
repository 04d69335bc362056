"""The expected running time of a notebook, shown at its beginning."""

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
"""The steps of each notebook whose results are cached with the data set."""


def time_needed(leak: Leak, notebook: str) -> Markdown:
    """Return how long the notebook of that name takes the first time, on this leak and on one of 22 million lines.

    The times are rough, for 2 cores (`toolkit.run._steps`).
    """
    rows = int(leak.manifest["rows"])
    text = f"**Takes** {_first_time(rows, notebook)} the first time on these {number(rows)} lines"
    if rows < _FULL_SIZE:
        text += f"; on {number(_FULL_SIZE)}, {_first_time(_FULL_SIZE, notebook)}"
    text += " (rough figures, for 2 cores). It takes less time once its answers are cached."
    return Markdown(text)  # type: ignore[no-untyped-call]


def _first_time(rows: int, notebook: str) -> str:
    """Return the time of a notebook without cached answers."""
    steps = expected_seconds(rows, [notebook])
    return in_time(sum(steps[step] for step in (notebook_step(notebook), *_ASKED.get(notebook, ()))))


def in_time(seconds: float) -> str:
    """Return a duration as text: "about 20 seconds", "about 3 minutes"."""
    if seconds < 90:
        return f"about {max(5, round(seconds / 5) * 5)} seconds"
    return f"about {round(seconds / 60)} minutes"
