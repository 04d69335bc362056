"""Write one converted batch: its lines, their provenance, what was rejected, and what was kept beside."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from toolkit._io import replacing
from toolkit.intake._convert import Converted
from toolkit.intake._kinds import Batch, repair_lists
from toolkit.schema import LINES

__all__ = ["EXTRA", "PROVENANCE", "QUARANTINE", "write_batch"]

PROVENANCE = pa.schema(
    [
        pa.field("line_id", pa.int64(), nullable=False),
        pa.field("source", pa.dictionary(pa.int32(), pa.string()), nullable=False),
        pa.field("line", pa.int64(), nullable=False),
        pa.field("offset", pa.int64()),
        pa.field("length", pa.int64()),
        pa.field("lines", pa.int32(), nullable=False),
        pa.field("repairs", pa.list_(pa.string()), nullable=False),
    ]
)
"""One row per line of the data set: where it was in the source (`line` from 1, `offset` in bytes), and its repairs."""
QUARANTINE = pa.schema(
    [
        pa.field("source", pa.string(), nullable=False),
        pa.field("line", pa.int64(), nullable=False),
        pa.field("offset", pa.int64()),
        pa.field("length", pa.int64(), nullable=False),
        pa.field("lines", pa.int32(), nullable=False),
        pa.field("code", pa.string(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("raw", pa.binary(), nullable=False),
    ]
)
"""One row per unit that was rejected, with its bytes, whole."""
EXTRA = pa.schema(
    [
        pa.field("line_id", pa.int64(), nullable=False),
        pa.field("column", pa.dictionary(pa.int32(), pa.string()), nullable=False),
        pa.field("text", pa.string(), nullable=False),
    ]
)
"""One row per cell that the schema lacks, or that could not be read."""


def write_batch(
    folder: Path,
    number: int,
    source: str,
    first_line: int,
    batch: Batch,
    converted: Converted,
    ids: dict[str, pa.Array],
) -> list[str]:
    """Write the four files of a batch; return their paths within `folder`. A file without rows is not written."""
    rows = batch.cells.num_rows
    line_id = np.arange(first_line, first_line + rows, dtype=np.int64)
    written = []
    name = f"part-{number:05d}.parquet"
    if rows:
        columns = converted.columns | ids
        arrays = [
            pa.array(line_id) if column == "line_id" else columns.get(column, pa.nulls(rows, LINES[column].type))
            for column in LINES.names
        ]
        if "record_id" not in columns:
            arrays[LINES.names.index("record_id")] = pa.array(line_id)
        schema = LINES.arrow_schema()
        written.append(_write(folder / "lines" / name, pa.Table.from_arrays(arrays, schema=schema), _LINES_DICTIONARY))
        written.append(
            _write(folder / "provenance" / name, _provenance(source, line_id, batch, converted.repairs), ["source"])
        )
    if batch.rejects:
        written.append(_write(folder / "quarantine" / name, _quarantine(source, batch), ["source", "code"]))
    if converted.extra:
        written.append(_write(folder / "extra" / name, _extra(line_id, converted), ["column"]))
    return [f"{path.parent.name}/{path.name}" for path in written]


_LINES_DICTIONARY = [
    "practice_id",
    "practitioner_id",
    "last_name",
    "birth_name",
    "first_name",
    "sex",
    "postal_code",
    "city",
    "updated_on",
]


def _write(path: Path, table: pa.Table, dictionary: list[str]) -> Path:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    with replacing(path) as partial:
        pq.write_table(
            table,
            partial,
            compression="zstd",
            version="2.6",
            use_dictionary=dictionary,
            column_encoding={"line_id": "DELTA_BINARY_PACKED"} if "line_id" in table.column_names else None,
            row_group_size=max(len(table), 1),
        )
    return path


def _provenance(source: str, line_id: NDArray[np.int64], batch: Batch, repairs: NDArray[np.uint32]) -> pa.Table:
    places, rows = batch.places, len(line_id)
    return pa.Table.from_arrays(
        [
            pa.array(line_id),
            _constant(source, rows),
            pa.array(places.line),
            pa.array(places.offset) if places.offset is not None else pa.nulls(rows, pa.int64()),
            pa.array(places.length) if places.length is not None else pa.nulls(rows, pa.int64()),
            pa.array(places.lines),
            repair_lists(repairs),
        ],
        schema=PROVENANCE,
    )


def _constant(text: str, rows: int) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, dtype=np.int32)), pa.array([text], pa.string()))


def _quarantine(source: str, batch: Batch) -> pa.Table:
    rejects = batch.rejects
    return pa.table(
        {
            "source": pa.array([source] * len(rejects), pa.string()),
            "line": [reject.line for reject in rejects],
            "offset": pa.array([reject.offset for reject in rejects], pa.int64()),
            "length": [len(reject.raw) for reject in rejects],
            "lines": pa.array([reject.lines for reject in rejects], pa.int32()),
            "code": [reject.code for reject in rejects],
            "reason": [reject.reason for reject in rejects],
            "raw": pa.array([reject.raw for reject in rejects], pa.binary()),
        },
        schema=QUARANTINE,
    )


def _extra(line_id: NDArray[np.int64], converted: Converted) -> pa.Table:
    names = sorted({name for _, name, _ in converted.extra})
    ids = np.concatenate([line_id[rows] for rows, _, _ in converted.extra])
    column = np.concatenate(
        [np.full(len(rows), names.index(name), dtype=np.int32) for rows, name, _ in converted.extra]
    )
    texts = pa.concat_arrays([texts for _, _, texts in converted.extra])
    order = np.lexsort((column, ids))
    return pa.Table.from_arrays(
        [
            pa.array(ids[order]),
            pa.DictionaryArray.from_arrays(pa.array(column[order]), pa.array(names, pa.string())),
            texts.take(pa.array(order)),
        ],
        schema=EXTRA,
    )
