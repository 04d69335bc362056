"""Parquet files of any types: nested columns become paths (`Address.Zip`), lists become JSON."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from toolkit.intake._containers import Stream
from toolkit.intake._kinds import Batch, Finding, Job, Places
from toolkit.intake._mapping import ColumnMap
from toolkit.intake._tables import SourceTable, columns_of

__all__ = ["parquet_tables"]

_SAMPLE, _ROWS = 1_000, 50_000


def parquet_tables(stream: Stream) -> list[SourceTable]:
    """Return the table of a Parquet file."""
    try:
        file = pq.ParquetFile(stream.path)
        first = next(file.iter_batches(batch_size=_SAMPLE), None)
        table = _texts(pa.Table.from_batches([first])) if first is not None else None
    except (pa.ArrowException, OSError) as error:
        return [
            SourceTable(
                stream.source,
                "file",
                [],
                [],
                lambda _mapping: iter(()),
                partial(Counter, {"not_a_table": 1}),
                findings=[Finding("damaged_parquet", f"{stream.source} cannot be read: {str(error).splitlines()[0]}")],
            )
        ]
    names = table.column_names if table is not None else []
    rows = [list(row.values()) for row in table.to_pylist()] if table is not None else []
    return [
        SourceTable(
            stream.source,
            "table row",
            names,
            columns_of(rows, len(names)),
            partial(_read, stream),
            partial(Counter, {"other_table": file.metadata.num_rows}),
        )
    ]


def _read(stream: Stream, _mapping: ColumnMap) -> Iterator[Job]:
    file = pq.ParquetFile(stream.path)
    first = 1
    for batch in file.iter_batches(batch_size=_ROWS):
        yield partial(_batch, batch, first)
        first += batch.num_rows


def _batch(batch: pa.RecordBatch, first: int) -> Batch:
    table = _texts(pa.Table.from_batches([batch]))
    return Batch(table, Places.numbered(first, batch.num_rows), np.zeros(batch.num_rows, dtype=np.uint32))


def _texts(table: pa.Table) -> pa.Table:
    """Return a table with every column as text; structs are taken apart."""
    while any(pa.types.is_struct(field.type) for field in table.schema):
        table = table.flatten()
    columns = [
        _text(column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)) for column in table.columns
    ]
    return pa.table(columns, names=table.column_names)


def _text(column: pa.Array) -> pa.Array:
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.dictionary_decode()
        kind = column.type
    if pa.types.is_string(kind):
        return column
    if (
        pa.types.is_large_string(kind)
        or pa.types.is_integer(kind)
        or pa.types.is_boolean(kind)
        or pa.types.is_string_view(kind)
    ):
        return column.cast(pa.string())
    if pa.types.is_date(kind):
        return column.cast(pa.date32()).cast(pa.string())
    if pa.types.is_timestamp(kind):
        return pc.strftime(column.cast(pa.timestamp("us")), format="%Y-%m-%dT%H:%M:%S")
    return pa.array([_shown(value) for value in column.to_pylist()], pa.string())


def _shown(value: object) -> str | None:  # noqa: PLR0911 (one line for each type)
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            return f"hex:{value.hex()}"
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    return json.dumps(value, ensure_ascii=False, default=str)
