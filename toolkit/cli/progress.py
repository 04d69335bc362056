"""Progress on standard error, only when that is a terminal."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Self

from rich.console import Console
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
from rich.text import Text

__all__ = ["Steps"]


class Steps:
    """Progress on standard error when it is a terminal, silence otherwise: one bar a step."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        columns = (TextColumn("{task.description}"), BarColumn(), _Work(), TimeElapsedColumn(), TimeRemainingColumn())
        self._progress = Progress(*columns, console=console, disable=not console.is_terminal)
        self._bars: dict[str, TaskID] = {}

    def __call__(self, step: str, done: int, total: int) -> None:
        """`done` of `total` pieces of work of a step are finished."""
        if step not in self._bars:
            self._bars[step] = self._progress.add_task(step)
        self._progress.update(self._bars[step], completed=done, total=total)

    def of(self, step: str) -> Callable[[int, int], None]:
        """What to call as one step goes on; its bar shows from now on."""
        self._bars[step] = self._progress.add_task(step, total=None)
        return lambda done, total: self(step, done, total)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()


class _Work(ProgressColumn):
    """Lines done of all and lines a second, for the one step that counts lines; a number of pieces for the others."""

    def render(self, task: Task) -> Text:
        if not task.total or task.total == 1:
            return Text("")
        if task.total < 1_000:
            return Text(f"{task.completed:,.0f} of {task.total:,.0f}")
        speed = f", {task.speed:,.0f} a second" if task.speed else ""
        return Text(f"{task.completed:,.0f} of {task.total:,.0f} lines{speed}")
