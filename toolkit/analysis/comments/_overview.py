"""The comments of a whole leak: each distinct text is read once, and counted as often as it stands.

What is counted here are hits of the scan: it misses some comments and takes others for what they are not. What share
of a leak is sensitive is an estimate, with an interval, and `toolkit.analysis.audit._sample` makes it.
"""

from __future__ import annotations

from typing import NamedTuple

import ibis
import ibis.expr.types as ir
import polars as pl

from toolkit.analysis.comments._classifier import classify
from toolkit.dataset import Leak, collect, share
from toolkit.dataset.cache import kept
from toolkit.schema import CATEGORIES

__all__ = ["Overview", "by_practice", "flagged", "overview", "read_texts"]

_TEXT = "administrative_comment"
_BLANKS = " \t\n\r\v\f"
"""What Ibis strips, on every engine."""


class Overview(NamedTuple):
    """The answer for a leak, as two small tables."""

    totals: pl.DataFrame
    """One row a quantity: `quantity`, `value`, `unit`, `denominator`, `denominator_unit`, `share`. Its first word says
    which comments: commented (not blank), distinct, flagged (called sensitive, broadly) or strict."""
    categories: pl.DataFrame
    """One row a category: `category`, `strict_lines`, `lines`, `texts`, `share` of all lines; they may overlap."""


@kept
def read_texts(leak: Leak) -> pl.DataFrame:
    """What does each distinct comment say? One row a text that is not blank, in the order of the texts.

    Columns: `administrative_comment`, `lines` that carry it, and those of `classify`.
    """
    counted = collect(leak.lines.group_by(_TEXT).aggregate(lines=ibis._.count()), _TEXT)
    # Not left out before: an engine looks at each line then, and not at each text.
    texts = counted.filter(pl.col(_TEXT).str.strip_chars(_BLANKS) != "")
    return texts.hstack(classify(texts[_TEXT]))


def flagged(leak: Leak, texts: pl.DataFrame) -> ir.Table:
    """Which lines carry a sensitive comment? One row a line: `line_id`, `record_id`, `strict`.

    `texts` is what `read_texts` returned. The result is an expression, as long as the leak is large.
    """
    sensitive = ibis.memtable(texts.filter("sensitive").select(_TEXT, "strict"))
    lines = leak.lines.select("line_id", "record_id", _TEXT)
    return lines.inner_join(sensitive, _TEXT).select("line_id", "record_id", "strict")


@kept
def by_practice(leak: Leak, texts: pl.DataFrame) -> pl.DataFrame:
    """In which practices do such notes stand? Hits by practice, a record counted once however often it was exported.

    One row a practice that holds a record: `practice_id`, `records`, `commented` and `flagged` (records with a comment,
    and with one called sensitive). `texts` is what `read_texts` returned.
    """
    sensitive = ibis.memtable(texts.filter("sensitive").select(_TEXT, said=pl.lit(value=True)))
    lines = leak.lines.select("practice_id", "record_id", _TEXT)
    noted = (lines[_TEXT].notnull() & (lines[_TEXT].strip() != "")).cast("int8")
    # Records first: counting distinct ones inside of each practice takes several times as long.
    records = lines.group_by("practice_id", "record_id").aggregate(noted=noted.max())
    held = records.group_by("practice_id").aggregate(records=ibis._.count(), commented=ibis._.noted.sum())
    hits = lines.inner_join(sensitive, _TEXT).group_by("practice_id").aggregate(flagged=ibis._.record_id.nunique())
    joined = held.left_join(hits, "practice_id")
    return collect(
        joined.select("practice_id", "records", "commented", flagged=joined.flagged.coalesce(0)), "practice_id"
    )


@kept
def overview(leak: Leak, texts: pl.DataFrame | None = None) -> Overview:
    """What does the scan find in a leak, and of what kinds? Strict and broad, with every denominator.

    `strict` counts what is stated of the patient and asserted; broad also what is negated, hypothetical, inferred or
    a relative's. `texts` spares a second reading when `read_texts` was called before.
    """
    texts = read_texts(leak) if texts is None else texts
    lines = leak.lines
    whole = collect(lines.aggregate(lines=lines.count(), records=lines.record_id.nunique()), "lines").row(0, named=True)
    found = flagged(leak, texts)
    counted = found.aggregate(
        records=found.record_id.nunique(), strict_records=found.record_id.nunique(where=found.strict)
    )
    records = collect(counted, "records").row(0, named=True)
    return Overview(_totals(texts, whole, records), _categories(texts, whole["lines"]))


def _totals(texts: pl.DataFrame, whole: dict[str, int], records: dict[str, int]) -> pl.DataFrame:
    commented = int(texts["lines"].sum())
    broad = int(texts.filter("sensitive")["lines"].sum())
    strict = int(texts.filter("strict")["lines"].sum())
    rows = [
        ("commented_lines", commented, "lines", whole["lines"], "lines"),
        ("distinct_texts", texts.height, "texts", commented, "commented lines"),
        ("flagged_lines", broad, "lines", whole["lines"], "lines"),
        ("strict_lines", strict, "lines", whole["lines"], "lines"),
        ("flagged_comments", broad, "lines", commented, "commented lines"),
        ("strict_comments", strict, "lines", commented, "commented lines"),
        ("flagged_texts", int(texts["sensitive"].sum()), "texts", texts.height, "distinct texts"),
        ("strict_texts", int(texts["strict"].sum()), "texts", texts.height, "distinct texts"),
        ("flagged_records", records["records"], "records", whole["records"], "records"),
        ("strict_records", records["strict_records"], "records", whole["records"], "records"),
    ]
    columns = ["quantity", "value", "unit", "denominator", "denominator_unit"]
    return pl.DataFrame(rows, schema=columns, orient="row").with_columns(share("value", "denominator").alias("share"))


def _categories(texts: pl.DataFrame, lines: int) -> pl.DataFrame:
    """All twelve categories, most lines first, those that nothing fell into included."""
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
