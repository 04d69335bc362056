"""French communes with their postal codes and populations, and random draws among them.

Data: communes and departements of the Code officiel géographique 2026 (`toolkit/reference/README.md`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from toolkit import reference
from toolkit.synth.streams import Ints, Picker, Words, apportion

__all__ = ["Geography"]

_NEAR_BITS = 10
_DEPARTEMENT_BITS = 13
_COUNTRY_BITS = 18
Codes = NDArray[np.int32]


@dataclass(frozen=True)
class Geography:
    """Places: every existing pair of a commune and one of its postal codes, sorted by departement and area.

    An *area* is the communes of a departement whose postal codes share their first three digits.
    """

    city: pl.Series
    postal_code: pl.Series
    insee_code: pl.Series
    population: Ints
    departement: Codes
    area: Codes
    departements: pl.DataFrame

    @staticmethod
    @cache
    def load() -> Geography:
        """Read the vendored tables once per process, without the overseas collectivities, whose addresses differ."""
        communes = pl.read_parquet(reference.read("communes.parquet"))
        departements = (
            pl.read_csv(
                reference.read("departements.csv"),
                schema_overrides={"departement_code": pl.String, "region_code": pl.String},
            )
            .filter(pl.col("zone") != "com")
            .sort("departement_code")
            .with_row_index("departement")
        )
        parents = communes.select(parent_code="insee_code", parent_name="name")
        places = (
            communes.filter(pl.col("is_residence_unit") & (pl.col("zone") != "com") & (pl.col("population") > 0))
            .join(parents, on="parent_code", how="left", maintain_order="left")
            .with_columns(
                city=pl.when(pl.col("kind") == "arrondissement").then(pl.col("parent_name")).otherwise(pl.col("name")),
                postal_code=pl.col("postal_codes").str.split("|"),
            )
            .with_columns(population=pl.col("population").cast(pl.Int64) * 60 // pl.col("postal_code").list.len())
            .explode("postal_code")
            .join(departements.select("departement_code", "departement"), on="departement_code", how="inner")
            .with_columns(prefix=pl.col("postal_code").str.slice(0, 3))
            .sort("departement", "prefix", "insee_code", "postal_code")
            .with_columns(area=pl.struct("departement", "prefix").rle_id())
        )
        return Geography(
            city=places["city"],
            postal_code=places["postal_code"],
            insee_code=places["insee_code"],
            population=places["population"].to_numpy().astype(np.int64),
            departement=places["departement"].to_numpy().astype(np.int32),
            area=places["area"].to_numpy().astype(np.int32),
            departements=departements,
        )

    @cached_property
    def departement_population(self) -> Ints:
        """Population of each departement, in the units of `population`."""
        return np.bincount(self.departement, weights=self.population).astype(np.int64)

    @cached_property
    def departement_start(self) -> Ints:
        """Index of the first place of each departement."""
        return np.searchsorted(self.departement, np.arange(len(self.departements))).astype(np.int64)

    @cached_property
    def anywhere(self) -> Picker:
        """A picker of places in the whole country, weighted by population."""
        return Picker(self.population, bits=_COUNTRY_BITS)

    def _tables(self, groups: Codes, bits: int) -> Codes:
        """Return one lookup table of places per group, stacked: row g draws a place of group g by population."""
        starts = np.flatnonzero(np.r_[True, groups[1:] != groups[:-1]])
        ends = np.r_[starts[1:], len(groups)]
        rows = np.empty((len(starts), 1 << bits), dtype=np.int32)
        for row, (start, end) in enumerate(zip(starts, ends, strict=True)):
            rows[row] = np.repeat(
                np.arange(start, end, dtype=np.int32), apportion(1 << bits, self.population[start:end])
            )
        return rows

    @cached_property
    def _near(self) -> Codes:
        return self._tables(self.area, _NEAR_BITS)

    @cached_property
    def _in_departement(self) -> Codes:
        return self._tables(self.departement, _DEPARTEMENT_BITS)

    def near(self, place: Ints, words: Words) -> Codes:
        """Return a place in the same area as each given one."""
        return self._near[self.area[place], (words >> np.uint64(64 - _NEAR_BITS)).astype(np.int64)]

    def in_departement(self, departement: Ints, words: Words) -> Codes:
        """Return a place in each given departement."""
        return self._in_departement[departement, (words >> np.uint64(64 - _DEPARTEMENT_BITS)).astype(np.int64)]
