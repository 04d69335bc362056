"""An honest share: a sample of lines that people read, and what it says of the whole leak.

A count of hits is no share: the scan misses some comments and takes others for what they are not. So every line of the
dump is put in one stratum (`strata`), lines of each are drawn by a published seed (`draw`), a reviewer judges them
(`toolkit.analysis.audit.labelling`, or on invented data the truth: `label`), and `estimate` gives the shares with intervals. Two
reviewers are compared by `kappa`. `coverage` repeats all of it with the truth as reviewer, to see whether the intervals
hold what they promise.

Freeze the rules before drawing, and never tune them on an audit sample: a sample that taught the scan cannot judge it.
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
"""Lines in a sample, unless told: two reviewers read them in a few days."""
FLOOR = 1_000
"""Lines of D in a sample, at the least: finding none in 1,000 still allows three in a thousand."""

_TEXT = "administrative_comment"


def draw(planned: Strata, size: int = SIZE, seed: int = 1, *, floor: int = FLOOR) -> Sample:
    """Which lines should be read? `size` lines, by Neyman allocation with at least `floor` of them from D.

    In each stratum the lines with the smallest SHA-256 of "seed:line_id" are taken: whoever has the leak and the seed
    draws the same ones, on any engine. They are read in the order of that hash, which mixes the strata.
    Raises `InputError` when `size` is below the floors.
    """
    lines = dict(planned.sizes.select("stratum", "lines").iter_rows())
    read = allocate(lines, size, floor)
    sizes = planned.sizes.with_columns(sampled=pl.col("stratum").replace_strict(read, default=0, return_dtype=pl.Int64))
    written = planned.texts.select("text", _TEXT)
    drawn = _smallest(planned.lines, seed, lines, read).join(written, on="text", maintain_order="left")
    drawn = drawn.with_columns(unit=pl.col("line_id").first().over("text"))
    units = drawn.select("line_id", "unit", "stratum", _TEXT)
    kin = []
    for per, column, own in (("records", "record_id", "record_lines"), ("people", "person", "person_lines")):
        if column in drawn.columns:
            same, other = _kin(planned.lines, drawn, column)
            units = units.join(same.rename({"lines": own}), on="line_id", maintain_order="left")
            kin.append(other.with_columns(per=pl.lit(per)))
    others = pl.concat(kin).join(written, on="text", maintain_order="left")
    return Sample(units, _numbered(others, units), sizes, planned.totals, seed, planned.rules)


def label(
    sample: Sample, leak: Leak, *, reviewer: str = "truth", error_rate: float = 0.0, seed: int = 1
) -> pl.DataFrame:
    """What does the truth say of each comment of the sample? For invented data, where it can play the reviewer.

    One row a comment: `unit`, `answer` ("sensitive" or "not"), `categories` (list of str). With an `error_rate` it is
    wrong about that part of the comments, chosen by SHA-256 of "mistake:seed:unit": two seeds make two reviewers.
    Raises `InputError` for any other reviewer (people fill in `toolkit.analysis.audit.labelling.LabellingSheet`), or for a rate that
    is none.
    """
    if reviewer != "truth":
        raise InputError(
            f"There is no reviewer {reviewer!r} on hand, only 'truth': "
            "a person fills in toolkit.analysis.audit.labelling.LabellingSheet, whose `labels` take the place of these."
        )
    if not 0 <= error_rate <= 1:
        raise InputError(f"An error rate of {error_rate} is not between 0 and 1: give for example 0.02.")
    units = sample.to_judge(sample.units["unit"].to_list()).select("unit")
    truth = leak.truth.select("line_id", "comment_sensitive", "comment_category")
    known = collect(truth.semi_join(ibis.memtable(units.select(line_id="unit")), "line_id"), "line_id")
    # Not the key of `draw`: the lines drawn are those whose numbers there are small.
    wrong = [_fraction(f"mistake:{seed}:{unit}") < error_rate for unit in units["unit"]]
    sensitive = pl.col("comment_sensitive") != pl.col("wrong")
    told = pl.col("comment_category").fill_null("").str.split("|").list.filter(pl.element() != "")
    labels = (
        units.with_columns(wrong=pl.Series(wrong, dtype=pl.Boolean))
        .join(known, left_on="unit", right_on="line_id", how="left", maintain_order="left")
        .select(
            "unit",
            answer=pl.when(sensitive).then(pl.lit("sensitive")).otherwise(pl.lit("not")),
            categories=pl.when(sensitive).then(told).otherwise(pl.lit([], dtype=pl.List(pl.String))),
        )
    )
    found = labels.filter(pl.col("answer") == "sensitive")["unit"].to_list()
    return labels.join(sample.to_judge(found), on="unit", how="semi", maintain_order="left")


def coverage(
    leak: Leak, planned: Strata | None = None, *, seeds: int = 200, size: int = SIZE, floor: int = FLOOR
) -> Coverage:
    """How often does the interval of an audit hold the true share? Of a nominal 95 %, it should be near 95 %.

    The audit is repeated with sampling seeds 1 to `seeds`, the truth as reviewer; the leak is read once. Two
    tables, see `Coverage`: how often the share of each unit and the recall of the scan were held, and every audit.
    """
    planned = strata(leak) if planned is None else planned
    truth = leak.truth.filter(leak.truth.comment_sensitive).select("line_id")
    sensitive = collect(planned.lines.semi_join(truth, "line_id"), "line_id")
    for per, column in (("records", "record_id"), ("people", "person")):
        if column in sensitive.columns:
            # A line of nobody adds no person.
            weight = pl.when(pl.col(column).is_not_null()).then(1 / pl.len().over(column)).otherwise(0.0)
            sensitive = sensitive.with_columns(weight.alias(per))
    lines = dict(planned.sizes.select("stratum", "lines").iter_rows())
    return coverage_of(lines, sensitive, planned.totals, seeds=seeds, size=size, floor=floor)


def _smallest(lines: ir.Table, seed: int, held: Mapping[str, int], read: Mapping[str, int]) -> pl.DataFrame:
    """In each stratum, the lines with the smallest keys, as many as are to be read; all in the order of their keys.

    Keys are uniform, so those under a cut far enough above the wanted share hold them all, and only these leave the
    engine: with ten standard deviations to spare, less than one draw in 10^15 would come short.
    """
    key = (ibis.literal(f"{seed}:") + lines.line_id.cast("string")).hexdigest("sha256")
    cuts = [(lines.stratum == name, _cut(wanted, held[name])) for name, wanted in read.items()]
    near = lines.mutate(key=key, cut=ibis.cases(*cuts, else_="")).filter(ibis._.key < ibis._.cut).drop("cut")
    drawn = collect(near, "key")
    wanted = pl.col("stratum").replace_strict(dict(read), return_dtype=pl.Int64)
    return drawn.filter(pl.int_range(pl.len()).over("stratum") < wanted)


def _cut(wanted: int, held: int) -> str:
    """The hexadecimal number under which the smallest `wanted` of `held` uniform keys lie."""
    if not wanted:
        return ""
    share = (wanted + 10 * wanted**0.5 + 50) / held
    return "g" if share >= 1 else f"{int(share * 2**48):012x}"


def _kin(lines: ir.Table, drawn: pl.DataFrame, column: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The comments of the record or person of each drawn line: those that are the same as the line's, and others.

    The first has `line_id` and `lines`; the second `line_id`, `text`, `first` (line of it) and `lines`.
    """
    wanted = ibis.memtable(drawn.select(column).unique(maintain_order=True))
    around = lines.semi_join(wanted, column).group_by(column, other="text")
    told = collect(around.aggregate(first=ibis._.line_id.min(), lines=ibis._.count()), "first")
    all_kin = drawn.select("line_id", column, "text").join(told, on=column, maintain_order="left_right")
    same = pl.col("other") == pl.col("text")
    other = all_kin.filter(~same).select("line_id", "first", "lines", text="other")
    return all_kin.filter(same).select("line_id", "lines"), other


def _numbered(kin: pl.DataFrame, units: pl.DataFrame) -> pl.DataFrame:
    """The other comments with their `unit`: that of a drawn line with the same comment, or else a line of theirs."""
    drawn = units.select(_TEXT, "unit").unique(_TEXT)
    return (
        kin.join(drawn, on=_TEXT, how="left", maintain_order="left")
        .with_columns(unit=pl.coalesce("unit", pl.col("first").min().over(_TEXT)))
        .select("line_id", "per", "unit", _TEXT, "lines")
    )


def _fraction(name: str) -> float:
    """A number from 0 to 1 that depends on `name` alone."""
    return int(hashlib.sha256(name.encode()).hexdigest()[:13], 16) / 16**13
