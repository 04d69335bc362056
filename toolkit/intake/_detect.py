"""Decide what a stream is by its content, never by its name."""

from __future__ import annotations

import re
from pathlib import Path

from toolkit.intake._encoding import utf16_kind

__all__ = ["kind_of"]

_HEAD = 256 << 10
_SQL = re.compile(
    r"^\s*(?:INSERT\s+(?:IGNORE\s+)?(?:INTO\s+)?[\[`\"\w.]|REPLACE\s+INTO\s|COPY\s+\S+\s*\([^)]*\)\s+FROM\s+stdin|CREATE\s+TABLE\s|"
    r"-- (?:MySQL|MariaDB|PostgreSQL|SQLite).*dump|--\s*Dumping|PRAGMA foreign_keys|SET NOCOUNT|LOCK TABLES )",
    re.IGNORECASE | re.MULTILINE,
)


def kind_of(path: Path) -> str:  # noqa: PLR0911 (one line for each kind)
    """Return the kind of a plain file: sqlite, parquet, workbook, html, json, sql, binary or text."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if head.startswith(b"SQLite format 3\0"):
        return "sqlite"
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")):
        return "workbook"
    if head.startswith(
        (b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"\x7fELF", b"MZ\x90", b"Rar!", b"II*\0", b"RIFF")
    ):
        return "binary"
    wide = utf16_kind(head[:4_096])
    text = head[: len(head) - len(head) % 2].decode(wide, errors="replace") if wide else head.decode("latin-1")
    begin = text.removeprefix("\ufeff").removeprefix("ï»¿").lstrip()
    if begin[:1] == "<" and re.search(r"<table\b", text, re.IGNORECASE):
        return "html"
    if begin[:1] in "{[" and begin and re.match(r"[\[{]\s*(?:[\[{\"\]}]|$)", begin[:200]):
        return "json"
    if _SQL.search(text):
        return "sql"
    return "text"
