"""What a data set holds, from its manifest and the schema: no row of it is read."""

from __future__ import annotations

from fnmatch import fnmatch
from typing import Any

from toolkit import schema
from toolkit.dataset._leak import Leak

__all__ = ["describe"]


def describe(leak: Leak) -> dict[str, Any]:
    """Where a data set comes from, its tables, and the columns of its lines, ready to be written as JSON.

    `tables` has for each table its name, what a row is, and its rows, files and bytes; `columns` has for each column of
    `lines` its name, type, meaning and how personal it is.
    """
    told = ("title", "notice", "scenario", "seed", "rows", "copied_on", "content_hash", "created_with")
    return {
        "path": leak.name,
        **{key: leak.manifest.get(key) for key in told},
        "tables": [_table(table, leak.manifest["files"]) for table in schema.TABLES.values()],
        "columns": [
            {"name": column.name, "type": str(column.type), "personal": str(column.personal), "meaning": column.meaning}
            for column in schema.LINES.columns
        ],
    }


def _table(table: schema.Table, files: list[dict[str, Any]]) -> dict[str, Any]:
    own = [file for file in files if fnmatch(file["path"], table.files)]
    return {
        "name": table.name,
        "row": table.row,
        "rows": sum(file["rows"] for file in own),
        "files": len(own),
        "bytes": sum(file["bytes"] for file in own),
    }
