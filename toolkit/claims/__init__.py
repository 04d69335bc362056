"""Published claims, compared with a leak."""

from toolkit.claims._ledger import Claim, Ledger, Translation, load_ledger
from toolkit.claims._measures import MEASURES, Evidence, Measure, Measurement, UntestableError
from toolkit.claims._units import day_number, in_words
from toolkit.claims._verdicts import (
    CONSISTENT,
    CONTRADICTED,
    DEPENDS,
    UNTESTABLE,
    VERDICTS,
    Outcome,
    as_records,
    check,
    evaluate,
)

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
    "Measurement",
    "Outcome",
    "Translation",
    "UntestableError",
    "as_records",
    "check",
    "day_number",
    "evaluate",
    "in_words",
    "load_ledger",
]
