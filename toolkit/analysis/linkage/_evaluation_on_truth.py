"""Evaluation of the linkage of a synthetic leak against its truth. A real leak has no truth."""

from __future__ import annotations

from dataclasses import dataclass

import ibis
import ibis.expr.types as ir
import polars as pl

from toolkit.analysis.linkage._evaluation import (
    Quality,
    compare_with_truth,
    errors_by_cause,
    errors_by_kind,
    quality,
    quality_by_threshold,
)
from toolkit.analysis.linkage._people import People
from toolkit.analysis.linkage._rules import score_rules_on_lines
from toolkit.dataset import Leak
from toolkit.dataset.cache import cached

__all__ = ["Evaluation", "evaluate_people", "evaluate_rules"]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The evaluation of a linkage against the truth.

    `quality`: precision and recall by pairs and by records. `by_threshold`: the same at each threshold. `causes`: wrong
    pairs by the step that caused them. `kinds`: recall by kind of typing error.
    """

    quality: Quality
    by_threshold: pl.DataFrame
    causes: pl.DataFrame
    kinds: pl.DataFrame


@cached
def evaluate_people(leak: Leak, people: People) -> Evaluation:
    """Evaluate the people that `count_people` found in the leak.

    A record that was exported twice counts once; placeholder records do not count.
    """
    linkage = people.linkage
    files = _records(leak)
    known = compare_with_truth(linkage.clusters, files.select("record_id", "person_id").to_polars())
    # Records without typing errors only need to be counted, so they are not fetched.
    errors = files.filter(ibis._.errors.length() > 0).select("record_id", "errors").to_polars()
    return Evaluation(
        quality(known),
        quality_by_threshold(linkage, known),
        errors_by_cause(linkage, known),
        errors_by_kind(known, errors),
    )


@cached
def evaluate_rules(leak: Leak) -> pl.DataFrame:
    """Evaluate each deterministic rule alone: one row per rule, with the columns of `_rules.score_rules`."""
    truth = _records(leak).select("record_id", "person_id").to_polars()
    lines, fields = leak.lines_in_duckdb(), leak.capabilities.columns
    return score_rules_on_lines(lines, fields, truth, leak.threads, leak.memory_limit)


def _records(leak: Leak) -> ir.Table:
    """Return the truth about each record that has a person, once per record."""
    return leak.truth.filter(~ibis._.repeated_line, ibis._.person_id.notnull())
