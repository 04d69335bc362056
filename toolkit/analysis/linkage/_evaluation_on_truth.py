"""The linkage of a leak against the truth that was planted: for teaching, since a real leak has none."""

from __future__ import annotations

from dataclasses import dataclass

import ibis
import ibis.expr.types as ir
import polars as pl

from toolkit.analysis.linkage._evaluation import (
    Quality,
    against,
    errors_by_cause,
    errors_by_kind,
    quality,
    quality_by_threshold,
)
from toolkit.analysis.linkage._people import People
from toolkit.analysis.linkage._rules import score_rules_on_lines
from toolkit.dataset import Leak
from toolkit.dataset.cache import kept

__all__ = ["Judged", "judge_people", "judge_rules"]


@dataclass(frozen=True, slots=True)
class Judged:
    """How right the people of a leak are, as the tables of `evaluation` tell it.

    `quality`: precision and recall by pairs and by records.  `by_threshold`: what the threshold trades.  `causes`:
    the part of the linkage that wrong pairs come from.  `kinds`: recall by what was done to a record.
    """

    quality: Quality
    by_threshold: pl.DataFrame
    causes: pl.DataFrame
    kinds: pl.DataFrame


@kept
def judge_people(leak: Leak, people: People) -> Judged:
    """How right are the people that `count_people` found in the leak?

    A record exported twice counts once; test and placeholder entries, which are nobody, do not count.
    """
    linkage = people.linkage
    files = _records(leak)
    known = against(linkage.clusters, files.select("record_id", "person_id").to_polars())
    # Of the records that were typed right nothing is brought but their number.
    errors = files.filter(ibis._.errors.length() > 0).select("record_id", "errors").to_polars()
    return Judged(
        quality(known),
        quality_by_threshold(linkage, known),
        errors_by_cause(linkage, known),
        errors_by_kind(known, errors),
    )


@kept
def judge_rules(leak: Leak) -> pl.DataFrame:
    """How right is each deterministic rule alone? One row a rule, as `rules.score_rules` has it."""
    truth = _records(leak).select("record_id", "person_id").to_polars()
    files = sorted((leak.path / "lines").glob("*.parquet"))
    return score_rules_on_lines(files, truth, leak.threads, leak.memory_limit)


def _records(leak: Leak) -> ir.Table:
    """What the truth says of each record of somebody, once."""
    return leak.truth.filter(~ibis._.repeated_line, ibis._.person_id.notnull())
