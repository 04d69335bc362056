"""How long a notebook takes on the leak that is open, told where it begins."""

from __future__ import annotations

from IPython.display import Markdown

from toolkit.language import number
from toolkit.leak import Leak
from toolkit.report.plan import asking, expected_seconds, linking, notebook_step

__all__ = ["in_time", "time_needed"]

_FULL_SIZE = 22_000_000
_LINKED = ("02_comments", "04_duplicates", "05_claims")
"""The notebooks that link records: what the first of them makes is kept beside the data."""


def time_needed(leak: Leak, notebook: str) -> Markdown:
    """How long the notebook of that name takes on this leak, and on one of 22 million lines, as a sentence.

    What is told is rough, for 2 cores (`toolkit.report.plan`); another machine has its own speed.
    """
    rows = int(leak.manifest["rows"])
    here, full = expected_seconds(rows, [notebook]), expected_seconds(_FULL_SIZE, [notebook])
    step = notebook_step(notebook)
    told = f"**Takes** {in_time(here[step])} on these {number(rows)} lines"
    if rows < _FULL_SIZE:
        told += f"; on {number(_FULL_SIZE)}, {in_time(full[step])}"
    told += " (rough figures, for 2 cores)."
    if notebook in _LINKED:
        told += f" The linkage, which is made once and kept beside the data, takes {in_time(_linkage(here))} more here"
        told += f", {in_time(_linkage(full))} there." if rows < _FULL_SIZE else "."
    return Markdown(told)  # type: ignore[no-untyped-call]


def in_time(seconds: float) -> str:
    """So many seconds as one says it: "about 20 seconds", "about 3 minutes"."""
    if seconds < 90:
        return f"about {max(5, round(seconds / 5) * 5)} seconds"
    return f"about {round(seconds / 60)} minutes"


def _linkage(steps: dict[str, float]) -> float:
    """The seconds of the linkage alone: its own steps, and what is asked of it."""
    return sum(seconds for step, seconds in steps.items() if step.startswith((linking(""), asking("duplicates"))))
