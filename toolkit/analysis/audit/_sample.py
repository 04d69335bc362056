"""Draw a stratified sample of lines for review, and label it by the truth where that is known.

A count of hits is not a share: the scan misses some sensitive comments and flags some harmless ones. So every line of
the dump is assigned to a stratum (`strata`), lines of each are drawn by a published seed (`draw`), a reviewer labels
them (`toolkit.analysis.audit.labelling`, or for synthetic data the truth: `label`), and `estimate` returns the shares
with intervals. `kappa` compares two reviewers. `coverage` repeats the audit with the truth as reviewer, to measure how
often the intervals contain the true share.

Freeze the rules before drawing, and never tune them on an audit sample: the estimate would then be biased.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import ibis
import ibis.expr.types as ir
import polars as pl

from toolkit.analysis.audit._coverage import Coverage, coverage_of
from toolkit.analysis.audit._estimates import ANSWERS, Agreement, Estimate, Sample, allocate, estimate, kappa
from toolkit.analysis.audit._strata import People, Strata, annotated, rules_digest, strata
from toolkit.dataset import Leak, collect
from toolkit.errors import InputError

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
    "draw",
    "estimate",
    "kappa",
    "label",
    "rules_digest",
    "strata",
]

SIZE = 3_000
"""The default number of lines in a sample: two reviewers read them in a few days."""
FLOOR = 1_000
"""The minimum number of lines of D in a sample: if none of 1,000 is sensitive, 3 per 1,000 still may be."""

_TEXT = "administrative_comment"


def draw(planned: Strata, size: int = SIZE, seed: int = 1, *, floor: int = FLOOR) -> Sample:
    """Draw `size` lines for review, by Neyman allocation with at least `floor` of them from D.

    In each stratum the lines with the smallest SHA-256 of "seed:line_id" are drawn, so the same leak and seed give the
    same sample on any engine. The order of review is that of the hash, which mixes the strata.
    Raises `InputError` when `size` is below the floors.
    """
    lines = dict(planned.sizes.select("stratum", "lines").iter_rows())
    read = allocate(lines, size, floor)
    sizes = planned.sizes.with_columns(sampled=pl.col("stratum").replace_strict(read, default=0, return_dtype=pl.Int64))
    texts = planned.texts.select("text", _TEXT)
    drawn = _smallest(planned.lines, seed, lines, read).join(texts, on="text", maintain_order="left")
    drawn = drawn.with_columns(unit=pl.col("line_id").first().over("text"))
    units = drawn.select("line_id", "unit", "stratum", _TEXT)
    related = []
    for per, column, own in (("records", "record_id", "record_lines"), ("people", "person", "person_lines")):
        if column in drawn.columns:
            same, other = _related(planned.lines, drawn, column)
            units = units.join(same.rename({"lines": own}), on="line_id", maintain_order="left")
            related.append(other.with_columns(per=pl.lit(per)))
    others = pl.concat(related).join(texts, on="text", maintain_order="left")
    return Sample(units, _with_units(others, units), sizes, planned.totals, seed, planned.rules)


def label(
    sample: Sample, leak: Leak, *, reviewer: str = "truth", error_rate: float = 0.0, seed: int = 1
) -> pl.DataFrame:
    """Label each comment of the sample by the truth, which synthetic data have.

    One row per comment: `unit`, `answer` ("sensitive" or "not"), `categories` (list of str). With an `error_rate`, that
    share of the answers is wrong, chosen by SHA-256 of "mistake:seed:unit", so that two seeds simulate two reviewers.
    Raises `InputError` for any other reviewer (a person uses `LabellingSheet`), and for a rate outside 0 to 1.
    """
    if reviewer != "truth":
        raise InputError(
            f"There is no reviewer {reviewer!r}, only 'truth': "
            "a person fills in a toolkit.analysis.audit.labelling.LabellingSheet; use its `labels` instead."
        )
    if not 0 <= error_rate <= 1:
        raise InputError(f"An error rate of {error_rate} is not between 0 and 1: give for example 0.02.")
    units = sample.to_label(sample.units["unit"].to_list()).select("unit")
    truth = leak.truth.select("line_id", "comment_sensitive", "comment_category")
    known = collect(truth.semi_join(ibis.memtable(units.select(line_id="unit")), "line_id"), "line_id")
    # `draw` takes the lines with the smallest hashes, so mistakes need a hash of their own.
    wrong = [_fraction(f"mistake:{seed}:{unit}") < error_rate for unit in units["unit"]]
    sensitive = pl.col("comment_sensitive") != pl.col("wrong")
    categories = pl.col("comment_category").fill_null("").str.split("|").list.filter(pl.element() != "")
    labels = (
        units.with_columns(wrong=pl.Series(wrong, dtype=pl.Boolean))
        .join(known, left_on="unit", right_on="line_id", how="left", maintain_order="left")
        .select(
            "unit",
            answer=pl.when(sensitive).then(pl.lit("sensitive")).otherwise(pl.lit("not")),
            categories=pl.when(sensitive).then(categories).otherwise(pl.lit([], dtype=pl.List(pl.String))),
        )
    )
    found = labels.filter(pl.col("answer") == "sensitive")["unit"].to_list()
    return labels.join(sample.to_label(found), on="unit", how="semi", maintain_order="left")


def coverage(
    leak: Leak, planned: Strata | None = None, *, seeds: int = 200, size: int = SIZE, floor: int = FLOOR
) -> Coverage:
    """Measure how often the 95 % intervals of an audit contain the true share.

    The audit is repeated with sampling seeds 1 to `seeds` and the truth as reviewer; the leak is read once. Returns two
    tables, see `Coverage`: a summary for the share of each unit and for the recall of the scan, and every audit.
    """
    planned = strata(leak) if planned is None else planned
    truth = leak.truth.filter(leak.truth.comment_sensitive).select("line_id")
    sensitive = collect(planned.lines.semi_join(truth, "line_id"), "line_id")
    for per, column in (("records", "record_id"), ("people", "person")):
        if column in sensitive.columns:
            # A placeholder record has no person, so its lines add none.
            weight = pl.when(pl.col(column).is_not_null()).then(1 / pl.len().over(column)).otherwise(0.0)
            sensitive = sensitive.with_columns(weight.alias(per))
    lines = dict(planned.sizes.select("stratum", "lines").iter_rows())
    return coverage_of(lines, sensitive, planned.totals, seeds=seeds, size=size, floor=floor)


def _smallest(lines: ir.Table, seed: int, sizes: Mapping[str, int], read: Mapping[str, int]) -> pl.DataFrame:
    """Return the lines with the smallest keys of each stratum, as many as are to be read, sorted by key.

    Keys are uniform, so only those below a cut slightly above the wanted share are collected from the engine. The cut
    leaves ten standard deviations to spare: fewer than one draw in 10^15 would have too few lines.
    """
    key = (ibis.literal(f"{seed}:") + lines.line_id.cast("string")).hexdigest("sha256")
    cuts = [(lines.stratum == name, _cut(wanted, sizes[name])) for name, wanted in read.items()]
    near = lines.mutate(key=key, cut=ibis.cases(*cuts, else_="")).filter(ibis._.key < ibis._.cut).drop("cut")
    drawn = collect(near, "key")
    wanted = pl.col("stratum").replace_strict(dict(read), return_dtype=pl.Int64)
    return drawn.filter(pl.int_range(pl.len()).over("stratum") < wanted)


def _cut(wanted: int, size: int) -> str:
    """Return a hexadecimal number above the smallest `wanted` of `size` uniform keys."""
    if not wanted:
        return ""
    share = (wanted + 10 * wanted**0.5 + 50) / size
    return "g" if share >= 1 else f"{int(share * 2**48):012x}"


def _related(lines: ir.Table, drawn: pl.DataFrame, column: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the lines of each drawn line's record or person: those with the same comment, and those with others.

    The first table has `line_id` and `lines`; the second `line_id`, `text`, `first` (the first line with that text) and
    `lines`.
    """
    wanted = ibis.memtable(drawn.select(column).unique(maintain_order=True))
    grouped = lines.semi_join(wanted, column).group_by(column, other="text")
    counted = collect(grouped.aggregate(first=ibis._.line_id.min(), lines=ibis._.count()), "first")
    related = drawn.select("line_id", column, "text").join(counted, on=column, maintain_order="left_right")
    same = pl.col("other") == pl.col("text")
    other = related.filter(~same).select("line_id", "first", "lines", text="other")
    return related.filter(same).select("line_id", "lines"), other


def _with_units(related: pl.DataFrame, units: pl.DataFrame) -> pl.DataFrame:
    """Add `unit` to the other comments: that of a drawn line with the same comment, else the first line with it."""
    drawn = units.select(_TEXT, "unit").unique(_TEXT)
    return (
        related.join(drawn, on=_TEXT, how="left", maintain_order="left")
        .with_columns(unit=pl.coalesce("unit", pl.col("first").min().over(_TEXT)))
        .select("line_id", "per", "unit", _TEXT, "lines")
    )


def _fraction(name: str) -> float:
    """Return a number from 0 to 1 that depends on `name` alone."""
    return int(hashlib.sha256(name.encode()).hexdigest()[:13], 16) / 16**13
