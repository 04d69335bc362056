"""The one table of a delimited text: its layout, the footer, and its blocks read on a few threads."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import pairwise

from toolkit.intake._careful import Careful, line_body
from toolkit.intake._containers import Stream
from toolkit.intake._encoding import decode_cell, find_encoding, utf16_kind
from toolkit.intake._kinds import Finding, Job
from toolkit.intake._layout import Layout, find_layout, split_line, typed_tests
from toolkit.intake._mapping import ColumnMap
from toolkit.intake._tables import SourceTable, columns_of
from toolkit.intake.readers._text import TextSource, line_starts, read_block

__all__ = ["delimited_table", "not_a_table", "sample_lines"]

_WHOLE = 8 << 20
"""Bytes up to which a file is looked at as a whole."""
_PIECES, _PIECE = 62, 64 << 10
_TAIL_LINES = 30
_SAMPLE = 400
_FREE = ("administrative_comment", "address", None)
_FOOTER = re.compile(
    r"^\W*(total|totaux|fin\b|end\b|nombre|count|edite|edition|imprime|page|export|source|genere|generated|rows?\b|lignes?\b|"
    r"\d+ (rows?|lignes?|patients?|enregistrements?|records?|fiches?)|somme|sous total)",
    re.IGNORECASE,
)
_STATED = re.compile(r"(\d+)\W*(?:rows?|lignes?|patients?|enregistrements?|records?|fiches?)", re.IGNORECASE)


def sample_lines(stream: Stream, kind: str | None) -> tuple[list[bytes], list[bytes]]:
    """Return physical lines from all over a text, and its last lines.

    UTF-16 is returned as UTF-8. Of a large file the beginning, the end and 62 pieces between are read.
    """
    if stream.size <= _WHOLE:
        data = _to_utf8(stream.path.read_bytes(), kind)
        every = _lines(data)
        return every, every[-_TAIL_LINES:]
    lines: list[bytes] = []
    step = 2
    with stream.path.open("rb") as file:
        head = _to_utf8(file.read(8 * _PIECE), kind)
        lines += _lines(head)[:-1]
        for number in range(1, _PIECES):
            at = stream.size * number // _PIECES
            file.seek(at - at % step)
            lines += _lines(_to_utf8(file.read(_PIECE), kind))[1:-1]
        at = stream.size - _PIECE
        file.seek(at - at % step)
        tail = _lines(_to_utf8(file.read(), kind))[1:]
    return lines + tail, tail[-_TAIL_LINES:]


def _to_utf8(data: bytes, kind: str | None) -> bytes:
    if kind is None:
        return data
    return data[: len(data) - len(data) % 2].decode(kind, errors="replace").encode("utf-8")


def _lines(data: bytes) -> list[bytes]:
    if not data:
        return []
    starts = line_starts(data, final=True).tolist()
    return [data[a:b] for a, b in pairwise(starts)]


def delimited_table(stream: Stream, *, copy_year: int) -> SourceTable | None:
    """Return the table of a delimited text, or None where the text is no table."""
    with stream.path.open("rb") as file:
        kind = utf16_kind(file.read(4_096))
    lines, tail = sample_lines(stream, kind)
    encoding = "utf-8" if kind else find_encoding(lines)
    layout = find_layout(lines, encoding)
    if layout is None:
        return None
    rows = _sample_rows(lines, layout)
    findings = [Finding(code, text) for code, text in layout.findings]
    read = partial(_read, stream, layout, kind, tail, copy_year, findings)
    return SourceTable(
        stream.source,
        "physical line",
        layout.names,
        columns_of(rows, len(layout.names)),
        read,
        partial(count_lines, stream, kind, "other_table"),
        has_header=layout.header is not None,
        native_null=False,
        encoding=kind or encoding,
        dialect={
            "delimiter": layout.delimiter.decode("latin-1"),
            "quote": layout.quote.decode() if layout.quote else "",
            "escape": "\\" if layout.escape else "",
            "header_line": 0 if layout.header_line is None else layout.header_line + 1,
        },
        findings=findings,
    )


def not_a_table(stream: Stream, unit: str = "physical line") -> SourceTable:
    """Return a stream of which no table can be read, for the account."""
    with stream.path.open("rb") as file:
        kind = utf16_kind(file.read(4_096))
    return SourceTable(
        stream.source, unit, [], [], lambda _mapping: iter(()), partial(count_lines, stream, kind, "not_a_table")
    )


def count_lines(stream: Stream, kind: str | None, name: str) -> Counter[str]:
    """Return the physical lines of a stream under one kind of unit."""
    layout = Layout("utf-8", b"\0", None, escape=False, header=None, header_line=None, top=0, names=[], width=0)
    source = TextSource(stream.path, layout, kind or "utf-8", None)
    return Counter({name: sum(len(block.plain) for block in source.blocks())})


def _sample_rows(lines: Sequence[bytes], layout: Layout) -> list[list[str | None]]:
    rows: list[list[str | None]] = []
    body = lines[layout.top :]
    step = max(1, len(body) // _SAMPLE)
    for line in body[::step]:
        fields = split_line(line_body(line), layout.delimiter, layout.quote, escape=layout.escape)
        if len(fields.fields) in layout.widths and not fields.open:
            cells = [decode_cell(field.replace(b"\0", b""), layout.encoding)[0] for field in fields.fields]
            if any(cell.strip() for cell in cells) and cells[: len(layout.header or [])] != layout.header:
                rows.append([cell or None for cell in cells])
        if len(rows) >= _SAMPLE:
            break
    return rows


def _read(
    stream: Stream,
    layout: Layout,
    kind: str | None,
    tail: Sequence[bytes],
    copy_year: int,
    findings: list[Finding],
    mapping: ColumnMap,
) -> Iterator[Job]:
    columns = [mapping.columns.get(name) for name in layout.names]
    tests = typed_tests(columns, copy_year=copy_year)
    careful = Careful(layout, tests, [column in _FREE for column in columns])
    footer = [] if stream.cut else _footer(tail, layout, careful)
    size = sum(len(line) if kind is None else len(_utf16(line, kind)) for line in footer)
    source = TextSource(stream.path, layout, kind or layout.encoding, stream.size - size if footer else None)
    for block in source.blocks():
        yield partial(read_block, block, layout, careful, cut=stream.cut)
    findings += _newline_findings(source.newlines)
    stated = [found[1] for line in footer if (found := _STATED.search(_text(line, layout)))]
    findings += [Finding("footer_states", f"the footer gives the number of rows as {number}") for number in stated]


def _text(line: bytes, layout: Layout) -> str:
    return decode_cell(line_body(line), layout.encoding)[0]


def _utf16(line: bytes, kind: str) -> bytes:
    return line.decode("utf-8", errors="replace").encode(kind)


def _footer(tail: Sequence[bytes], layout: Layout, careful: Careful) -> list[bytes]:
    """Return the last lines of the file that are a footer: after a blank line, or with the words of one."""
    after: list[bytes] = []
    for line in reversed(tail):
        if careful.is_row(line_body(line)):
            break
        after.insert(0, line)
    else:
        return []
    filled = [line for line in after if line.strip()]
    if not filled:
        return []
    first = after[0].strip()
    if not first:
        skip = next(number for number, line in enumerate(after) if line.strip())
        if any(careful.has_typed(line_body(line)) for line in after[skip:]):
            return []
        return after[skip:]
    if all(_FOOTER.match(_text(line, layout)) and not careful.has_typed(line_body(line)) for line in filled):
        return after
    return []


def _newline_findings(newlines: Counter[str]) -> list[Finding]:
    used = {name: count for name, count in newlines.items() if count}
    if len(used) < 2:
        return []
    return [Finding("mixed_newlines", "line ends: " + ", ".join(f"{name} {count}" for name, count in used.items()))]
