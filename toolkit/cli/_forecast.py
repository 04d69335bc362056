"""Estimate the time left of a job with known steps, from their usual times and from the times of the finished ones."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["Forecast"]

_TRUSTED = 20.0
"""Seconds for which the expected times still count in the speed: one early step must not decide alone."""
_SKIPPED = 0.2
"""A step that took less than this part of the expected time had been done before, and does not count for the speed."""
_OVERDUE = 0.2
"""A step that takes longer than expected is assumed to need this part of the time so far once more."""


class Forecast:
    """The steps of one job: which are finished, how long they took, how long the rest may take.

    `expected` gives about how many seconds each step usually takes, in order. Times are seconds of any one clock.
    """

    def __init__(self, expected: Mapping[str, float]) -> None:
        self._expected = dict(expected)
        self._order = list(expected)
        self._reached = 0
        self._part = 0.0
        self._began = 0.0
        self.current: str | None = None
        """The current step."""
        self.taken: dict[str, float] = {}
        """Seconds of each finished step."""

    def update(self, step: str, part: float, now: float) -> None:
        """Record that `part` (0 to 1) of `step` is done: the first part begins it, the last one ends it.

        Earlier steps that did not run are skipped: their results were already there.
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
        """The number of the current step, from 1, and how many there are."""
        return min(self._reached + 1, len(self._order)), len(self._order)

    def left(self, now: float) -> float:
        """Return the estimated seconds until the last step ends."""
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
        """Return how many times longer than expected the steps took that really ran."""
        # A copy: the job continues while another thread draws the time left.
        taken = dict(self.taken)
        ran = [step for step in taken if taken[step] > _SKIPPED * self._expected.get(step, 0.0)]
        expected = sum(self._expected.get(step, 0.0) for step in ran)
        return (_TRUSTED + sum(taken[step] for step in ran)) / (_TRUSTED + expected)
