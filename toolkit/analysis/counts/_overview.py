"""How much is there? Lines, records, people by naive keys; by practice, practitioner, year and column.

The first questions anybody asks of a leak, and the first traps: a line is not a record, a record is not a person, and
a share without its denominator says nothing. Every table here carries its denominators. A leak is counted whole, so
these are censuses: no sampling interval belongs to them.
"""

from __future__ import annotations

from typing import NamedTuple

import ibis
import ibis.expr.types as ir
import polars as pl

from toolkit import schema
from toolkit.analysis._keys import EXACT_KEYS, KEYS, Key, people_by_practices
from toolkit.analysis._record_ids import all_ids, count_ids
from toolkit.dataset import Leak, collect, share
from toolkit.dataset.cache import kept

__all__ = ["KeyCount", "by_practice", "by_year", "completeness", "count_key", "overview", "per_practitioner", "period"]


class KeyCount(NamedTuple):
    """How many distinct values a key takes, over how many lines on which it is filled."""

    keys: int
    lines: int


def count_key(leak: Leak, key: Key) -> KeyCount:
    """How many people a naive key tells apart, and how many lines it can see at all."""
    if key in EXACT_KEYS:
        # `duplicates` needs these people by practice: they are grouped once for both.
        groups = people_by_practices(leak, key)
        people = groups.people.sum().coalesce(0)
    else:
        groups = key.groups(leak)
        people = groups.count()
    return KeyCount(*collect(groups.aggregate(keys=people, lines=groups.lines.sum().coalesce(0)), "keys").row(0))


@kept
def overview(leak: Leak) -> pl.DataFrame:
    """How many lines, records, practices, practitioners, and people by each naive key?

    One row a quantity: `quantity`, `value`, `unit`, `denominator`, `denominator_unit`, `share` (value over
    denominator), `definition`. The denominator of a number of people is the number of lines on which its key is
    filled: what the key cannot see, it does not count.
    """
    held = leak.lines.group_by("practice_id", "practitioner_id").aggregate(lines=ibis._.count())
    totals = collect(
        held.aggregate(
            lines=held.lines.sum().coalesce(0),
            practices=held.practice_id.nunique(),
            practitioners=held.practitioner_id.nunique(),
        ),
        "lines",
    ).row(0, named=True)
    known = {"practices": _rows(leak.practices), "practitioners": _rows(leak.practitioners)}
    total, records = totals["lines"], count_ids(all_ids(leak))
    rows: list[tuple[str, int, str, int, str, str]] = [
        ("lines", total, "lines", total, "lines", "lines of the dump"),
        ("records", records, "records", total, "lines", "different record ids"),
        (
            "repeated_lines",
            total - records,
            "lines",
            total,
            "lines",
            "lines whose record_id stands on another line already (lines less records)",
        ),
    ]
    for name, listed in known.items():
        rows.append((name, totals[name], name, listed, f"{name} listed", f"{name} with at least one line"))
    for key in KEYS.values():
        found = count_key(leak, key)
        rows.append((f"people_by_{key.name}", found.keys, "people", found.lines, "lines with the key", key.definition))
    columns = ["quantity", "value", "unit", "denominator", "denominator_unit", "definition"]
    table = pl.DataFrame(rows, schema=columns, orient="row")
    return table.with_columns(share("value", "denominator").alias("share")).select(*columns[:-1], "share", "definition")


@kept
def by_practice(leak: Leak) -> pl.DataFrame:
    """How many lines and records does each practice hold, and since when?

    One row a practice listed, also those without a line: `practice_id`, `specialty`, `departement_code`,
    `practitioners`, `installed_on`, `lines`, `records`, `share` (of all lines), `first_created_on`,
    `last_updated_on`.
    """
    records = leak.lines.select("practice_id", "record_id").distinct()
    counted = records.group_by("practice_id").aggregate(records=ibis._.count())
    dated = leak.lines.group_by("practice_id").aggregate(
        lines=ibis._.count(), first_created_on=ibis._.created_on.min(), last_updated_on=ibis._.updated_on.max()
    )
    held = dated.inner_join(counted, "practice_id")
    listed = leak.practices.select("practice_id", "specialty", "departement_code", "practitioners", "installed_on")
    return _with_share(_listed_first(listed, held, "practice_id"), "practice_id").select(
        *listed.columns, "lines", "records", "share", "first_created_on", "last_updated_on"
    )


def per_practitioner(leak: Leak) -> pl.DataFrame:
    """How many lines does each practitioner's account hold?

    One row a practitioner listed, without names, also those without a line: `practitioner_id`, `practice_id`,
    `specialty`, `lines`, `records`, `share` (of all lines).
    """
    records = leak.lines.group_by("practitioner_id", "record_id").aggregate(lines=ibis._.count())
    held = records.group_by("practitioner_id").aggregate(lines=ibis._.lines.sum(), records=ibis._.count())
    listed = leak.practitioners.select("practitioner_id", "practice_id", "specialty")
    return _with_share(_listed_first(listed, held, "practitioner_id"), "practitioner_id").select(
        *listed.columns, "lines", "records", "share"
    )


@kept
def by_year(leak: Leak) -> pl.DataFrame:
    """In which years were the files opened, and in which were they last changed?

    One row a year between the first and the last: `year`, `created` and `updated` (lines), `lines` (all of them,
    the denominator), `share_created`, `share_updated`.
    """
    opened = _lines_by_year(leak.lines, "created_on").rename({"lines": "created"})
    changed = _lines_by_year(leak.lines, "updated_on").rename({"lines": "updated"})
    found = opened.join(changed, on="year", how="full", coalesce=True)
    if found.is_empty():
        years = found.select("year")
    else:
        first, last = found.select(first=pl.col("year").min(), last=pl.col("year").max()).row(0)
        years = pl.DataFrame({"year": range(first, last + 1)}, schema={"year": pl.Int64})
    return (
        years.join(found, on="year", how="left")
        .with_columns(pl.col("created", "updated").fill_null(0))
        .with_columns(lines=pl.col("created").sum())
        .with_columns(
            share("created", "lines").alias("share_created"),
            share("updated", "lines").alias("share_updated"),
        )
        .sort("year")
    )


@kept
def completeness(leak: Leak) -> pl.DataFrame:
    """On how many lines is each column filled?

    One row a column of `lines`, in the order of the schema: `column`, `personal` (how personal it is), `filled`
    (lines where it is neither null nor blank), `lines` (all), `share`.
    """
    lines = leak.lines
    filled = {column.name: _filled(lines[column.name]).count() for column in schema.LINES.columns}
    counted = collect(lines.aggregate(lines_in_all=lines.count(), **filled), "lines_in_all").row(0, named=True)
    return pl.DataFrame(
        {
            "column": list(schema.LINES.names),
            "personal": [str(column.personal) for column in schema.LINES.columns],
            "filled": [counted[name] for name in schema.LINES.names],
            "lines": [counted["lines_in_all"]] * len(schema.LINES.names),
        }
    ).with_columns(share("filled", "lines").alias("share"))


def period(leak: Leak) -> pl.DataFrame:
    """What time does the leak cover?

    One row a date column (`created_on`, `updated_on`, and `installed_on` of the practices): `column`, `first`,
    `last`, `rows` (with a date), `unit`.
    """
    tables = [(leak.lines, "created_on", "lines"), (leak.lines, "updated_on", "lines")]
    tables.append((leak.practices, "installed_on", "practices"))
    parts = []
    for table, column, unit in tables:
        dates = table[column]
        spans = table.aggregate(first=dates.min(), last=dates.max(), rows=dates.count())
        parts.append(collect(spans, "first").with_columns(column=pl.lit(column), unit=pl.lit(unit)))
    return pl.concat(parts).select("column", "first", "last", "rows", "unit")


def _rows(table: ir.Table) -> int:
    return int(collect(table.aggregate(rows=table.count()), "rows").item())


def _lines_by_year(lines: ir.Table, column: str) -> pl.DataFrame:
    years = lines.select(year=lines[column].year())
    return collect(years.group_by("year").aggregate(lines=years.count()), "year")


def _filled(column: ir.Column) -> ir.Column:
    """The column, null where it is blank."""
    if isinstance(column, ir.StringColumn):
        # What begins beyond the space is not blank: only the few others need to be stripped to know.
        return ibis.cases((column < "!", column.strip().nullif("")), else_=column)
    return column


def _listed_first(listed: ir.Table, held: ir.Table, on: str) -> ir.Table:
    """Every row of `listed`, with what it holds or zero."""
    joined = listed.left_join(held, on).drop(f"{on}_right")
    return joined.mutate(lines=joined.lines.coalesce(0), records=joined.records.coalesce(0))


def _with_share(table: ir.Table, order_by: str) -> pl.DataFrame:
    frame = collect(table, order_by).with_columns(all_lines=pl.col("lines").sum())
    return frame.with_columns(share("lines", "all_lines").alias("share"))
