"""The free-text comment of a record, and the truth about it.

A comment is a phrase of the grammar (`grammar/*.toml`) typed in one of several styles: in capitals, with typing errors,
with a date and initials, after a routine note, reported by a third party, or cut off by the length of the field.
Draws depend on the record's number only, so a record gets the same text in any order and in any chunk.
The truth about the phrase holds in every style: no style removes, negates or adds sensitive content.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from importlib.resources.abc import Traversable

import numpy as np
import polars as pl
from numpy.typing import NDArray

from toolkit.synth import streams
from toolkit.synth.comments._grammar import Family, Phrases, read_phrases
from toolkit.synth.comments._pool import FIELD_LENGTH, Spelling, Tables, as_series, compile_tables, join_pieces
from toolkit.synth.comments._slips import Slips, apply_slips
from toolkit.synth.comments._slots import FIRST_DAY, FIRST_STAMP_DAY, LAST_DAY, LAST_STAMP_DAY

__all__ = ["FIELD_LENGTH", "Family", "Grammar", "RenderedComments", "StyleRates"]

Ints = NDArray[np.int64]
Pieces = NDArray[np.int32]
Bools = NDArray[np.bool_]

_UTF8_ACCENTED = 0xC3
_UTF8_SMALL = 0xA0
"""In UTF-8, French accented letters are 0xC3 and a second byte, which is 0x20 lower for capitals."""


_FROM_LAST = (Spelling.NO_ACCENTS, Spelling.LOWER_CASE, Spelling.CAPITALS)


@dataclass(frozen=True, slots=True)
class StyleRates:
    """Probability of each typing style, set by the scenario.

    `capitals` (without accents), `lower_case` and `lost_accents` exclude one another; other texts keep the spelling of
    the grammar. `initial_capital` is the share of texts, not in capitals or lower case, that start with a capital.
    Drawn independently: `stamp` (date and initials), `before` and `after` (a routine note beside the phrase), `hearsay`
    (reported by a third party, for the families that allow it), `exclamations`, `typing_error`, `missing_space` and
    `cut` (the routine note after the phrase is cut off). `stock` is the share of short phrases, outside the ordinary
    ones, that may have no stamp or note; the rest get at least one.
    """

    capitals: float
    lower_case: float
    lost_accents: float
    initial_capital: float
    stamp: float
    before: float
    after: float
    hearsay: float
    exclamations: float
    typing_error: float
    missing_space: float
    cut: float
    stock: float

    def __post_init__(self) -> None:
        for rate in fields(self):
            value = getattr(self, rate.name)
            if not 0 <= value <= 1:
                raise ValueError(f"comment style {rate.name!r} is {value}; expected a rate between 0 and 1")
        total = self.capitals + self.lower_case + self.lost_accents
        if total > 1:
            raise ValueError(f"comment styles capitals, lower_case, lost_accents sum to {total}; expected at most 1")


@dataclass(frozen=True, slots=True)
class RenderedComments:
    """One comment per id: its text, and the index of its family in `Grammar.families`."""

    text: pl.Series
    family: NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Grammar:
    """The compiled grammar: call `Grammar.load()` once, then `render` as often as needed."""

    families: tuple[Family, ...]
    _tables: Tables

    @staticmethod
    def load(folder: Traversable | None = None) -> Grammar:
        """Read, check and compile a grammar: the package's own, or the TOML files of `folder`.

        Raises `ValueError` when a file of the grammar is invalid.
        """
        return _package_grammar() if folder is None else _compile(read_phrases(folder))

    def render(
        self,
        seed: int,
        ids: Ints,
        sensitive: Bools,
        written_on: NDArray[np.int32],
        style: StyleRates,
        women: Bools,
    ) -> RenderedComments:
        """Return one comment for each record number in `ids`.

        `sensitive` marks the comments with sensitive content. `written_on` is the day each was typed (days since
        1970-01-01). `women` marks comments about a woman: words agree in gender, and some families are for one sex.
        A text depends on the seed, on its own id, sex, day and sensitivity, and on the rates. It is never empty and
        has at most `FIELD_LENGTH` characters.

        Raises `ValueError` for a day outside the range of dates that stamps cover.
        """
        if len(ids) == 0:
            return RenderedComments(pl.Series("text", [], dtype=pl.String), np.zeros(0, dtype=np.int32))
        days = np.asarray(written_on, dtype=np.int64)
        if days.min() < FIRST_DAY or days.max() > LAST_DAY:
            raise ValueError(
                f"written_on must be between {FIRST_STAMP_DAY} and {LAST_STAMP_DAY}; at least one day is not"
            )
        draft = _Draft(self._tables, streams.stream(seed, "comment"), ids, days, style)
        return draft.write(np.asarray(sensitive, dtype=np.bool_), np.asarray(women, dtype=np.bool_))


@cache
def _package_grammar() -> Grammar:
    return _compile(read_phrases())


def _compile(phrases: Phrases) -> Grammar:
    return Grammar(phrases.families, compile_tables(phrases))


class _Draft:
    """Unfinished texts: a matrix of piece numbers with one row per text and columns in reading order.

    Columns: date, signature, routine note before, joint, informant, phrase, exclamation marks, joint, note after.
    """

    def __init__(self, tables: Tables, root: streams.Stream, ids: Ints, days: Ints, style: StyleRates) -> None:
        self._tables, self._root, self._ids, self._days, self._style = tables, root, ids, days, style
        self._years = days.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int32) + 1970
        note, phrase = tables.note_width, tables.templates.width
        self._before = 2
        self._joint = self._before + note
        self._phrase = self._joint + 2
        self._exclamation = self._phrase + phrase
        self._after = self._exclamation + 2
        self._numbers = np.zeros((len(ids), self._after + note), dtype=np.int32)

    def stream(self, name: str) -> streams.Stream:
        """Return the random stream called `name`."""
        return self._root.child(name)

    def write(self, sensitive: Bools, women: Bools) -> RenderedComments:
        """Draw phrases and styles, join the pieces and apply typing errors."""
        rows = self._choose(sensitive, women)
        family = self._tables.templates.family[rows]
        everyone = np.arange(len(rows))
        self._put("phrase", everyone, rows, self._phrase)
        cut = self._add_notes(rows, women)
        self._add_exclamations_and_hearsay(family)
        spelling = self._spell()
        data, offsets = join_pieces(self._tables.pool, self._numbers)
        self._capitalise(data, offsets, spelling)
        may_overflow = np.diff(offsets) > FIELD_LENGTH
        text = self._slip(as_series(data, offsets), cut, may_overflow, family)
        return RenderedComments(text, family)

    def _choose(self, sensitive: Bools, women: Bools) -> Ints:
        """Draw the template row of each text: sensitive or harmless, for a man or a woman."""
        words = self.stream("template")(self._ids)
        template = np.zeros(len(words), dtype=np.int64)
        for side, mask in (("harmless", ~sensitive), ("sensitive", sensitive)):
            for sex, chosen in (("M", mask & ~women), ("F", mask & women)):
                at = np.flatnonzero(chosen)
                template[at] = self._tables.pickers[side, sex](words[at])
        return 2 * template + women

    def _put(self, role: str, at: Ints, rows: Ints, column: int) -> None:
        """Draw the pieces of template `rows` for the texts `at`, starting at `column`."""
        templates = self._tables.templates
        for part in range(int(templates.parts[rows].max(initial=0))):
            remaining = np.flatnonzero(templates.parts[rows] > part)
            at, rows = at[remaining], rows[remaining]
            draw = self.stream(f"{role}/part/{part}").below(self._ids[at], templates.size[rows, part])
            year = templates.yearly[rows, part] * self._years[at]
            self._numbers[at, column + part] = templates.base[rows, part] + draw + year

    def _add_notes(self, rows: Ints, women: Bools) -> Bools:
        """Add stamps, and routine notes before and after; return which texts are cut off."""
        style, ids = self._style, self._ids
        words, other = self.stream("surround")(ids), self.stream("surround too")(ids)
        stamp, before = streams.chance(words, style.stamp), streams.chance(streams.low(words), style.before)
        after = streams.chance(other, style.after)
        stock = streams.chance(streams.low(other), style.stock)
        bare = np.flatnonzero(self._tables.sparse[rows] & ~(stamp | before | after | stock))
        forced = self.stream("surround stock").below(ids[bare], 3)
        for number, mask in enumerate((stamp, before, after)):
            mask[bare[forced == number]] = True
        self._stamp(np.flatnonzero(stamp))
        self._note("before", np.flatnonzero(before), women, self._before)
        self._note("after", np.flatnonzero(after), women, self._after)
        self._drop_overflowing_notes(np.flatnonzero(before))
        return after & self.stream("cut").chance(ids, style.cut)

    def _stamp(self, at: Ints) -> None:
        words = self.stream("stamp")(self._ids[at])
        dates, signatures, counts = self._tables.stamps[streams.scale(words, len(self._tables.stamps))].T
        self._numbers[at, 0] = dates + self._days[at] - FIRST_DAY
        self._numbers[at, 1] = signatures + streams.scale(streams.low(words), counts)

    def _note(self, role: str, at: Ints, women: Bools, column: int) -> None:
        words = self.stream(f"{role}/template")(self._ids[at])
        men_note, women_note = (self._tables.pickers["note", sex](words) for sex in ("M", "F"))
        rows = 2 * np.where(women[at], women_note, men_note).astype(np.int64) + women[at]
        self._put(role, at, rows, column)
        joint = self._joint if role == "before" else self._after - 1
        self._numbers[at, joint] = self._pick(self._tables.joints, self.stream(f"{role}/joint"), at)

    def _pick(self, pieces: tuple[int, int], stream: streams.Stream, at: Ints) -> Ints:
        first, count = pieces
        return first + stream.below(self._ids[at], count)

    def _drop_overflowing_notes(self, at: Ints) -> None:
        """Remove the note before a phrase where the whole text would not fit the field."""
        chars = self._tables.pool.chars[self._numbers[at, : self._exclamation]].sum(axis=1)
        far = at[chars > FIELD_LENGTH - self._tables.longest_addition]
        self._numbers[far, self._before : self._joint + 1] = 0

    def _add_exclamations_and_hearsay(self, family: Pieces) -> None:
        words = self.stream("voice")(self._ids)
        loud = np.flatnonzero(streams.chance(words, self._style.exclamations))
        self._numbers[loud, self._exclamation] = self._pick(self._tables.exclamations, self.stream("shout"), loud)
        reported = np.flatnonzero(
            self._tables.hearsay[family] & streams.chance(streams.low(words), self._style.hearsay)
        )
        self._numbers[reported, self._joint + 1] = self._pick(
            self._tables.informants, self.stream("informant"), reported
        )

    def _spell(self) -> NDArray[np.int8]:
        """Respell the pieces of some texts; return the spelling of each text."""
        style, words = self._style, self.stream("spelling")(self._ids)
        limits = np.cumsum([style.capitals, style.lower_case, style.lost_accents])
        spelling = np.zeros(len(words), dtype=np.int8)
        for value, limit in zip(_FROM_LAST, limits[::-1], strict=True):
            spelling[streams.chance(words, limit)] = value
        respelled = np.flatnonzero(spelling)
        pieces = self._numbers[respelled]
        shift = spelling[respelled, None].astype(np.int32) * np.int32(self._tables.pool.count)
        self._numbers[respelled] = np.where(pieces > 0, pieces + shift, 0)
        return spelling

    def _capitalise(self, data: NDArray[np.uint8], offsets: Ints, spelling: NDArray[np.int8]) -> None:
        """Start some texts with a capital after their stamp (plain ones and those without accents)."""
        wanted = self.stream("initial").chance(self._ids, self._style.initial_capital)
        at = np.flatnonzero(wanted & np.isin(spelling, (Spelling.PLAIN, Spelling.NO_ACCENTS)))
        first = offsets[at] + self._tables.pool.sizes[self._numbers[at, :2]].sum(axis=1)
        byte = data[first]
        data[first[(byte >= ord("a")) & (byte <= ord("z"))]] -= 32
        accented = first[byte == _UTF8_ACCENTED] + 1
        data[accented[data[accented] >= _UTF8_SMALL]] -= 32

    def _slip(self, text: pl.Series, cut: Bools, may_overflow: Bools, family: Pieces) -> pl.Series:
        """Apply typing errors, missing spaces and cuts; cut every text that is longer than the field."""
        words = self.stream("slip")(self._ids)
        mistyped = streams.chance(words, self._style.typing_error)
        glued = streams.chance(streams.low(words), self._style.missing_space)
        at = np.flatnonzero(mistyped | glued | cut | may_overflow)
        if len(at) == 0:
            return text
        chars = self._tables.pool.chars[self._numbers[at]]
        start = chars[:, : self._joint + 1].sum(axis=1)
        slips = Slips(
            mistyped=mistyped[at],
            glued=glued[at],
            cut=cut[at],
            core_start=start,
            core_end=start + chars[:, self._joint + 1 : self._after - 1].sum(axis=1),
            keep_core=self._tables.fragile[family[at]],
        )
        slipped = apply_slips(text.gather(at), slips, self._ids[at], self.stream("hand"), FIELD_LENGTH)
        source = np.arange(len(text))
        source[at] = len(text) + np.arange(len(at))
        return pl.concat([text, slipped]).gather(source)
