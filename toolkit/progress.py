"""How long-running work reports its progress: the one type that every function of the toolkit takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

__all__ = ["Progress", "no_progress"]

Progress: TypeAlias = Callable[[str, int, int], None]
"""Called with the name of a step, the work done and the work in all; (step, 0, n) begins it, (step, n, n) ends it."""


def no_progress(_step: str, _done: int, _total: int) -> None:
    """Report nothing."""
