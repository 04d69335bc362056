"""Turn the text cells of a batch into columns of the schema, with repairs, and with what could not be read beside.

Values that repeat (dates, postal codes, sex) are read once per distinct text. Values that do not (numbers, mail) are
taken as they stand where they have the usual form, and are read one by one where they have not. So each form has one
definition, in `toolkit.intake._values`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import ftfy
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from toolkit.intake._headers import FULL_NAME
from toolkit.intake._kinds import Batch, repair_bits
from toolkit.intake._names import split_name
from toolkit.intake._values import (
    Read,
    is_null_word,
    listed,
    read_date,
    read_email,
    read_integer,
    read_nir,
    read_phones,
    read_postal_code,
    read_sex,
)
from toolkit.schema import LINES

__all__ = ["IDS", "Converted", "Converter", "read_ids"]

IDS = ("record_id", "practice_id", "practitioner_id")
"""Columns of whole numbers; where a source has other texts, the distinct ones are numbered."""
_TEXT = ("address", "city", "administrative_comment")
_NAMES = ("last_name", "birth_name", "first_name")
_DATES = ("birth_date", "created_on", "updated_on")
_PHONES = ("mobile_phone", "landline_phone")
_USUAL = {
    "nir": "^[1-478][0-9]{4}(?:[0-9]{2}|2[AB])[0-9]{8}$",
    "email": r"^[^@\s,;<>\[\]\"]+@[^@\s,;<>\[\]\"]+$",
    "mobile_phone": "^0[67][0-9]{8}$",
    "landline_phone": "^0[1-589][0-9]{8}$",
}
_SEPARATED = r"^0[1-9]([ .\-][0-9]{2}){4}$"
_NULL_TEXT = r"(?i)^\s*(?:\\N|null|\(null\)|na|n/a|#n/a|nan|none|-)?\s*$"
_NULL_TEXT_NATIVE = r"(?i)^\s*(?:null|\(null\)|na|n/a|#n/a|nan|none|-)?\s*$"
_NULL_NAME = r"^\s*(?:\\N)?\s*$"
_NULL_NAME_NATIVE = r"^\s*$"
_BROKEN = (
    "[ÃÂâÅÄÐãåäï][\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122 ]"
)
_MEMO = 400_000
_READERS: Mapping[str, Callable[[str], Read]] = {
    "nir": read_nir,
    "postal_code": read_postal_code,
    "sex": read_sex,
    "email": read_email,
}


@dataclass(frozen=True, slots=True)
class Converted:
    """A batch as columns of the schema."""

    columns: dict[str, pa.Array]
    """Columns of `LINES` that the source has, without ids; one value per row."""
    ids: dict[str, pa.Array]
    """Texts of the columns of ids, null where blank."""
    repairs: NDArray[np.uint32]
    extra: list[tuple[NDArray[np.int64], str, pa.Array]]
    """Row numbers, name of the source's column, texts: columns the schema lacks, and cells that could not be read."""
    lost: dict[str, int]
    """Cells of each column of the schema that could not be read."""


class Converter:
    """Convert the batches of one table."""

    def __init__(
        self,
        columns: Mapping[str, str],
        month_first: Mapping[str, bool],
        *,
        last_first: bool,
        native_null: bool,
        copy_year: int,
    ) -> None:
        self._columns = dict(columns)
        self._month_first, self._last_first = dict(month_first), last_first
        self._native, self._copy_year = native_null, copy_year
        self._memo: dict[str, dict[str, Read]] = {}

    def __call__(self, batch: Batch) -> Converted:
        """Return the columns of a batch; raises nothing, whatever the cells."""
        rows = batch.cells.num_rows
        repairs = batch.repairs.copy()
        out: dict[str, pa.Array] = {}
        ids: dict[str, pa.Array] = {}
        extra: list[tuple[NDArray[np.int64], str, pa.Array]] = []
        lost: dict[str, int] = {}
        phones: list[tuple[str, str, pa.Array]] = []
        for name in batch.cells.column_names:
            cells = _single(batch.cells.column(name))
            column = self._columns.get(name)
            if column is None:
                kept = pc.and_(pc.is_valid(cells), pc.greater(pc.binary_length(cells), 0)).fill_null(False)
                _keep(extra, name, cells, kept)
            elif column in IDS:
                ids[column] = self._nulled(cells, names=False)
            elif column in _NAMES or column in _TEXT:
                text = self._nulled(cells, names=column in _NAMES)
                out[column], bits = _unbroken(text)
                repairs |= bits
            elif column == FULL_NAME:
                text, bits = _unbroken(self._nulled(cells, names=True))
                repairs |= bits
                self._split(text, name, out, extra, repairs)
            elif column in _PHONES:
                phones.append((name, column, _blank_to_null(cells)))
            else:
                self._typed(column, name, _blank_to_null(cells), out, extra, lost, repairs)
        if phones:
            self._route(phones, rows, out, extra, lost, repairs)
        return Converted(out, ids, repairs, extra, lost)

    def _nulled(self, cells: pa.Array, *, names: bool) -> pa.Array:
        """Return text with null for blanks and null words."""
        cells = _blank_to_null(cells)
        short = pc.less_equal(pc.utf8_length(cells), 8).fill_null(False)
        if not pc.any(short).as_py():
            return cells
        if names:
            pattern = _NULL_NAME_NATIVE if self._native else _NULL_NAME
        else:
            pattern = _NULL_TEXT_NATIVE if self._native else _NULL_TEXT
        is_null = pc.match_substring_regex(cells, pattern).fill_null(False)
        return pc.if_else(is_null, pa.scalar(None, pa.string()), cells) if pc.any(is_null).as_py() else cells

    # Typed columns

    def _typed(
        self,
        column: str,
        name: str,
        cells: pa.Array,
        out: dict[str, pa.Array],
        extra: list[tuple[NDArray[np.int64], str, pa.Array]],
        lost: dict[str, int],
        repairs: NDArray[np.uint32],
    ) -> None:
        if column in _USUAL:
            usual = pc.match_substring_regex(cells, _USUAL[column]).fill_null(True)
            odd = np.flatnonzero(~_bools(usual))
            if odd.size == 0:
                out[column] = cells
                return
            values, bits, failed = self._distinct(column, name, cells.take(pa.array(odd)))
            out[column] = pc.replace_with_mask(cells, pc.invert(usual), values)
            repairs[odd] |= bits
            failed_rows = odd[failed]
        else:
            out[column], bits, failed = self._distinct(column, name, cells)
            repairs |= bits
            failed_rows = np.flatnonzero(failed)
        if failed_rows.size:
            lost[column] = lost.get(column, 0) + len(failed_rows)
            extra.append((failed_rows, name, cells.take(pa.array(failed_rows))))

    def _distinct(
        self, column: str, name: str, cells: pa.Array
    ) -> tuple[pa.Array, NDArray[np.uint32], NDArray[np.bool_]]:
        """Read each distinct text once; return values, repairs, and which cells could not be read."""
        encoded = pc.dictionary_encode(cells)
        memo = self._memo.setdefault(name, {})
        if len(memo) > _MEMO:
            memo.clear()
        read = [
            memo.get(text) or memo.setdefault(text, self._read(column, name, text))
            for text in encoded.dictionary.to_pylist()
        ]
        kind = pa.date32() if column in _DATES else pa.string()
        values = pa.array([one.value for one in read], kind)
        bits = np.array([repair_bits(*one.repairs) for one in read] + [0], dtype=np.uint32)
        failed = np.array([one.lost is not None for one in read] + [False], dtype=bool)
        index = encoded.indices.fill_null(len(read)).to_numpy(zero_copy_only=False)
        return values.take(encoded.indices), bits[index], failed[index]

    def _read(self, column: str, name: str, text: str) -> Read:
        if is_null_word(text, native_null=self._native):
            return Read(None)
        if column in _DATES:
            return read_date(text, month_first=self._month_first.get(name, False), copy_year=self._copy_year)
        parts = listed(text)
        if parts is not None:
            return _READERS[column](parts[0]) if parts else Read(None)
        return _READERS[column](text)

    # Telephones

    def _route(  # noqa: C901 (numbers of all columns of a row are placed together)
        self,
        phones: Sequence[tuple[str, str, pa.Array]],
        rows: int,
        out: dict[str, pa.Array],
        extra: list[tuple[NDArray[np.int64], str, pa.Array]],
        lost: dict[str, int],
        repairs: NDArray[np.uint32],
    ) -> None:
        """Put each number where its first digits say; rows with the usual forms need no second look."""
        odd = np.zeros(rows, dtype=bool)
        taken: dict[str, pa.Array] = {}
        for _, column, cells in phones:
            plain = _without_separators(cells)
            usual = pc.match_substring_regex(plain, _USUAL[column]).fill_null(True)
            odd |= ~_bools(usual)
            if column in taken:
                odd |= _bools(pc.is_valid(cells))
                continue
            taken[column] = plain
        for column in _PHONES:
            out[column] = taken.get(column, pa.nulls(rows, pa.string()))
        where = np.flatnonzero(odd)
        if where.size == 0:
            return
        texts = [(name, column, cells.take(pa.array(where)).to_pylist()) for name, column, cells in phones]
        found: dict[str, list[str | None]] = {column: [None] * len(where) for column in _PHONES}
        left: dict[str, list[int]] = {}
        for number, row in enumerate(where.tolist()):
            for name, column, cells in texts:
                text = cells[number]
                if text is None or is_null_word(text, native_null=self._native):
                    continue
                kept, bits, all_placed = self._place(text, column, found, number)
                repairs[row] |= bits
                if not all_placed:
                    left.setdefault(name, []).append(number)
                    if not kept:
                        lost[column] = lost.get(column, 0) + 1
        mask = pa.array(odd)
        for column in _PHONES:
            out[column] = pc.replace_with_mask(out[column], mask, pa.array(found[column], pa.string()))
        for name, numbers in left.items():
            texts_of = next(cells for other, _, cells in texts if other == name)
            extra.append((where[numbers], name, pa.array([texts_of[number] for number in numbers], pa.string())))

    def _place(self, text: str, own: str, found: dict[str, list[str | None]], number: int) -> tuple[bool, int, bool]:
        """Place the numbers of one text; return whether it has any, the repairs, and whether all found a place."""
        parts = listed(text)
        read = [read_phones(part) for part in (parts if parts is not None else [text])]
        placed = True
        numbers = [one for phone in read for one in phone.numbers]
        for one in numbers:
            column = "mobile_phone" if one[1] in "67" else "landline_phone"
            if set(one) == {"0"}:
                # A placeholder stays where it was typed.
                column = own
            if found[column][number] is None:
                found[column][number] = one
            elif one != found[column][number]:
                placed = False
        bits = repair_bits(*{name for phone in read for name in phone.repairs})
        return bool(numbers), bits, placed and all(phone.lost is None for phone in read)

    # Full names

    def _split(
        self,
        cells: pa.Array,
        name: str,
        out: dict[str, pa.Array],
        extra: list[tuple[NDArray[np.int64], str, pa.Array]],
        repairs: NDArray[np.uint32],
    ) -> None:
        encoded = pc.dictionary_encode(cells)
        parts = [split_name(text, last_first=self._last_first) for text in encoded.dictionary.to_pylist()]
        out["last_name"] = pa.array([part.last_name for part in parts], pa.string()).take(encoded.indices)
        out["first_name"] = pa.array([part.first_name for part in parts], pa.string()).take(encoded.indices)
        rows = np.flatnonzero(_bools(pc.is_valid(cells)))
        both = np.array([part.first_name is not None for part in parts] + [False])
        index = encoded.indices.fill_null(len(parts)).to_numpy(zero_copy_only=False)
        repairs[both[index]] |= np.uint32(repair_bits("name_split"))
        extra.append((rows, name, cells.take(pa.array(rows))))


def _without_separators(cells: pa.Array) -> pa.Array:
    separated = pc.match_substring_regex(cells, _SEPARATED).fill_null(False)
    if not pc.any(separated).as_py():
        return cells
    return pc.if_else(separated, pc.replace_substring_regex(cells, r"[ .\-]", ""), cells)


def _unbroken(cells: pa.Array) -> tuple[pa.Array, NDArray[np.uint32]]:
    """Return text in which double encoding is undone, and the repairs."""
    bits = np.zeros(len(cells), dtype=np.uint32)
    suspect = pc.match_substring_regex(cells, _BROKEN).fill_null(False)
    rows = np.flatnonzero(_bools(suspect))
    if rows.size == 0:
        return cells, bits
    texts = cells.take(pa.array(rows)).to_pylist()
    mended = [_mend(text) for text in texts]
    changed = np.array([new != old for new, old in zip(mended, texts, strict=True)])
    bits[rows[changed]] = repair_bits("mojibake_repaired")
    return pc.replace_with_mask(cells, suspect, pa.array(mended, pa.string())), bits


def _mend(text: str) -> str:
    """Undo double encoding: by ftfy, else by the strict way back through cp1252, up to three times."""
    mended = ftfy.fix_encoding(text)
    if mended != text:
        return mended
    for _ in range(3):
        try:
            back = text.encode("cp1252").decode("utf-8")
        except UnicodeError:
            return text
        if back == text:
            return text
        text = back
    return text


def _keep(extra: list[tuple[NDArray[np.int64], str, pa.Array]], name: str, cells: pa.Array, kept: pa.Array) -> None:
    rows = np.flatnonzero(_bools(kept))
    if rows.size:
        extra.append((rows, name, cells.take(pa.array(rows))))


def _blank_to_null(cells: pa.Array) -> pa.Array:
    blank = pc.equal(pc.binary_length(cells), 0).fill_null(False)
    return pc.if_else(blank, pa.scalar(None, pa.string()), cells) if pc.any(blank).as_py() else cells


def _bools(array: pa.Array) -> NDArray[np.bool_]:
    result: NDArray[np.bool_] = array.to_numpy(zero_copy_only=False).astype(bool)
    return result


def _single(column: pa.ChunkedArray) -> pa.Array:
    if column.num_chunks == 1:
        return column.chunk(0)
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], pa.string())


def read_ids(cells: pa.Array, column: str) -> pa.Array | None:
    """Return texts as whole numbers of the column's type, or None where one is no such number."""
    bits = LINES[column].type
    if not len(cells) or cells.null_count == len(cells):
        return pa.nulls(len(cells), bits)
    usual = pc.match_substring_regex(cells, r"^-?[0-9]{1,18}$").fill_null(True)
    if not pc.all(usual).as_py():
        read = [None if text is None or is_null_word(text) else read_integer(text) for text in cells.to_pylist()]
        if any(one is not None and one.value is None for one in read):
            return None
        numbers = pa.array([None if one is None else one.value for one in read], pa.int64())
    else:
        numbers = cells.cast(pa.int64())
    try:
        return numbers.cast(bits)
    except pa.ArrowInvalid:
        return None
