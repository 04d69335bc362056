"""Describe a data set from its manifest, the footers of its files and the schema: no row is read."""

from __future__ import annotations

from fnmatch import fnmatch
from typing import Any

from toolkit import schema
from toolkit.dataset._leak import Leak
from toolkit.dataset._manifest import rows_of
from toolkit.privacy import notice

__all__ = ["describe"]


def describe(leak: Leak) -> dict[str, Any]:
    """Return where a data set comes from, its tables and its columns, ready to be written as JSON.

    `origin` is "synthetic" or "intake", `notice` what holds for such data. `tables` has for each table its name, what a
    row is, and its rows, files and bytes; `columns` has for each column of `lines` its name, type, meaning, how
    personal it is, and whether it is `filled` on at least one line. What the manifest does not record is null.
    """
    known = ("title", "scenario", "seed", "rows", "copied_on", "content_hash", "created_with")
    return {
        "path": leak.name,
        "origin": leak.origin,
        "notice": notice(leak.origin, leak.manifest.get("delete_by")),
        **{key: leak.manifest.get(key) for key in known},
        "tables": [_table(table, leak) for table in schema.TABLES.values()],
        "columns": [
            {
                "name": column.name,
                "type": str(column.type),
                "personal": str(column.personal),
                "filled": leak.capabilities.has(column.name),
                "meaning": column.meaning,
            }
            for column in schema.LINES.columns
        ],
    }


def _table(table: schema.Table, leak: Leak) -> dict[str, Any]:
    own = [file for file in leak.manifest["files"] if fnmatch(file["path"], table.files)]
    return {
        "name": table.name,
        "row": table.row,
        "rows": sum(rows_of(leak.path, file) for file in own),
        "files": len(own),
        "bytes": sum((leak.path / file["path"]).stat().st_size for file in own),
    }
