"""The question `comments`: the share of lines with a sensitive comment.

An estimate with an interval where a sample was labelled, hits of the scan where none was.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit.errors import InputError, MissingError
from toolkit.questions._base import (
    LINKED,
    Answer,
    Cost,
    Headline,
    Meaning,
    Option,
    Pair,
    Question,
    Result,
    Section,
    TablePlan,
    Tables,
    chart_of,
    denominator,
    high,
    low,
    needs_column,
    of_people,
    reason_of,
    share,
    unavailable,
    value,
)

if TYPE_CHECKING:
    import plotly.graph_objects as go
    import polars as pl

    from toolkit.analysis import audit
    from toolkit.dataset import Leak

__all__ = ["COMMENTS"]

_TRUTH = "truth"
_SAMPLE_SIZE = 3_000


def answer(leak: Leak, *, audit: int | None = None, seed: int = 1, reviewer: str = _TRUTH) -> Answer:
    """Return the hits of the comment scan and, with `audit`, the shares estimated from a sample of so many lines.

    `seed` is that of the sample; `reviewer` is "truth" for synthetic data, or the file of a labelling sheet of this
    very sample. Tables: `totals` and `categories` of the scan; with `audit` also `estimate`, `scan`, `strata`, `sample`
    and `stages` (from all lines to the sensitive ones and their people, with intervals). Raises `InputError` when the
    sample is too small, when the reviewer is the truth of a leak that has none, or when the file of a sheet is for
    another sample or not finished.
    """
    from toolkit.analysis import comments

    texts = comments.read_texts(leak)
    totals, categories = comments.overview(leak, texts)
    hits = [_hits(row) for row in totals.iter_rows(named=True)]
    tables = {"totals": totals, "categories": categories}
    if audit is None:
        return Answer(tuple(hits), tables)
    sample, estimate, notes = _estimate(leak, texts, audit, seed, reviewer)
    estimated = [
        replace(result, definition=_estimated(result.definition, sample.units.height, seed, reviewer))
        for result in (*_estimates(estimate.shares), *_qualities(estimate.scan))
    ]
    tables |= {"estimate": estimate.shares, "scan": estimate.scan, "strata": estimate.strata}
    tables |= {"sample": _sample_table(sample, seed, reviewer), "stages": _stages(totals, estimate.shares)}
    return Answer((*estimated, *hits), tables, notes)


def _estimate(
    leak: Leak, texts: pl.DataFrame, size: int, seed: int, reviewer: str
) -> tuple[audit.Sample, audit.Estimate, tuple[str, ...]]:
    """Draw the sample, get its labels, and estimate; people are left out, with a note, where none can be linked."""
    from toolkit.analysis import audit, duplicates

    notes: tuple[str, ...] = ()
    try:
        people = duplicates.people_of_records(leak)
    except MissingError as error:
        people, notes = None, (unavailable("People with a sensitive comment", reason_of(error)),)
    planned = audit.strata(leak, texts=texts, people=people)
    sample = audit.draw(planned, size, seed, floor=min(audit.FLOOR, size // 3))
    return sample, audit.estimate(sample, _labels(sample, leak, reviewer)), notes


def _sample_table(sample: audit.Sample, seed: int, reviewer: str) -> pl.DataFrame:
    import polars as pl

    return pl.DataFrame(
        {
            "seed": [seed],
            "lines": [sample.units.height],
            "reviewer": [reviewer],
            "sample": [sample.digest],
            "rules": [sample.rules],
        }
    )


def _estimated(meaning: str, lines: int, seed: int, reviewer: str) -> Meaning:
    """Return the definition of an estimate, with the sample that it was made from."""
    by_whom = "the planted truth" if reviewer == _TRUTH else "a reviewer"
    return Meaning(
        "estimate ({lines} lines drawn with seed {seed}, labelled by {reviewer}): {meaning}",
        lines=lines,
        seed=seed,
        reviewer=by_whom,
        meaning=meaning,
    )


def _stages(totals: pl.DataFrame, shares: pl.DataFrame) -> pl.DataFrame:
    """From all lines to the sensitive ones and their people: `stage`, `value`, `low`, `high`, one row per stage."""
    import polars as pl

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
    if reviewer != _TRUTH:
        from toolkit.analysis.audit.labelling import read_labels

        return read_labels(Path(reviewer), sample)
    if not leak.capabilities.truth:
        raise InputError(
            f"The data set {leak.name} has no truth to label a sample with: a person fills in a labelling sheet, as "
            "notebook 02_comments shows, and --reviewer names its file."
        )
    from toolkit.analysis import audit

    return audit.label(sample, leak)


def _hits(row: dict[str, Any]) -> Result:
    """Return a number of the scan."""
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
    """Yield the share of lines, then the lines, records and people, each with its interval."""
    for row in shares.iter_rows(named=True):
        unit, meaning = row["unit"], _MEANINGS[row["unit"]]
        # A line with a comment counts as a line; only its denominator is another.
        counted = "lines" if unit == "comments" else unit
        whole = _DENOMINATORS.get(unit, unit)
        if unit == "lines":
            name, ends = "sensitive_share_of_lines", (row["low"], row["high"])
            yield Result(name, row["value"], "share of lines", row["denominator"], whole, None, meaning, *ends)
        ends = row["sensitive_low"], row["sensitive_high"]
        count = row["sensitive"]
        yield Result(f"sensitive_{unit}", count, counted, row["denominator"], whole, row["value"], meaning, *ends)


def _qualities(scan: pl.DataFrame) -> Iterator[Result]:
    """Yield how good the scan was, where the sample shows it."""
    import polars as pl

    for row in scan.filter(pl.col("value").is_not_null()).iter_rows(named=True):
        unit, meaning = _QUALITIES[row["quantity"]]
        # A bound is no interval.
        ends = (None, None) if row["quantity"] == "missed_at_most" else (row["low"], row["high"])
        name = f"scan_{row['quantity']}"
        whole = row["denominator_unit"].replace("lines of A", "lines labelled sensitive").replace("lines of D", _REST)
        yield Result(name, row["value"], unit, row["denominator"], whole, None, meaning, *ends)


def _cross_check(_data_set: Path, answered: Answer) -> Iterator[Pair]:
    """Pair the counts of comments, and the estimate of the sensitive lines, with the second program's."""
    from toolkit import second_count

    results = {result.id: result for result in answered.results}
    counted = second_count.count_lines(_data_set)
    yield from (Pair(name, results[name].value, counted[name]) for name in _COUNTED if name in results)
    if "strata" not in answered.tables or "sensitive_lines" not in results:
        return
    rows = answered.tables["strata"].select("lines", "sampled", "sensitive").iter_rows()
    strata = [second_count.Stratum(*row) for row in rows]
    total = second_count.estimate_total(strata)
    for name, whole in (("sensitive_lines", 1), ("sensitive_share_of_lines", sum(stratum.lines for stratum in strata))):
        first = results[name]
        yield Pair(name, first.value, total.value / whole, _RELATIVE * total.value / whole)
        if first.low is not None and first.high is not None:
            # An end is the number of lines of some draw, so it is no finer than one line.
            slack = max(_DRAWS * (first.high - first.low), 1 / whole)
            yield Pair(f"{name}_low", first.low, total.low / whole, slack)
            yield Pair(f"{name}_high", first.high, total.high / whole, slack)


_RELATIVE = 1e-9
"""Two programs add fractions in another order, so an estimate may differ by this part of itself."""
_DRAWS = 0.05
"""An end of an interval may differ by this part of its width: three times what 10,000 draws leave open."""


def _categories(tables: Tables, source: str) -> go.Figure | None:
    """Draw the categories, less those with so few lines that they identify somebody."""
    import polars as pl

    from toolkit import charts

    if "categories" not in tables:
        return None
    counted = tables["categories"].select("category", "strict_lines", "lines", "share")
    return charts.comments_by_category(counted.drop_nulls().filter(pl.col("lines") > 0), source)


def _hint(answered: Answer) -> str | None:
    if "estimate" in answered.tables:
        return None
    return "These are hits of the scan, not an estimate: --audit 3000 estimates, with intervals."


_REST = "lines neither hit nor ranked high"
_COUNTED = ("commented_lines", "distinct_texts")

_DEFINITIONS = {
    "commented": "the comment is not blank",
    "distinct": "different comments, compared letter by letter",
    "flagged": "hits of the scan, not an estimate: sensitive, about anyone, including negated or hearsay mentions",
    "strict": "hits of the scan, not an estimate: sensitive, stated as a fact about the patient",
}
"""What the quantities of `comments.overview` count, by their first word."""

_MEANINGS = {
    "lines": "the comment reveals something sensitive about anyone, including negated or hearsay mentions",
    "comments": "the same lines, out of those with a comment",
    "records": "at least one line of the record has such a comment",
    "people": of_people("at least one line of the person has such a comment", LINKED),
}

_DENOMINATORS = {"comments": "lines with a comment"}

_QUALITIES = {
    "precision": ("share of hits", "share of the hits that are sensitive (precision)"),
    "recall": ("share of sensitive lines", "share of the sensitive lines that the scan hits (recall)"),
    "elusion": ("share of lines", "share of unflagged lines that are sensitive (elusion)"),
    "missed_at_most": ("lines", "with 95% confidence, no more of these lines were missed"),
}

_HITS = (
    "commented_lines",
    "distinct_texts",
    *(f"{kind}_{unit}" for kind in ("flagged", "strict") for unit in ("lines", "comments", "texts", "records")),
)
_SENSITIVE = tuple(f"sensitive_{unit}" for unit in ("share_of_lines", "lines", "comments", "records", "people"))

COMMENTS = Question(
    name="comments",
    title="What share of the lines carries a sensitive comment?",
    help=(
        "Count the comments that reveal something sensitive. With --audit, estimate their share of lines, records and "
        "people with intervals; for that the records are linked, see `duplicates`."
    ),
    answer=answer,
    needs=(needs_column("administrative_comment", "comments"),),
    options=(
        Option(
            "audit",
            int | None,
            "Estimate the shares from a sample of so many lines, such as 3000.",
            metavar="LINES",
            show_default="hits of the scan only",
            minimum=1,
        ),
        Option("seed", int, "Seed of the sample; publish it with the estimate.", 1),
        Option(
            "reviewer",
            str,
            "Who labelled the sample: the truth of a synthetic leak, or the file of a labelling sheet.",
            _TRUTH,
            metavar="truth|FILE",
        ),
    ),
    investigation=lambda leak: {"audit": _SAMPLE_SIZE} if leak.capabilities.truth else {},
    tables={
        "totals": TablePlan("Hits of the scan"),
        "categories": TablePlan("Hits by category", ("strict_lines", "lines", "texts")),
        "stages": TablePlan("From all lines to the sensitive ones and their people"),
        "estimate": TablePlan("Sensitive lines, records and people: estimates with intervals"),
        "scan": TablePlan("Quality of the scan, measured on the sample"),
        "strata": TablePlan("Lines by stratum, and sensitive ones in the sample"),
        "sample": TablePlan("The sample: its seed, its size, its hash and that of the rules"),
    },
    charts={
        "comments_funnel": chart_of("comments_funnel", "stages"),
        "comments_by_category": _categories,
    },
    labels={
        "commented_lines": "lines with a comment",
        "sensitive_lines": "lines with a sensitive comment",
        "sensitive_records": "records with a sensitive comment",
        "sensitive_people": "people with a sensitive comment",
        "flagged_lines": "lines that the comment scan flags (not an estimate)",
        "scan_recall": "of the sensitive lines, flagged by the scan",
    },
    summary=("sensitive_lines", "sensitive_people", "flagged_lines"),
    spread=("sensitive_lines", "sensitive_records", "sensitive_people", "flagged_lines"),
    section=Section(
        numbers=("commented_lines", "sensitive_lines", "sensitive_people", "flagged_lines", "scan_recall"),
        method=(
            (
                "Rules written for the French of practices read each distinct comment once. A comment that they call "
                "sensitive is a hit."
            ),
            (
                "Then lines are drawn, with a published seed, from the hits, from the near misses and from the rest, "
                "and each is labelled."
            ),
            (
                "The labelled sample gives the share in the whole dump, with an interval that contains the true share "
                "in 95 of 100 such samples."
            ),
        ),
        limits=(
            "An estimate is as good as its reviewer: no interval shows what a reviewer gets wrong.",
            (
                "The interval covers the chance of the draw alone. Linking records to people is another source of "
                "error: the section on people shows its size."
            ),
            "The categories are hits of the scan: they give an order, not a share to print.",
        ),
        limits_synthetic=(
            "On this synthetic leak the planted truth can act as the reviewer, which is impossible on a real leak.",
        ),
    ),
    headlines=(
        Headline(
            "{share} of the people, about {people}, have a sensitive comment in their records.",
            "Out of {whole} linked people; 95% interval: {low} to {high} people. Of the {lines} lines it is "
            "{line_share} ({line_low} to {line_high}). Estimated from a labelled sample.",
            {
                "share": share("sensitive_people"),
                "people": value("sensitive_people"),
                "whole": denominator("sensitive_people"),
                "low": low("sensitive_people"),
                "high": high("sensitive_people"),
                "lines": denominator("sensitive_share_of_lines"),
                "line_share": value("sensitive_share_of_lines"),
                "line_low": low("sensitive_share_of_lines"),
                "line_high": high("sensitive_share_of_lines"),
            },
        ),
        Headline(
            "The scan flags the comments of {lines} lines, {share} of all.",
            "Out of {whole} lines. These are hits, not an estimate: nobody has labelled a sample.",
            {
                "lines": value("flagged_lines"),
                "share": share("flagged_lines"),
                "whole": denominator("flagged_lines"),
            },
            unless="sensitive_lines",
        ),
    ),
    notebook="02_comments",
    cells={
        **dict.fromkeys(_HITS, "02-06"),
        **dict.fromkeys(_SENSITIVE, "02-20"),
        **dict.fromkeys(("scan_precision", "scan_recall", "scan_elusion"), "02-21"),
        "scan_missed_at_most": "02-22",
    },
    links=True,
    cost=Cost(5.0, 2.8),
    notebook_cost=Cost(12.0, 1.0),
    hint=_hint,
    cross_check=_cross_check,
)
