"""The words of an intake: kinds of unit, repairs, codes of rejection, and the batches that readers hand on.

Every unit of a source (a physical line, a tuple, a row of a sheet) is of exactly one kind, and each kind is counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

__all__ = [
    "KINDS",
    "REPAIRS",
    "Batch",
    "Finding",
    "Job",
    "Places",
    "Reject",
    "repair_bits",
    "repair_lists",
]

KINDS = (
    "rows_read",
    "rows_repaired",
    "rows_rejected",
    "header",
    "repeated_header",
    "blank",
    "preamble",
    "footer",
    "other_table",
    "not_a_table",
)
"""What a unit can be. Units inside one record (lines of a quoted comment) count with the record."""

REPAIRS = (
    "short_row_padded",
    "fields_realigned",
    "delimiter_in_text_rejoined",
    "extra_empty_fields_dropped",
    "lines_joined",
    "unescaped_quote_kept",
    "unclosed_quote_closed",
    "nul_removed",
    "decoded_as_cp1252",
    "mojibake_repaired",
    "leading_zero_restored",
    "nir_key_computed",
    "excel_serial_date",
    "two_digit_year",
    "other_date_order",
    "telephones_split",
    "name_split",
)
"""Names of repairs; the bit of a repair is its place in this list."""
_BITS = {name: 1 << place for place, name in enumerate(REPAIRS)}


def repair_bits(*names: str) -> int:
    """Return the bit mask of some repairs; raises `KeyError` for an unknown name."""
    bits = 0
    for name in names:
        bits |= _BITS[name]
    return bits


def repair_lists(masks: NDArray[np.uint32]) -> pa.Array:
    """Return bit masks as lists of names, in the order of `REPAIRS`."""
    octets = masks.astype("<u4").view(np.uint8).reshape(-1, 4)
    bits = np.unpackbits(octets, axis=1, count=len(REPAIRS), bitorder="little")
    offsets = np.concatenate(([0], np.cumsum(bits.sum(axis=1, dtype=np.int32)))).astype(np.int32)
    names = pa.array(REPAIRS, pa.string()).take(pa.array(np.nonzero(bits)[1]))
    return pa.ListArray.from_arrays(pa.array(offsets), names)


class Finding(NamedTuple):
    """Something that a reader of the account should know: a code, and a sentence without values of people."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Reject:
    """A unit of which no row came: its place, why, and its bytes, whole."""

    line: int
    lines: int
    code: str
    reason: str
    raw: bytes
    offset: int | None = None


@dataclass(frozen=True, slots=True)
class Places:
    """Where each row of a batch is in its source; arrays of one length."""

    line: NDArray[np.int64]
    """First physical line, tuple or row, from 1."""
    lines: NDArray[np.int32]
    """Units of the row."""
    offset: NDArray[np.int64] | None = None
    """First byte in the source; None where the format has no byte ranges (sheets, databases, Parquet)."""
    length: NDArray[np.int64] | None = None

    @staticmethod
    def numbered(first: int, count: int) -> Places:
        """Return the places of rows that follow one another, one unit each."""
        return Places(np.arange(first, first + count, dtype=np.int64), np.ones(count, dtype=np.int32))


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of one table of a source as text, with their places, and what else the same stretch of the source holds."""

    cells: pa.Table
    """Text columns in the order of the table's; null where the row has no such field, or a null of the format."""
    places: Places
    repairs: NDArray[np.uint32]
    rejects: Sequence[Reject] = ()
    counts: Counter[str] = field(default_factory=Counter)
    """Units of each kind but rows; rows are counted after their values are read."""
    read_to: int = 0
    """Bytes of the source read up to the end of this batch, for the progress bar."""


Job = Callable[[], Batch]
"""A batch that is read when it is called, on any thread."""
