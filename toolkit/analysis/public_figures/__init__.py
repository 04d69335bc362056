"""Question 3: which people in public life are in the leak, and how sure can one be that it is them?

A register from outside (`read_register`, or the one that came with the leak) is matched with the records (`match`).
A name alone proves little, since most names have several bearers, so every hit comes with the probability that it is
somebody else (`chance`), and every tier with the number of hits that namesakes alone would give (`namesakes`).
`placebo` asks the same of registers in which nobody can be right. `exposure` counts what is exposed of those who are
found; names are shown by `reveal` alone, which keeps a log.
"""

from toolkit.analysis.public_figures._export import check_place, write_hits
from toolkit.analysis.public_figures._exposure import confirmed, exposure, masked, reveal
from toolkit.analysis.public_figures._frequencies import Frequencies, measure
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
    "exposure",
    "masked",
    "match",
    "measure",
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
