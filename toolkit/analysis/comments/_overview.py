"""Classify the comments of a whole leak: each distinct text once, counted by the lines that carry it.

These are counts of hits: the scan misses some sensitive comments and flags some harmless ones.
`toolkit.analysis.audit` estimates the share of sensitive comments from a sample, with an interval.
"""

from __future__ import annotations

from typing import NamedTuple

import ibis
import ibis.expr.types as ir
import polars as pl

from toolkit.analysis.comments._classifier import classify
from toolkit.dataset import Leak, collect, share
from toolkit.dataset.cache import cached
from toolkit.schema import CATEGORIES

__all__ = ["Overview", "by_practice", "flagged", "overview", "read_texts"]

_TEXT = "administrative_comment"
_BLANKS = " \t\n\r\v\f"
"""The white space that Ibis strips, on every engine."""


class Overview(NamedTuple):
    """The hits in a leak, as two small tables."""

    totals: pl.DataFrame
    """One row per quantity: `quantity`, `value`, `unit`, `denominator`, `denominator_unit`, `share`. The first word of
    the quantity is the kind of comment: commented (not blank), distinct, flagged (broad) or strict."""
    categories: pl.DataFrame
    """One row per category: `category`, `strict_lines`, `lines`, `texts`, `share` of all lines; they may overlap."""


@cached
def read_texts(leak: Leak) -> pl.DataFrame:
    """Classify each distinct comment: one row per text that is not blank, sorted by text.

    Columns: `administrative_comment`, `lines` that carry it, and those of `classify`.
    """
    counted = collect(leak.lines.group_by(_TEXT).aggregate(lines=ibis._.count()), _TEXT)
    # Blank texts are dropped here because an engine would check every line, not every distinct text.
    texts = counted.filter(pl.col(_TEXT).str.strip_chars(_BLANKS) != "")
    return texts.hstack(classify(texts[_TEXT]))


def flagged(leak: Leak, texts: pl.DataFrame) -> ir.Table:
    """Return the lines with a sensitive comment, one row per line: `line_id`, `record_id`, `strict`.

    `texts` is the result of `read_texts`. Returns an Ibis expression, since there can be many lines.
    """
    sensitive = ibis.memtable(texts.filter("sensitive").select(_TEXT, "strict"))
    lines = leak.lines.select("line_id", "record_id", _TEXT)
    return lines.inner_join(sensitive, _TEXT).select("line_id", "record_id", "strict")


@cached
def by_practice(leak: Leak, texts: pl.DataFrame) -> pl.DataFrame:
    """Count the hits in each practice; a record counts once, however often it was exported.

    One row per practice that has records: `practice_id`, `records`, `commented` (records with a comment), `flagged`
    (records with a sensitive one). `texts` is the result of `read_texts`.
    """
    sensitive = ibis.memtable(texts.filter("sensitive").select(_TEXT, hit=pl.lit(value=True)))
    lines = leak.lines.select("practice_id", "record_id", _TEXT)
    commented = (lines[_TEXT].notnull() & (lines[_TEXT].strip() != "")).cast("int8")
    # Grouping by record first is several times faster than counting distinct records in each practice.
    records = lines.group_by("practice_id", "record_id").aggregate(commented=commented.max())
    totals = records.group_by("practice_id").aggregate(records=ibis._.count(), commented=ibis._.commented.sum())
    hits = lines.inner_join(sensitive, _TEXT).group_by("practice_id").aggregate(flagged=ibis._.record_id.nunique())
    joined = totals.left_join(hits, "practice_id")
    return collect(
        joined.select("practice_id", "records", "commented", flagged=joined.flagged.coalesce(0)), "practice_id"
    )


@cached
def overview(leak: Leak, texts: pl.DataFrame | None = None) -> Overview:
    """Count the hits of the scan in a leak, in total and by category, with every denominator.

    Broad counts are about anyone, including negated or hearsay mentions; strict counts only what is stated as a fact
    about the patient. Pass the result of `read_texts` as `texts` to save the time of classifying again.
    """
    texts = read_texts(leak) if texts is None else texts
    lines = leak.lines
    total = collect(lines.aggregate(lines=lines.count(), records=lines.record_id.nunique()), "lines").row(0, named=True)
    found = flagged(leak, texts)
    counted = found.aggregate(
        records=found.record_id.nunique(), strict_records=found.record_id.nunique(where=found.strict)
    )
    records = collect(counted, "records").row(0, named=True)
    return Overview(_totals(texts, total, records), _categories(texts, total["lines"]))


def _totals(texts: pl.DataFrame, total: dict[str, int], records: dict[str, int]) -> pl.DataFrame:
    """Return the quantities of `Overview.totals`."""
    commented = int(texts["lines"].sum())
    broad = int(texts.filter("sensitive")["lines"].sum())
    strict = int(texts.filter("strict")["lines"].sum())
    rows = [
        ("commented_lines", commented, "lines", total["lines"], "lines"),
        ("distinct_texts", texts.height, "texts", commented, "commented lines"),
        ("flagged_lines", broad, "lines", total["lines"], "lines"),
        ("strict_lines", strict, "lines", total["lines"], "lines"),
        ("flagged_comments", broad, "lines", commented, "commented lines"),
        ("strict_comments", strict, "lines", commented, "commented lines"),
        ("flagged_texts", int(texts["sensitive"].sum()), "texts", texts.height, "distinct texts"),
        ("strict_texts", int(texts["strict"].sum()), "texts", texts.height, "distinct texts"),
        ("flagged_records", records["records"], "records", total["records"], "records"),
        ("strict_records", records["strict_records"], "records", total["records"], "records"),
    ]
    columns = ["quantity", "value", "unit", "denominator", "denominator_unit"]
    return pl.DataFrame(rows, schema=columns, orient="row").with_columns(share("value", "denominator").alias("share"))


def _categories(texts: pl.DataFrame, lines: int) -> pl.DataFrame:
    """Return all twelve categories, most lines first, including those without a hit."""
    by_category = (
        texts.filter("sensitive")
        .select("lines", "strict", category="categories")
        .explode("category")
        .group_by("category")
        .agg(
            strict_lines=pl.col("lines").filter("strict").sum(),
            lines=pl.col("lines").sum(),
            texts=pl.len().cast(pl.Int64),
        )
    )
    every = pl.DataFrame({"category": CATEGORIES})
    return (
        every.join(by_category, on="category", how="left")
        .with_columns(pl.col("strict_lines", "lines", "texts").fill_null(0), total=pl.lit(lines))
        .with_columns(share("lines", "total").alias("share"))
        .drop("total")
        .sort("lines", "category", descending=[True, False])
    )
