"""The answer to the question of `comments`: an estimate where a sample was judged, hits of the scan where none was."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from toolkit.analysis import audit, comments, duplicates
from toolkit.dataset import Leak
from toolkit.errors import InputError
from toolkit.questions._base import LINKED, Answer, Meaning, Result, make_answer, of_people

__all__ = ["AuditPlan", "answer_comments", "answer_comments_audited"]

_QUESTION = "What share of the lines reveals something intimate?"


@dataclass(frozen=True, slots=True)
class AuditPlan:
    """How the shares are estimated: so many lines of a sample, its seed, and who judged them.

    `reviewer` is "truth", for invented data, or the file of a labelling sheet of that very sample.
    """

    size: int = audit.SIZE
    seed: int = 1
    reviewer: str = "truth"


def answer_comments_audited(leak: Leak) -> Answer:
    """The estimate where the truth can play the reviewer, and hits of the scan where nobody has judged a sample."""
    return answer_comments(leak, AuditPlan() if leak.has_truth else None)


def answer_comments(leak: Leak, plan: AuditPlan | None = None) -> Answer:
    """What share of the lines reveals something intimate?

    Tables: `totals` and `categories` of the scan; with a plan also `estimate`, `scan`, `strata`, `sample`
    and `stages` (from all lines to the sensitive ones and their people, with intervals).
    Raises `InputError` when the plan's size is below the floors of an audit, when its reviewer is the truth of a leak
    that has none, or when the file of a sheet is not that of this sample, or not finished.
    """
    texts = comments.read_texts(leak)
    totals, categories = comments.overview(leak, texts)
    hits = [_hits(row) for row in totals.iter_rows(named=True)]
    tables = {"totals": totals, "categories": categories}
    if plan is None:
        return make_answer("comments", leak, _QUESTION, hits, tables)
    planned = audit.strata(leak, texts=texts, people=duplicates.people_of_records(leak))
    sample = audit.draw(planned, plan.size, plan.seed, floor=min(audit.FLOOR, plan.size // 3))
    told = audit.estimate(sample, _labels(sample, leak, plan.reviewer))
    drawn = pl.DataFrame(
        {
            "seed": [plan.seed],
            "lines": [sample.units.height],
            "reviewer": [plan.reviewer],
            "sample": [sample.digest],
            "rules": [sample.rules],
        }
    )
    tables |= {"estimate": told.shares, "scan": told.scan, "strata": told.strata, "sample": drawn}
    results = [*hits]
    results[:0] = [
        replace(result, definition=_estimated(result.definition, sample.units.height, plan))
        for result in (*_estimates(told.shares), *_qualities(told.scan))
    ]
    tables["stages"] = _stages(totals, told.shares)
    options = ["--audit", str(plan.size), "--seed", str(plan.seed), "--reviewer", plan.reviewer]
    return make_answer("comments", leak, _QUESTION, results, tables, options)


def _estimated(meaning: str, lines: int, plan: AuditPlan) -> Meaning:
    """What an estimate counts, after the sample it was made from."""
    by_whom = "the truth" if plan.reviewer == "truth" else "a reviewer"
    return Meaning(
        "estimate ({lines} lines drawn with seed {seed}, judged by {reviewer}): {meaning}",
        lines=lines,
        seed=plan.seed,
        reviewer=by_whom,
        meaning=meaning,
    )


def _stages(totals: pl.DataFrame, shares: pl.DataFrame) -> pl.DataFrame:
    """From all lines to the sensitive ones and their people: `stage`, `value`, `low`, `high`, one row a stage."""
    hits = {row["quantity"]: row for row in totals.iter_rows(named=True)}
    estimated = {row["unit"]: row for row in shares.iter_rows(named=True)}
    counted = [
        ("lines", hits["commented_lines"]["denominator"], None, None),
        ("lines with a comment", hits["commented_lines"]["value"], None, None),
        ("hits of the scan", hits["flagged_lines"]["value"], None, None),
    ]
    ends = ("sensitive", "sensitive_low", "sensitive_high")
    judged = [
        (f"{unit} with a sensitive comment", *(estimated[unit][end] for end in ends))
        for unit in ("lines", "records", "people")
        if unit in estimated
    ]
    columns = {"stage": pl.String, "value": pl.Float64, "low": pl.Float64, "high": pl.Float64}
    return pl.DataFrame(counted + judged, columns, orient="row")


def _labels(sample: audit.Sample, leak: Leak, reviewer: str) -> pl.DataFrame:
    if reviewer != "truth":
        from toolkit.analysis.audit.labelling import read_labels

        return read_labels(Path(reviewer), sample)
    if not leak.has_truth:
        raise InputError(
            f"The data set {leak.name} has no truth to judge a sample: a person fills in a labelling sheet, as "
            "notebook 02_comments shows, and --reviewer names its file."
        )
    return audit.label(sample, leak)


def _hits(row: dict[str, Any]) -> Result:
    """A number of the scan."""
    return Result(
        id=row["quantity"],
        value=row["value"],
        unit=row["unit"],
        denominator=row["denominator"],
        denominator_unit=row["denominator_unit"],
        share=row["share"],
        definition=_DEFINITIONS[row["quantity"].partition("_")[0]],
    )


def _estimates(shares: pl.DataFrame) -> Iterator[Result]:
    """The share of lines, then lines, records and people, each with its interval."""
    for row in shares.iter_rows(named=True):
        unit, meaning = row["unit"], _MEANINGS[row["unit"]]
        # A line with a comment counts as a line; only its denominator is another.
        counted = "lines" if unit == "comments" else unit
        whole = _WHOLES.get(unit, unit)
        if unit == "lines":
            share_of = "sensitive_share_of_lines"
            ends = row["low"], row["high"]
            yield Result(share_of, row["value"], "share of lines", row["denominator"], whole, None, meaning, *ends)
        ends = row["sensitive_low"], row["sensitive_high"]
        count = row["sensitive"]
        yield Result(f"sensitive_{unit}", count, counted, row["denominator"], whole, row["value"], meaning, *ends)


def _qualities(scan: pl.DataFrame) -> Iterator[Result]:
    """How good the scan was, where the sample can tell."""
    for row in scan.filter(pl.col("value").is_not_null()).iter_rows(named=True):
        unit, meaning = _QUALITIES[row["quantity"]]
        # A bound is no interval.
        ends = (None, None) if row["quantity"] == "missed_at_most" else (row["low"], row["high"])
        name = f"scan_{row['quantity']}"
        whole = row["denominator_unit"].replace("lines of A", "lines called sensitive").replace("lines of D", _REST)
        yield Result(name, row["value"], unit, row["denominator"], whole, None, meaning, *ends)


_REST = "lines neither hit nor ranked high"

_DEFINITIONS = {
    "commented": "the comment is not blank",
    "distinct": "different comments, letter for letter",
    "flagged": "hits of the scan, not an estimate: called sensitive, of whomever and however it is said",
    "strict": "hits of the scan, not an estimate: called sensitive, stated of the patient",
}
"""What the quantities of `comments.overview` count, by their first word."""

_MEANINGS = {
    "lines": "the comment reveals something intimate, of whomever and however it is said",
    "comments": "the same lines, out of those with a comment",
    "records": "at least one line of the record has such a comment",
    "people": of_people("at least one line of the person has such a comment", LINKED),
}

_WHOLES = {"comments": "lines with a comment"}

_QUALITIES = {
    "precision": ("share of hits", "of what the scan called sensitive, how much is"),
    "recall": ("share of sensitive lines", "of what is sensitive, how much the scan called so"),
    "elusion": ("share of lines", "of what nothing pointed at, how much is sensitive all the same"),
    "missed_at_most": ("lines", "with 95% confidence, no more of these were missed"),
}
