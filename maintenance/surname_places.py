"""Rebuild `toolkit/synth/data/surname_places.parquet`: `python -m maintenance.surname_places` (some seconds).

A place is a departement or a part of the world where people were born. `sources/surname_places.toml` says which forms
of names belong where. The 1,000 commonest names live everywhere, with regional differences; the next 9,000 in 6 to 15
departements; the others in 1 to 3 of one region. A name whose form tells nothing has a home drawn by population.

The shares are then raked: multiplied by one factor for each place, over and over, until every departement holds its
share of the population and every origin abroad what it should, while each surname keeps its weight. All is integer
arithmetic, and draws come from `toolkit.synth.streams`, so that every machine writes the same rows.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from maintenance.surnames import SOURCES, combinations
from toolkit import reference
from toolkit.synth import fold_name
from toolkit.synth.streams import Ints, Picker, Stream, Words, apportion, stream

__all__ = ["ORIGINS", "build"]

DATA = Path(__file__).parent.parent / "toolkit" / "synth" / "data"
OUTPUT = DATA / "surname_places.parquet"

SEED = 1891
EVERYWHERE = 1_000
"""So many of the commonest names live in every departement."""
SEVERAL = 10_000
"""So many of the commonest names live in 6 or more departements."""
ABROAD = (10, 100)
"""Share of all people who were born abroad."""
ORIGINS = {
    "maghreb": 30,
    "sub_saharan_africa": 17,
    "asia": 10,
    "portugal": 9,
    "eastern_europe": 8,
    "northern_europe": 8,
    "italy": 6,
    "spain": 5,
    "turkey": 4,
    "elsewhere": 3,
}
"""Per cent of the people born abroad who come from each part of the world."""
FRENCH_BORN_ABROAD = {"maghreb": 10, "northern_europe": 4, "elsewhere": 3}
"""Per mille of the people with a common name of no group who were born abroad to French or French-speaking parents."""
WHOLE = 1 << 16
"""Sum of the shares of a group, and the neutral factor of a place."""
FACTORS = (1 << 8, 1 << 22)
"""Smallest and largest factor of a place."""
ROUNDS = 60
TILT = (58, 173)
"""Range of the regional differences of common names, in per cent: a factor of 3."""
NUMBER_OF_HOMES = (6, 15)
RARE_HOMES = (1, 1, 1, 1, 2, 2, 2, 3)
"""How many homes a rare name has: one of these, drawn."""
RARE_SHARES = (6, 2, 1)
"""Relative shares of the homes of a rare name."""


@dataclass(frozen=True)
class Group:
    """Names of one kind: their shares by departement (they add up to `WHOLE`), and per mille born abroad by origin."""

    shares: Ints
    abroad: dict[str, int]


@dataclass(frozen=True)
class Places:
    """The departements, with population and region (a number), followed by the origins abroad."""

    names: list[str]
    population: Ints
    region: Ints


@dataclass(frozen=True)
class Shares:
    """A relative share of a surname at a place, three columns."""

    surname: Ints
    place: Ints
    share: Ints


def build() -> pl.DataFrame:
    """Return one row per surname and place: `surname` (row of `surnames.parquet`), `place`, `weight` (at least 1)."""
    surnames = pl.read_parquet(DATA / "surnames.parquet")
    weights = surnames["weight"].to_numpy()
    places = _places()
    groups, group = _groups(surnames["name"].to_list(), places)
    groups[-1] = _remaining(groups, _by(group, weights, len(groups)), places)
    in_france = [
        _common(groups, group, places),
        _uncommon(groups, group, places),
        _rare(groups, group, places, surnames["name"].to_list()),
    ]
    born_abroad = _born_abroad(groups, group, places)
    shares = _sorted([_merged(in_france, surnames.height), born_abroad])
    raked = _raked(shares, weights, _targets(weights, groups, group, places))
    kept = raked > 0
    return pl.DataFrame(
        {
            "surname": pl.Series(shares.surname[kept], dtype=pl.Int32),
            "place": pl.Series(places.names).gather(shares.place[kept]),
            "weight": pl.Series(raked[kept], dtype=pl.Int64),
        }
    )


def _places() -> Places:
    """Return the departements outside the overseas collectivities, in the order of their codes, then the origins."""
    table = (
        pl.read_csv(
            BytesIO(reference.read("departements.csv")),
            schema_overrides={"departement_code": pl.String, "region_code": pl.String},
        )
        .filter(pl.col("zone") != "com")
        .sort("departement_code")
    )
    return Places(
        names=[*table["departement_code"], *ORIGINS],
        population=table["population"].to_numpy().astype(np.int64),
        region=(table["region_code"].rank("dense").to_numpy().astype(np.int64) - 1),
    )


def _groups(names: list[str], places: Places) -> tuple[list[Group], Ints]:
    """Return the groups, and the group of each surname; the last group is for the names whose form tells nothing."""
    entries = tomllib.loads((SOURCES / "surname_places.toml").read_text(encoding="utf-8"))["groups"]
    families = tomllib.loads((SOURCES / "surname_shapes.toml").read_text(encoding="utf-8"))["families"]
    slots = {family["name"]: family["slots"] for family in families}
    listed: dict[str, int] = {}
    composed: dict[str, int] = {}
    for number, entry in enumerate(entries):
        for name in entry.get("names", "").split():
            listed.setdefault(fold_name(name), number)
        for family in entry.get("families", []):
            for name in combinations(slots[family]):
                composed.setdefault(name, number)
    forms = [
        (tuple(entry.get("ends", "").split()), tuple(entry.get("starts", "").split()), number)
        for number, entry in enumerate(entries)
    ]

    def find(name: str) -> int:
        known = listed.get(fold_name(name), composed.get(name))
        if known is not None:
            return known
        form = _form(name)
        return next((n for ends, starts, n in forms if form.endswith(ends) or form.startswith(starts)), len(entries))

    groups = [_group(entry, places) for entry in entries]
    groups.append(Group(apportion(WHOLE, places.population), FRENCH_BORN_ABROAD))
    return groups, np.array([find(name) for name in names], dtype=np.int64)


def _form(name: str) -> str:
    """Return a name in lower case without accents, with `_` for spaces, as forms are written in the list of groups."""
    words = ["-".join(fold_name(part) for part in word.split("-")) for word in name.split(" ")]
    return "_".join(words).lower()


def _group(entry: dict[str, Any], places: Places) -> Group:
    """Return a group: its people at home are spread by population and preference, the others by population."""
    homes = dict(home.split(":") for home in entry["homes"].split())
    preference = np.array([int(homes.pop(name, 0)) for name in places.names[: len(places.population)]], dtype=np.int64)
    if homes:
        raise ValueError(f"{entry['group']}: no such departement: {', '.join(homes)}")
    at_home = WHOLE * int(entry["at_home"]) // 100
    return Group(
        shares=apportion(at_home, places.population * preference) + apportion(WHOLE - at_home, places.population),
        abroad={origin: 10 * per_cent for origin, per_cent in entry["abroad"].items()},
    )


def _remaining(groups: list[Group], held: Ints, places: Places) -> Group:
    """Return the last group with shares that fill what the others leave, a fifth of its share by population at least.

    `held` is the weight of the names of each group.
    """
    taken = sum((group.shares * int(weight // WHOLE) for group, weight in zip(groups[:-1], held, strict=False)), 0)
    left = apportion(int(held.sum()), places.population) - taken
    least = apportion(int(held[-1]) // 5, places.population)
    return Group(apportion(WHOLE, np.maximum(left, least)), groups[-1].abroad)


def _common(groups: list[Group], group: Ints, places: Places) -> Shares:
    """Return the shares of the commonest names: every departement, with a difference drawn for each name and region."""
    surname = np.repeat(np.arange(EVERYWHERE), len(places.population))
    place = np.tile(np.arange(len(places.population)), EVERYWHERE)
    least, most = TILT
    draws = _draws("tilt").below(surname * 100 + places.region[place], most - least + 1)
    base = np.stack([g.shares for g in groups])[group[surname], place]
    return Shares(surname, place, np.maximum(base * (least + draws), 1))


def _uncommon(groups: list[Group], group: Ints, places: Places) -> Shares:
    """Return the shares of names of middle rank: homes drawn from the shares of the group, the first twice as common.

    Names of no group have half of their homes in the region of the first, and fall from there.
    """
    names = np.arange(EVERYWHERE, SEVERAL)
    own = group[names]
    least, most = NUMBER_OF_HOMES
    number = least + _draws("number of homes").below(names, most - least + 1)
    homes = np.empty((len(names), 2 * most), dtype=np.int64)
    for home in range(homes.shape[1]):
        words = _draws(f"home {home}")(names)
        homes[:, home] = _drawn(groups, own, words)
        if home % 2 == 1:
            in_region = own == len(groups) - 1
            homes[in_region, home] = _near(places, homes[in_region, 0], words[in_region])
    first = np.ones(homes.shape, dtype=np.bool_)
    for home in range(1, homes.shape[1]):
        first[:, home] = (homes[:, :home] != homes[:, [home]]).all(axis=1)
    rank = np.cumsum(first, axis=1)
    kept = first & (rank <= number[:, None])
    rank, place = rank[kept], homes[kept]
    surname = np.broadcast_to(names[:, None], homes.shape)[kept]
    base = np.stack([g.shares for g in groups])[group[surname], place]
    falling = np.where(rank == 1, 12, np.maximum(6 // rank, 1))
    by_group = np.where(rank == 1, 2, 1) * np.maximum(base, 1)
    return Shares(surname, place, np.where(group[surname] == len(groups) - 1, falling, by_group))


def _rare(groups: list[Group], group: Ints, places: Places, names: list[str]) -> Shares:
    """Return the shares of rare names: one to three departements of a region; double names live where the halves do."""
    ids = np.arange(SEVERAL, len(names))
    numbers = {name: code for code, name in enumerate(names)}
    own = group.copy()
    for code in range(SEVERAL, len(names)):
        halves = [numbers[half] for half in names[code].split("-") if half in numbers and "-" in names[code]]
        if halves:
            own[code] = group[halves[code % len(halves)]]
    first = _drawn(groups, own[ids], _draws("rare home")(ids))
    number = np.array(RARE_HOMES)[_draws("rare number").below(ids, len(RARE_HOMES))]
    surname, place, share = [ids], [first], [np.full(len(ids), RARE_SHARES[0])]
    for home in range(1, len(RARE_SHARES)):
        kept = number > home
        surname.append(ids[kept])
        place.append(_near(places, first, _draws(f"rare neighbour {home}")(ids))[kept])
        share.append(np.full(int(kept.sum()), RARE_SHARES[home]))
    return Shares(np.concatenate(surname), np.concatenate(place), np.concatenate(share))


def _draws(name: str) -> Stream:
    return stream(SEED, f"surname places/{name}")


def _drawn(groups: list[Group], group: Ints, words: Words) -> Ints:
    """Return a departement for each name, drawn from the shares of its group."""
    drawn = np.empty(len(group), dtype=np.int64)
    for number, entry in enumerate(groups):
        chosen = group == number
        drawn[chosen] = Picker(entry.shares)(words[chosen])
    return drawn


def _near(places: Places, home: Ints, words: Words) -> Ints:
    """Return a departement in the region of each given one, drawn by population; it may be the same."""
    near = np.empty(len(home), dtype=np.int64)
    for region in np.unique(places.region):
        chosen = places.region[home] == region
        near[chosen] = Picker(np.where(places.region == region, places.population, 0))(words[chosen])
    return near


def _sorted(parts: list[Shares]) -> Shares:
    """Return several lists of shares as one, by surname and place, with the shares of the same two added up."""
    key = np.concatenate([part.surname * 1000 + part.place for part in parts])
    share = np.concatenate([part.share for part in parts])
    order = np.argsort(key, kind="stable")
    starts = np.flatnonzero(np.diff(key[order], prepend=-1))
    surname, place = np.divmod(key[order][starts], 1000)
    return Shares(surname, place, np.add.reduceat(share[order], starts))


def _merged(parts: list[Shares], size: int) -> Shares:
    """Return the shares of `size` surnames as one list, scaled so that those of each surname add up to about WHOLE."""
    whole = _sorted(parts)
    totals = _by(whole.surname, whole.share, size)
    return Shares(whole.surname, whole.place, np.maximum(whole.share * WHOLE // totals[whole.surname], 1))


def _by(index: Ints, values: Ints, size: int) -> Ints:
    """Return the sum of the values for each index below `size`; exact below 2**53."""
    return np.bincount(index, weights=values, minlength=size).astype(np.int64)


def _born_abroad(groups: list[Group], group: Ints, places: Places) -> Shares:
    """Return the shares of the people born abroad, beside the WHOLE of those born in France."""
    parts: list[Shares] = []
    for number, entry in enumerate(groups):
        names = np.flatnonzero(group == number)
        if number == len(groups) - 1:
            names = names[names < EVERYWHERE]
        for origin, per_mille in entry.abroad.items():
            share = WHOLE * per_mille // (1000 - sum(entry.abroad.values()))
            place = np.full(len(names), places.names.index(origin))
            parts.append(Shares(names, place, np.full(len(names), share)))
    return _sorted(parts)


def _targets(weights: Ints, groups: list[Group], group: Ints, places: Places) -> Ints:
    """Return the weight that each place should have: what an origin should hold, but not more than its names allow."""
    total = int(weights.sum())
    held = _by(group, weights, len(groups))
    held[-1] = weights[:EVERYWHERE][group[:EVERYWHERE] == len(groups) - 1].sum()
    born = []
    for origin, per_cent in ORIGINS.items():
        most = (
            sum(int(weight) * entry.abroad.get(origin, 0) for weight, entry in zip(held, groups, strict=True)) // 1000
        )
        born.append(min(total * ABROAD[0] * per_cent // ABROAD[1] // 100, most))
    return np.concatenate([apportion(total - sum(born), places.population), np.array(born, dtype=np.int64)])


def _raked(shares: Shares, weights: Ints, targets: Ints) -> Ints:
    """Return a weight for each share, so that the surnames have their weights and the places nearly their targets."""
    starts = np.flatnonzero(np.diff(shares.surname, prepend=-1))
    factors = np.full(len(targets), WHOLE, dtype=np.int64)
    for _ in range(ROUNDS):
        raked = _shared_out(shares, weights, factors, starts)
        factors = np.array(
            [
                min(max(int(f) * int(t) // max(int(now), 1), FACTORS[0]), FACTORS[1])
                for f, t, now in zip(factors, targets, _by(shares.place, raked, len(targets)), strict=True)
            ],
            dtype=np.int64,
        )
    raked = _shared_out(shares, weights, factors, starts)
    left = weights - np.add.reduceat(raked, starts)
    largest = np.lexsort((-raked, shares.surname))[starts]
    raked[largest] += left
    return raked


def _shared_out(shares: Shares, weights: Ints, factors: Ints, starts: Ints) -> Ints:
    """Return each surname's weight in proportion to its shares times the factors of the places, rounded down."""
    product = shares.share * factors[shares.place]
    return weights[shares.surname] * product // np.add.reduceat(product, starts)[shares.surname]


if __name__ == "__main__":
    built = build()
    built.write_parquet(OUTPUT, compression="zstd", compression_level=19, statistics=False)
    print(f"{OUTPUT}: {built.height:,} rows, {OUTPUT.stat().st_size:,} bytes")
