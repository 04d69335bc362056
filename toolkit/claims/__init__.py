"""Published claims, checked against a leak."""

from toolkit.claims._ledger import (
    CONSISTENT,
    CONTRADICTED,
    DEPENDS,
    UNTESTABLE,
    VERDICTS,
    Claim,
    Ledger,
    Outcome,
    Wording,
    as_records,
    check,
    in_words,
    judge,
    load_ledger,
)
from toolkit.claims._measures import MEASURES, Evidence, Measure, Reading, UntestableError, day_number

__all__ = [
    "CONSISTENT",
    "CONTRADICTED",
    "DEPENDS",
    "MEASURES",
    "UNTESTABLE",
    "VERDICTS",
    "Claim",
    "Evidence",
    "Ledger",
    "Measure",
    "Outcome",
    "Reading",
    "UntestableError",
    "Wording",
    "as_records",
    "check",
    "day_number",
    "in_words",
    "judge",
    "load_ledger",
]
