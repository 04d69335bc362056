"""About how long a notebook takes on the open leak, shown at its beginning."""

from __future__ import annotations

from IPython.display import Markdown

from toolkit.dataset import Leak
from toolkit.i18n import number
from toolkit.run import first_time_seconds

__all__ = ["format_seconds", "time_needed"]

_FULL_SIZE = 22_000_000


def time_needed(leak: Leak, notebook: str) -> Markdown:
    """Return about how long the notebook of that name takes the first time on this leak, and on 22 million lines.

    The figures are rough, for 2 cores (`toolkit.run.expected_seconds`); another machine has another speed.
    """
    rows = int(leak.manifest["rows"])
    text = f"**Takes** {_first_time(rows, notebook)} the first time on these {number(rows)} lines"
    if rows < _FULL_SIZE:
        text += f"; on {number(_FULL_SIZE)}, {_first_time(_FULL_SIZE, notebook)}"
    text += " (rough figures, for 2 cores). It takes less once its answers are cached with the data."
    return Markdown(text)  # type: ignore[no-untyped-call]


def _first_time(rows: int, notebook: str) -> str:
    return format_seconds(first_time_seconds(notebook, rows))


def format_seconds(seconds: float) -> str:
    """Return a rough duration in words: "about 20 seconds", "about 3 minutes"."""
    if seconds < 90:
        return f"about {max(5, round(seconds / 5) * 5)} seconds"
    return f"about {round(seconds / 60)} minutes"
