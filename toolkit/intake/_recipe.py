"""The recipe of an intake: what was read, how, and which choices were made; a user completes or changes it.

A recipe is TOML. `[[tables]]` has one entry per table: its source, and `columns`, which maps the names of the source's
columns to those of the schema ("" for none). What a recipe says is used as it is; what it leaves out is found again.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from toolkit.errors import InputError
from toolkit.intake._headers import ROLES
from toolkit.intake._mapping import ColumnMap, Match
from toolkit.intake._tables import SourceTable

__all__ = ["apply_recipe", "read_recipe", "recipe_text"]

_KEYS = {
    "source",
    "sha256",
    "columns",
    "month_first",
    "last_name_first",
    "read",
    "encoding",
    "dialect",
    "evidence",
    "has_header",
}


def read_recipe(path: Path) -> dict[str, Any]:
    """Read and check a recipe; raises `InputError` for a file that is missing, broken, or names an unknown column."""
    try:
        recipe = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"The recipe {path} cannot be read ({error.strerror or error}).") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"The recipe {path} is not valid TOML: {error}.") from None
    tables = recipe.get("tables", [])
    if not isinstance(tables, list) or not all(
        isinstance(table, dict) and isinstance(table.get("source"), str) for table in tables
    ):
        raise InputError(
            f"The recipe {path} has no [[tables]] with a source each: start from the recipe that intake writes."
        )
    for table in tables:
        unknown = set(table) - _KEYS
        if unknown:
            raise InputError(f"The recipe {path} has the unknown key {min(unknown)!r} for {table['source']}.")
        for source, column in dict(table.get("columns", {})).items():
            if column != "" and column not in ROLES:
                raise InputError(
                    f"The recipe {path} maps the column {source!r} to {column!r}: "
                    f"give one of {', '.join(ROLES)}, or an empty text for none."
                )
    return recipe


def apply_recipe(recipe: Mapping[str, Any], table: SourceTable, mapping: ColumnMap) -> ColumnMap:
    """Return the mapping of a table with the choices of the recipe in place of what was found."""
    entry = next((one for one in recipe.get("tables", []) if one["source"] == table.source), None)
    if entry is None:
        return mapping
    columns = dict(entry.get("columns", {}))
    missing = sorted(set(columns) - set(table.names))
    if missing:
        raise InputError(
            f"The recipe maps the column {missing[0]!r} of {table.source}, which has none of that name: "
            f"its columns are {', '.join(table.names)}."
        )
    matches = tuple(_chosen(match, columns) for match in mapping.matches)
    ambiguities = mapping.ambiguities
    if columns:
        ambiguities = tuple(one for one in ambiguities if one.what != "names")
    month_first = dict(mapping.month_first) | {
        name: bool(first) for name, first in dict(entry.get("month_first", {})).items()
    }
    if "month_first" in entry:
        ambiguities = tuple(one for one in ambiguities if one.what != "date_order")
    last_first = bool(entry.get("last_name_first", mapping.last_first))
    return replace(mapping, matches=matches, ambiguities=ambiguities, month_first=month_first, last_first=last_first)


def _chosen(match: Match, columns: Mapping[str, str]) -> Match:
    if match.source not in columns:
        return match
    column = columns[match.source] or None
    return (
        match
        if column == match.column
        else Match(match.source, column, 1.0, "by the recipe", match.column, match.score)
    )


def recipe_text(
    read: Sequence[tuple[SourceTable, ColumnMap, bool]],
    sources: Sequence[Mapping[str, object]],
    options: Mapping[str, object],
    versions: Mapping[str, str],
) -> str:
    """Return the recipe as TOML: versions, options, sources, and each table with its mapping and the evidence."""
    lines = ["# How the files were read. Change a mapping and give this file with --recipe to read them again.", ""]
    lines += ["[versions]", *(f"{_key(name)} = {_value(version)}" for name, version in versions.items()), ""]
    lines += ["[options]", *(f"{_key(name)} = {_value(value)}" for name, value in options.items()), ""]
    for source in sources:
        lines += ["[[sources]]", *(f"{_key(name)} = {_value(value)}" for name, value in source.items()), ""]
    for table, mapping, is_read in read:
        lines += ["[[tables]]", f"source = {_value(table.source)}", f"read = {_value(is_read)}"]
        lines += [f"encoding = {_value(table.encoding)}", f"has_header = {_value(table.has_header)}"]
        if not mapping.last_first:
            lines.append("last_name_first = false")
        if table.dialect:
            lines += ["[tables.dialect]", *(f"{_key(name)} = {_value(value)}" for name, value in table.dialect.items())]
        if mapping.month_first:
            lines += [
                "[tables.month_first]",
                *(f"{_key(name)} = {_value(first)}" for name, first in mapping.month_first.items()),
            ]
        unclear = [one for one in mapping.ambiguities if one.what == "date_order"]
        if unclear and not mapping.month_first:
            lines += ["[tables.month_first]  # choose: true where the month comes first"]
        if mapping.matches:
            lines.append("[tables.columns]")
            for match in mapping.matches:
                other = f"; next best {match.runner_up} {match.runner_up_score:.2f}" if match.runner_up else ""
                lines.append(
                    f"{_key(match.source)} = {_value(match.column or '')}  # {match.score:.2f}, {match.evidence}{other}"
                )
        lines.append("")
    return "\n".join(lines)


def _key(name: str) -> str:
    return json.dumps(name, ensure_ascii=False)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return str(value)
    # A string of JSON is one of TOML, apart from DEL.
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")
