"""Count people by age, and children among them."""

from toolkit.analysis.ages._ages import ADULT, GROUPS, Ages, count_ages

__all__ = ["ADULT", "GROUPS", "Ages", "count_ages"]
