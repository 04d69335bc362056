"""Read the lines that are not plain: quotes, joined lines, fields that are missing or too many, other encodings.

A line is repaired where exactly one way makes every typed column fit (dates, social security numbers, postal codes,
telephones, sex, mail). Where none or several do, it is rejected, whole, with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement

from toolkit.intake._encoding import decode_cell
from toolkit.intake._kinds import repair_bits
from toolkit.intake._layout import Layout, looks_typed, split_line
from toolkit.intake._values import is_null_word

__all__ = ["Careful", "Unit", "line_body"]

_MARK = b"\xef\xbb\xbf"
_MAX_JOIN = 60
"""Physical lines that one record may have."""
_MAX_EXTRA = 3
"""Fields too many from which on a line is not realigned."""
Test = Callable[[str | None], bool] | None


@dataclass(frozen=True, slots=True)
class Unit:
    """A stretch of physical lines that is one thing: a row with its cells, or another kind of unit."""

    first: int
    """Index of the first line in the cluster."""
    count: int
    kind: str
    cells: list[str | None] | None = None
    repairs: int = 0
    code: str = ""
    reason: str = ""


def line_body(line: bytes) -> bytes:
    """Return a physical line without its end: CRLF, LF or CR."""
    if line.endswith(b"\r\n"):
        return line[:-2]
    return line[:-1] if line.endswith((b"\n", b"\r")) else line


@dataclass(frozen=True, slots=True)
class _Row:
    cells: list[str | None]
    repairs: int
    count: int = 1


class Careful:
    """Read clusters of lines of one text table."""

    def __init__(self, layout: Layout, tests: Sequence[Test], free: Sequence[bool]) -> None:
        self._layout, self._tests = layout, list(tests)
        self._free = list(free)
        """Columns of free text, which may hold line ends."""
        self._header = None if layout.header is None else [cell.strip().casefold() for cell in layout.header]
        self._n = layout.width

    def read(self, lines: Sequence[bytes], *, last: bool, cut: bool) -> list[Unit]:
        """Return the units of consecutive physical lines, with their ends.

        `last` tells that the last line is the last of the file; `cut` that its container ends inside it.
        """
        units: list[Unit] = []
        at = 0
        while at < len(lines):
            unit = self._unit(lines, at, last=last, cut=cut)
            if unit.cells is None and units and self._goes_on(units[-1], unit, lines[at], at, units):
                at += unit.count
                continue
            units.append(unit)
            at += unit.count
        return units

    def _goes_on(self, before: Unit, unit: Unit, line: bytes, at: int, units: list[Unit]) -> bool:
        """Join a line without any delimiter to the free text that ends the row before it."""
        if before.cells is None or unit.kind != "rows_rejected" or unit.code != "too_few_fields" or unit.count != 1:
            return False
        layout = self._layout
        body = line_body(line)
        if layout.delimiter in body or not self._free[len(before.cells) - 1] or not before.cells[-1]:
            return False
        text, fallback = decode_cell(body, layout.encoding)
        ends = "\r\n" if line.endswith(b"\r\n") else "\n"
        cells = [*before.cells[:-1], f"{before.cells[-1]}{ends}{text}"]
        bits = before.repairs | repair_bits("lines_joined") | (repair_bits("decoded_as_cp1252") if fallback else 0)
        units[-1] = Unit(before.first, at - before.first + 1, "row", cells, bits)
        return True

    def _unit(self, lines: Sequence[bytes], at: int, *, last: bool, cut: bool) -> Unit:
        layout = self._layout
        line = lines[at]
        body = line_body(line).removeprefix(_MARK)
        ending = last and at == len(lines) - 1 and not line.endswith((b"\n", b"\r"))
        if not body.strip(b" \t") or not body.replace(layout.delimiter, b"").strip(b" "):
            return Unit(at, 1, "blank")
        if not body.strip(b"\0"):
            reason = f"{len(body)} NUL bytes and nothing else"
            return Unit(at, 1, "rows_rejected", code="only_nul_bytes", reason=reason)
        if self._is_header(body):
            return Unit(at, 1, "repeated_header")
        if ending and cut:
            reason = "the archive ends in the middle of this line"
            return Unit(at, 1, "rows_rejected", code="cut", reason=reason)
        base = 0
        if b"\0" in body:
            body, base = body.replace(b"\0", b""), repair_bits("nul_removed")
        row = self._row(body, lines, at, ending=ending)
        if isinstance(row, _Row):
            return Unit(at, row.count, "row", row.cells, row.repairs | base)
        code, reason, count = row
        return Unit(at, count, "rows_rejected", code=code, reason=reason)

    def _is_header(self, body: bytes) -> bool:
        if self._header is None:
            return False
        fields = split_line(body, self._layout.delimiter, self._layout.quote).fields
        cells = [decode_cell(field, self._layout.encoding)[0].strip().casefold().lstrip("\ufeff") for field in fields]
        return cells == self._header or (cells[-1:] == [""] and cells[:-1] == self._header)

    def _row(  # noqa: C901, PLR0911 (the ways to read a line, in their order)
        self, body: bytes, lines: Sequence[bytes], at: int, *, ending: bool
    ) -> _Row | tuple[str, str, int]:
        layout = self._layout
        split = split_line(body, layout.delimiter, layout.quote, escape=layout.escape)
        if split.open:
            joined = self._join_open(body, lines, at)
            if joined is not None:
                return joined
            if ending:
                return "cut", "the file ends inside a quoted field", 1
            closed = self._close_quote(body, split.spans)
            if closed is not None:
                return closed
            split = split_line(body, layout.delimiter, None)
        count = len(split.fields)
        bits = repair_bits("unescaped_quote_kept") if split.stray else 0
        if count in layout.widths:
            cells, more = self._decode(split.fields)
            if not split.stray or self._fits(cells):
                return _Row(cells, bits | more)
        if layout.quote is not None and layout.quote in body and count != self._n:
            plain = split_line(body, layout.delimiter, None).fields
            if len(plain) in layout.widths:
                cells, more = self._decode(plain)
                if self._fits(cells) and not self._all_quoted(plain):
                    return _Row(cells, more | repair_bits("unescaped_quote_kept"))
        if ending and count < self._n:
            return "cut", f"the file ends in the middle of this line: {count} of {self._n} fields, no line end", 1
        if count < self._n:
            return self._too_few(body, split.fields, lines, at)
        return self._too_many(body, split.fields, split.spans)

    def _all_quoted(self, fields: Sequence[bytes]) -> bool:
        quote = self._layout.quote or b'"'
        return all(field.startswith(quote) and field.endswith(quote) for field in fields if field)

    def is_row(self, body: bytes) -> bool:
        """Return whether a line without its end is a row by itself."""
        return self._stands_alone(body)

    def has_typed(self, body: bytes) -> bool:
        """Return whether a line has a date, a telephone or social security number, or an e-mail address."""
        layout = self._layout
        fields = split_line(body, layout.delimiter, layout.quote).fields
        return any(looks_typed(decode_cell(field, layout.encoding)[0]) for field in fields)

    # Quotes that are open at the end of the line

    def _join_open(self, body: bytes, lines: Sequence[bytes], at: int) -> _Row | None:
        layout = self._layout
        joined, end = body, lines[at][len(line_body(lines[at])) :]
        for more in range(1, min(_MAX_JOIN, len(lines) - at)):
            following = lines[at + more]
            text = line_body(following)
            joined += end + text
            end = following[len(text) :]
            split = split_line(joined, layout.delimiter, layout.quote, escape=layout.escape)
            if not split.open:
                if len(split.fields) not in layout.widths:
                    return None
                cells, bits = self._decode([field.replace(b"\0", b"") for field in split.fields])
                if not self._fits(cells) or (split.stray and self._stands_alone(text)):
                    return None
                bits |= repair_bits("unescaped_quote_kept") if split.stray else 0
                return _Row(cells, bits, more + 1)
            if self._stands_alone(text):
                return None
        return None

    def _stands_alone(self, body: bytes) -> bool:
        """Return whether a line is a row by itself: the right number of fields, and typed ones that fit."""
        layout = self._layout
        split = split_line(body, layout.delimiter, layout.quote, escape=layout.escape)
        if split.open or len(split.fields) != self._n:
            return False
        cells, _ = self._decode(split.fields)
        return self._fits(cells) and self._typed_cells(cells) > 0

    def _close_quote(self, body: bytes, spans: Sequence[tuple[int, int]]) -> _Row | None:
        """Take the open quote away, and read the rest of the line as if it had not been there."""
        layout = self._layout
        begin = spans[-1][0]
        before = split_line(body[:begin], layout.delimiter, layout.quote).fields[:-1] if begin else []
        rest = body[begin + 1 :]
        end = rest.find(layout.delimiter)
        fields = [*before, rest if end < 0 else rest[:end]]
        if end >= 0:
            tail = split_line(rest[end + len(layout.delimiter) :], layout.delimiter, layout.quote)
            if tail.open:
                return None
            fields += tail.fields
        if len(fields) not in layout.widths:
            return None
        cells, bits = self._decode(fields)
        return _Row(cells, bits | repair_bits("unclosed_quote_closed")) if self._fits(cells) else None

    # Too few fields

    def _too_few(
        self, body: bytes, fields: Sequence[bytes], lines: Sequence[bytes], at: int
    ) -> _Row | tuple[str, str, int]:
        joined = self._join_short(body, lines, at)
        if joined is not None:
            return joined
        missing = self._n - len(fields)
        cells, bits = self._decode(fields)
        typed_here = self._typed_cells([*cells, *[None] * missing])
        padded = [*cells, *[None] * missing]
        if typed_here and self._fits(padded):
            return _Row(padded, bits | repair_bits("short_row_padded"))
        ways = [way for way in self._insertions(cells, missing) if self._fits(way)]
        if len(ways) == 1 and self._typed_cells(ways[0]):
            return _Row(ways[0], bits | repair_bits("fields_realigned"))
        why = "several alignments fit" if len(ways) > 1 and typed_here else "and no field fits a typed column"
        if typed_here and not ways:
            why = "and no alignment makes the typed columns fit"
        return "too_few_fields", f"{len(fields)} fields where the header has {self._n}, {why}", 1

    def _insertions(self, cells: Sequence[str | None], missing: int) -> list[list[str | None]]:
        if missing > _MAX_EXTRA:
            return []
        ways: dict[tuple[str | None, ...], list[str | None]] = {}
        for places in combinations_with_replacement(range(len(cells) + 1), missing):
            way: list[str | None] = []
            for place in range(len(cells) + 1):
                way += [None] * places.count(place)
                if place < len(cells):
                    way.append(cells[place])
            ways.setdefault(tuple(way), way)
        return list(ways.values())

    def _join_short(self, body: bytes, lines: Sequence[bytes], at: int) -> _Row | None:
        """Join lines until the record has its fields and the typed ones fit."""
        layout = self._layout
        joined, end = body, lines[at][len(line_body(lines[at])) :]
        for more in range(1, min(_MAX_JOIN, len(lines) - at)):
            following = lines[at + more]
            text = line_body(following)
            if self._stands_alone(text) or self._is_header(text):
                return None
            joined += end + text
            end = following[len(text) :]
            split = split_line(joined, layout.delimiter, layout.quote)
            if len(split.fields) > self._n:
                return None
            if len(split.fields) == self._n and not split.open:
                cells, bits = self._decode([field.replace(b"\0", b"") for field in split.fields])
                broken = [
                    number
                    for number, cell in enumerate(cells)
                    if (cell is not None and "\n" in cell) or "\r" in (cell or "")
                ]
                if (
                    self._fits(cells)
                    and self._typed_cells(cells)
                    and all(self._tests[number] is None for number in broken)
                ):
                    return _Row(cells, bits | repair_bits("lines_joined"), more + 1)
                return None
        return None

    # Too many fields

    def _too_many(
        self, body: bytes, fields: Sequence[bytes], spans: Sequence[tuple[int, int]]
    ) -> _Row | tuple[str, str, int]:
        extra = len(fields) - self._n
        reason = f"{len(fields)} fields where the header has {self._n}"
        if not any(field.strip() for field in fields[self._n :]):
            cells, bits = self._decode(fields[: self._n])
            if self._fits(cells):
                return _Row(cells, bits | repair_bits("extra_empty_fields_dropped"))
        if extra <= _MAX_EXTRA * 2:
            ways = self._mergers(body, spans, extra)
            if len(ways) == 1:
                return ways[0]
            if ways:
                return "too_many_fields", f"{reason}, and several ways to join them fit", 1
        return "too_many_fields", f"{reason}, and no way to join them makes the typed columns fit", 1

    def _mergers(self, body: bytes, spans: Sequence[tuple[int, int]], extra: int) -> list[_Row]:
        """Return the rows in which neighbouring fields of free text are joined again and all typed columns fit."""
        open_columns = [number for number, test in enumerate(self._tests[: self._n]) if test is None]
        rows: list[_Row] = []
        for chosen in combinations_with_replacement(open_columns, extra):
            at, pieces, merged = 0, [], []
            for column in range(self._n):
                more = chosen.count(column)
                pieces.append(body[spans[at][0] : spans[at + more][1]])
                if more:
                    merged.append((column, at, more))
                at += more + 1
            cells, bits = self._decode([self._unquoted(piece) for piece in pieces])
            if self._fits(cells) and not self._swallows_a_record(body, spans, merged):
                quoted = self._layout.quote is not None and any(
                    self._layout.quote in pieces[column] for column, _, _ in merged
                )
                repair = "unescaped_quote_kept" if quoted else "delimiter_in_text_rejoined"
                rows.append(_Row(cells, bits | repair_bits(repair)))
        return rows

    def _swallows_a_record(
        self, body: bytes, spans: Sequence[tuple[int, int]], merged: Sequence[tuple[int, int, int]]
    ) -> bool:
        for _, at, more in merged:
            texts = [
                decode_cell(body[spans[k][0] : spans[k][1]], self._layout.encoding)[0] for k in range(at, at + more + 1)
            ]
            if sum(map(looks_typed, texts)) > 1:
                return True
        return False

    def _unquoted(self, piece: bytes) -> bytes:
        quote = self._layout.quote
        if quote is not None and len(piece) > 1 and piece.startswith(quote) and piece.endswith(quote):
            return piece[1:-1].replace(quote * 2, quote)
        return piece

    # Cells

    def _decode(self, fields: Sequence[bytes]) -> tuple[list[str | None], int]:
        bits = 0
        cells: list[str | None] = []
        for field in fields:
            text, fallback = decode_cell(field, self._layout.encoding)
            cells.append(text)
            if fallback:
                bits = repair_bits("decoded_as_cp1252")
        return cells, bits

    def _fits(self, cells: Sequence[str | None]) -> bool:
        return all(test is None or test(cell) for test, cell in zip(self._tests, cells, strict=False))

    def _typed_cells(self, cells: Sequence[str | None]) -> int:
        """Return how many typed columns hold a value that fits them."""
        return sum(
            test is not None and cell is not None and not is_null_word(cell) and test(cell)
            for test, cell in zip(self._tests, cells, strict=False)
        )
