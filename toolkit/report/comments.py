"""The comments of a whole leak, read once: each distinct text is classified, then counted as often as it stands."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
import polars as pl

from toolkit.analysis.comments import classify
from toolkit.analysis.results import collect, share
from toolkit.leak import Leak

__all__ = ["comments_by_category", "comments_by_practice", "comments_overview", "flagged_lines", "read_comments"]

_TEXT = "administrative_comment"


def read_comments(leak: Leak) -> pl.DataFrame:
    """One row a distinct comment that is not blank: the text, `lines` that carry it, `sensitive`, `categories`."""
    lines = leak.lines
    texts = collect(_commented(lines).group_by(_TEXT).aggregate(lines=ibis._.count()), _TEXT)
    return texts.hstack(classify(texts[_TEXT]).select("sensitive", "categories"))


def comments_overview(leak: Leak, reading: pl.DataFrame) -> pl.DataFrame:
    """One row a quantity: `quantity`, `value`, `denominator`, `denominator_unit`, `share`, `definition`."""
    lines = int(collect(leak.lines.aggregate(lines=leak.lines.count()), "lines").item())
    commented = int(reading["lines"].sum())
    sensitive = int(reading.filter("sensitive")["lines"].sum())
    rows = [
        ("commented_lines", commented, lines, "lines", "lines whose comment is not blank"),
        ("sensitive_lines", sensitive, lines, "lines", "lines whose comment reveals something intimate"),
        ("sensitive_comments", sensitive, commented, "lines with a comment", "the same, of the lines with a comment"),
    ]
    columns = ["quantity", "value", "denominator", "denominator_unit", "definition"]
    table = pl.DataFrame(rows, schema=columns, orient="row")
    return table.with_columns(share("value", "denominator").alias("share")).select(*columns[:-1], "share", "definition")


def comments_by_category(reading: pl.DataFrame, lines: int) -> pl.DataFrame:
    """One row a category, most lines first: `category`, `lines`, `share` (of all `lines`); a line may be in several."""
    found = reading.filter("sensitive").select("lines", category="categories").explode("category")
    counted = found.group_by("category").agg(pl.col("lines").sum()).with_columns(share=pl.col("lines") / lines)
    return counted.sort("lines", "category", descending=[True, False])


def comments_by_practice(leak: Leak, reading: pl.DataFrame) -> pl.DataFrame:
    """One row a practice with a line: `practice_id`, `flagged` (lines called sensitive), `lines` (all)."""
    flagged = flagged_lines(leak, reading).select("line_id", flagged=ibis.literal(True))
    marked = leak.lines.select("line_id", "practice_id").left_join(flagged, "line_id")
    counted = marked.group_by("practice_id").aggregate(flagged=marked.flagged.count(), lines=marked.count())
    return collect(counted, "practice_id")


def flagged_lines(leak: Leak, reading: pl.DataFrame) -> ir.Table:
    """One row a line whose comment was called sensitive: `line_id`; an expression, as long as the leak is large."""
    texts = ibis.memtable(reading.filter("sensitive").select(_TEXT))
    return leak.lines.select("line_id", _TEXT).semi_join(texts, _TEXT).select("line_id")


def _commented(lines: ir.Table) -> ir.Table:
    text = lines[_TEXT]
    return lines.filter(text.notnull() & (text.strip() != ""))
