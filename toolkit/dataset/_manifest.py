"""The manifest of a data set, and what the data set can answer from.

`manifest.json` describes a finished data set: where it comes from (`origin`), its files with their rows and sizes, and,
for a synthetic one, the scenario and seed that made it. Only `format` and `files` are required: the maker and the
intake of received files write the rest, and what is missing is worked out from the files.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from toolkit import schema
from toolkit.errors import DataSetError, MissingError, NotADataSetError
from toolkit.i18n import N_

__all__ = [
    "INTAKE",
    "ORIGINS",
    "SYNTHETIC",
    "Capabilities",
    "Nulls",
    "count_nulls",
    "files_of",
    "find_capabilities",
    "read_manifest",
    "rows_of",
]

MANIFEST_FORMAT = 1
"""The one version of `manifest.json` that this module reads."""

SYNTHETIC, INTAKE = "synthetic", "intake"
ORIGINS = (SYNTHETIC, INTAKE)
"""Where a data set can come from: the maker, or files that somebody received, which hold real people."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a data set holds, and so what can be answered from it.

    `truth`: the maker's record of each line. `register`: a table of public figures. `practices`, `practitioners`: their
    tables. `columns`: the columns of `lines` that hold at least one value.
    """

    truth: bool
    register: bool
    practices: bool
    practitioners: bool
    columns: frozenset[str]

    def has(self, *columns: str) -> bool:
        """Return whether each of these columns of `lines` holds at least one value."""
        return self.columns.issuperset(columns)


class Nulls(NamedTuple):
    """How many of the rows of a column are null, and whether the footers of all files have that number (`known`)."""

    nulls: int
    rows: int
    known: bool


def read_manifest(directory: Path) -> dict[str, Any]:
    """Read and check the manifest of the data set in `directory`; return it with `origin` and `rows` filled in.

    A manifest without an origin is synthetic if it says `"synthetic": true`; otherwise its people are taken for real.
    Raises `NotADataSetError` where there is no directory, and `DataSetError` where the manifest is missing, broken, of
    another format or origin, or lists a file that is missing or has another size.
    """
    if not directory.is_dir():
        raise NotADataSetError(f"There is no directory {directory}: give the directory of a data set.")
    file = directory / "manifest.json"
    manifest = _parse(file)
    if manifest.get("format") != MANIFEST_FORMAT:
        raise DataSetError(
            f"The file {file} has format {manifest.get('format')!r} where {MANIFEST_FORMAT} was expected: "
            "make the data set again with this version of the toolkit."
        )
    origin = manifest.get("origin") or (SYNTHETIC if manifest.get("synthetic") is True else INTAKE)
    if origin not in ORIGINS:
        raise DataSetError(f"The file {file} has the origin {origin!r}: expected {' or '.join(ORIGINS)}.")
    _check_files(directory, manifest["files"], file)
    lines = [entry for entry in manifest["files"] if fnmatch(entry["path"], schema.LINES.files)]
    if not lines:
        raise DataSetError(f"The file {file} lists no file {schema.LINES.files}: a data set needs its lines.")
    rows = manifest.get("rows")
    if not isinstance(rows, int):
        rows = sum(rows_of(directory, entry) for entry in lines)
    return {**manifest, "origin": origin, "rows": rows}


def files_of(table: schema.Table, directory: Path, manifest: Mapping[str, Any]) -> list[Path]:
    """Return the files of a table, sorted; raises `MissingError` where the data set has none."""
    files = sorted(directory / entry["path"] for entry in manifest["files"] if fnmatch(entry["path"], table.files))
    if not files:
        raise MissingError(_NO_TABLE[table.name])
    return files


def find_capabilities(manifest: Mapping[str, Any], nulls: Mapping[str, Nulls], lines: Sequence[Path]) -> Capabilities:
    """Return what a data set holds: its tables from its list of files, its columns from `count_nulls`.

    A column that the manifest lists, and that has no statistics, counts as one with values; without the list of the
    manifest such a column is read, from the files `lines`, until a value is found.
    """
    paths = [entry["path"] for entry in manifest["files"]]
    there = {name: any(fnmatch(path, table.files) for path in paths) for name, table in schema.TABLES.items()}
    listed = manifest.get("columns")
    columns = {name for name, counted in nulls.items() if counted.nulls < counted.rows}
    if isinstance(listed, list):
        # What the manifest lists may have been removed since: the files decide.
        columns &= set(listed)
    else:
        columns = {name for name in columns if nulls[name].known or _has_values(lines, name)}
    return Capabilities(
        truth=there["truth_lines"],
        register=there["public_figures"],
        practices=there["practices"],
        practitioners=there["practitioners"],
        columns=frozenset(columns),
    )


def count_nulls(files: Sequence[Path]) -> dict[str, Nulls]:
    """Return the columns of `lines` that the files have, each with its nulls, from the footers of the files.

    A row group whose footer has no statistics counts as one without nulls; a file that lacks a column that others have
    counts as null throughout. Raises `DataSetError` for a file that is not Parquet.
    """
    nulls: dict[str, int] = {}
    have: dict[str, int] = {}
    unknown: set[str] = set()
    rows = 0
    for file in files:
        footer = _footer(file)
        rows += footer.num_rows
        for group in (footer.row_group(number) for number in range(footer.num_row_groups)):
            for column in (group.column(number) for number in range(group.num_columns)):
                name, statistics = column.path_in_schema, column.statistics
                have[name] = have.get(name, 0) + group.num_rows
                known = statistics is not None and statistics.has_null_count
                unknown |= set() if known else {name}
                nulls[name] = nulls.get(name, 0) + (statistics.null_count if known else 0)
    return {
        name: Nulls(nulls[name] + rows - have[name], rows, name not in unknown)
        for name in have
        if name in schema.LINES.names
    }


def _has_values(files: Sequence[Path], name: str) -> bool:
    """Return whether a column holds a value, reading row group after row group until there is one."""
    for file in files:
        opened = pq.ParquetFile(file)
        if name in opened.schema_arrow.names:
            for group in range(opened.num_row_groups):
                column = opened.read_row_group(group, columns=[name]).column(0)
                if column.null_count < len(column):
                    return True
    return False


def _footer(file: Path) -> pq.FileMetaData:
    try:
        return pq.read_metadata(file)
    except (pa.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0]
        raise DataSetError(f"The file {file} cannot be read ({reason}): copy the data set again.") from None


_NO_TABLE = {
    "lines": N_("the data set has no lines"),
    "practices": N_("the data set has no table of practices"),
    "practitioners": N_("the data set has no table of practitioners"),
    "public_figures": N_("the data set has no table of public figures"),
    "truth_lines": N_("the data set has no table of true answers (truth)"),
}


def _parse(file: Path) -> dict[str, Any]:
    if not file.is_file():
        raise DataSetError(
            f"The directory {file.parent} has no manifest.json: it is not a data set, or it was not finished; "
            "run `toolkit generate` again with the same options to resume it."
        )
    try:
        manifest = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise DataSetError(f"The file {file} is not valid JSON ({error}): make the data set again.") from None
    if not isinstance(manifest, dict) or not _lists_files(manifest.get("files")):
        raise DataSetError(f"The file {file} is not the manifest of a data set: it has no list of files.")
    return manifest


def _lists_files(files: object) -> bool:
    return isinstance(files, list) and all(
        isinstance(each, dict) and isinstance(each.get("path"), str) for each in files
    )


def _check_files(directory: Path, files: Sequence[Mapping[str, Any]], manifest: Path) -> None:
    """Check that every file is there and has its size (`verify-synthetic` and `rerun` check the content)."""
    for entry in files:
        file = directory / entry["path"]
        if not file.is_file():
            raise DataSetError(
                f"The file {file} is in the manifest but not on disk: copy the data set again or make it again."
            )
        size = entry.get("bytes")
        if size is not None and file.stat().st_size != size:
            raise DataSetError(
                f"The file {file} has {file.stat().st_size} bytes where {manifest.name} lists {size}: "
                "copy the data set again or make it again."
            )


def rows_of(directory: Path, entry: Mapping[str, Any]) -> int:
    """Return the rows of a file from its entry in the manifest, or else from its footer."""
    rows = entry.get("rows")
    return rows if isinstance(rows, int) else int(_footer(directory / entry["path"]).num_rows)
