"""Question 3: which public figures are in the leak, and how likely is each hit to be another person?

`match` compares a register of public figures (`read_register`, or the one that came with the leak) with the records.
A name alone proves little because most names belong to several people. So every hit has a probability of being the
wrong person, and every tier has the number of hits that namesakes alone would give. `placebo` repeats the search with
registers in which every hit is wrong. `exposure` counts what the leak exposes of the figures found. Only `reveal` shows
names, and it keeps a log.
"""

from toolkit.analysis.public_figures._export import check_place, write_hits
from toolkit.analysis.public_figures._exposure import confirmed, exposure, masked, reveal
from toolkit.analysis.public_figures._frequencies import Frequencies, count_frequencies
from toolkit.analysis.public_figures._match_levels import TIERS
from toolkit.analysis.public_figures._matching import Matches, match
from toolkit.analysis.public_figures._placebo import placebo, shuffle_dates, shuffle_names
from toolkit.analysis.public_figures._register import own_register, read_register, to_register
from toolkit.analysis.public_figures._reliability import poisson_binomial_range, reliability

__all__ = [
    "TIERS",
    "Frequencies",
    "Matches",
    "check_place",
    "confirmed",
    "count_frequencies",
    "exposure",
    "masked",
    "match",
    "own_register",
    "placebo",
    "poisson_binomial_range",
    "read_register",
    "reliability",
    "reveal",
    "shuffle_dates",
    "shuffle_names",
    "to_register",
    "write_hits",
]
