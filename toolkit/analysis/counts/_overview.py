"""Count lines, records and people by naive keys; describe practices, practitioners, years and columns.

A line is not a record, a record is not a person, and a share means nothing without its denominator, so every table
here has its denominators. The functions count every line of a leak, so the numbers have no sampling interval.
"""

from __future__ import annotations

from typing import NamedTuple

import ibis
import ibis.expr.types as ir
import polars as pl

from toolkit import schema
from toolkit.analysis._keys import EXACT_KEYS, KEYS, Key, people_by_practices
from toolkit.analysis._record_ids import all_ids, count_ids
from toolkit.analysis.counts._missing import has_record_id, table_or_none
from toolkit.dataset import Leak, collect, share
from toolkit.dataset.cache import cached
from toolkit.errors import MissingError
from toolkit.i18n import N_

__all__ = ["KeyCount", "by_practice", "by_year", "completeness", "count_key", "overview", "per_practitioner", "period"]


class KeyCount(NamedTuple):
    """The number of distinct values of a key, and of the lines on which it is filled."""

    keys: int
    lines: int


def count_key(leak: Leak, key: Key) -> KeyCount:
    """Count the people that a naive key distinguishes, and the lines on which the key is filled."""
    if key in EXACT_KEYS:
        # `duplicates` needs the same people by practice, so both share one grouping.
        groups = people_by_practices(leak, key)
        people = groups.people.sum().coalesce(0)
    else:
        groups = key.groups(leak)
        people = groups.count()
    return KeyCount(*collect(groups.aggregate(keys=people, lines=groups.lines.sum().coalesce(0)), "keys").row(0))


@cached
def overview(leak: Leak) -> pl.DataFrame:
    """Count lines, records, practices, practitioners, and people by each naive key.

    One row per quantity: `quantity`, `value`, `unit`, `denominator`, `denominator_unit`, `share` (value over
    denominator), `definition`. The denominator of a number of people is the number of lines on which the key is
    filled. A quantity whose columns are blank on every line has no row; a leak without lines has all rows, with zeros.
    Where the data set has no table of practices (or practitioners), none are listed: the denominator is 0.
    """
    lines = leak.lines
    counted = lines.group_by("practice_id", "practitioner_id").aggregate(
        lines=ibis._.count(), numbered=has_record_id(lines).sum().coalesce(0)
    )
    totals = collect(
        counted.aggregate(
            lines=counted.lines.sum().coalesce(0),
            numbered=counted.numbered.sum().coalesce(0),
            practices=counted.practice_id.nunique(),
            practitioners=counted.practitioner_id.nunique(),
        ),
        "lines",
    ).row(0, named=True)
    total = totals["lines"]
    rows: list[tuple[str, int, str, int, str, str]] = [("lines", total, "lines", total, "lines", "lines of the dump")]
    if totals["numbered"] or not total:
        rows += _record_rows(leak, totals["numbered"], total)
    for name in ("practices", "practitioners"):
        if totals[name] or not total:
            listed = _count_rows(table_or_none(leak, name))
            rows.append((name, totals[name], name, listed, f"{name} listed", f"{name} with at least one line"))
    for key in KEYS.values():
        found = count_key(leak, key)
        if found.lines or not total:
            rows.append(
                (f"people_by_{key.name}", found.keys, "people", found.lines, "lines with the key", key.definition)
            )
    columns = ["quantity", "value", "unit", "denominator", "denominator_unit", "definition"]
    table = pl.DataFrame(rows, schema=columns, orient="row")
    return table.with_columns(share("value", "denominator").alias("share")).select(*columns[:-1], "share", "definition")


@cached
def by_practice(leak: Leak) -> pl.DataFrame:
    """Count the lines and records of each practice, with its first and last dates.

    One row per practice of the table of practices, including those without a line, and per practice id of the lines
    that the table lacks: `practice_id`, `specialty`, `departement_code`, `practitioners`, `installed_on` (null where
    the table does not list the practice), `lines`, `records` (null where no line of the practice has a record id),
    `share` (of all lines), `first_created_on`, `last_updated_on`.
    Raises `MissingError` when there are lines, and none has a practice id.
    """
    dated = leak.lines.group_by("practice_id").aggregate(
        lines=ibis._.count(), first_created_on=ibis._.created_on.min(), last_updated_on=ibis._.updated_on.max()
    )
    columns = ["practice_id", "specialty", "departement_code", "practitioners", "installed_on"]
    return _listed_and_found(leak, schema.PRACTICES, columns, collect(dated, "practice_id")).select(
        *columns, "lines", "records", "share", "first_created_on", "last_updated_on"
    )


def per_practitioner(leak: Leak) -> pl.DataFrame:
    """Count the lines and records of each practitioner's account.

    One row per practitioner of the table of practitioners, including those without a line, and per practitioner id of
    the lines that the table lacks: `practitioner_id`, `practice_id`, `specialty` (both null where the table does not
    list the practitioner), `lines`, `records` (null where no line of the account has a record id), `share` (of all
    lines). Without names.
    Raises `MissingError` when there are lines, and none has a practitioner id.
    """
    found = leak.lines.group_by("practitioner_id").aggregate(lines=ibis._.count())
    columns = ["practitioner_id", "practice_id", "specialty"]
    return _listed_and_found(leak, schema.PRACTITIONERS, columns, collect(found, "practitioner_id")).select(
        *columns, "lines", "records", "share"
    )


@cached
def by_year(leak: Leak) -> pl.DataFrame:
    """Count the lines whose file was opened, and those whose file was last changed, in each year.

    One row per year between the first and the last: `year`, `created` and `updated` (lines), `lines` (all lines of the
    leak, the denominator), `share_created`, `share_updated`. `created` and its share are null where no line has that
    date, and so are `updated` and its share.
    Raises `MissingError` when there are lines, and none has either date.
    """
    total = _count_rows(leak.lines)
    counted = {"created": _lines_by_year(leak, "created_on"), "updated": _lines_by_year(leak, "updated_on")}
    found = pl.concat(table.select("year") for table in counted.values())["year"]
    if total and found.is_empty():
        raise MissingError("no line of the data set has a date of opening or of last change")
    first, last = found.min(), found.max()
    years = range(int(first), int(last) + 1) if first is not None and last is not None else []  # type: ignore[arg-type]
    table = pl.DataFrame({"year": years}, schema={"year": pl.Int64})
    for name, lines in counted.items():
        table = table.join(lines.rename({"lines": name}), on="year", how="left", maintain_order="left")
        if not lines.is_empty():
            table = table.with_columns(pl.col(name).fill_null(0))
    return table.with_columns(lines=pl.lit(total, pl.Int64)).with_columns(
        share("created", "lines").alias("share_created"),
        share("updated", "lines").alias("share_updated"),
    )


@cached
def completeness(leak: Leak) -> pl.DataFrame:
    """Count the lines on which each column is filled.

    One row per column of `lines`, in the order of the schema: `column`, `personal` (how personal it is), `filled`
    (lines where it is not null or blank), `lines` (all), `share`.
    """
    lines = leak.lines
    filled = {column.name: _filled(lines[column.name]).count() for column in schema.LINES.columns}
    filled["record_id"] = has_record_id(lines).sum().coalesce(0)
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
    """Return the period that the leak covers.

    One row per date column (`created_on`, `updated_on`, and `installed_on` of the practices): `column`, `first` and
    `last` (null where no row has that date), `rows` (with a date), `unit`.
    """
    practices = table_or_none(leak, "practices")
    tables = [(leak.lines, "created_on", "lines"), (leak.lines, "updated_on", "lines")]
    tables.append((practices, "installed_on", "practices"))
    parts = []
    for table, column, unit in tables:
        if table is None:
            span = pl.DataFrame({"first": None, "last": None, "rows": 0}, _SPAN)
        else:
            dates = table[column]
            span = collect(table.aggregate(first=dates.min(), last=dates.max(), rows=dates.count()), "first")
        parts.append(span.with_columns(column=pl.lit(column), unit=pl.lit(unit)))
    return pl.concat(parts).select("column", "first", "last", "rows", "unit")


_SPAN = {"first": pl.Date, "last": pl.Date, "rows": pl.Int64}


def _record_rows(leak: Leak, numbered: int, total: int) -> list[tuple[str, int, str, int, str, str]]:
    """The rows of `overview` about records, out of the lines that have a record id."""
    ids = all_ids(leak)
    records = count_ids(ids.filter(ids.block >= 0))
    unit = "lines" if numbered == total else "lines with a record id"
    repeated = "lines that repeat the record_id of an earlier line (lines minus records)"
    return [
        ("records", records, "records", numbered, unit, "different record ids"),
        ("repeated_lines", numbered - records, "lines", numbered, unit, repeated),
    ]


def _count_rows(table: ir.Table | None) -> int:
    return 0 if table is None else int(collect(table.aggregate(rows=table.count()), "rows").item())


def _lines_by_year(leak: Leak, column: str) -> pl.DataFrame:
    """One row per year in which the date column falls: `year`, `lines`."""
    dated = leak.lines.filter(leak.lines[column].notnull())
    years = dated.select(year=dated[column].year())
    return collect(years.group_by("year").aggregate(lines=years.count()), "year")


def _filled(column: ir.Column) -> ir.Column:
    """Return the column, null where it is blank."""
    if isinstance(column, ir.StringColumn):
        # A text that sorts after "!" does not begin with a space or control character, so it is not stripped.
        return ibis.cases((column < "!", column.strip().nullif("")), else_=column)
    return column


def _listed_and_found(leak: Leak, table: schema.Table, columns: list[str], found: pl.DataFrame) -> pl.DataFrame:
    """Join the `columns` of a table of practices or practitioners with the lines `found` for each of their ids.

    Add `records` and `share`; an id without a line has 0 lines and records. Raises `MissingError` when there are lines,
    and none has an id.
    """
    key = columns[0]
    total = int(found["lines"].sum())
    found = found.drop_nulls(key)
    if total and found.is_empty():
        raise MissingError(_NO_ID[key])
    counted = found.join(_records_by(leak, key), on=key, how="left")
    rows = table_or_none(leak, table.name)
    listed = collect(rows.select(*columns), key) if rows is not None else _empty(table, columns)
    joined = listed.join(counted, on=key, how="full", coalesce=True).sort(key)
    without_lines = pl.col("lines").is_null()
    joined = joined.with_columns(
        lines=pl.col("lines").fill_null(0), records=pl.when(without_lines).then(0).otherwise("records"), all_lines=total
    )
    return joined.with_columns(share("lines", "all_lines").alias("share"))


_NO_ID = {
    "practice_id": N_("no line of the data set has a practice id"),
    "practitioner_id": N_("no line of the data set has a practitioner id"),
}


def _records_by(leak: Leak, key: str) -> pl.DataFrame:
    """One row per value of the column `key` with a record: the value, and the number of its `records`."""
    records = leak.lines.filter(has_record_id(leak.lines)).select(key, "record_id").distinct()
    return collect(records.group_by(key).aggregate(records=ibis._.count()), key)


def _empty(table: schema.Table, columns: list[str]) -> pl.DataFrame:
    """Return a table of the schema without rows, with the types that `collect` gives."""
    empty = pl.DataFrame(table.arrow_schema().empty_table()).select(columns)
    return empty.with_columns(pl.selectors.integer().cast(pl.Int64))
