"""Sheets of workbooks and tables of HTML: rows of cells with a title, a header of one or two rows, and a footer."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from html.parser import HTMLParser
from pathlib import Path

import fastexcel

from toolkit.errors import InputError
from toolkit.intake._containers import Stream
from toolkit.intake._encoding import decode_cell, find_encoding
from toolkit.intake._headers import ROLES, header_score
from toolkit.intake._kinds import Finding, Job
from toolkit.intake._layout import looks_typed
from toolkit.intake._mapping import ColumnMap
from toolkit.intake._tables import SourceTable, columns_of, unique_names
from toolkit.intake.readers._rows import Row, batches

__all__ = ["html_tables", "workbook_tables"]

_TOP = 40
_SAMPLE = 1_000
Cells = Sequence[str | None]


def workbook_tables(stream: Stream, work: Path) -> list[SourceTable]:
    """Return the sheets of a workbook, hidden ones too; a sheet without content is left out."""
    path = work / f"{stream.path.name}.xlsx"
    path.symlink_to(stream.path.resolve())
    try:
        book = fastexcel.read_excel(path)
        names = book.sheet_names
    except Exception as error:  # noqa: BLE001 (the library raises its own kinds, and what its parser raises)
        raise InputError(
            f"{stream.source} is a workbook that cannot be read ({str(error).splitlines()[0]}): "
            "open it in a spreadsheet program and save it again."
        ) from None
    finally:
        path.unlink()
    tables = []
    for name in names:
        sheet = book.load_sheet(name, header_row=None, skip_rows=0, dtypes="string")
        rows = [list(row) for row in sheet.to_polars().iter_rows()] if sheet.total_height else []
        while rows and not any(rows[-1]):
            rows.pop()
        if not rows:
            continue
        findings: list[Finding] = []
        if sheet.visible != "visible":
            findings.append(Finding("hidden_sheet", f"the sheet {name} is hidden and holds {len(rows)} rows"))
        tables.append(_table(f"{stream.source}#{name}", "sheet row", rows, name, findings))
    return tables


def html_tables(stream: Stream) -> list[SourceTable]:
    """Return the tables of an HTML page."""
    data = stream.path.read_bytes()
    encoding = find_encoding(data.splitlines())
    parser = _Tables()
    parser.feed(decode_cell(data, encoding)[0])
    several = len(parser.tables) > 1
    return [
        _table(
            f"{stream.source}#{number + 1}" if several else stream.source, "table row", rows, f"table {number + 1}", []
        )
        for number, rows in enumerate(parser.tables)
        if rows
    ]


class _Tables(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[list[list[str | None]]] = []
        self._row: list[str | None] | None = None
        self._cell: list[str] | None = None

    def handle_starttag(self, tag: str, _attrs: object) -> None:
        if tag == "table":
            self.tables.append([])
        elif tag == "tr" and self.tables:
            self._end_row()
            self._row = []
        elif tag in ("td", "th") and self._row is not None:
            self._end_cell()
            self._cell = []
        elif tag == "br" and self._cell is not None:
            self._cell.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._end_cell()
        elif tag in ("tr", "table"):
            self._end_row()

    def handle_data(self, data: str) -> None:
        if self._cell is not None:
            self._cell.append(data)

    def _end_cell(self) -> None:
        if self._cell is not None and self._row is not None:
            self._row.append("".join(self._cell).strip() or None)
        self._cell = None

    def _end_row(self) -> None:
        self._end_cell()
        if self._row is not None and self.tables:
            self.tables[-1].append(self._row)
        self._row = None


def _table(source: str, unit: str, rows: Sequence[Cells], label: str, findings: list[Finding]) -> SourceTable:
    header = _header(rows)
    width = max(map(len, rows))
    names = (
        unique_names([(rows[header][n] if n < len(rows[header]) else "") or "" for n in range(width)])
        if header is not None
        else [f"(column {n + 1})" for n in range(width)]
    )
    top = 0 if header is None else header + 1
    footer = _footer(rows, top)
    sample = [list(row) for row in rows[top:footer] if any(row)][:_SAMPLE]
    return SourceTable(
        source,
        unit,
        names,
        columns_of(sample, width),
        partial(_read, names, rows, header, footer),
        partial(Counter, {"other_table": len(rows)}),
        has_header=header is not None,
        label=label,
        dialect={"header_row": 0 if header is None else header + 1},
        findings=findings,
    )


def _header(rows: Sequence[Cells]) -> int | None:
    """Return the row with the names of the columns: the one whose cells name most columns of the schema."""
    best: tuple[int, int] | None = None
    for at, row in enumerate(rows[:_TOP]):
        filled = [cell for cell in row if cell]
        if not filled or any(map(looks_typed, filled)):
            continue
        named = sum(max(header_score(cell, role) for role in ROLES) >= 0.7 for cell in filled)
        if named >= max(1, 0.3 * len(filled)) and len(filled) > 1 and (best is None or named > best[0]):
            best = named, at
    return best[1] if best is not None else None


def _footer(rows: Sequence[Cells], top: int) -> int:
    """Return the first row of the footer: the last rows without typed cells, after a blank row or with its words."""
    at = len(rows)
    while at > top and not any(cell and looks_typed(cell) for cell in rows[at - 1]):
        at -= 1
    tail = rows[at:]
    if len(tail) == len(rows) - top or not any(any(row) for row in tail):
        return len(rows)
    if not any(tail[0]) or all(
        re.match(
            r"\W*(total|fin|end|somme|nombre|count|\d+ )", str(next((c for c in row if c), "total")), re.IGNORECASE
        )
        for row in tail
    ):
        return at
    return len(rows)


def _read(
    names: Sequence[str], rows: Sequence[Cells], header: int | None, footer: int, _mapping: ColumnMap
) -> Iterator[Job]:
    return batches(names, _rows(rows, header, footer))


def _rows(rows: Sequence[Cells], header: int | None, footer: int) -> Iterator[Row | tuple[str, int]]:
    for number, row in enumerate(rows):
        if header is not None and number < header:
            group = number == header - 1 and sum(cell is not None for cell in row) > 1
            yield ("header" if group else "preamble"), 1
        elif number == header:
            yield "header", 1
        elif not any(row):
            yield "blank", 1
        elif number >= footer:
            yield "footer", 1
        elif header is not None and list(row) == list(rows[header]):
            yield "repeated_header", 1
        else:
            yield number + 1, 1, -1, -1, 0, row
