"""Word lists of a leak: first names by sex and decade of birth, surnames, streets, mail providers, and ages.

The lists are vendored in `toolkit/synth/data/`, so a leak stays the same when the packages they came from change; the
README there gives the source and licence of each.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
import polars as pl
from numpy.typing import NDArray

from toolkit.reference import read
from toolkit.scenario import ORIGINS
from toolkit.synth.streams import Ints, Picker, Words, apportion, chance, low

__all__ = ["Vocabulary", "slug", "unaccented"]

_SURNAME_BITS = 22
_STREET_BITS = 16
_LOCAL_BITS = 16
_FIRST_NAME_BITS = 15
_ABROAD_BITS = 12
DEPARTEMENTS = 101
"""Departements of France; places of surnames past them are groups of countries, in the order of `ORIGINS`."""
FIRST_DECADE = 1900
_LIGATURES = {
    "œ": "oe",
    "Œ": "Oe",
    "æ": "ae",
    "Æ": "Ae",
    "ß": "ss",
    "ø": "o",
    "Ø": "O",
    "đ": "d",
    "Đ": "D",
    "ł": "l",
    "Ł": "L",
}
_OLDEST = 104


def _read(name: str) -> bytes:
    return (resources.files("toolkit.synth") / "data" / name).read_bytes()


def unaccented(names: pl.Series) -> pl.Series:
    """Return the names without accents or ligatures."""
    plain = names.str.replace_many(list(_LIGATURES), list(_LIGATURES.values()))
    return plain.str.normalize("NFD").str.replace_all(r"\p{M}", "")


def slug(names: pl.Series) -> pl.Series:
    """Return the names as written in an e-mail address: lower-case ASCII letters and hyphens."""
    return unaccented(names).str.to_lowercase().str.replace_all(r"[^a-z-]", "")


@dataclass(frozen=True)
class Vocabulary:
    """Word lists and the lookup tables used to draw from them."""

    surnames: pl.Series
    _surname: Picker
    _local_surnames: NDArray[np.int32]
    first_names: pl.Series
    _first_name_tables: NDArray[np.int32]
    _first_names_abroad: NDArray[np.int32]
    streets: pl.Series
    street: Picker
    mail_domains: pl.Series
    mail_domain: Picker
    pyramid: Ints
    """[2, 105]: residents of France by sex (0 men, 1 women) and age in years."""

    @staticmethod
    @cache
    def load() -> Vocabulary:
        """Read the vendored lists once per process."""
        surnames = pl.read_parquet(_read("surnames.parquet"))
        names, tables, abroad = _first_names()
        streets = pl.read_csv(_read("streets.csv"))
        mail = pl.read_csv(_read("email_providers.csv"))
        shares = mail["share_pct_sendinblue"].fill_null(22.0 / mail["share_pct_sendinblue"].null_count())
        return Vocabulary(
            surnames=surnames["name"],
            _surname=Picker(surnames["weight"].to_numpy(), bits=_SURNAME_BITS),
            _local_surnames=_local_surnames(),
            first_names=names,
            _first_name_tables=tables,
            _first_names_abroad=abroad,
            streets=streets["street"],
            street=Picker(streets["weight"].to_numpy(), bits=_STREET_BITS),
            mail_domains=mail["safe_domain"],
            mail_domain=Picker((shares * 100).cast(pl.Int64).to_numpy()),
            pyramid=_pyramid(),
        )

    def surname(self, words: Words, place: Ints, local: float, abroad: float) -> NDArray[np.int32]:
        """Return the index into `surnames` for each uniform word, of the place or of the whole country.

        A place is a departement, in the order of their codes, or a group of countries. `local` is the share of names
        drawn from those of the departement, `abroad` the same for groups of countries.
        """
        names = self._surname(words)
        mine = np.flatnonzero(chance(low(words), np.where(place < DEPARTEMENTS, local, abroad)))
        cell = (place[mine] << _LOCAL_BITS) + (words[mine] >> np.uint64(64 - _LOCAL_BITS)).astype(np.int64)
        names[mine] = self._local_surnames.ravel()[cell]
        return names

    def first_name_abroad(self, sex: Ints, group: Ints, words: Words) -> NDArray[np.int32]:
        """Return the index into `first_names` for each sex, group of countries (in `ORIGINS`) and uniform word."""
        return self._first_names_abroad[sex, group, (words >> np.uint64(64 - _ABROAD_BITS)).astype(np.int64)]

    def first_name(self, sex: Ints, birth_year: Ints, words: Words) -> NDArray[np.int32]:
        """Return the index into `first_names` for each sex (0 men, 1 women), year of birth and uniform word."""
        decade = np.clip((birth_year - FIRST_DECADE) // 10, 0, self._first_name_tables.shape[1] - 1)
        row = sex * self._first_name_tables.shape[1] + decade
        cell = (row << _FIRST_NAME_BITS) + (words >> np.uint64(64 - _FIRST_NAME_BITS)).astype(np.int64)
        names: NDArray[np.int32] = self._first_name_tables.ravel()[cell]
        return names


def _first_names() -> tuple[pl.Series, NDArray[np.int32], NDArray[np.int32]]:
    """Return all first names, sorted, and lookup tables of indices into them.

    The tables are of those given in France, shape [sex, decade, place], and abroad, shape [sex, group, place].
    """
    table = pl.read_csv(_read("first_names.csv"))
    foreign = pl.read_csv(_read("first_names_abroad.csv"))
    names = pl.concat([table["name"], foreign["name"]]).unique().sort()
    index = {name: place for place, name in enumerate(names)}
    decades = [column for column in table.columns if column.startswith("d")]
    tables = np.empty((2, len(decades), 1 << _FIRST_NAME_BITS), dtype=np.int32)
    abroad = np.empty((2, len(ORIGINS), 1 << _ABROAD_BITS), dtype=np.int32)
    for sex, letter in enumerate("MF"):
        rows = table.filter(pl.col("sex") == letter).sort("name")
        for decade, column in enumerate(decades):
            tables[sex, decade] = _spread(rows["name"], rows[column], index, _FIRST_NAME_BITS)
        for group, origin in enumerate(ORIGINS):
            rows = foreign.filter((pl.col("sex") == letter) & (pl.col("origin") == origin)).sort("name")
            abroad[sex, group] = _spread(rows["name"], rows["weight"], index, _ABROAD_BITS)
    return names, tables, abroad


def _spread(names: pl.Series, weights: pl.Series, index: dict[str, int], bits: int) -> NDArray[np.int32]:
    """Return a lookup table of names, each in proportion to its weight."""
    codes = np.array([index[name] for name in names], dtype=np.int32)
    return np.repeat(codes, apportion(1 << bits, weights.to_numpy().astype(np.int64)))


def _local_surnames() -> NDArray[np.int32]:
    """Return one lookup table of surnames per place, shape [place, 2**bits]."""
    table = pl.read_parquet(_read("surname_places.parquet"))
    departements = pl.read_csv(read("departements.csv"), schema_overrides={"departement_code": pl.String})
    codes = departements.filter(pl.col("zone") != "com")["departement_code"].sort().to_list()
    result = np.empty((len(codes) + len(ORIGINS), 1 << _LOCAL_BITS), dtype=np.int32)
    parts = table.sort("place", "surname").partition_by("place", as_dict=True)
    for row, place in enumerate([*codes, *ORIGINS]):
        part = parts[(place,)]
        counts = apportion(1 << _LOCAL_BITS, part["weight"].to_numpy())
        result[row] = np.repeat(part["surname"].to_numpy().astype(np.int32), counts)
    return result


def _pyramid() -> Ints:
    """Return residents by sex and year of age: five-year bands split evenly, the last one halving every year."""
    bands = pl.read_csv(read("age_pyramid.csv"))
    ages = np.zeros((2, _OLDEST + 1), dtype=np.int64)
    for start, *counts in bands.iter_rows():
        for sex, count in enumerate(counts):
            if start + 5 > 95:
                weights = np.array([2**n for n in range(_OLDEST - start, -1, -1)])
                ages[sex, start:] = apportion(count * 1000, weights)
            else:
                ages[sex, start : start + 5] = count * 200
    return ages
