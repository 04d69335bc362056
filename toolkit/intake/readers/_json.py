"""JSON lines and arrays of objects: nested keys become columns (`identite.nom`), a broken object is rejected whole."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

from toolkit.intake._containers import Stream
from toolkit.intake._encoding import decode_cell, find_encoding, utf16_kind
from toolkit.intake._kinds import Job, Reject, repair_bits
from toolkit.intake._mapping import ColumnMap
from toolkit.intake._tables import SourceTable, columns_of
from toolkit.intake.readers._rows import Row, batches
from toolkit.intake.readers._text import line_starts

__all__ = ["json_tables"]

_SAMPLE = 1_000
_CHUNK = 16 << 20
_DEPTH = 6
Item = Row | Reject | tuple[str, int]
_Reader = Callable[[Stream, str], Iterator[Any]]


class _RepeatedKeyError(ValueError):
    pass


def json_tables(stream: Stream) -> list[SourceTable]:
    """Return the table of a stream of JSON, or none where it holds no objects."""
    with stream.path.open("rb") as file:
        head = file.read(4_096)
    wide = utf16_kind(head)
    array = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"[" if not wide else False
    encoding = wide or find_encoding(head.splitlines())
    read = _elements if array else _lines
    names: dict[str, None] = {}
    sample: list[dict[str, str | None]] = []
    for item in read(stream, encoding):
        if isinstance(item, tuple) and len(item) == 6:
            cells: dict[str, str | None] = item[5]
            names |= dict.fromkeys(cells)
            if len(sample) < _SAMPLE:
                sample.append(cells)
    if not names:
        return []
    columns = list(names)
    rows = [[row.get(name) for name in columns] for row in sample]
    return [
        SourceTable(
            stream.source,
            "array element" if array else "physical line",
            columns,
            columns_of(rows, len(columns)),
            partial(_read, stream, encoding, columns, _elements if array else _lines),
            partial(_count, stream, encoding, _elements if array else _lines),
            encoding=encoding,
            dialect={"json": "array" if array else "lines"},
        )
    ]


def _read(stream: Stream, encoding: str, columns: Sequence[str], reader: _Reader, _mapping: ColumnMap) -> Iterator[Job]:
    return batches(columns, _placed(stream, encoding, columns, reader))


def _placed(stream: Stream, encoding: str, columns: Sequence[str], reader: _Reader) -> Iterator[Item]:
    for item in reader(stream, encoding):
        if isinstance(item, tuple) and len(item) == 6:
            cells: dict[str, str | None] = item[5]
            yield (*item[:5], [cells.get(name) for name in columns])
        else:
            yield item


def _count(stream: Stream, encoding: str, reader: _Reader) -> Counter[str]:
    total = 0
    for item in reader(stream, encoding):
        total += item.lines if isinstance(item, Reject) else item[1]
    return Counter({"other_table": total})


def _lines(stream: Stream, encoding: str) -> Iterator[Any]:
    """Yield a row, a reject or a blank for each physical line."""
    number, offset, left = 1, 0, b""
    with stream.path.open("rb") as file:
        while True:
            raw = file.read(_CHUNK)
            data = left + raw
            starts = line_starts(data, final=not raw).tolist() if data else [0]
            for begin, end in pairwise(starts):
                yield _line(
                    data[begin:end], number, offset + begin, encoding, last=not raw and end == len(data), cut=stream.cut
                )
                number += 1
            left = data[starts[-1] :]
            offset += starts[-1]
            if not raw:
                return


def _line(  # noqa: PLR0911 (each fault has its reason)
    line: bytes, number: int, offset: int, encoding: str, *, last: bool, cut: bool
) -> tuple[str, int] | Reject | tuple[int, int, int, int, int, dict[str, str | None]]:
    body = line.rstrip(b"\r\n").removeprefix(b"\xef\xbb\xbf")
    if not body.strip(b" \t\0"):
        return ("blank", 1)
    ended = line.endswith((b"\n", b"\r"))
    text, fallback = decode_cell(body, encoding)
    bits = repair_bits("decoded_as_cp1252") if fallback else 0
    try:
        value, end = _DECODER.raw_decode(text.strip())
    except _RepeatedKeyError as error:
        return Reject(number, 1, "duplicate_key", str(error), line, offset)
    except (ValueError, RecursionError):
        if last and not ended and cut:
            return Reject(number, 1, "cut", "the archive ends in the middle of this line", line, offset)
        return Reject(
            number,
            1,
            "broken_json",
            f"the object is not closed: the line ends after {len(text)} characters",
            line,
            offset,
        )
    rest = text.strip()[end:].strip().rstrip(",")
    if rest:
        return Reject(number, 1, "broken_json", "text follows the end of the object", line, offset)
    if not isinstance(value, dict):
        return Reject(number, 1, "broken_json", "the line holds no object", line, offset)
    return (number, 1, offset, len(line), bits, _flat(value))


def _elements(stream: Stream, encoding: str) -> Iterator[Any]:
    """Yield a row or a reject for each element of an array."""
    text, _ = decode_cell(stream.path.read_bytes().removeprefix(b"\xef\xbb\xbf"), encoding)
    at, number = text.index("[") + 1, 1
    while True:
        while at < len(text) and text[at] in " \t\r\n,":
            at += 1
        if at >= len(text):
            return
        if text[at] == "]":
            if text[at + 1 :].strip():
                yield Reject(number, 1, "broken_json", "text follows the end of the array", text[at + 1 :].encode())
            return
        try:
            value, end = _DECODER.raw_decode(text, at)
        except _RepeatedKeyError as error:
            end = _end_of_object(text, at)
            yield Reject(number, 1, "duplicate_key", str(error), text[at:end].encode())
            at, number = end, number + 1
            continue
        except (ValueError, RecursionError):
            end = _end_of_object(text, at)
            cut = end >= len(text)
            reason = "the array ends in the middle of this element" if cut else "the element is no valid JSON"
            yield Reject(number, 1, "cut" if cut else "broken_json", reason, text[at:end].encode())
            at, number = end, number + 1
            continue
        if isinstance(value, dict):
            yield (number, 1, -1, -1, 0, _flat(value))
        else:
            yield Reject(number, 1, "broken_json", "the element is no object", text[at:end].encode())
        at, number = end, number + 1


def _end_of_object(text: str, at: int) -> int:
    """Return where a broken element ends: at its closing brace, or before the next element on a new line."""
    depth, quoted, escaped = 0, False, False
    for place in range(at, len(text)):
        letter = text[place]
        if quoted:
            quoted = escaped or letter != '"'
            escaped = letter == "\\" and not escaped
        elif letter == '"':
            quoted = True
        elif letter in "{[":
            depth += 1
        elif letter in "}]":
            depth -= 1
            if depth <= 0:
                return place + 1
    following = text.find("\n{", at + 1)
    return following if following > 0 else len(text)


def _no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found and found[key] != value:
            raise _RepeatedKeyError(f"the key {key} is given twice with different values")
        found[key] = value
    return found


_DECODER = json.JSONDecoder(object_pairs_hook=_no_repeats, parse_float=str, parse_int=str)


def _flat(value: dict[str, Any], prefix: str = "", depth: int = 0) -> dict[str, str | None]:
    cells: dict[str, str | None] = {}
    for key, item in value.items():
        name = f"{prefix}{key}"
        if isinstance(item, dict) and depth < _DEPTH and item:
            cells |= _flat(item, f"{name}.", depth + 1)
        else:
            cells[name] = _text(item)
    return cells


def _text(item: object) -> str | None:
    if item is None or isinstance(item, str):
        return item
    if isinstance(item, bool):
        return str(item).lower()
    if isinstance(item, float):
        return "NaN" if math.isnan(item) else str(item)
    return json.dumps(item, ensure_ascii=False)
