"""Calendar dates as days since 1970-01-01, for arrays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from toolkit.synth.streams import Ints

__all__ = ["days", "month_length"]

_LENGTHS = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])


def days(year: Ints, month: Ints, day: Ints) -> NDArray[np.int32]:
    """Days since 1970-01-01 of each calendar date (Hinnant, *chrono-compatible low-level date algorithms*)."""
    y = year - (month <= 2)
    era_year = y % 400
    day_of_year = (153 * (month + np.where(month > 2, -3, 9)) + 2) // 5 + day - 1
    day_of_era = era_year * 365 + era_year // 4 - era_year // 100 + day_of_year
    return ((y // 400) * 146_097 + day_of_era - 719_468).astype(np.int32)


def month_length(year: Ints, month: Ints) -> Ints:
    """Days in each month."""
    leap = (month == 2) & (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    length: Ints = _LENGTHS[month - 1] + leap
    return length
