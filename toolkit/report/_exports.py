"""The tables of an answer as they may be shown, and as CSV files: which ones, and which counts are about few people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import polars as pl

from toolkit._io import write_text
from toolkit.i18n import translate
from toolkit.privacy import suppress_small
from toolkit.report._findings import Findings

__all__ = ["CLAIMS", "Export", "exported", "shown", "write_tables"]

CLAIMS = "claims"
"""The part of the report that is no answer: the ledger."""


class Export(NamedTuple):
    """A table as it is given away: its file's name without the ending, the part it stands in, what it holds."""

    name: str
    part: str
    title: str
    table: pl.DataFrame


class _Plan(NamedTuple):
    """What a table holds, in one line; the counts in which few people may be; what parts it into totals of their own.

    `file`: whether the table is written as a file. A table that is not planned is not shown at all.
    """

    title: str
    small: tuple[str, ...] = ()
    by: str | None = None
    file: bool = True


_PLANS: dict[str, dict[str, _Plan]] = {
    "counts": {
        "overview": _Plan("Lines, records, practices, and people by naive keys"),
        "completeness": _Plan("On how many lines each column is filled"),
        "by_year": _Plan("Lines by the year they were opened and last changed", ("created", "updated")),
        "period": _Plan("First and last day of each date column"),
        "by_departement": _Plan("Practices, lines and records by departement", ("lines", "records")),
    },
    "comments": {
        "totals": _Plan("What the scan hits"),
        "categories": _Plan("What the hits reveal, by category", ("strict_lines", "lines", "texts")),
        "stages": _Plan("From all lines to the sensitive ones and their people"),
        "estimate": _Plan("What is sensitive: the estimate, with its intervals"),
        "scan": _Plan("How good the scan is, by the sample"),
        "strata": _Plan("Lines by stratum, and what was found in the sample"),
        "sample": _Plan("The sample: its seed, its size, its hash and that of the rules"),
    },
    "public-figures": {
        "tiers": _Plan("Hits on public figures by what agrees, and what chance gives"),
        "exposure": _Plan("What is exposed of confirmed figures, by kind of role"),
    },
    "duplicates": {
        "waterfall": _Plan("From lines to people, step by step"),
        "repeats": _Plan("What repeats, by kind"),
        "people_by_practices": _Plan("People by their number of practices, linked", ("people", "records")),
        "practices_per_person": _Plan("People by their number of practices, by exact key", ("people", "lines"), "key"),
        "at_several_practices": _Plan("People at several practices, by exact key"),
        "people_range": _Plan("Between which numbers exact keys put the people"),
        "funnel": _Plan("From lines to people, by exact key"),
        "threshold_sweep": _Plan("People found at each threshold of the linkage"),
        "match_weights": _Plan("What each agreement weighs in the linkage"),
        "copied_bases": _Plan(
            "Pairs of practices that look like one base copied", ("shared", "people_a", "people_b"), file=False
        ),
    },
    CLAIMS: {"claims": _Plan("Every published claim, what was measured, and the verdict")},
}


def exported(findings: Findings) -> Iterator[Export]:
    """The tables that are given away, in the order of the page, without counts of fewer than ten people."""
    for part, plans in _PLANS.items():
        if part == CLAIMS:
            tables = {CLAIMS: findings.claims}
        else:
            tables = findings.answers[part].tables if part in findings.answers else {}
        told = shown(part, tables)
        for name, plan in plans.items():
            if name in told and plan.file:
                file = name if part == CLAIMS else f"{part.replace('-', '_')}_{name}"
                yield Export(file, part, translate(plan.title), told[name])


def write_tables(findings: Findings, folder: Path) -> list[Export]:
    """Write each table as `<name>.csv` in UTF-8 into `folder`, in place of what an earlier run wrote; return them.

    Raises `WriteError` when the disk does not let us.
    """
    for old in folder.glob("*.csv"):
        old.unlink()
    written = list(exported(findings))
    for export in written:
        write_text(folder / f"{export.name}.csv", export.table.write_csv(), private=False)
    return written


def shown(part: str, tables: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """The tables of a part as they may be shown: small counts are null; a table that nobody has planned is left out."""
    plans = _PLANS.get(part, {})
    return {name: _without_small_counts(table, plans[name]) for name, table in tables.items() if name in plans}


def _without_small_counts(table: pl.DataFrame, plan: _Plan) -> pl.DataFrame:
    """A table whose counts of few people are null, each part of it against its own total."""
    if not plan.small or table.is_empty():
        return table
    parts = [table] if plan.by is None else table.partition_by(plan.by, maintain_order=True)
    return pl.concat([suppress_small(each, plan.small) for each in parts])
