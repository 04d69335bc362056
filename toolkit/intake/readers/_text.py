"""Delimited text: tile the bytes into lines, hand plain lines to Arrow in bulk and the others to the careful reader.

A line is plain when it has the right number of delimiters, valid text, quotes only around whole fields, and no NUL.
All others are read by `Careful`, in clusters of neighbouring lines. Blocks are cut between two plain lines, so that
they do not depend on one another, and the same blocks come from the same bytes whatever the threads.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc
from numpy.typing import NDArray

from toolkit.intake._careful import Careful, Unit
from toolkit.intake._kinds import Batch, Places, Reject
from toolkit.intake._layout import Layout

__all__ = ["Block", "TextSource", "read_block"]

BLOCK = 16 << 20
_LARGEST = 8 * BLOCK
"""Bytes after which a block ends even where no two plain lines follow one another."""
_LF, _CR, _NUL = 10, 13, 0
_HIGH = 0x80
_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines of a text, in UTF-8 or a single-byte encoding, that can be read without any others."""

    data: bytes
    starts: NDArray[np.int64]
    """Where each line begins in `data`, then the end of the last."""
    plain: NDArray[np.bool_]
    first_line: int
    """Number of the first line in the file, from 1."""
    offset: int
    """First byte in the file."""
    last: bool
    kinds: dict[int, str]
    """Lines that are known beforehand: preamble, header, footer, blank."""
    wide: bool
    """Whether the file is UTF-16, so that lengths differ from those of `data`."""
    file_end: int
    """Bytes of the file up to the end of the block."""


class TextSource:
    """The blocks of one text file."""

    def __init__(self, path: Path, layout: Layout, encoding: str, footer_at: int | None) -> None:
        self._path, self._layout, self._encoding = path, layout, encoding
        self._footer_at = footer_at
        """First byte of the footer in the file."""
        self.newlines: Counter[str] = Counter()

    def blocks(self, size: int = BLOCK) -> Iterator[Block]:
        """Yield the blocks of the file in order; together they hold every byte of it once."""
        pending, offset, line = b"", 0, 1
        for chunk, final in _chunks(self._path, self._encoding, size):
            data = pending + chunk
            if not data and final:
                return
            starts = line_starts(data, final=final)
            plain = self._plain(data, starts)
            footer = self._footer_line(data, starts, offset)
            self._exclude_known(plain, line, footer)
            if offset == 0 and data.startswith(_MARK):
                plain[:1] = False
            cut = len(plain) if final else _cut_between_plain(plain)
            if cut == 0 and not final:
                if len(data) < _LARGEST or len(plain) == 0:
                    pending = data
                    continue
                cut = len(plain)
            end = int(starts[cut])
            block = data[:end] if end < len(data) else data
            self._count_newlines(block)
            file_bytes = _utf16_bytes(block) if self._wide else len(block)
            kinds = self._known(line, cut, footer)
            yield Block(
                block, starts[: cut + 1], plain[:cut], line, offset, final, kinds, self._wide, offset + file_bytes
            )
            line += cut
            offset += file_bytes
            pending = data[end:]

    @property
    def _wide(self) -> bool:
        return self._encoding.startswith("utf-16")

    def _footer_line(self, data: bytes, starts: NDArray[np.int64], offset: int) -> int | None:
        """Return the first line of the footer among those of a block, or None."""
        if self._footer_at is None:
            return None
        ends = starts if not self._wide else _wide_spans(data, starts)
        if offset + int(ends[-1]) <= self._footer_at:
            return None
        return int(np.searchsorted(ends, self._footer_at - offset))

    def _known(self, line: int, count: int, footer: int | None) -> dict[int, str]:
        layout, kinds = self._layout, {}
        for index in range(max(0, layout.top - line + 1)):
            if index < count:
                kinds[index] = "preamble"
        if layout.header_line is not None and 0 <= layout.header_line - line + 1 < count:
            kinds[layout.header_line - line + 1] = "header"
        if footer is not None:
            kinds |= dict.fromkeys(range(footer, count), "footer")
        return kinds

    def _exclude_known(self, plain: NDArray[np.bool_], line: int, footer: int | None) -> None:
        top = self._layout.top - line + 1
        if top > 0:
            plain[:top] = False
        if footer is not None:
            plain[footer:] = False

    def _count_newlines(self, data: bytes) -> None:
        crlf = data.count(b"\r\n")
        self.newlines["CRLF"] += crlf
        self.newlines["LF"] += data.count(b"\n") - crlf
        self.newlines["CR"] += data.count(b"\r") - crlf

    def _plain(self, data: bytes, starts: NDArray[np.int64]) -> NDArray[np.bool_]:
        return plain_lines(data, starts, self._layout)


def _chunks(path: Path, encoding: str, size: int) -> Iterator[tuple[bytes, bool]]:
    """Yield the bytes of a file in chunks, UTF-16 as UTF-8, each with whether it is the last."""
    with path.open("rb") as file:
        if not encoding.startswith("utf-16"):
            chunk = file.read(size)
            while True:
                following = file.read(size)
                yield chunk, not following
                if not following:
                    return
                chunk = following
        left = b""
        while True:
            raw = file.read(size)
            data = left + raw
            whole = len(data) - len(data) % 2
            if raw and whole:
                # A pair of surrogates stays together.
                high = data[whole - 1] if encoding == "utf-16-le" else data[whole - 2]
                whole -= 2 if 0xD8 <= high <= 0xDB else 0
            text = data[:whole].decode(encoding, errors="surrogatepass").encode("utf-8", errors="surrogatepass")
            left = data[whole:]
            if not raw:
                yield text + (b"\xff" if left else b""), True
                return
            yield text, False


def _utf16_bytes(data: bytes) -> int:
    """Return how many bytes UTF-8 text takes in UTF-16; a byte 0xFF stands for an odd byte at the end."""
    octets = np.frombuffer(data, dtype=np.uint8)
    return int(_utf16_units(octets).sum())


def _utf16_units(octets: NDArray[np.uint8]) -> NDArray[np.int64]:
    units = np.where((octets & 0xC0) == 0x80, 0, 2).astype(np.int64)
    units[octets >= 0xF0] = 4
    units[octets == 0xFF] = 1
    return units


def line_starts(data: bytes, *, final: bool) -> NDArray[np.int64]:
    """Return where each complete line begins, then the end of the last; lines end at CRLF, LF or CR.

    Without `final`, what follows the last line end is left out, and so is a CR at the very end.
    """
    octets = np.frombuffer(data, dtype=np.uint8)
    if b"\r" not in data:
        ends = np.flatnonzero(octets == _LF) + 1
    else:
        is_cr = octets == _CR
        is_end = octets == _LF
        is_end[:-1] |= is_cr[:-1] & (octets[1:] != _LF)
        if final:
            is_end[-1] |= is_cr[-1]
        ends = np.flatnonzero(is_end) + 1
    starts = np.concatenate((np.zeros(1, dtype=np.int64), ends))
    if final and starts[-1] < len(data):
        starts = np.append(starts, len(data))
    return starts


def plain_lines(data: bytes, starts: NDArray[np.int64], layout: Layout) -> NDArray[np.bool_]:
    """Return which lines can be read in bulk; `starts` as `line_starts` returns it."""
    count = len(starts) - 1
    if count <= 0:
        return np.zeros(0, dtype=bool)
    octets = np.frombuffer(data, dtype=np.uint8)[: starts[-1]]
    size = len(layout.delimiter)
    at = np.flatnonzero(octets == layout.delimiter[0])
    if size > 1:
        keep = at + size <= len(octets)
        at = at[keep]
        for place in range(1, size):
            at = at[octets[at + place] == layout.delimiter[place]]
        if len(at) > 1 and len(set(layout.delimiter)) == 1:
            # Of overlapping ones, such as in three bars for two, the line is read with care.
            overlapping = np.flatnonzero(np.diff(at) < size)
            bad = np.searchsorted(starts, at[overlapping], side="right") - 1
        else:
            bad = np.zeros(0, dtype=np.int64)
    else:
        bad = np.zeros(0, dtype=np.int64)
    plain = np.ones(count, dtype=bool)
    quotes = np.flatnonzero(octets == layout.quote[0]) if layout.quote is not None else np.zeros(0, dtype=np.int64)
    if quotes.size:
        at = _outside_quotes(octets, starts, at, quotes, layout, plain)
    per_line = np.searchsorted(at, starts[1:]) - np.searchsorted(at, starts[:-1])
    fields = per_line + 1
    right = fields == layout.width
    for width in layout.widths - {layout.width}:
        right |= fields == width
    plain &= right
    plain[bad] = False
    # A row of delimiters only is blank; one without any digit may be a repeated header or a line of another table.
    digit = (octets >= 0x30) & (octets <= 0x39)
    plain &= np.logical_or.reduceat(digit, starts[:-1])
    for octet in (_NUL, *((0x5C,) if layout.escape else ())):
        if bytes([octet]) in data:
            where = np.flatnonzero(octets == octet)
            plain[np.searchsorted(starts, where, side="right") - 1] = False
    if layout.encoding == "utf-8":
        _exclude_invalid(data, starts, plain)
    return plain


def _outside_quotes(
    octets: NDArray[np.uint8],
    starts: NDArray[np.int64],
    at: NDArray[np.int64],
    quotes: NDArray[np.int64],
    layout: Layout,
    plain: NDArray[np.bool_],
) -> NDArray[np.int64]:
    """Return the delimiters outside quoted fields; lines whose quotes are not those of RFC 4180 are not plain."""
    line = np.searchsorted(starts, quotes, side="right") - 1
    first = np.searchsorted(quotes, starts[:-1])
    number = np.arange(len(quotes)) - first[line]
    per_line = np.searchsorted(quotes, starts[1:]) - first
    plain &= per_line % 2 == 0
    padded = np.concatenate((octets, np.array([_LF], dtype=np.uint8)))
    delimiter, quote = layout.delimiter, layout.quote[0] if layout.quote else 0
    opening = number % 2 == 0
    before = padded[np.maximum(quotes - 1, 0)]
    at_start = quotes == starts[line]
    after = padded[quotes + 1]
    opens_well = at_start | (before == delimiter[-1]) | (before == quote)
    closes_well = (
        (after == delimiter[0]) | (after == _LF) | (after == _CR) | (after == quote) | (quotes + 1 == starts[line + 1])
    )
    plain[line[np.where(opening, ~opens_well, ~closes_well)]] = False
    before_delimiter = np.searchsorted(quotes, at)
    of_line = np.searchsorted(starts, at, side="right") - 1
    inside = (before_delimiter - first[of_line]) % 2 == 1
    outside: NDArray[np.int64] = at[~inside]
    return outside


def _exclude_invalid(data: bytes, starts: NDArray[np.int64], plain: NDArray[np.bool_]) -> None:
    """Mark the lines that are no UTF-8 as not plain: each is looked at only where the block as a whole is not."""
    end = int(starts[-1])
    try:
        str(memoryview(data)[:end], "utf-8")
    except UnicodeDecodeError:
        octets = np.frombuffer(data, dtype=np.uint8)[:end]
        high = np.logical_or.reduceat(octets >= _HIGH, starts[:-1])
        for line in np.flatnonzero(high & plain).tolist():
            try:
                str(memoryview(data)[int(starts[line]) : int(starts[line + 1])], "utf-8")
            except UnicodeDecodeError:
                plain[line] = False


def _cut_between_plain(plain: NDArray[np.bool_]) -> int:
    """Return the last line before which a block can end: both it and the line before it are plain."""
    both = np.flatnonzero(plain[1:] & plain[:-1])
    return int(both[-1]) + 1 if both.size else 0


def read_block(block: Block, layout: Layout, careful: Careful, *, cut: bool) -> Batch:
    """Return the rows of a block, in the order of their lines."""
    plain = block.plain.copy()
    clusters = _clusters(block, plain, layout)
    lines_of = block.starts
    units: list[Unit] = []
    where: list[int] = []
    for first, end in clusters:
        lines = [block.data[int(lines_of[k]) : int(lines_of[k + 1])] for k in range(first, end)]
        last = block.last and end == len(plain)
        for unit in careful.read(lines, last=last, cut=cut):
            units.append(unit)
            where.append(first + unit.first)
    counts: Counter[str] = Counter()
    for index, kind in block.kinds.items():
        line = block.data[int(lines_of[index]) : int(lines_of[index + 1])]
        counts[kind if line.strip(b" \t\r\n\xef\xbb\xbf") or kind == "header" else "blank"] += 1
    table, numbers = _bulk(block, plain, layout)
    spans = _file_spans(block)
    rejects: list[Reject] = []
    rows_cells: list[list[str | None]] = []
    rows_at: list[int] = []
    rows_count: list[int] = []
    rows_bits: list[int] = []
    for unit, at in zip(units, where, strict=True):
        if unit.cells is not None:
            rows_cells.append(unit.cells)
            rows_at.append(at)
            rows_count.append(unit.count)
            rows_bits.append(unit.repairs)
        elif unit.kind == "rows_rejected":
            raw = block.data[int(lines_of[at]) : int(lines_of[at + unit.count])]
            counts["rows_rejected"] += unit.count
            rejects.append(
                Reject(block.first_line + at, unit.count, unit.code, unit.reason, raw, int(spans[at]) + block.offset)
            )
        else:
            counts[unit.kind] += unit.count
    slow = _table(rows_cells, layout)
    both = pa.concat_tables([table, slow])
    at_line = np.concatenate((numbers, np.array(rows_at, dtype=np.int64)))
    taken = np.concatenate((np.ones(len(numbers), dtype=np.int64), np.array(rows_count, dtype=np.int64)))
    bits = np.concatenate((np.zeros(len(numbers), dtype=np.uint32), np.array(rows_bits, dtype=np.uint32)))
    if rows_at:
        order = np.argsort(at_line, kind="stable")
        both, at_line, taken, bits = both.take(pa.array(order)), at_line[order], taken[order], bits[order]
    places = Places(
        at_line + block.first_line,
        taken.astype(np.int32),
        spans[at_line] + block.offset,
        spans[at_line + taken] - spans[at_line],
    )
    return Batch(both, places, bits, tuple(rejects), counts, block.file_end)


def _file_spans(block: Block) -> NDArray[np.int64]:
    """Return where each line begins in the file, from the block's first byte."""
    return _wide_spans(block.data, block.starts) if block.wide else block.starts


def _wide_spans(data: bytes, starts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return where lines of UTF-8 text begin in the same text in UTF-16."""
    units = np.concatenate(([0], np.cumsum(_utf16_units(np.frombuffer(data, dtype=np.uint8)))))
    spans: NDArray[np.int64] = units[starts]
    return spans


def _clusters(block: Block, plain: NDArray[np.bool_], layout: Layout) -> list[tuple[int, int]]:
    """Return runs of lines that are not plain, each with the plain line before it that it may go on; mark that line."""
    unknown = ~plain
    unknown[list(block.kinds)] = False
    edges = np.flatnonzero(np.diff(np.concatenate(([False], unknown, [False])).astype(np.int8)))
    clusters = []
    for first, end in zip(edges[0::2].tolist(), edges[1::2].tolist(), strict=True):
        line = block.data[int(block.starts[first]) : int(block.starts[first + 1])]
        begin = first
        if first > 0 and plain[first - 1] and layout.delimiter not in line and line.strip():
            begin = first - 1
            plain[begin] = False
        clusters.append((begin, end))
    return clusters


def _bulk(block: Block, plain: NDArray[np.bool_], layout: Layout) -> tuple[pa.Table, NDArray[np.int64]]:
    """Return the cells of the plain lines, and the index of each line."""
    numbers = np.flatnonzero(plain)
    if numbers.size == 0:
        return _table([], layout), numbers.astype(np.int64)
    tables, order = [], []
    for width in sorted(layout.widths):
        chosen = numbers if len(layout.widths) == 1 else numbers[_fields(block, numbers, layout) == width]
        if chosen.size:
            data = block.data if len(chosen) == len(plain) else _joined(block, chosen)
            tables.append(_parse(data, width, layout))
            order.append(chosen)
    table, at = pa.concat_tables(tables), np.concatenate(order)
    if len(tables) > 1:
        sort = np.argsort(at, kind="stable")
        table, at = table.take(pa.array(sort)), at[sort]
    return table, at.astype(np.int64)


def _fields(block: Block, numbers: NDArray[np.int64], layout: Layout) -> NDArray[np.int64]:
    counts = []
    for number in numbers.tolist():
        line = block.data[int(block.starts[number]) : int(block.starts[number + 1])].rstrip(b"\r\n")
        if layout.quote is not None and layout.quote in line:
            from toolkit.intake._layout import split_line

            counts.append(len(split_line(line, layout.delimiter, layout.quote).fields))
        else:
            counts.append(line.count(layout.delimiter) + 1)
    return np.array(counts, dtype=np.int64)


def _joined(block: Block, chosen: NDArray[np.int64]) -> bytes:
    """Return the chosen lines one after another."""
    breaks = np.flatnonzero(np.diff(chosen) != 1)
    firsts = np.concatenate((chosen[:1], chosen[breaks + 1]))
    lasts = np.concatenate((chosen[breaks], chosen[-1:]))
    view = memoryview(block.data)
    return b"".join(
        view[a:b] for a, b in zip(block.starts[firsts].tolist(), block.starts[lasts + 1].tolist(), strict=True)
    )


_STAND_IN = b"\x1c"


def _parse(data: bytes, width: int, layout: Layout) -> pa.Table:
    if layout.encoding != "utf-8":
        data = data.decode(layout.encoding, errors="replace").encode("utf-8")
    delimiter = layout.delimiter
    if len(delimiter) > 1 or delimiter[0] >= _HIGH:
        shown = delimiter if layout.encoding == "utf-8" else delimiter.decode(layout.encoding).encode("utf-8")
        data, delimiter = data.replace(shown, _STAND_IN), _STAND_IN
    names = [str(number) for number in range(width)]
    quote = layout.quote.decode() if layout.quote is not None and layout.quote in data else False
    table = pc.read_csv(
        pa.BufferReader(data),
        read_options=pc.ReadOptions(
            use_threads=False, column_names=names, block_size=max(len(data) + 1, 1 << 16), encoding="utf8"
        ),
        parse_options=pc.ParseOptions(
            delimiter=delimiter.decode("latin-1"),
            quote_char=quote,
            double_quote=True,
            escape_char=False,
            newlines_in_values=False,
            ignore_empty_lines=False,
        ),
        convert_options=pc.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False, check_utf8=False
        ),
    )
    columns = [_whole(table.column(name)) for name in names]
    columns += [pa.nulls(table.num_rows, pa.string())] * (len(layout.names) - width)
    return pa.table(columns[: len(layout.names)], names=layout.names)


def _whole(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks)


def _table(rows: Sequence[Sequence[str | None]], layout: Layout) -> pa.Table:
    width = len(layout.names)
    columns = [
        pa.array([row[number] if number < len(row) else None for row in rows], pa.string()) for number in range(width)
    ]
    return pa.table(columns, names=layout.names)
