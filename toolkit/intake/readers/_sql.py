"""SQL scripts: INSERT statements of any dialect and COPY blocks of PostgreSQL, cut into tuples in bulk.

A first pass finds the statements and counts their tuples; a second one reads those of the tables of people. Only the
states of quotes, escapes and parentheses decide what a comma or a semicolon means.
"""

from __future__ import annotations

import mmap
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from toolkit._platform import make_private
from toolkit.intake._containers import Stream
from toolkit.intake._encoding import decode_cell, find_encoding, utf16_kind
from toolkit.intake._kinds import Batch, Finding, Job, Places, Reject, repair_bits
from toolkit.intake._mapping import ColumnMap
from toolkit.intake._tables import SourceTable, columns_of, unique_names

__all__ = ["sql_tables"]

_CHUNK = 16 << 20
_SAMPLE = 400
_NAME = r"(?:`[^`]+`|\[[^\]]+\]|\"[^\"]+\"|[\w$]+)"
_QUALIFIED = rf"{_NAME}(?:\s*\.\s*{_NAME})*"
_STATEMENT = re.compile(
    rf"^[ \t]*(?:(?:INSERT|REPLACE)(?:\s+(?:LOW_PRIORITY|DELAYED|IGNORE))*(?:\s+INTO)?\s+(?P<insert>{_QUALIFIED})"
    rf"\s*(?:\((?P<columns>[^()]*)\))?\s*VALUES\s*|"
    rf"COPY\s+(?P<copy>{_QUALIFIED})\s*(?:\((?P<copied>[^()]*)\))?\s*FROM\s+stdin[^;\n]*;[ \t]*\r?\n|"
    rf"CREATE\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?(?P<create>{_QUALIFIED})\s*\()".encode(),
    re.IGNORECASE | re.MULTILINE,
)
_COLUMN = re.compile(rf"^\s*(?P<name>{_NAME})\s+\w".encode())
_NO_COLUMN = re.compile(rb"^\s*(?:PRIMARY|UNIQUE|KEY|INDEX|CONSTRAINT|FOREIGN|CHECK|FULLTEXT|SPATIAL)\b", re.IGNORECASE)
_COPY_END = re.compile(rb"^\\\.[ \t]*(?:\r?\n|$)", re.MULTILINE)


@dataclass(slots=True)
class _Region:
    """The tuples of one statement: bytes from `begin` to `end`, the line of the first."""

    begin: int
    end: int
    line: int
    columns: list[str]
    copy: bool
    tuples: int = 0
    cut: bool = False


@dataclass(slots=True)
class _Table:
    name: str
    regions: list[_Region] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)


def sql_tables(stream: Stream, work: Path) -> list[SourceTable]:
    """Return the tables of a SQL script that have rows."""
    with stream.path.open("rb") as file:
        head = file.read(1 << 20)
    wide = utf16_kind(head[:4_096])
    path, placed = stream.path, True
    if wide:
        path, placed = work / f"{stream.path.name}.utf-8", False
        _transcode(stream.path, path, wide)
        with path.open("rb") as file:
            head = file.read(1 << 20)
    backslash = bool(re.search(rb"MySQL|MariaDB|ENGINE=|`", head[: 64 << 10]))
    encoding = find_encoding(head.splitlines()[:4_000])
    tables, findings = _index(path, backslash=backslash, cut=stream.cut)
    unit = "COPY line" if any(region.copy for table in tables for region in table.regions) else "tuple"
    result = []
    for table in tables:
        names = unique_names(table.columns)
        reader = _Reader(path, table, names, encoding, backslash=backslash, placed=placed)
        total = sum(region.tuples for region in table.regions)
        result.append(
            SourceTable(
                stream.source,
                unit,
                names,
                columns_of(reader.sample(), len(names)),
                reader.read,
                partial(Counter, {"other_table": total}),
                label=table.name,
                encoding=wide or encoding,
                dialect={"table": table.name, "backslash_escapes": backslash},
                findings=list(findings),
            )
        )
    return result


def _transcode(source: Path, target: Path, kind: str) -> None:
    import codecs

    decoder = codecs.getincrementaldecoder(kind)(errors="replace")
    with source.open("rb") as file, target.open("xb") as out:
        make_private(target)
        while chunk := file.read(_CHUNK):
            out.write(decoder.decode(chunk).replace("\ufeff", "").encode("utf-8", errors="replace"))
        out.write(decoder.decode(b"", final=True).encode("utf-8", errors="replace"))


def _plain_name(name: bytes) -> str:
    text = name.decode("utf-8", errors="replace")
    return re.sub(r"[`\[\]\"]", "", text).replace(" ", "")


def _columns(listed: bytes | None) -> list[str]:
    return [_plain_name(name) for name in re.findall(_NAME.encode(), listed)] if listed else []


def _index(  # noqa: C901 (one branch for each kind of statement)
    path: Path, *, backslash: bool, cut: bool
) -> tuple[list[_Table], list[Finding]]:
    """Return the tables in the order of their first rows, each with its statements."""
    tables: dict[str, _Table] = {}
    created: dict[str, list[str]] = {}
    findings: list[Finding] = []
    if path.stat().st_size == 0:
        return [], []
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        at, line, counted = 0, 1, 0
        while (found := _STATEMENT.search(data, at)) is not None:
            line += _newlines(data, counted, found.end())
            counted = found.end()
            if found["create"] is not None:
                at, columns = _create(data, found.end())
                created[_plain_name(found["create"])] = columns
                continue
            name = _plain_name(found["insert"] or found["copy"])
            table = tables.setdefault(name, _Table(name))
            columns = _columns(found["columns"] or found["copied"]) or created.get(name, [])
            region = _Region(found.end(), found.end(), line, columns, copy=found["copy"] is not None)
            _measure(data, region, backslash=backslash)
            if region.tuples or region.cut:
                table.regions.append(region)
                for column in columns:
                    if column not in table.columns:
                        table.columns.append(column)
            at = max(region.end, found.end())
        tail = data[max(0, len(data) - 400) :]
    if re.search(rb"Dump completed|dump complete", tail):
        findings.append(Finding("complete", "the dump ends with its closing comment"))
    elif cut or any(region.cut for table in tables.values() for region in table.regions):
        findings.append(Finding("cut_dump", "the dump ends inside a statement"))
    found_tables = [table for table in tables.values() if table.regions]
    for table in found_tables:
        if not table.columns:
            table.columns = [f"(column {number + 1})" for number in range(_width(path, table, backslash=backslash))]
    return found_tables, findings


def _width(path: Path, table: _Table, *, backslash: bool) -> int:
    with path.open("rb") as file:
        file.seek(table.regions[0].begin)
        chunk = file.read(1 << 20)
    if table.regions[0].copy:
        return chunk.split(b"\n", 1)[0].count(b"\t") + 1
    for _, _, values in _small_tuples(chunk, backslash=backslash):
        return len(values)
    return 0


def _create(data: mmap.mmap, at: int) -> tuple[int, list[str]]:
    """Return the end of a CREATE TABLE and the names of its columns."""
    depth, quote, begin, parts = 1, None, at, []
    position = at
    for found in re.finditer(rb"['\"`();,]", data[at : at + (1 << 20)]):
        token = found[0]
        position = at + found.start()
        if quote is not None:
            quote = None if token == quote else quote
        elif token in b"'\"`":
            quote = token
        elif token == b"(":
            depth += 1
        elif token == b")":
            depth -= 1
            if depth == 0:
                parts.append(data[begin:position])
                break
        elif token == b"," and depth == 1:
            parts.append(data[begin:position])
            begin = position + 1
    names = []
    for part in parts:
        found_name = _COLUMN.match(part)
        if found_name and not _NO_COLUMN.match(part):
            names.append(_plain_name(found_name["name"]))
    return position + 1, names


def _newlines(data: mmap.mmap, begin: int, end: int) -> int:
    total = 0
    for at in range(begin, end, _CHUNK):
        total += data[at : min(at + _CHUNK, end)].count(b"\n")
    return total


def _measure(data: mmap.mmap, region: _Region, *, backslash: bool) -> None:
    """Find the end of a region and count its tuples."""
    if region.copy:
        found = _COPY_END.search(data, region.begin)
        region.end = found.start() if found else len(data)
        text_end = region.end
        region.tuples = _newlines(data, region.begin, text_end)
        if not found and len(data) > region.begin and data[len(data) - 1] != 0x0A:
            region.tuples, region.cut = region.tuples + 1, True
        elif not found:
            region.cut = True
        return
    for chunk in _tuple_chunks(data, region.begin, backslash=backslash):
        region.tuples += len(chunk.begins) + (chunk.left is not None)
        region.cut |= chunk.left is not None
        region.end = chunk.end


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Tuples of a stretch of a script, with the boundaries of their values."""

    data: bytes
    offset: int
    begins: NDArray[np.int64]
    """Where the parenthesis of each tuple opens, in `data`."""
    ends: NDArray[np.int64]
    """Just behind the parenthesis that closes it."""
    commas: NDArray[np.int64]
    """Commas between values."""
    end: int
    """Where the stretch ends in the file."""
    left: bytes | None
    """The beginning of a tuple that the file cuts off."""


def _tuple_chunks(data: mmap.mmap, begin: int, *, backslash: bool) -> Iterator[_Chunk]:
    """Yield the tuples of a VALUES list that begins at `begin`."""
    size = 64 << 10
    at = begin
    while True:
        piece = data[at : at + size]
        final = at + len(piece) >= len(data)
        chunk, finished = _cut_tuples(piece, at, final=final, backslash=backslash)
        if len(chunk.begins) == 0 and not finished and not final:
            size *= 2
            continue
        yield chunk
        if finished or final:
            return
        at, size = chunk.end, _CHUNK


def _cut_tuples(  # noqa: C901 (the ends of a list of tuples)
    piece: bytes, offset: int, *, final: bool, backslash: bool
) -> tuple[_Chunk, bool]:
    octets = np.frombuffer(piece, dtype=np.uint8)
    special = octets == 0x27
    if backslash and b"\\" in piece:
        special &= ~_escaped(octets)
    inside = (np.cumsum(special, dtype=np.int32) & 1).astype(bool)
    outside = ~inside
    opening = (octets == 0x28) & outside
    closing = (octets == 0x29) & outside
    marks = np.flatnonzero(opening | closing)
    depth = np.cumsum(np.where(octets[marks] == 0x28, 1, -1))
    tops = marks[(depth == 1) & (octets[marks] == 0x28)]
    bottoms = marks[(depth == 0) & (octets[marks] == 0x29)]
    if np.any(depth < 0):
        stop = int(np.flatnonzero(depth < 0)[0])
        bottoms = bottoms[bottoms < marks[stop]]
    count = min(len(tops), len(bottoms))
    tops, bottoms = tops[:count], bottoms[:count]
    # The list ends where something else than a comma and blanks is between two tuples.
    finished, end = False, 0
    for number, (stop_at, following) in _gaps(piece, tops, bottoms):
        text = piece[stop_at:following].strip()
        if text != b",":
            count, finished, end = number + 1, True, stop_at
            break
    tops, bottoms = tops[:count], bottoms[:count]
    if count and not finished:
        end = int(bottoms[-1]) + 1
        rest = piece[end:].lstrip()
        if rest and not rest.startswith(b","):
            finished = True
        elif rest.startswith(b","):
            comma = piece.index(b",", end) + 1
            end = comma
            if final and piece[comma:].strip() and not piece[comma:].lstrip().startswith(b"("):
                finished = True
    left = None
    if final and not finished:
        rest = piece[end:].strip()
        left = rest or None
        end = len(piece)
    commas = np.flatnonzero((octets == 0x2C) & outside)
    if len(commas) and len(marks):
        before = np.searchsorted(marks, commas) - 1
        commas = commas[(before >= 0) & (depth[np.maximum(before, 0)] == 1)]
    return (
        _Chunk(
            piece,
            offset,
            tops.astype(np.int64),
            bottoms.astype(np.int64) + 1,
            commas.astype(np.int64),
            offset + end,
            left,
        ),
        finished or (count == 0 and final),
    )


def _gaps(piece: bytes, tops: NDArray[np.int64], bottoms: NDArray[np.int64]) -> Iterator[tuple[int, tuple[int, int]]]:
    """Yield the gaps between tuples that are not a single comma."""
    if len(tops) < 2:
        return
    sizes = tops[1:] - bottoms[:-1] - 1
    octets = np.frombuffer(piece, dtype=np.uint8)
    plain = (sizes == 1) & (octets[bottoms[:-1] + 1] == 0x2C)
    for number in np.flatnonzero(~plain).tolist():
        yield number, (int(bottoms[number]) + 1, int(tops[number + 1]))


def _escaped(octets: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return which bytes follow an odd run of backslashes."""
    slash = octets == 0x5C
    where = np.flatnonzero(slash)
    result = np.zeros(len(octets), dtype=bool)
    if where.size == 0:
        return result
    breaks = np.flatnonzero(np.diff(where) != 1)
    starts = np.concatenate((where[:1], where[breaks + 1]))
    stops = np.concatenate((where[breaks], where[-1:]))
    odd = (stops - starts) % 2 == 0
    after = stops[odd] + 1
    result[after[after < len(octets)]] = True
    return result


def _small_tuples(piece: bytes, *, backslash: bool) -> Iterator[tuple[int, int, list[bytes]]]:
    chunk, _ = _cut_tuples(piece, 0, final=False, backslash=backslash)
    for begin, end in zip(chunk.begins.tolist(), chunk.ends.tolist(), strict=True):
        commas = chunk.commas[(chunk.commas > begin) & (chunk.commas < end)].tolist()
        edges = [begin, *commas, end - 1]
        yield begin, end, [piece[a + 1 : b] for a, b in pairwise(edges)]


class _Reader:
    def __init__(
        self, path: Path, table: _Table, names: Sequence[str], encoding: str, *, backslash: bool, placed: bool
    ) -> None:
        self._path, self._table, self._names, self._encoding = path, table, list(names), encoding
        self._backslash, self._placed = backslash, placed

    def sample(self) -> list[list[str | None]]:
        """Return some rows of the table, from its first, middle and last statements."""
        regions = self._table.regions
        step = max(1, len(regions) // 20)
        rows: list[list[str | None]] = []
        for region in regions[::step]:
            for job in self._region(region, limit=1 << 20):
                batch = job()
                take = min(batch.cells.num_rows, max(20, _SAMPLE * step // max(len(regions), 1)))
                rows += [list(row.values()) for row in batch.cells.slice(0, take).to_pylist()]
                break
        return rows[: _SAMPLE * 3]

    def read(self, _mapping: ColumnMap) -> Iterator[Job]:
        """Yield the batches of all statements; small neighbouring statements come in one batch."""
        small: list[_Region] = []
        for region in self._table.regions:
            if region.end - region.begin < (64 << 10) and not region.cut:
                small.append(region)
                if len(small) >= 20_000:
                    yield partial(self._several, small)
                    small = []
                continue
            if small:
                yield partial(self._several, small)
                small = []
            yield from self._region(region)
        if small:
            yield partial(self._several, small)

    def _several(self, regions: Sequence[_Region]) -> Batch:
        batches = [job() for region in regions for job in self._region(region)]
        if len(batches) == 1:
            return batches[0]
        counts: Counter[str] = Counter()
        for batch in batches:
            counts.update(batch.counts)
        placed = self._placed
        places = Places(
            np.concatenate([batch.places.line for batch in batches]),
            np.concatenate([batch.places.lines for batch in batches]),
            np.concatenate([batch.places.offset for batch in batches if batch.places.offset is not None])
            if placed
            else None,
            np.concatenate([batch.places.length for batch in batches if batch.places.length is not None])
            if placed
            else None,
        )
        return Batch(
            pa.concat_tables([batch.cells for batch in batches]).combine_chunks(),
            places,
            np.concatenate([batch.repairs for batch in batches]),
            tuple(reject for batch in batches for reject in batch.rejects),
            counts,
            batches[-1].read_to,
        )

    def _region(self, region: _Region, limit: int | None = None) -> Iterator[Job]:
        columns = region.columns or self._names
        order = [columns.index(name) if name in columns else -1 for name in self._names]
        line = region.line
        if region.copy:
            for begin, part in self._copy_chunks(region, limit):
                yield partial(self._copied, part, begin, line, order, len(columns), region)
                line += part.count(b"\n")
            return
        with self._path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            at = region.begin
            for chunk in _tuple_chunks(data, region.begin, backslash=self._backslash):
                yield partial(self._tuples, chunk, line, order, len(columns))
                line += _newlines(data, at, chunk.end)
                at = chunk.end

    def _copy_chunks(self, region: _Region, limit: int | None) -> Iterator[tuple[int, bytes]]:
        with self._path.open("rb") as file:
            file.seek(region.begin)
            at, left = region.begin, b""
            end = region.end
            while at + len(left) < end:
                raw = left + file.read(min(limit or _CHUNK, end - at - len(left)))
                cut = raw.rfind(b"\n") + 1
                if cut == 0 or at + len(raw) >= end:
                    cut = len(raw)
                yield at, raw[:cut]
                left = raw[cut:]
                at += cut

    # COPY

    def _copied(self, data: bytes, begin: int, line: int, order: Sequence[int], width: int, region: _Region) -> Batch:
        lines = data.split(b"\n")
        cut_line = b""
        if lines[-1] == b"":
            lines.pop()
        elif region.cut and begin + len(data) >= region.end:
            cut_line = lines.pop()
        lines = [one.removesuffix(b"\r") for one in lines]
        good: list[int] = []
        rejects: list[Reject] = []
        starts, at = [], begin
        for number, one in enumerate(lines):
            starts.append(at)
            at += len(one) + 1
            if one.count(b"\t") + 1 == width:
                good.append(number)
            else:
                fields = one.count(b"\t") + 1
                code = "too_few_fields" if fields < width else "too_many_fields"
                reason = f"{fields} fields where the table has {width}"
                rejects.append(Reject(line + number, 1, code, reason, one, starts[-1]))
        if cut_line:
            rejects.append(
                Reject(line + len(lines), 1, "cut", "the dump ends in the middle of this line", cut_line, at)
            )
        cells = pa.array([lines[number] for number in good], pa.binary())
        parts = pc.list_flatten(pc.split_pattern(cells, b"\t")) if good else pa.array([], pa.binary())
        columns, bits = [], np.zeros(len(good), dtype=np.uint32)
        for place in order:
            if place < 0 or not good:
                columns.append(pa.nulls(len(good), pa.string()))
                continue
            column = parts.take(pa.array(np.arange(len(good), dtype=np.int64) * width + place))
            column = pc.if_else(pc.equal(column, pa.scalar(b"\\N", pa.binary())), pa.scalar(None, pa.binary()), column)
            columns.append(self._text(column, bits, _unescape_copy, b"\\"))
        numbers = np.array(good, dtype=np.int64)
        offset = np.array([starts[number] for number in good], dtype=np.int64)
        length = np.array([len(lines[number]) + 1 for number in good], dtype=np.int64)
        places = Places(
            numbers + line,
            np.ones(len(good), dtype=np.int32),
            offset if self._placed else None,
            length if self._placed else None,
        )
        counts = Counter({"rows_rejected": len(rejects)}) if rejects else Counter()
        return Batch(pa.table(columns, names=self._names), places, bits, tuple(rejects), counts, begin + len(data))

    # INSERT

    def _tuples(self, chunk: _Chunk, line: int, order: Sequence[int], width: int) -> Batch:
        data, count = chunk.data, len(chunk.begins)
        newlines = np.flatnonzero(np.frombuffer(data, dtype=np.uint8) == 0x0A)
        lines = line + np.searchsorted(newlines, chunk.begins)
        low = np.searchsorted(chunk.commas, chunk.begins)
        high = np.searchsorted(chunk.commas, chunk.ends)
        good = np.flatnonzero(high - low + 1 == width)
        rejects = [
            self._wrong_width(chunk, number, int(lines[number]), int(high[number] - low[number] + 1), width)
            for number in np.flatnonzero(high - low + 1 != width).tolist()
        ]
        if chunk.left is not None:
            reason = "the dump ends in the middle of this tuple"
            at = line + int(np.searchsorted(newlines, chunk.ends[-1] if count else 0))
            rejects.append(Reject(at, 1, "cut", reason, chunk.left, chunk.end - len(chunk.left)))
        starts = np.empty((len(good), width), dtype=np.int64)
        stops = np.empty((len(good), width), dtype=np.int64)
        starts[:, 0], stops[:, -1] = chunk.begins[good] + 1, chunk.ends[good] - 1
        if width > 1 and len(good):
            inner = chunk.commas[low[good][:, None] + np.arange(width - 1)]
            starts[:, 1:], stops[:, :-1] = inner + 1, inner
        bits = np.zeros(len(good), dtype=np.uint32)
        columns = [
            pa.nulls(len(good), pa.string())
            if place < 0
            else self._values(data, starts[:, place], stops[:, place], bits)
            for place in order
        ]
        places = Places(
            lines[good],
            np.ones(len(good), dtype=np.int32),
            chunk.begins[good] + chunk.offset if self._placed else None,
            chunk.ends[good] - chunk.begins[good] if self._placed else None,
        )
        counts = Counter({"rows_rejected": len(rejects)}) if rejects else Counter()
        return Batch(pa.table(columns, names=self._names), places, bits, tuple(rejects), counts, chunk.end)

    def _wrong_width(self, chunk: _Chunk, number: int, line: int, fields: int, width: int) -> Reject:
        raw = chunk.data[int(chunk.begins[number]) : int(chunk.ends[number])]
        code = "too_few_fields" if fields < width else "too_many_fields"
        reason = f"{fields} values where the table has {width} columns"
        return Reject(line, 1, code, reason, raw, chunk.offset + int(chunk.begins[number]))

    def _values(
        self, data: bytes, starts: NDArray[np.int64], stops: NDArray[np.int64], bits: NDArray[np.uint32]
    ) -> pa.Array:
        """Return the values of one column as text: quoted texts in bulk, the others one by one."""
        octets = np.frombuffer(data, dtype=np.uint8)
        if len(starts) == 0:
            return pa.array([], pa.string())
        first, last = octets[starts], octets[np.maximum(stops - 1, starts)]
        quoted = (first == 0x27) & (last == 0x27) & (stops - starts >= 2)
        digit = (
            (first >= 0x30)
            & (first <= 0x39)
            & (stops - starts < 20)
            & (octets[np.minimum(starts + 1, len(octets) - 1)] != 0x78)
        )
        column = _cut(data, np.where(quoted, starts + 1, starts), np.where(quoted, stops - 1, stops))
        odd = np.flatnonzero(~quoted & ~digit)
        if odd.size:
            read = [self._unquoted(data[int(starts[row]) : int(stops[row])].strip()) for row in odd.tolist()]
            mask = np.zeros(len(starts), dtype=bool)
            mask[odd] = True
            column = pc.replace_with_mask(column, pa.array(mask), pa.array(read, pa.binary()))
            texts = np.array([value is not None for value in read], dtype=bool)
            quoted[odd[texts]] = False
        unescape = _unescape_mysql if self._backslash else _undouble
        return self._text(column, bits, unescape, b"\\" if self._backslash else None, pa.array(quoted))

    def _unquoted(self, raw: bytes) -> bytes | None:  # noqa: PLR0911 (one line for each form)
        """Return the text of a value that is no plain quoted text; None for NULL."""
        upper = raw.upper()
        if upper in (b"NULL", b"DEFAULT"):
            return None
        for prefix in (b"_BINARY ", b"_UTF8MB4 ", b"_UTF8 ", b"_LATIN1 ", b"N", b"E", b"B", b"X"):
            if upper.startswith(prefix) and raw[len(prefix) :].lstrip().startswith(b"'"):
                text = raw[len(prefix) :].strip()[1:-1]
                if prefix == b"X":
                    return _hex(text)
                text = _unescape_mysql(text) if self._backslash or prefix == b"E" else _undouble(text)
                return _shown(text) if prefix == b"_BINARY " else text
        if raw.startswith(b"'") and raw.endswith(b"'") and len(raw) > 1:
            return (_unescape_mysql if self._backslash else _undouble)(raw[1:-1])
        if upper.startswith(b"0X"):
            return _hex(raw[2:])
        found = re.match(rb"(?:CAST|CONVERT|TRY_CAST)\s*\((.*)\s+AS\s+[\w()., ]+\)$", raw, re.IGNORECASE | re.DOTALL)
        if found:
            return self._unquoted(found[1].strip())
        found = re.match(rb"(.*)::[\w ]+$", raw, re.DOTALL)
        if found:
            return self._unquoted(found[1].strip())
        return raw

    def _text(
        self,
        column: pa.Array,
        bits: NDArray[np.uint32],
        unescape: Callable[[bytes], bytes],
        mark: bytes | None,
        only: pa.Array | None = None,
    ) -> pa.Array:
        """Return bytes as text: escapes undone, bytes that are no UTF-8 read as cp1252."""
        odd = pc.match_substring(column, "''" if mark is None else "\\").fill_null(False)
        if only is not None:
            doubled = pc.match_substring(column, "''").fill_null(False)
            odd = pc.and_(pc.or_(odd, doubled), only)
        rows = np.flatnonzero(odd.to_numpy(zero_copy_only=False))
        if rows.size:
            texts = [unescape(text) for text in column.take(pa.array(rows)).to_pylist()]
            column = pc.replace_with_mask(column, odd, pa.array(texts, pa.binary()))
        try:
            return column.cast(pa.string())
        except pa.ArrowInvalid:
            decoded, fell = [], np.zeros(len(column), dtype=bool)
            for number, raw in enumerate(column.to_pylist()):
                text, fallback = (None, False) if raw is None else decode_cell(raw, self._encoding)
                decoded.append(text)
                fell[number] = fallback
            bits[fell] |= np.uint32(repair_bits("decoded_as_cp1252"))
            return pa.array(decoded, pa.string())


def _cut(data: bytes, starts: NDArray[np.int64], stops: NDArray[np.int64]) -> pa.Array:
    """Return stretches of a buffer, in ascending order, as an array of bytes.

    The offsets of an Arrow array may not have gaps: the gaps become elements of their own, and are left out.
    """
    edges = np.empty(2 * len(starts), dtype=np.int64)
    edges[0::2], edges[1::2] = starts, stops
    whole = pa.Array.from_buffers(pa.large_binary(), len(edges) - 1, [None, pa.py_buffer(edges), pa.py_buffer(data)])
    return whole.take(pa.array(np.arange(0, len(edges) - 1, 2))).cast(pa.binary())


_MYSQL = {ord("n"): b"\n", ord("t"): b"\t", ord("r"): b"\r", ord("0"): b"\0", ord("b"): b"\b", ord("Z"): b"\x1a"}
_COPY = {ord("n"): b"\n", ord("t"): b"\t", ord("r"): b"\r", ord("b"): b"\b", ord("f"): b"\f", ord("v"): b"\v"}


def _unescape_mysql(text: bytes) -> bytes:
    return re.sub(
        rb"\\(.)|''", lambda found: _MYSQL.get(found[1][0], found[1]) if found[1] else b"'", text, flags=re.DOTALL
    )


def _unescape_copy(text: bytes) -> bytes:
    return re.sub(rb"\\(x[0-9a-fA-F]{1,2}|[0-7]{1,3}|.)", _copy_escape, text, flags=re.DOTALL)


def _copy_escape(found: re.Match[bytes]) -> bytes:
    code = found[1]
    if code[:1] == b"x" and len(code) > 1:
        return bytes([int(code[1:], 16)])
    if code.isdigit() and all(digit in b"01234567" for digit in code):
        return bytes([int(code, 8) & 0xFF])
    return _COPY.get(code[0], code)


def _undouble(text: bytes) -> bytes:
    return text.replace(b"''", b"'")


def _hex(digits: bytes) -> bytes:
    try:
        raw = bytes.fromhex(digits.decode("ascii"))
    except ValueError:
        return digits
    return _shown(raw)


def _shown(raw: bytes) -> bytes:
    """Return binary content as it is where it is text, else in hexadecimal."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return b"hex:" + raw.hex().encode()
    return (
        raw
        if text.isprintable() or not any(letter < " " and letter not in "\t\r\n" for letter in text)
        else b"hex:" + raw.hex().encode()
    )
