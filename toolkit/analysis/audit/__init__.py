"""Estimate the share of sensitive comments from a stratified sample that a reviewer labels."""

from toolkit.analysis.audit._coverage import coverage_of
from toolkit.analysis.audit._sample import (
    ANSWERS,
    FLOOR,
    SIZE,
    Agreement,
    Coverage,
    Estimate,
    People,
    Sample,
    Strata,
    annotated,
    coverage,
    draw,
    estimate,
    kappa,
    label,
    rules_digest,
    strata,
)

__all__ = [
    "ANSWERS",
    "FLOOR",
    "SIZE",
    "Agreement",
    "Coverage",
    "Estimate",
    "People",
    "Sample",
    "Strata",
    "annotated",
    "coverage",
    "coverage_of",
    "draw",
    "estimate",
    "kappa",
    "label",
    "rules_digest",
    "strata",
]
