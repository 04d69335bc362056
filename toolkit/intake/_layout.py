"""Look at a delimited text: delimiter, quoting, escapes, header, widths, what comes before and after the table."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from toolkit.intake._encoding import decode_cell
from toolkit.intake._headers import ROLES, header_score, words_of
from toolkit.intake._mapping import TYPED
from toolkit.intake._tables import unique_names
from toolkit.intake._values import (
    fold,
    is_null_word,
    read_date,
    read_email,
    read_nir,
    read_phones,
    read_postal_code,
    read_sex,
)

__all__ = ["Layout", "Split", "find_layout", "looks_typed", "split_line", "typed_tests"]

_DELIMITERS = (b";", b",", b"\t", b"|", b"||", b"\x01", b"\x1f", b"\x1e", b"~", b"^", b"::", b"#", b"@@", b"\xa6")
_TOP = 40
"""Lines at the beginning among which the header is looked for."""
_RUN = 20
"""Rows of another width that follow one another from which on the width is one of the table."""
_NAMED = 0.6


@dataclass(slots=True)
class Layout:
    """How a delimited text is written, and its columns."""

    encoding: str
    delimiter: bytes
    quote: bytes | None
    escape: bool
    header: list[str] | None
    """Cells of the header as written; None where there is none."""
    header_line: int | None
    """Index of the header among the first lines."""
    top: int
    """Lines before the first row: preamble, blank lines and header."""
    names: list[str]
    """Names of the columns: those of the header, then `(column n)`."""
    width: int
    """Fields of most rows."""
    widths: frozenset[int] = frozenset()
    """Numbers of fields that rows have, without being damaged."""
    findings: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Split:
    """The fields of a line, and what was wrong with its quotes."""

    fields: list[bytes]
    spans: list[tuple[int, int]]
    """Where each field is in the line, with its quotes."""
    open: bool = False
    """Whether a quoted field does not end on the line."""
    stray: bool = False
    """Whether a quoted field has a quote inside that is not doubled."""


def split_line(line: bytes, delimiter: bytes, quote: bytes | None, *, escape: bool = False) -> Split:  # noqa: C901 (the states of a quoted field)
    """Split a line at its delimiters; a quoted field ends at a quote before a delimiter or the end of the line."""
    if escape and b"\\" in line:
        return _split_escaped(line, delimiter)
    if quote is None or quote not in line:
        fields = line.split(delimiter)
        spans, at = [], 0
        for one in fields:
            spans.append((at, at + len(one)))
            at += len(one) + len(delimiter)
        return Split(fields, spans)
    fields, spans = [], []
    at, size, stray, left_open = 0, len(delimiter), False, False
    while True:
        if line.startswith(quote, at):
            begin, scan, parts = at, at + 1, []
            while True:
                end = line.find(quote, scan)
                if end < 0:
                    parts.append(line[scan:])
                    left_open, end = True, len(line)
                    break
                if line.startswith(quote, end + 1):
                    parts.append(line[scan : end + 1])
                    scan = end + 2
                    continue
                parts.append(line[scan:end])
                after = end + 1
                if after == len(line) or line.startswith(delimiter, after):
                    end = after
                    break
                stray = True
                parts.append(quote)
                scan = after
            fields.append(b"".join(parts))
            spans.append((begin, end))
            at = end
        else:
            end = line.find(delimiter, at)
            end = len(line) if end < 0 else end
            fields.append(line[at:end])
            spans.append((at, end))
            at = end
        if at >= len(line):
            break
        at += size
        if at == len(line):
            fields.append(b"")
            spans.append((at, at))
            break
    return Split(fields, spans, left_open, stray)


_ESCAPES = {ord("n"): b"\n", ord("t"): b"\t", ord("r"): b"\r", ord("0"): b"\0", ord("b"): b"\b", ord("Z"): b"\x1a"}


def _split_escaped(line: bytes, delimiter: bytes) -> Split:
    fields, spans, current = [], [], bytearray()
    at = begin = 0
    while at < len(line):
        if line[at] == 0x5C:
            following = line[at + 1 : at + 2]
            if following == b"N" and at == begin:
                current += b"\\N"
            elif following == b"\r" and line[at + 2 : at + 3] == b"\n":
                current += b"\r\n"
                at += 1
            else:
                current += _ESCAPES.get(following[0], following) if following else b"\\"
            at += 2
        elif line.startswith(delimiter, at):
            fields.append(bytes(current))
            spans.append((begin, at))
            current = bytearray()
            at += len(delimiter)
            begin = at
        else:
            current.append(line[at])
            at += 1
    fields.append(bytes(current))
    spans.append((begin, len(line)))
    # An escaped end of line goes on with the next line.
    return Split(fields, spans, open=_ends_escaped(line))


def _ends_escaped(line: bytes) -> bool:
    return (len(line) - len(line.rstrip(b"\\"))) % 2 == 1


def looks_typed(text: str) -> bool:
    """Return whether a text has the form of a date, a telephone or social security number, or an e-mail address."""
    plain = text.strip()
    if not plain or is_null_word(plain):
        return False
    return (
        (any(letter.isdigit() for letter in plain) and _is_date(plain))
        or read_nir(plain).value is not None
        or bool(read_phones(plain).numbers)
        or read_email(plain).value is not None
    )


def _is_date(text: str) -> bool:
    read = read_date(text, copy_year=2026)
    return read.value is not None and "excel_serial_date" not in read.repairs


def typed_tests(
    columns: Sequence[str | None], *, copy_year: int, native_null: bool = False
) -> list[Callable[[str | None], bool] | None]:
    """Return, for each column of a table, a test whether a text fits its column of the schema; None for free text."""
    return [None if column not in TYPED else _test(column, copy_year, native_null=native_null) for column in columns]


def _test(column: str, copy_year: int, *, native_null: bool) -> Callable[[str | None], bool]:
    def fits(text: str | None) -> bool:  # noqa: PLR0911 (one line for each column)
        if text is None or is_null_word(text, native_null=native_null):
            return True
        match column:
            case "sex":
                return read_sex(text).value is not None or (len(text.strip()) == 1 and not text.strip().isspace())
            case "nir":
                return read_nir(text).value is not None
            case "postal_code":
                return read_postal_code(text).value is not None
            case "mobile_phone" | "landline_phone":
                return bool(read_phones(text).numbers)
            case "email":
                return "@" in text
            case _:
                read = read_date(text, copy_year=copy_year)
                return read.lost != "not a date"

    return fits


def find_layout(lines: Sequence[bytes], encoding: str) -> Layout | None:
    """Return the layout of a delimited text from some of its lines (the first ones first); None where it is no table.

    `lines` are physical lines with their ends.
    """
    bodies = [line.rstrip(b"\r\n") for line in lines]
    sample = [body for body in bodies if body.strip(b" \t\0")]
    if not sample:
        return None
    chosen = _delimiter(sample, encoding)
    if chosen is None:
        return None
    delimiter, quote, escape = chosen
    records = _records(bodies, delimiter, quote, escape=escape)
    counts = Counter(len(fields) for _, fields in records if any(cell.strip() for cell in fields))
    width = _usual_width(counts)
    header_at = _find_header(records[:_TOP], width, encoding)
    header = None
    if header_at is not None:
        line, fields = records[header_at]
        header = [decode_cell(cell, encoding)[0].strip().lstrip("\ufeff") for cell in fields]
        top = line + 1
        body_records = records[header_at + 1 :]
    else:
        line = None
        first = next((at for at, (_, fields) in enumerate(records) if len(fields) == width), 0)
        top = records[first][0]
        body_records = records[first:]
    widths = _widths(body_records, width)
    findings: list[tuple[str, str]] = []
    trailing = False
    columns = width
    if header is not None:
        trailing = len(header) == width - 1 and all(
            not fields[-1].strip() for _, fields in body_records if len(fields) == width
        )
        if trailing:
            findings.append(("trailing_delimiter", "every data line ends with a delimiter that the header lacks"))
        elif header[-1] == "" and len(header) == width:
            trailing = all(not fields[-1].strip() for _, fields in body_records if len(fields) == width)
        columns = max(len(header), *widths)
        widths |= {len(header)} if len(header) in counts and len(header) >= width else set()
        if len(header) > width and len(header) not in widths:
            widths = {width} if counts[width] > 1 else {len(header)}
            width = width if counts[width] > 1 else len(header)
        for at, fields in body_records:
            if len(fields) in widths and len(fields) != len(header) and not trailing:
                findings.append(
                    (
                        "layout_change",
                        f"from line {at + 1} on there are {len(fields)} fields where the header has {len(header)}",
                    )
                )
                break
    else:
        columns = max(widths)
    named = header or []
    names = unique_names([named[number] if number < len(named) else "" for number in range(columns)])
    return Layout(encoding, delimiter, quote, escape, header, line, top, names, width, frozenset(widths), findings)


def _delimiter(sample: Sequence[bytes], encoding: str) -> tuple[bytes, bytes | None, bool] | None:
    best: tuple[float, tuple[bytes, bytes | None, bool]] | None = None
    probe = sample if len(sample) <= 600 else [*sample[:300], *sample[300 :: max(1, len(sample) // 300)]]
    for delimiter in _DELIMITERS:
        if not any(delimiter in line for line in probe):
            continue
        if delimiter == b"|" and all(line.count(b"|") == 2 * line.count(b"||") for line in probe):
            continue
        quote = _quote(probe, delimiter)
        escape = _escapes(probe, delimiter, quote)
        rows = [fields for _, fields in _records(probe, delimiter, quote, escape=escape)]
        counts = Counter(map(len, rows))
        width = _usual_width(counts)
        if width < 2:
            continue
        share = counts[width] / max(len(rows), 1)
        fitting = [fields for fields in rows if len(fields) == width][:100]
        typed = sum(looks_typed(decode_cell(cell, encoding)[0]) for fields in fitting for cell in fields)
        named = max(
            (sum(_is_name_of_column(decode_cell(c, encoding)[0]) for c in fields) for fields in rows[:_TOP]), default=0
        )
        score = share * (1 + 2 * typed / max(len(fitting), 1) + 0.5 * named) * (1 + 0.02 * min(width, 10))
        if share >= 0.3 and (typed or named or share >= 0.8) and (best is None or score > best[0]):
            best = score, (delimiter, quote, escape)
    if best is None or not _is_table(sample, best[1], encoding):
        return None
    return best[1]


def _is_table(sample: Sequence[bytes], chosen: tuple[bytes, bytes | None, bool], encoding: str) -> bool:
    """Return whether the fields look like those of a table: typed cells or names of columns, not prose with commas."""
    delimiter, quote, escape = chosen
    rows = [fields for _, fields in _records(sample[:400], delimiter, quote, escape=escape)]
    cells = [[decode_cell(cell, encoding)[0] for cell in fields] for fields in rows]
    width = _usual_width(Counter(map(len, rows)))
    typed = sum(any(map(looks_typed, row)) for row in cells if len(row) == width)
    named = any(sum(map(_is_name_of_column, row)) >= max(2, 0.5 * len(row)) for row in cells[:_TOP])
    return named or typed >= 0.5 * len(rows)


def _is_name_of_column(text: str) -> bool:
    return bool(text.strip()) and any(header_score(text, role) >= 0.8 for role in ROLES)


def _quote(sample: Sequence[bytes], delimiter: bytes) -> bytes | None:
    """Return the quote character: the double one, unless fields begin with it that never end with it."""
    for quote in (b'"', b"'"):
        closed = stray = 0
        for line in sample:
            if quote not in line:
                continue
            split = split_line(line, delimiter, quote)
            raw = [line[begin:end] for begin, end in split.spans]
            quoted = [cell for cell in raw if cell.startswith(quote)]
            complete = sum(len(cell) > 1 and cell.endswith(quote) for cell in quoted)
            if quote == b"'" and complete < 2:
                continue
            closed += complete
            stray += len(quoted) - complete
            if not quoted and quote == b'"':
                stray += any(cell.endswith(quote) for cell in raw)
        if quote == b'"' and closed == stray == 0:
            if delimiter != b"\t":
                return quote
            # No quote in a text with tabs: quotes are letters, as most programs that write tabs have it.
            continue
        if closed > 0 and closed >= stray:
            return quote
    return None if any(b'"' in line for line in sample) or delimiter == b"\t" else b'"'


def _escapes(sample: Sequence[bytes], delimiter: bytes, quote: bytes | None) -> bool:
    """Return whether a backslash takes away the meaning of the character after it, as MySQL writes it."""
    if quote is not None and any(quote in line for line in sample):
        return False
    if not any(b"\\" in line for line in sample):
        return False
    text = b"\n".join(sample)
    if re.search(rb"\\" + re.escape(delimiter), text) or re.search(rb"(?<!\\)(?:\\\\)*\\(?:\n|$)", text):
        return True
    doubled = text.replace(b"\\\\", b"")
    return b"\\\\" in text and not re.search(rb"\\[^Nntr0bZ'\"]", doubled)


def _records(
    bodies: Sequence[bytes], delimiter: bytes, quote: bytes | None, *, escape: bool
) -> list[tuple[int, list[bytes]]]:
    """Return the fields of the lines with the index of each; lines are joined where a quote or an escape says so."""
    records = []
    at = 0
    while at < len(bodies):
        split = split_line(bodies[at], delimiter, quote, escape=escape)
        count = 1
        if split.open:
            joined = bodies[at]
            for more in range(1, 30):
                if at + more >= len(bodies):
                    break
                joined += b"\n" + bodies[at + more]
                longer = split_line(joined, delimiter, quote, escape=escape)
                if not longer.open:
                    if not longer.stray:
                        split, count = longer, more + 1
                    break
        if bodies[at].strip(b" \t\0\r\n"):
            records.append((at, split.fields))
        at += count
    return records


def _usual_width(counts: Counter[int]) -> int:
    several = {width: number for width, number in counts.items() if width > 1}
    if not several:
        return 1
    return max(several, key=lambda width: (several[width], width))


def _find_header(records: Sequence[tuple[int, list[bytes]]], width: int, encoding: str) -> int | None:
    best: tuple[float, int] | None = None
    for at, (_, fields) in enumerate(records):
        cells = [decode_cell(cell, encoding)[0].strip().lstrip("\ufeff") for cell in fields]
        filled = [cell for cell in cells if cell]
        if len(fields) < max(2, _NAMED * (width - 1)) or not filled or any(map(looks_typed, filled)):
            continue
        named = sum(max(header_score(cell, role) for role in ROLES) >= 0.7 for cell in filled)
        share = named / len(filled)
        if (named >= 2 and share >= 0.3) or (named >= 1 and share >= 0.6):
            return at
        if best is None and at < 3 and len(fields) == width and _differs_from_rows(records, at, cells, encoding):
            best = share, at
    return best[1] if best is not None else None


def _differs_from_rows(
    records: Sequence[tuple[int, list[bytes]]], at: int, cells: Sequence[str], encoding: str
) -> bool:
    """Return whether a line of words without digits is followed by rows that have typed cells in the same places."""
    if any(letter.isdigit() for cell in cells for letter in cell) or not all(words_of(cell) for cell in cells if cell):
        return False
    following = [fields for _, fields in records[at + 1 : at + 12] if len(fields) == len(cells)]
    typed = sum(any(looks_typed(decode_cell(cell, encoding)[0]) for cell in fields) for fields in following)
    return typed >= 0.6 * max(len(following), 1) and len({fold(cell) for cell in cells}) == len(cells)


def _widths(records: Sequence[tuple[int, list[bytes]]], width: int) -> set[int]:
    widths, run, before = {width}, 0, width
    for _, fields in records:
        run = run + 1 if len(fields) == before else 1
        before = len(fields)
        if run >= _RUN and before > 1:
            widths.add(before)
    return widths
