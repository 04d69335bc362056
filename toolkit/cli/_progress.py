"""Progress on standard error, only when that is a terminal."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from toolkit.cli._forecast import Forecast

__all__ = ["Job", "Steps", "clock"]


class Steps:
    """Progress on standard error where it is a terminal, nothing otherwise: one bar per step."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        columns = (TextColumn("{task.description}"), BarColumn(), _Work(), TimeElapsedColumn(), TimeRemainingColumn())
        self._progress = Progress(*columns, console=console, disable=not console.is_terminal)
        self._bars: dict[str, TaskID] = {}

    def __call__(self, step: str, done: int, total: int) -> None:
        """Show that `done` of `total` pieces of work of a step are finished."""
        if step not in self._bars:
            self._bars[step] = self._progress.add_task(step)
        self._progress.update(self._bars[step], completed=done, total=total)

    def of(self, step: str) -> Callable[[int, int], None]:
        """Show the bar of a step; return the function that updates it."""
        self._bars[step] = self._progress.add_task(step, total=None)
        return lambda done, total: self(step, done, total)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()


class Job:
    """Progress of a job of many steps: a line for each finished step, then the current one and the time left.

    `taken` holds the seconds of each step, also where nothing is shown.
    """

    def __init__(self, expected: Mapping[str, float]) -> None:
        self._forecast = Forecast(expected)
        self._console = Console(stderr=True, highlight=False)
        self._began = time.monotonic()
        self._spinner = Spinner("dots")
        self._part = 0.0
        # A thread draws the lines and calls `_now` each time.
        self._live = Live(get_renderable=self._now, console=self._console, transient=True, refresh_per_second=4)

    @property
    def taken(self) -> dict[str, float]:
        """The seconds of each finished step."""
        return self._forecast.taken

    def __call__(self, step: str, done: int, total: int) -> None:
        """Show that `done` of `total` pieces of work of a step are finished."""
        again = step in self.taken
        self._forecast.update(step, done / total, time.monotonic())
        if done >= total and not again and self._console.is_terminal:
            took = clock(self.taken[step])
            self._console.print(f"  [green]✓[/] {escape(step):<{_WIDTH}} [dim]{took:>7}[/]")

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def _now(self) -> RenderableType:
        now = time.monotonic()
        passed, left = now - self._began, self._forecast.left(now)
        # The bar never goes back: it waits instead.
        self._part = max(self._part, passed / (passed + left) if passed + left > 0 else 0.0)
        number, of = self._forecast.number
        self._spinner.update(text=Text(self._forecast.current or ""))
        row = Table.grid(padding=(0, 1))
        text = f"{self._part:.0%}, {clock(passed)} so far, about {clock(left)} left"
        row.add_row(f"  step {number} of {of}", ProgressBar(total=1, completed=self._part, width=20), text)
        current = Table.grid(padding=(0, 1))
        current.add_row(" ", self._spinner)
        return Group(current, row)


_WIDTH = 34
"""Characters for the name of a step."""


def clock(seconds: float) -> str:
    """Return seconds as minutes and seconds, with hours where there are any."""
    whole = round(seconds)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


class _Work(ProgressColumn):
    """Lines done and lines per second for the step that counts lines; pieces done for the others."""

    def render(self, task: Task) -> Text:
        if not task.total or task.total == 1:
            return Text("")
        if task.total < 1_000:
            return Text(f"{task.completed:,.0f} of {task.total:,.0f}")
        speed = f", {task.speed:,.0f} per second" if task.speed else ""
        return Text(f"{task.completed:,.0f} of {task.total:,.0f} lines{speed}")
