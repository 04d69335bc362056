"""Measure on a data set the marks that a real patient base has, each beside its source.

The measures read the lines and, where a mark needs it, the truth; they never read how a synthetic leak was made.
"""

from toolkit.realism._marks import MARKS, Mark
from toolkit.realism._measure import Reading, measure, readings_table
from toolkit.realism._profiles import PROFILES, profiles

__all__ = ["MARKS", "PROFILES", "Mark", "Reading", "measure", "profiles", "readings_table"]
