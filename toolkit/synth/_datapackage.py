"""The Frictionless Data Package of a data set: a description of every file, table and column."""

from __future__ import annotations

from fnmatch import fnmatch
from typing import Any

import pyarrow as pa

from toolkit.scenario import Scenario
from toolkit.schema import TABLES, Column, Table

__all__ = ["data_package"]

_TYPES = {
    pa.int64(): "integer",
    pa.int32(): "integer",
    pa.string(): "string",
    pa.date32(): "date",
    pa.bool_(): "boolean",
    pa.list_(pa.string()): "array",
}


def data_package(scenario: Scenario, manifest: dict[str, Any]) -> dict[str, Any]:
    """Return the content of `datapackage.json` (Data Package v1) for the data set that `manifest` lists."""
    return {
        "profile": "data-package",
        "name": f"{scenario.name}-{manifest['rows']}-{manifest['seed']}",
        "title": scenario.title,
        "description": (
            "Entirely synthetic: no row describes a real person, and no telephone number, social security number, "
            "mail address or street in it belongs to anyone. Made by leak-forensics-toolkit for teaching and testing."
        ),
        "synthetic": True,
        "licenses": [{"name": "CC-BY-4.0", "title": "Creative Commons Attribution 4.0"}],
        "resources": [_resource(table, manifest["files"]) for table in TABLES.values()],
    }


def _resource(table: Table, files: list[dict[str, Any]]) -> dict[str, Any]:
    own = [file for file in files if fnmatch(file["path"], table.files)]
    paths = [file["path"] for file in own]
    return {
        "name": table.name.replace("_", "-"),
        "title": f"One row is {table.row}.",
        "path": paths if len(paths) > 1 else paths[0],
        "format": "parquet",
        "mediatype": "application/vnd.apache.parquet",
        "bytes": sum(file["bytes"] for file in own),
        "schema": {"fields": [_field(column) for column in table.columns], "primaryKey": table.columns[0].name},
    }


def _field(column: Column) -> dict[str, Any]:
    field: dict[str, Any] = {
        "name": column.name,
        "type": _TYPES[column.type],
        "description": column.meaning,
        "personal": column.personal.value,
    }
    if column.required:
        field["constraints"] = {"required": True}
    return field
