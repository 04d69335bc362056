"""Convert NumPy values to Arrow columns: fixed-width digits, and columns with missing values."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from toolkit.synth.streams import Ints

__all__ = ["digits", "fixed_width", "nullable"]

Bytes = NDArray[np.uint8]
_ZERO = ord("0")


def digits(numbers: Ints, width: int) -> Bytes:
    """Return the decimal digits of each number as ASCII bytes, padded with zeros: an array of shape [n, width]."""
    out = np.empty((len(numbers), width), dtype=np.uint8)
    remaining = numbers.astype(np.uint64)
    ten = np.uint64(10)
    for column in range(width - 1, -1, -1):
        quotient = remaining // ten
        out[:, column] = remaining - quotient * ten
        remaining = quotient
    out += np.uint8(_ZERO)
    return out


def fixed_width(characters: Bytes, present: NDArray[np.bool_]) -> pa.Array:
    """Return the rows of `characters` as an Arrow string array, null where not `present`."""
    width = characters.shape[1]
    offsets = np.zeros(len(present) + 1, dtype=np.int32)
    np.cumsum(present * np.int32(width), out=offsets[1:])
    data = pa.py_buffer(np.ascontiguousarray(characters[present]))
    return pa.Array.from_buffers(pa.string(), len(present), [_bitmap(present), pa.py_buffer(offsets), data])


def nullable(values: NDArray[np.generic], present: NDArray[np.bool_], kind: pa.DataType) -> pa.Array:
    """Return `values` as an Arrow array of a fixed-width type, null where not `present`."""
    return pa.Array.from_buffers(kind, len(values), [_bitmap(present), pa.py_buffer(np.ascontiguousarray(values))])


def _bitmap(present: NDArray[np.bool_]) -> pa.Buffer:
    return pa.py_buffer(np.packbits(present, bitorder="little"))
