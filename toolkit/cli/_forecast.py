"""How much time is left of a job whose steps are known, told from how long they take elsewhere and have taken here."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["Forecast"]

_TRUSTED = 20.0
"""Seconds for which what is expected still counts when the speed is told: one early step must not decide alone."""
_SKIPPED = 0.2
"""A step that took less than this part of what was expected had been done before, and tells no speed."""
_OVERDUE = 0.2
"""A step that takes longer than expected is believed to need this part of what it has taken, once more."""


class Forecast:
    """The steps of one job, one after the other: which are over, how long they took, how long the rest may take.

    `expected` holds about how many seconds each step takes elsewhere, in their order. Times are seconds of one clock,
    whichever.
    """

    def __init__(self, expected: Mapping[str, float]) -> None:
        self._expected = dict(expected)
        self._order = list(expected)
        self._reached = 0
        self._part = 0.0
        self._began = 0.0
        self.current: str | None = None
        """The step that is going on."""
        self.taken: dict[str, float] = {}
        """Seconds of each step that is over."""

    def hear(self, step: str, part: float, now: float) -> None:
        """Of `step`, `part` (0 to 1) is done: the first part begins it, the last ends it.

        Steps that should have come before it and did not will not come: what they make was there.
        """
        if self.current != step:
            self.current, self._began = step, now
        self._part = part
        if step in self._expected:
            self._reached = max(self._reached, self._order.index(step))
        if part >= 1:
            self.taken[step] = self.taken.get(step, 0.0) + now - self._began
            self.current = None
            if step in self._expected:
                self._reached = max(self._reached, self._order.index(step) + 1)

    @property
    def number(self) -> tuple[int, int]:
        """Which step is going on, from 1, and how many there are."""
        return min(self._reached + 1, len(self._order)), len(self._order)

    def left(self, now: float) -> float:
        """Seconds until the last step is over, as far as can be told."""
        speed = self._speed()
        ahead = self._order[self._reached :]
        seconds = sum(self._expected[step] for step in ahead if step != self.current) * speed
        return seconds + self._left_of_current(speed, now)

    def _left_of_current(self, speed: float, now: float) -> float:
        if self.current is None:
            return 0.0
        passed = now - self._began
        if self._part > 0:
            return passed * (1 - self._part) / self._part
        return max(self._expected.get(self.current, 0.0) * speed - passed, _OVERDUE * passed)

    def _speed(self) -> float:
        """How many times as long as expected the steps take that really ran."""
        # A copy: the job goes on while another thread draws how much of it is left.
        taken = dict(self.taken)
        ran = [step for step in taken if taken[step] > _SKIPPED * self._expected.get(step, 0.0)]
        expected = sum(self._expected.get(step, 0.0) for step in ran)
        return (_TRUSTED + sum(taken[step] for step in ran)) / (_TRUSTED + expected)
