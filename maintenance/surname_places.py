"""Rebuild `toolkit/synth/data/surname_places.parquet`: `python -m maintenance.surname_places` (some seconds).

Every surname of `surnames.parquet` gets places: departements, or groups of countries that its bearers were born in.
The form of the name or a list in `surname_regions.toml` gives the region; the other names get a home at random. Common
names are spread widely, rare ones live in one to three departements. The weights of a name sum to its weight in the
country, and those of a departement are in proportion to its population, so names keep their shares in the country.
Draws and weights use integers only, so that every machine writes the same rows.
"""

from __future__ import annotations

import heapq
import re
import tomllib
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from toolkit.reference import read
from toolkit.scenario import ORIGINS
from toolkit.synth._vocabulary import unaccented
from toolkit.synth.streams import Ints, Picker, apportion, scale, stream

__all__ = ["build"]

SOURCES = Path(__file__).parent / "sources"
DATA = Path(__file__).parent.parent / "toolkit" / "synth" / "data"
SEED = 1891
COMMON = 1_000
"""Names up to this rank live everywhere, more or less."""
EVERYWHERE = 60
"""Names up to this rank live in every region, even those that one region is known for."""
RARE = 10_500
"""Names past this rank live in one to three departements."""
LEVELLED = 120_000
"""Names past this rank live in one departement, the one that has too few names so far."""
TILTS = (25, 45, 75, 110, 160, 240)
"""Weights of a common name in the regions of France, in per cent of their population."""


@dataclass(frozen=True)
class _Places:
    """Departements, then groups of countries; `region` is a number for each departement."""

    names: list[str]
    population: Ints
    region: Ints

    def codes(self, names: list[str]) -> Ints:
        """Return the numbers of places."""
        return np.array([self.names.index(name) for name in names], dtype=np.int64)


def build() -> pl.DataFrame:
    """Return one row per surname and place: `surname` (row of `surnames.parquet`), `place`, `weight`."""
    table = pl.read_parquet(DATA / "surnames.parquet")
    names = _plain(table["name"])
    weights = table["weight"].to_numpy().astype(np.int64)
    places = _places()
    ledger = _Ledger(int(weights.sum()), places)
    regions = _Regions(places)
    unknown = []
    for code, name in enumerate(names):
        found = regions.of(name, code)
        if found is None:
            unknown.append(code)
        else:
            ledger.add(code, regions.weights(found, code, int(weights[code])))
    common = [code for code in unknown if code < COMMON]
    for code in common:
        tilt = np.asarray(TILTS)[scale(stream(SEED, "surname/tilt")(code * 32 + places.region), len(TILTS))]
        ledger.add(code, apportion(int(weights[code]), places.population * tilt))
    middle = [code for code in unknown if COMMON <= code < RARE]
    rare = [code for code in unknown if RARE <= code < LEVELLED]
    for codes, parts in ((middle, (40, 12, 10, 8, 10, 8, 7, 5)), (rare, (70, 20, 10))):
        _scatter(ledger, places, codes, weights, parts)
    lacking = [(-int(lack), place) for place, lack in enumerate(ledger.lacking())]
    heapq.heapify(lacking)
    for code in (code for code in unknown if code >= LEVELLED):
        lack, place = lacking[0]
        heapq.heapreplace(lacking, (lack + int(weights[code]), place))
        ledger.rows.append((code, place, int(weights[code])))
    surname, place, weight = (np.array(column) for column in zip(*ledger.rows, strict=True))
    frame = pl.DataFrame(
        {
            "surname": surname.astype(np.int32),
            "place": pl.Series(places.names).gather(place),
            "weight": weight.astype(np.int64),
        }
    )
    return frame.sort("surname", "place")


def _places() -> _Places:
    departements = (
        pl.read_csv(read("departements.csv"), schema_overrides={"departement_code": pl.String, "region_code": pl.String})
        .filter(pl.col("zone") != "com")
        .sort("departement_code")
    )
    region = departements["region_code"].rank("dense").to_numpy().astype(np.int64)
    population = departements["population"].to_numpy().astype(np.int64)
    return _Places([*departements["departement_code"], *ORIGINS], population, region)


class _Ledger:
    """The rows so far, and what each departement lacks of its share of the people."""

    def __init__(self, total: int, places: _Places) -> None:
        self._population = places.population
        self._total = total
        self._held = np.zeros(len(places.names), dtype=np.int64)
        self.rows: list[tuple[int, int, int]] = []

    def add(self, code: int, shares: Ints) -> None:
        """Add the weights of one surname in all places, or in the departements."""
        for place in np.flatnonzero(shares).tolist():
            self.rows.append((code, place, int(shares[place])))
        self._held[: len(shares)] += shares

    def lacking(self) -> Ints:
        """Return how much weight each departement lacks; 0 where it has its share or more."""
        abroad = int(self._held[len(self._population) :].sum())
        wanted = apportion(self._total - abroad, self._population)
        return np.maximum(wanted - self._held[: len(self._population)], 0)


def _scatter(ledger: _Ledger, places: _Places, codes: list[int], weights: Ints, parts: tuple[int, ...]) -> None:
    """Give surnames a home where names are lacking, some other departements of its region, and some of any.

    `parts` are the weights of the home and the others, in per cent; every other one of these is of the home's region.
    """
    ids = np.array(codes, dtype=np.int64)
    lacking = ledger.lacking() + 1
    homes = Picker(lacking, bits=20)(stream(SEED, "surname/home")(ids))
    inside = [
        Picker(np.where(places.region == region, lacking, 0), bits=16) for region in range(1, int(places.region.max()) + 1)
    ]
    anywhere = Picker(lacking, bits=20)
    other = stream(SEED, "surname/other")
    for code, home in zip(codes, homes.tolist(), strict=True):
        words = other(code * 16 + np.arange(len(parts)))
        near = inside[int(places.region[home]) - 1](words)
        far = anywhere(words)
        chosen = [home, *(int(near[n] if n % 2 else far[n]) for n in range(1, len(parts)))]
        if len(parts) <= 3:
            chosen = [home, *(int(near[n]) for n in range(1, len(parts)))]
        shares = np.zeros(len(places.population), dtype=np.int64)
        np.add.at(shares, chosen, apportion(int(weights[code]), np.array(parts)))
        ledger.add(code, shares)


class _Regions:
    """The regions and groups of countries of `surname_regions.toml`."""

    def __init__(self, places: _Places) -> None:
        self._places = places
        content = tomllib.loads((SOURCES / "surname_regions.toml").read_text(encoding="utf-8"))
        self._entries: list[dict[str, Any]] = [*content["origins"], *content["regions"]]
        self._named: dict[str, int] = {}
        self._composed: dict[str, int] = {}
        self._patterns: list[tuple[re.Pattern[str], int]] = []
        families = _families()
        for number, entry in enumerate(self._entries):
            for name in entry.get("names", "").split():
                self._named.setdefault(name, number)
            for family in entry.get("families", ()):
                for name in _plain(pl.Series(sorted(families[family]))):
                    self._composed.setdefault(name, number)
            self._patterns += [(re.compile(pattern), number) for pattern in entry.get("patterns", ())]

    def of(self, name: str, code: int) -> int | None:
        """Return the entry that a name belongs to, if any."""
        found = self._named.get(name)
        if found is None and code >= RARE:
            found = self._composed.get(name)
        if found is not None:
            return found
        return next((number for pattern, number in self._patterns if pattern.search(name)), None)

    def weights(self, number: int, code: int, weight: int) -> Ints:
        """Return the weights of a name of an entry in all places."""
        entry, places = self._entries[number], self._places
        count = len(places.population)
        share = round(entry["share"] * 100)
        own = weight * (share if code >= EVERYWHERE else share // 3) // 100
        shares = np.zeros(len(places.names), dtype=np.int64)
        words = stream(SEED, "surname/region")(code * 16 + np.arange(8))
        if "departements" in entry:
            here = places.codes(entry["departements"])
            draw = Picker(places.population[here])
            chosen = here[draw(words[:5])]
            # Common names of a region are all over it, rare ones in a few of its departements.
            if code < COMMON:
                shares[here] += apportion(own, places.population[here])
            else:
                parts = np.array([40, 25, 15, 12, 8]) if code < RARE else np.array([65, 25, 10, 0, 0])
                np.add.at(shares, chosen, apportion(own, parts))
            around = places.population
            if "abroad" in entry and code >= EVERYWHERE:
                born_abroad = weight * round(entry["abroad_share"] * 100) // 100
                shares[places.names.index(entry["abroad"])] += born_abroad
                own += born_abroad
        else:
            shares[places.names.index(entry["name"])] += own
            settled = places.codes(entry["settled"])
            around = places.population.copy()
            around[settled] *= 4
        rest = weight - own
        if code < COMMON:
            shares[:count] += apportion(rest, around)
        else:
            parts = np.array([4, 2, 1]) if code >= RARE else np.array([5, 4, 3])
            np.add.at(shares, Picker(around, bits=18)(words[5:8]), apportion(rest, parts))
        return shares


def _families() -> dict[str, set[str]]:
    """Return every name that the families of `surname_shapes.toml` can make."""
    families = tomllib.loads((SOURCES / "surname_shapes.toml").read_text(encoding="utf-8"))["families"]
    return {
        family["name"]: {
            "".join(parts).replace("_", " ")
            for parts in product(*([part if part != "-" else "" for part in slot.split()] for slot in family["slots"]))
        }
        for family in families
    }


def _plain(names: pl.Series) -> list[str]:
    return unaccented(names).str.to_lowercase().to_list()


def main() -> None:
    """Write the file, and print how local the names are."""
    table = build()
    table.write_parquet(DATA / "surname_places.parquet", compression="zstd", compression_level=15, statistics=False)
    by_place = table.group_by("place").agg(pl.col("weight").sum())
    abroad = by_place.filter(pl.col("place").is_in(ORIGINS))
    print(f"{len(table):,} rows; born abroad {abroad['weight'].sum() / by_place['weight'].sum():.1%}")
    print(abroad.sort("weight", descending=True))


if __name__ == "__main__":
    main()
