"""The compiled grammar of comments: one pool of pieces in four spellings, and a row of ranges over it per template.

Pieces have numbers; number + spelling x pool size is the same piece in another spelling.
Joining pieces into texts is arithmetic on byte positions, with no Python loop over texts.
"""

from __future__ import annotations

import itertools
import math
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from toolkit.synth.comments._grammar import SEXES, Family, Phrases, Template
from toolkit.synth.comments._slots import FIRST_YEAR, YEARS_BACK, initials, pieces, stamp_days
from toolkit.synth.streams import Picker

__all__ = ["FIELD_LENGTH", "Pool", "Spelling", "Tables", "Templates", "as_series", "compile_tables", "join_pieces"]

Ints = NDArray[np.int64]
Pieces = NDArray[np.int32]

FIELD_LENGTH = 180
"""Maximum length of the comment field, in characters; longer texts are cut."""

_SPARSE = 20_000
"""A template with fewer texts than this gets a stamp or another note, except for the share `stock`."""

_FINE = 1_000_000
"""Weights are rounded down to this fraction of a unit of a file's weight."""

_STAMPS = (
    ("{dd}/{mm}/{yy} ", "{} "),
    ("{dd}/{mm}/{yy} ", "{}: "),
    ("{dd}/{mm}/{yyyy} ", "({}) "),
    ("{dd}.{mm}.{yy}/", "{} "),
    ("({dd}/{mm}/{yy} ", "{}) "),
    ("{dd}/{mm}/{yyyy} : ", ""),
    ("{dd}-{mm}-{yy} ", "{} - "),
)
"""Stamp formats: the day, then the signature."""

_JOINTS = (". ", ", ", " / ", " - ", " ; ", ". ", ", ", " + ", "... ", ".", " // ")
_EXCLAMATIONS = ("!!", "!!!", " !!", " !!!", " !!!!", "!!!!!")


class Spelling(IntEnum):
    """How a whole text is written."""

    PLAIN = 0
    CAPITALS = 1
    LOWER_CASE = 2
    NO_ACCENTS = 3


_PLAIN_LETTERS = {letter: unicodedata.normalize("NFD", letter)[0] for letter in "àâäçéèêëîïôöùûüÀÂÄÇÉÈÊËÎÏÔÖÙÛÜ"}
_PLAIN_LETTERS |= {"œ": "oe", "Œ": "OE", "æ": "ae", "Æ": "AE"}


def without_accents(text: str) -> str:
    """Return the text without accents and ligatures, case kept."""
    for letter, plain in _PLAIN_LETTERS.items():
        text = text.replace(letter, plain)
    return text


_SPELL: dict[Spelling, Callable[[str], str]] = {
    Spelling.PLAIN: lambda text: text,
    Spelling.CAPITALS: lambda text: without_accents(text).upper(),
    Spelling.LOWER_CASE: str.lower,
    Spelling.NO_ACCENTS: without_accents,
}


@dataclass(frozen=True, slots=True)
class Pool:
    """All pieces as concatenated UTF-8 bytes; `starts`, `sizes` (bytes), `chars`: one value per piece and spelling."""

    data: NDArray[np.uint8]
    starts: Pieces
    sizes: Pieces
    chars: Pieces
    count: int


class PoolBuilder:
    """Collect lists of strings into a pool; equal lists are stored once."""

    def __init__(self) -> None:
        self._strings: list[str] = [""]
        self._places: dict[tuple[str, ...], int] = {}

    def add(self, strings: Sequence[str]) -> int:
        """Add these pieces, numbered consecutively, and return the number of the first."""
        key = tuple(strings)
        place = self._places.setdefault(key, len(self._strings))
        if place == len(self._strings):
            self._strings.extend(key)
        return place

    def build(self) -> Pool:
        """Return the pool; piece 0 is the empty string."""
        lines = "\n".join(self._strings)
        spelled = [text for _, spell in sorted(_SPELL.items()) for text in spell(lines).split("\n")]
        distinct = list(dict.fromkeys(spelled))
        encoded = [text.encode() for text in distinct]
        size = dict(zip(distinct, map(len, encoded), strict=True))
        start = dict(zip(distinct, itertools.accumulate(map(len, encoded), initial=0), strict=False))
        return Pool(
            data=np.frombuffer(b"".join(encoded), dtype=np.uint8),
            starts=np.fromiter(map(start.__getitem__, spelled), dtype=np.int32, count=len(spelled)),
            sizes=np.fromiter(map(size.__getitem__, spelled), dtype=np.int32, count=len(spelled)),
            chars=np.fromiter(map(len, spelled), dtype=np.int32, count=len(spelled)),
            count=len(self._strings),
        )


@dataclass(frozen=True, slots=True)
class Templates:
    """Two rows per template (for a man, for a woman), with up to `width` parts, each a range of pieces.

    `yearly` parts are years: their range moves by one piece per year. `variety` is the number of texts of a row.
    """

    base: Pieces
    size: Pieces
    yearly: Pieces
    parts: Pieces
    variety: NDArray[np.float64]
    family: Pieces

    @property
    def width(self) -> int:
        """Maximum number of parts of a template."""
        return int(self.base.shape[1])


def compile_templates(phrases: Phrases, builder: PoolBuilder) -> Templates:
    """Add every template to the pool; row 2t is template t for a man, row 2t + 1 for a woman."""
    rows = [_ranges(template, sex, builder) for template in phrases.templates for sex in SEXES]
    width = max(map(len, rows))
    table = np.zeros((3, len(rows), width), dtype=np.int32)
    table[1] = 1
    for number, row in enumerate(rows):
        for place, (base, size, yearly) in enumerate(row):
            table[:, number, place] = base, size, yearly
    return Templates(
        base=table[0],
        size=table[1],
        yearly=table[2],
        parts=np.array([len(row) for row in rows], dtype=np.int32),
        variety=np.array([_variety(template, sex) for template in phrases.templates for sex in SEXES]),
        family=np.repeat(np.array([t.family for t in phrases.templates], dtype=np.int32), len(SEXES)),
    )


def _variety(template: Template, sex: str) -> float:
    """Return the number of texts that a template can become."""
    elements = template.elements[sex]
    return math.prod(float(len(pieces(e)) if isinstance(e, str) else len(set(e))) for e in elements)


def _ranges(template: Template, sex: str, builder: PoolBuilder) -> list[tuple[int, int, int]]:
    ranges = []
    for element in template.elements[sex]:
        if element == "year":
            ranges.append((builder.add(pieces("year")) - FIRST_YEAR - YEARS_BACK, YEARS_BACK, 1))
        elif isinstance(element, str):
            ranges.append((builder.add(pieces(element)), len(pieces(element)), 0))
        else:
            ranges.append((builder.add(element), len(element), 0))
    return ranges


@dataclass(frozen=True, slots=True)
class Tables:
    """The tables that `Grammar.render` draws from.

    `pickers` draw a template by side ('sensitive', 'harmless', 'note') and sex. `stamps` has one row per stamp format:
    first date, first signature, number of signatures. `joints`, `informants` and `exclamations` are (first piece,
    number of pieces). `sparse` marks template rows with few possible texts. `hearsay` marks families that may be
    reported by a third party, and `fragile` those whose truth depends on one small word.
    """

    pool: Pool
    templates: Templates
    pickers: Mapping[tuple[str, str], Picker]
    stamps: Ints
    joints: tuple[int, int]
    informants: tuple[int, int]
    exclamations: tuple[int, int]
    sparse: NDArray[np.bool_]
    hearsay: NDArray[np.bool_]
    fragile: NDArray[np.bool_]
    note_width: int
    longest_addition: int


def compile_tables(phrases: Phrases) -> Tables:
    """Compile a grammar, with the pieces that styles add."""
    builder = PoolBuilder()
    pickers = {(side, sex): _picker(phrases, side, sex) for side in _SIDES for sex in SEXES}
    templates = compile_templates(phrases, builder)
    stamps = [_stamp(builder, pattern, signature) for pattern, signature in _STAMPS]
    informants = [text for sex in SEXES for text in phrases.slots.expand("informant", sex, "hearsay style")]
    ordinary = np.array([family.kind == "ordinary" for family in phrases.families])
    notes = np.array([family.joins for family in phrases.families])[templates.family]
    return Tables(
        templates=templates,
        pickers=pickers,
        stamps=np.array(stamps, dtype=np.int64),
        joints=(builder.add(_JOINTS), len(_JOINTS)),
        informants=(builder.add(informants), len(informants)),
        exclamations=(builder.add(_EXCLAMATIONS), len(_EXCLAMATIONS)),
        sparse=(templates.variety < _SPARSE) & ~ordinary[templates.family],
        hearsay=np.array([family.hearsay for family in phrases.families]),
        fragile=np.array([family.polarity != "asserted" for family in phrases.families]),
        note_width=int(templates.parts[notes].max()),
        longest_addition=max(map(len, informants)) + max(map(len, _EXCLAMATIONS)),
        pool=builder.build(),
    )


def _stamp(builder: PoolBuilder, pattern: str, signature: str) -> tuple[int, int, int]:
    """Return the first date, the first signature and the number of signatures of a stamp format."""
    signatures = [signature.format(pair) for pair in initials()] if signature else [""]
    return builder.add(stamp_days(pattern)), builder.add(signatures), len(signatures)


_SIDES: dict[str, Callable[[Family], bool]] = {
    "sensitive": lambda family: family.sensitive,
    "harmless": lambda family: not family.sensitive,
    "note": lambda family: family.joins,
}


def _picker(phrases: Phrases, side: str, sex: str) -> Picker:
    """Return a picker of templates by side and sex; families share the weight of a file, templates that of a family."""
    belongs = [_SIDES[side](family) and family.sex in ("", sex) for family in phrases.families]
    per_file: dict[str, int] = {}
    for family, included in zip(phrases.families, belongs, strict=True):
        per_file[family.source] = per_file.get(family.source, 0) + included * family.weight
    weights = []
    for template in phrases.templates:
        family = phrases.families[template.family]
        exact = template.share * family.share * family.weight / max(per_file[family.source], 1)
        weights.append(int(exact * _FINE) if belongs[template.family] else 0)
    if not any(weights):
        raise ValueError(f"the grammar has no {side} family for sex {sex}; at least one is needed")
    return Picker(weights, bits=18)


def join_pieces(pool: Pool, numbers: Pieces) -> tuple[NDArray[np.uint8], Ints]:
    """Join each row of piece numbers: return all bytes, concatenated, and the start of each text (and the last end).

    A row must have at least one piece; piece 0 is empty.
    """
    flat = numbers.ravel()
    used = np.flatnonzero(flat)
    pieces_used = flat[used]
    lengths = pool.sizes[pieces_used]
    ends = np.cumsum(lengths, dtype=np.int64)
    offsets = np.zeros(len(numbers) + 1, dtype=np.int64)
    offsets[1:] = ends[np.cumsum(np.count_nonzero(numbers, axis=1)) - 1]
    index = np.repeat(pool.starts[pieces_used] - (ends - lengths).astype(np.int32), lengths)
    index += np.arange(len(index), dtype=np.int32)
    return pool.data[index], offsets


def as_series(data: NDArray[np.uint8], offsets: Ints) -> pl.Series:
    """Return concatenated texts as a string column, without copying the bytes first."""
    array = pa.LargeStringArray.from_buffers(len(offsets) - 1, pa.py_buffer(offsets), pa.py_buffer(data))
    return pl.Series("text", pl.from_arrow(array))
