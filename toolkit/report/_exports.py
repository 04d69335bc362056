"""The tables of a report as CSV files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import polars as pl

from toolkit._io import write_text
from toolkit.i18n import translate
from toolkit.questions import shown_tables
from toolkit.report._findings import Findings

__all__ = ["Export", "exports", "write_tables"]


class Export(NamedTuple):
    """A table that the report writes: the name of its file without the ending, its question, what it holds."""

    name: str
    question: str
    title: str
    table: pl.DataFrame


def exports(findings: Findings) -> Iterator[Export]:
    """Yield the tables that are written, in the order of the page, without counts of fewer than ten people."""
    for question, answer in findings.answered:
        for name, table in shown_tables(question, answer.tables).items():
            plan = question.tables[name]
            if plan.file:
                file = name if name == question.name else f"{question.name.replace('-', '_')}_{name}"
                yield Export(file, question.name, translate(plan.title), table)


def write_tables(findings: Findings, folder: Path) -> list[Export]:
    """Write each table as `<name>.csv` in UTF-8 into `folder`, in place of those of an earlier run; return them.

    Raises `WriteError` when the disk refuses.
    """
    for old in folder.glob("*.csv"):
        old.unlink()
    written = list(exports(findings))
    for export in written:
        write_text(folder / f"{export.name}.csv", export.table.write_csv(), private=False)
    return written
