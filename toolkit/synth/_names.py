"""Names as text in every form that a practice may type: a lookup in a pool of each name in each form.

Losing accents, joining particles, cutting a compound first name and typing in capitals depend on the name only, so they
are computed once for the vocabulary instead of once per record.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
import polars as pl
from numpy.typing import NDArray

from toolkit.synth._people import NO_NAME
from toolkit.synth._spelling import join_particles
from toolkit.synth._vocabulary import Vocabulary, unaccented
from toolkit.synth.streams import Ints, Words

__all__ = ["ACCENTS", "CAPITALS", "CUT", "PARTICLES", "NamePool", "NamePools", "Spellings", "replace_at"]

Bools = NDArray[np.bool_]
CUT, ACCENTS, PARTICLES, CAPITALS = 1, 2, 4, 8
"""Bits of a form (`manner`), in the order in which they are applied."""


class NamePool:
    """Every name of a list in every form: text by code and manner, and which manners change which names."""

    def __init__(self, names: pl.Series, *, compound: bool) -> None:
        self._count = len(names)
        self._manners = [manner for manner in range(16) if compound or not manner & CUT]
        self._row = np.zeros(16, dtype=np.int64)
        versions: dict[int, pl.Series] = {0: names}
        self._changes: dict[int, Bools] = {
            bit: np.zeros((16, self._count), dtype=bool) for bit in (CUT, ACCENTS, PARTICLES)
        }
        for row, manner in enumerate(self._manners):
            self._row[manner] = row
            if manner == 0:
                continue
            bit = 1 << (manner.bit_length() - 1)
            before = versions[manner & ~bit]
            versions[manner] = _STEPS[bit](before)
        for bit, changes in self._changes.items():
            for manner in self._manners:
                if not manner & bit:
                    continue
                before = versions[manner & (bit - 1)]
                changes[manner] = (versions[manner & (2 * bit - 1)] != before).to_numpy()
        self._pool = pl.concat([versions[manner] for manner in self._manners])

    def text(self, code: NDArray[np.int32], manner: Ints) -> pl.Series:
        """Return the names as typed."""
        return self._pool.gather(self._row[manner] * self._count + code)

    def joined(self, code: NDArray[np.int32], second: NDArray[np.int32], manner: Ints) -> pl.Series:
        """Return the names as typed, double names joined by a hyphen (by a space where hyphens are lost)."""
        single = self.text(code, manner)
        double = np.flatnonzero(second != NO_NAME)
        if double.size == 0:
            return single
        pair = pl.DataFrame(
            {
                "first": single.gather(double),
                "second": self.text(second[double], manner[double]),
                "lost": (manner[double] & PARTICLES) > 0,
            }
        )
        mark = pl.when("lost").then(pl.lit(" ")).otherwise(pl.lit("-"))
        return replace_at(single, double, pair.select(pl.concat_str("first", mark, "second")).to_series())

    def changed(self, bit: int, code: NDArray[np.int32], manner: Ints) -> Bools:
        """Return where one step (CUT, ACCENTS or PARTICLES) changes the name; false where `code` is NO_NAME."""
        at = np.flatnonzero((manner & bit > 0) & (code != NO_NAME))
        result = np.zeros(len(code), dtype=bool)
        result[at] = self._changes[bit][manner[at], code[at]]
        return result


@dataclass(frozen=True)
class NamePools:
    """Surnames and first names of the vocabulary in every form."""

    surnames: NamePool
    first_names: NamePool

    @staticmethod
    @cache
    def load() -> NamePools:
        """Build the pools of the vendored vocabulary, once per process."""
        vocabulary = Vocabulary.load()
        return NamePools(NamePool(vocabulary.surnames, compound=False), NamePool(vocabulary.first_names, compound=True))


class Spellings:
    """Other usual transliterations of foreign names."""

    def __init__(self, others: dict[str, list[str]]) -> None:
        self._others = others

    @staticmethod
    @cache
    def load() -> Spellings:
        """Read the vendored tables of spellings, of surnames and first names, once per process."""
        others: dict[str, list[str]] = {}
        for file in ("surname_spellings.csv", "first_names_abroad.csv"):
            table = pl.read_csv((resources.files("toolkit.synth") / "data" / file).read_bytes())
            for name, spellings in table.select("name", "spellings").drop_nulls().iter_rows():
                for one, text in ((name, spellings), (name.upper(), spellings.upper())):
                    others.setdefault(one, text.split("|"))
        return Spellings(others)

    def respell(self, names: pl.Series, words: Words) -> pl.Series:
        """Return the names in another spelling, drawn by the words; names without one stay as they are."""
        result = []
        for name, word in zip(names.to_list(), words.tolist(), strict=True):
            others = self._others.get(name)
            result.append(others[word % len(others)] if others else name)
        return pl.Series(names.name, result, dtype=pl.String)


def _capitals(names: pl.Series) -> pl.Series:
    return names.str.to_uppercase()


def _cut(names: pl.Series) -> pl.Series:
    return names.str.extract(r"^([^- ]+)", 1)


_STEPS = {CUT: _cut, ACCENTS: unaccented, PARTICLES: join_particles, CAPITALS: _capitals}


def replace_at(series: pl.Series, positions: Ints, values: pl.Series) -> pl.Series:
    """Return the series with `values` at `positions`, which must be distinct."""
    return series.clone().scatter(positions, values) if len(positions) else series
