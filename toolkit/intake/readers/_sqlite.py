"""SQLite databases, read from a copy with their write-ahead log; every cell by its own storage class."""

from __future__ import annotations

import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from toolkit._platform import make_private
from toolkit.intake._containers import Stream
from toolkit.intake._encoding import decode_cell
from toolkit.intake._kinds import Finding, Job, repair_bits
from toolkit.intake._mapping import ColumnMap
from toolkit.intake._tables import SourceTable, columns_of
from toolkit.intake.readers._rows import Row, batches

__all__ = ["sqlite_tables"]

_SAMPLE = 1_000


def sqlite_tables(stream: Stream, work: Path) -> list[SourceTable]:
    """Return the tables of a database; views are not read. A log beside the file is read with it."""
    copy = work / f"{stream.path.name}.sqlite"
    shutil.copyfile(stream.path, copy)
    make_private(copy)
    findings: list[Finding] = []
    for suffix in ("-wal", "-journal"):
        beside = stream.path.with_name(stream.path.name + suffix)
        if beside.is_file() and beside.stat().st_size:
            shutil.copyfile(beside, copy.with_name(copy.name + suffix))
            make_private(copy.with_name(copy.name + suffix))
            findings.append(Finding("write_ahead_log", f"{stream.source}: read with its log ({beside.name})"))
    tables = []
    try:
        with _connect(copy) as connection:
            names = [
                row[0].decode()
                for row in connection.execute(
                    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY rowid"
                )
            ]
            for name in names:
                columns = [row[1].decode() for row in connection.execute(f"PRAGMA table_info({_quoted(name)})")]
                rows = [_cells(row)[0] for row in connection.execute(f"SELECT * FROM {_quoted(name)} LIMIT {_SAMPLE}")]
                total = connection.execute(f"SELECT count(*) FROM {_quoted(name)}").fetchone()[0]
                tables.append(
                    SourceTable(
                        f"{stream.source}#{name}",
                        "table row",
                        columns,
                        columns_of(rows, len(columns)),
                        partial(_read, copy, name, columns),
                        partial(Counter, {"other_table": total}),
                        label=name,
                        dialect={"table": name},
                        findings=list(findings),
                    )
                )
    except sqlite3.DatabaseError as error:
        tables = [
            SourceTable(
                stream.source,
                "database",
                [],
                [],
                lambda _mapping: iter(()),
                partial(Counter, {"not_a_table": 1}),
                findings=[*findings, Finding("damaged_database", f"{stream.source} cannot be read: {error}")],
            )
        ]
    return tables


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path)
    connection.text_factory = bytes
    return connection


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _read(path: Path, name: str, columns: list[str], _mapping: ColumnMap) -> Iterator[Job]:
    return batches(columns, _rows(path, name))


def _rows(path: Path, name: str) -> Iterator[Row]:
    with _connect(path) as connection:
        for number, row in enumerate(connection.execute(f"SELECT * FROM {_quoted(name)}"), start=1):
            cells, fallback = _cells(row)
            yield number, 1, -1, -1, repair_bits("decoded_as_cp1252") if fallback else 0, cells


def _cells(row: tuple[object, ...]) -> tuple[list[str | None], bool]:
    cells: list[str | None] = []
    fell = False
    for value in row:
        if value is None:
            cells.append(None)
        elif isinstance(value, bytes):
            text, fallback = decode_cell(value, "utf-8")
            fell |= fallback
            cells.append(text)
        elif isinstance(value, float):
            cells.append(str(int(value)) if value.is_integer() else repr(value))
        else:
            cells.append(str(value))
    return cells, fell
