"""Write tables to Parquet under a temporary name, then rename them; hash their values and their bytes.

Two tables have the same *content hash* if they hold the same values, whatever library wrote the bytes. Rows are taken
in pages of `PAGE`, each page is hashed column by column in a canonical form, and the page hashes are hashed in order.
Partitions are cut between pages, so the content hash of all lines does not depend on the number of partitions.
"""

from __future__ import annotations

import errno
import hashlib
import json
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from toolkit._io import file_digest, replacing, write_text
from toolkit.errors import DataSetError, WriteError
from toolkit.provenance import SYNTHETIC_KEY, SYNTHETIC_VALUE
from toolkit.schema import Table

__all__ = [
    "PAGE",
    "ROW_GROUP",
    "TableWriter",
    "WrittenFile",
    "content_hash",
    "page_hashes",
    "write_json",
    "write_table",
]

PAGE = 1_000
"""Rows per page; partitions are cut between pages."""
ROW_GROUP = 120_000
# Columns with few distinct values, for which dictionary encoding saves space.
_DICTIONARY = {
    "practice_id", "practitioner_id", "last_name", "birth_name", "first_name", "sex", "postal_code", "city",
    "updated_on", "repeated_line", "sentinel", "figure_id", "comment_category", "comment_family", "comment_polarity",
    "comment_about", "errors.list.element", "hand_id", "entry", "died_on", "moved_on",
}  # fmt: skip
# Numbers that ascend for long stretches: their differences are small.
_ASCENDING = ("line_id", "record_id")


@dataclass(frozen=True)
class WrittenFile:
    """One finished file of a data set."""

    path: str
    rows: int
    bytes: int
    sha256: str
    content_hash: str
    pages: tuple[str, ...]
    """Hash of each page, in order; the content hashes of files and data sets are computed from them."""

    def entry(self) -> dict[str, Any]:
        """Return the entry of the file in the manifest."""
        return {
            "path": self.path,
            "rows": self.rows,
            "bytes": self.bytes,
            "sha256": self.sha256,
            "content_hash": self.content_hash,
        }


def content_hash(pages: Iterable[str]) -> str:
    """Return the content hash of a table from the hashes of its pages."""
    return hashlib.sha256("".join(pages).encode()).hexdigest()


def page_hashes(table: pa.Table) -> list[str]:
    """Return the hash of each page of a table whose first row starts a page."""
    parts = [part for name in table.column_names for part in _canonical(_single_chunk(table.column(name)))]
    hashes = []
    for start in range(0, table.num_rows, PAGE):
        end = min(start + PAGE, table.num_rows)
        digest = hashlib.sha256()
        for values, bounds in parts:
            part = values[start:end] if bounds is None else values[bounds[start] : bounds[end]]
            digest.update(part.data)
        hashes.append(digest.hexdigest())
    return hashes


def _single_chunk(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks)


Part = tuple[NDArray[Any], NDArray[np.int32] | None]


def _canonical(array: pa.Array) -> Iterator[Part]:
    """Yield a column as plain buffers: one value per row, or bytes with the bounds of each row."""
    if pa.types.is_list(array.type):
        # Hash the length of a list, and its items joined by a character that none of them contains.
        yield np.ascontiguousarray(pc.list_value_length(array).fill_null(-1).to_numpy(zero_copy_only=False)), None
        yield from _canonical(pc.binary_join(array, "|"))
    elif pa.types.is_string(array.type):
        yield (
            np.ascontiguousarray(pc.binary_length(array).fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32)),
            None,
        )
        if array.null_count and _nulls_have_text(array):
            array = pc.fill_null(array, "")
        _, offsets, data = array.buffers()
        bounds = np.frombuffer(offsets, dtype=np.int32)[array.offset : array.offset + len(array) + 1]
        yield np.frombuffer(data or b"", dtype=np.uint8), bounds
    else:
        if pa.types.is_date(array.type):
            array = array.cast(pa.int32())
        if array.null_count:
            yield np.ascontiguousarray(array.is_null().to_numpy(zero_copy_only=False)), None
            array = array.fill_null(False if pa.types.is_boolean(array.type) else 0)
        else:
            yield np.zeros(len(array), dtype=bool), None
        yield np.ascontiguousarray(array.to_numpy(zero_copy_only=False)), None


def _nulls_have_text(array: pa.StringArray) -> bool:
    """Return whether the buffers hold text that no value shows, in the place of nulls."""
    bounds = np.frombuffer(array.buffers()[1], dtype=np.int32)[array.offset : array.offset + len(array) + 1]
    shown = pc.sum(pc.binary_length(array), min_count=0).as_py()
    return bool(int(bounds[-1] - bounds[0]) != shown)


class TableWriter:
    """Write one Parquet file of a table of the schema, row group by row group, and rename it when complete."""

    def __init__(self, folder: Path, path: str, table: Table) -> None:
        self._target = folder / path
        self._path = path
        self._schema = table.generated_schema().with_metadata({SYNTHETIC_KEY: SYNTHETIC_VALUE, "table": table.name})
        self._waiting: list[pa.Table] = []
        self._waiting_rows = 0
        self._pages: list[str] = []
        self._rows = 0

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._partial = stack.enter_context(replacing(self._target))
            self._writer = stack.enter_context(
                pq.ParquetWriter(
                    self._partial,
                    self._schema,
                    compression="zstd",
                    use_dictionary=[name for name in _flat_names(self._schema) if name in _DICTIONARY],
                    column_encoding={name: "DELTA_BINARY_PACKED" for name in self._schema.names if name in _ASCENDING},
                    # Minimum and maximum help to filter numbers and dates; names are not filtered by their order.
                    write_statistics=[field.name for field in self._schema if pa.types.is_primitive(field.type)],
                    version="2.6",
                )
            )
            self._opened = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opened.__exit__(kind, error, trace)

    def add(self, table: pa.Table) -> None:
        """Append rows."""
        self._waiting.append(table)
        self._waiting_rows += table.num_rows
        while self._waiting_rows >= ROW_GROUP:
            self._flush(ROW_GROUP)

    def _flush(self, rows: int) -> None:
        together = pa.concat_tables(self._waiting)
        group = together.slice(0, rows).combine_chunks().replace_schema_metadata(self._schema.metadata)
        self._writer.write_table(group, row_group_size=ROW_GROUP)
        self._pages += page_hashes(group)
        self._rows += group.num_rows
        self._waiting = [together.slice(rows)]
        self._waiting_rows -= group.num_rows

    def finish(self) -> WrittenFile:
        """Write the remaining rows and return the description of the file, renamed when the `with` block ends."""
        if self._waiting_rows or self._rows == 0:
            self._flush(self._waiting_rows)
        self._writer.close()
        sha256, size = file_digest(self._partial), self._partial.stat().st_size
        return WrittenFile(self._path, self._rows, size, sha256, content_hash(self._pages), tuple(self._pages))


def _flat_names(schema: pa.Schema) -> list[str]:
    return [f"{field.name}.list.element" if pa.types.is_list(field.type) else field.name for field in schema]


def write_table(folder: Path, table: Table, rows: pa.Table) -> WrittenFile:
    """Write a small table as one file."""
    with TableWriter(folder, table.files, table) as writer:
        writer.add(rows)
        return writer.finish()


def write_json(path: Path, content: object) -> None:
    """Write a JSON file, readable by its owner only."""
    write_text(path, json.dumps(content, ensure_ascii=False, indent=2) + "\n")


def disk_error(error: OSError | WriteError, folder: Path) -> DataSetError:
    """Return a `DataSetError` for an operating-system error while a data set was written."""
    if error.errno == errno.ENOSPC:
        return DataSetError(
            f"The disk that holds {folder} is full: free some space and run the same command again, "
            "it resumes where it stopped."
        )
    reason = error.reason if isinstance(error, WriteError) else error.strerror or error
    return DataSetError(f"Cannot write to {folder} ({reason}): check the path and its permissions.")
