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

from toolkit import reference
from toolkit.synth.streams import Ints, Picker, Words, apportion

__all__ = ["Vocabulary", "slug", "unaccented"]

_SURNAME_BITS = 22
_STREET_BITS = 16
_FIRST_NAME_BITS = 15
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
    surname: Picker
    first_names: pl.Series
    _first_name_tables: NDArray[np.int32]
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
        names, tables = _first_names()
        streets = pl.read_csv(_read("streets.csv"))
        mail = pl.read_csv(_read("email_providers.csv"))
        shares = mail["share_pct_sendinblue"].fill_null(22.0 / mail["share_pct_sendinblue"].null_count())
        return Vocabulary(
            surnames=surnames["name"],
            surname=Picker(surnames["weight"].to_numpy(), bits=_SURNAME_BITS),
            first_names=names,
            _first_name_tables=tables,
            streets=streets["street"],
            street=Picker(streets["weight"].to_numpy(), bits=_STREET_BITS),
            mail_domains=mail["safe_domain"],
            mail_domain=Picker((shares * 100).cast(pl.Int64).to_numpy()),
            pyramid=_pyramid(),
        )

    def first_name(self, sex: Ints, birth_year: Ints, words: Words) -> NDArray[np.int32]:
        """Return the index into `first_names` for each sex (0 men, 1 women), year of birth and uniform word."""
        decade = np.clip((birth_year - FIRST_DECADE) // 10, 0, self._first_name_tables.shape[1] - 1)
        return self._first_name_tables[sex, decade, (words >> np.uint64(64 - _FIRST_NAME_BITS)).astype(np.int64)]


def _first_names() -> tuple[pl.Series, NDArray[np.int32]]:
    """Return all first names, sorted, and lookup tables of indices into them, shape [sex, decade, place]."""
    table = pl.read_csv(_read("first_names.csv"))
    names = table["name"].unique().sort()
    index = {name: place for place, name in enumerate(names)}
    decades = [column for column in table.columns if column.startswith("d")]
    tables = np.empty((2, len(decades), 1 << _FIRST_NAME_BITS), dtype=np.int32)
    for sex, letter in enumerate("MF"):
        rows = table.filter(pl.col("sex") == letter).sort("name")
        codes = np.array([index[name] for name in rows["name"]], dtype=np.int32)
        for decade, column in enumerate(decades):
            counts = apportion(1 << _FIRST_NAME_BITS, rows[column].to_numpy().astype(np.int64))
            tables[sex, decade] = np.repeat(codes, counts)
    return names, tables


def _pyramid() -> Ints:
    """Return residents by sex and year of age: five-year bands split evenly, the last one halving every year."""
    bands = pl.read_csv(reference.read("age_pyramid.csv"))
    ages = np.zeros((2, _OLDEST + 1), dtype=np.int64)
    for start, *counts in bands.iter_rows():
        for sex, count in enumerate(counts):
            if start + 5 > 95:
                weights = np.array([2**n for n in range(_OLDEST - start, -1, -1)])
                ages[sex, start:] = apportion(count * 1000, weights)
            else:
                ages[sex, start : start + 5] = count * 200
    return ages
