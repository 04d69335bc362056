"""Count the units of an intake again, from the source and from the files that were written."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

__all__ = ["count_units"]

_CHUNK = 8 << 20


def count_units(data_set: Path, source: Mapping[str, Any], stream: Path) -> str | None:
    """Return how the account of one source differs from a count of its own, or None.

    Rows and rejected units are counted from the Parquet files, physical lines from the stream itself. Other units
    (tuples, rows of sheets) are compared with the files alone.
    """
    name = source["source"]
    rows = _sum_lines(data_set / "provenance", name)
    told = source.get("rows_read", 0) + source.get("rows_repaired", 0)
    if rows != told:
        return f"{rows} units became rows, and the account has {told}"
    rejected = _sum_lines(data_set / "quarantine", name)
    if rejected != source.get("rows_rejected", 0):
        return f"{rejected} units are in quarantine, and the account has {source.get('rows_rejected', 0)}"
    if source["unit"] == "physical line":
        lines = _physical_lines(stream)
        if lines != source["total"]:
            return f"the source has {lines} lines, and the account has {source['total']}"
    return None


def _sum_lines(folder: Path, source: str) -> int:
    files = sorted(folder.glob("*.parquet")) if folder.is_dir() else []
    if not files:
        return 0
    frame = pl.scan_parquet(files).filter(pl.col("source").cast(pl.String) == source)
    return int(frame.select(pl.col("lines").cast(pl.Int64).sum()).collect().item())


def _physical_lines(stream: Path) -> int:
    """Return the number of lines of a text: ends of CRLF, LF or CR, and a last line without an end."""
    with stream.open("rb") as file:
        head = file.read(4_096)
    wide = _wide(head)
    ends = crlf = size = 0
    last = b""
    with stream.open("rb") as file:
        while chunk := file.read(_CHUNK):
            text = chunk if wide is None else _narrow(chunk, wide)
            size += len(text)
            ends += text.count(b"\n") + text.count(b"\r")
            crlf += text.count(b"\r\n") + (last == b"\r" and text.startswith(b"\n"))
            last = text[-1:]
    return ends - crlf + (size > 0 and last not in (b"\n", b"\r"))


def _wide(head: bytes) -> str | None:
    if head.startswith(b"\xff\xfe"):
        return "little"
    if head.startswith(b"\xfe\xff"):
        return "big"
    half = max(len(head) // 2, 1)
    if head[1::2].count(0) > 0.6 * half and head[0::2].count(0) < 0.1 * half:
        return "little"
    if head[0::2].count(0) > 0.6 * half and head[1::2].count(0) < 0.1 * half:
        return "big"
    return None


def _narrow(chunk: bytes, order: str) -> bytes:
    """Return UTF-16 text with one byte per unit: itself where the other byte is 0, else a letter."""
    low, high = (chunk[0::2], chunk[1::2]) if order == "little" else (chunk[1::2], chunk[0::2])
    if len(low) > len(high):
        high += b"\1"
    if not any(high):
        return low
    return bytes(a if b == 0 else 0x78 for a, b in zip(low, high, strict=False))
