"""The lines of the dump and their truth, a few practices at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from toolkit.schema import LINES, TRUTH_LINES
from toolkit.synth._arrays import nullable
from toolkit.synth._error_model import CATALOGUE, ErrorModel, TypedRecords
from toolkit.synth._plan import Plan
from toolkit.synth._public_figures import PublicFigures
from toolkit.synth._records import ENTRIES, RecordMaker, Records, export_order
from toolkit.synth.comments import Annotated, Annotator

__all__ = ["LineMaker"]

_LINES = pa.schema([field for field in LINES.generated_schema() if field.name != "line_id"])
_TRUTH = pa.schema([field for field in TRUTH_LINES.arrow_schema() if field.name not in ("line_id", "repeated_line")])


class LineMaker:
    """Make any range of lines of a plan."""

    def __init__(
        self,
        plan: Plan,
        record_maker: RecordMaker,
        error_model: ErrorModel,
        annotator: Annotator,
        figures: PublicFigures,
    ) -> None:
        self._plan = plan
        self._record_maker = record_maker
        self._error_model = error_model
        self._annotator = annotator
        self._figures = figures
        families = annotator.grammar.families
        self._truth_of_family: dict[str, list[Any]] = {
            "comment_category": [family.category or None for family in families],
            "comment_family": [family.id for family in families],
            "comment_held_out": [family.held_out for family in families],
            "comment_polarity": [family.polarity for family in families],
            "comment_about": [family.about for family in families],
        }

    def make(self, start: int, end: int, records_at_once: int) -> Iterator[tuple[pa.Table, pa.Table]]:
        """Yield lines `start` .. `end - 1` in order, as pairs of tables (lines, truth) with the schema's columns."""
        plan = self._plan
        first = int(np.searchsorted(plan.lines_start, start, side="right")) - 1
        stop = int(np.searchsorted(plan.lines_start, end, side="left"))
        while first < stop:
            last = first + 1
            while last < stop and plan.records_start[last + 1] - plan.records_start[first] <= records_at_once:
                last += 1
            yield self._practices(first, last, start, end)
            first = last

    def _practices(self, first: int, last: int, start: int, end: int) -> tuple[pa.Table, pa.Table]:
        """Return the lines and truth of practices `first` .. `last - 1` whose numbers are in `start` .. `end - 1`."""
        plan = self._plan
        records = self._record_maker.make(first, last)
        notes = self._annotator.annotate(records)
        typed = self._error_model.type(records)
        lines, truth = _line_columns(records, typed, notes), self._truth_columns(records, typed, notes)
        pieces: list[tuple[int, int, bool]] = []
        base = int(plan.records_start[first])
        for k in range(first, last):
            at, offset = int(plan.lines_start[k]), int(plan.records_start[k]) - base
            for begin, length, repeat in export_order(plan, k):
                skip, drop = max(0, start - at), max(0, at + length - end)
                if skip + drop < length:
                    pieces.append((offset + begin + skip, length - skip - drop, repeat))
                at += length
        line_id = np.arange(
            max(start, int(plan.lines_start[first])), min(end, int(plan.lines_start[last])), dtype=np.int64
        )
        repeated = np.repeat([repeat for *_, repeat in pieces], [length for _, length, _ in pieces])
        lines = pa.concat_tables([lines.slice(begin, length) for begin, length, _ in pieces])
        truth = pa.concat_tables([truth.slice(begin, length) for begin, length, _ in pieces])
        lines = lines.add_column(0, LINES.generated_schema().field("line_id"), pa.array(line_id))
        truth = truth.add_column(0, TRUTH_LINES.arrow_schema().field("line_id"), pa.array(line_id))
        truth = truth.append_column(TRUTH_LINES.arrow_schema().field("repeated_line"), pa.array(repeated))
        return lines.select(LINES.names), truth.select(TRUTH_LINES.names).cast(TRUTH_LINES.arrow_schema())

    def _truth_columns(self, records: Records, typed: TypedRecords, notes: Annotated) -> pa.Table:
        rows, ids = self._figures.of(np.where(records.sentinel, -1, records.person))
        figure = np.zeros(len(records.rho), dtype=np.int32)
        figure[rows] = ids
        columns: dict[str, object] = {
            "record_id": records.record_id,
            "person_id": nullable(np.where(records.sentinel, 0, records.person), ~records.sentinel, pa.int64()),
            "sentinel": records.sentinel,
            "hand_id": (records.hand + 1).astype(np.int32),
            "entry": _arrow(pl.Series(ENTRIES).gather(records.entry)),
            "died_on": nullable(records.died.astype(np.int32), records.died > 0, pa.date32()),
            "moved_on": nullable(typed.moved, typed.moved > 0, pa.date32()),
            "figure_id": nullable(figure, figure > 0, pa.int32()),
            "comment_sensitive": notes.sensitive,
            "errors": _error_names(typed.marks),
        }
        blank = len(self._annotator.grammar.families)
        for name, values in self._truth_of_family.items():
            pool = pl.Series([*values, None], dtype=pl.Boolean if name == "comment_held_out" else pl.String)
            columns[name] = _arrow(pool.gather(np.where(notes.family < 0, blank, notes.family)))
        return _table(columns, _TRUTH)


def _line_columns(records: Records, typed: TypedRecords, notes: Annotated) -> pa.Table:
    columns: dict[str, object] = {
        "record_id": records.record_id,
        "practice_id": (records.practice + 1).astype(np.int32),
        "practitioner_id": records.practitioner.astype(np.int32),
        "administrative_comment": _arrow(notes.text),
        "created_on": pa.array(records.created).cast(pa.date32()),
        "updated_on": pa.array(records.updated).cast(pa.date32()),
    }
    for name in LINES.names:
        value = getattr(typed, name, None)
        if value is not None:
            columns[name] = _arrow(value)
    return _table(columns, _LINES)


def _arrow(column: pl.Series | pa.Array) -> pa.Array:
    if isinstance(column, pa.Array):
        return column
    array = column.to_arrow(compat_level=pl.CompatLevel.oldest())
    return array.cast(pa.string()) if pa.types.is_large_string(array.type) else array


def _table(columns: dict[str, object], schema: pa.Schema) -> pa.Table:
    return pa.table({name: columns[name] for name in schema.names}, schema=schema)


def _error_names(marks: NDArray[np.uint32]) -> pa.Array:
    """Return the marks as lists of error names."""
    octets = marks.astype("<u4").view(np.uint8).reshape(-1, 4)
    set_bits = np.unpackbits(octets, axis=1, count=len(CATALOGUE), bitorder="little")
    offsets = np.concatenate(([0], np.cumsum(set_bits.sum(axis=1, dtype=np.int32)))).astype(np.int32)
    names = pa.array(CATALOGUE, pa.string()).take(pa.array(np.nonzero(set_bits)[1]))
    return pa.ListArray.from_arrays(pa.array(offsets), names)
