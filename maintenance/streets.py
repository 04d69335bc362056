"""Rebuild `toolkit/synth/data/streets.csv`: `python -m maintenance.streets`.

Every street has a type, a place that French streets are named after, and a fictional complement that no real street
has: "rue du Moulin aux Cent Nuages".
Types and places are as unevenly distributed as in France. No street is named after a person.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from toolkit.provenance import FICTIONAL_STREET_COMPLEMENTS
from toolkit.synth.streams import Ints, apportion, stream

__all__ = ["Street", "build"]

SOURCES = Path(__file__).parent / "sources"
OUTPUT = Path(__file__).parent.parent / "toolkit" / "synth" / "data" / "streets.csv"

SEED = 2009
STREETS = 6_000
TOTAL_WEIGHT = 10_000_000


@dataclass(frozen=True, slots=True)
class Street:
    """One street: its name, as in an address after the number, and its weight in random draws."""

    name: str
    weight: int


# Shares of street types in addresses, in thousandths: rounded from general knowledge of addresses (an assumption).
TYPES = {
    "rue": 520, "avenue": 72, "chemin": 85, "route": 78, "impasse": 52, "allée": 55, "place": 38, "boulevard": 26,
    "résidence": 22, "lotissement": 12, "lieu-dit": 15, "square": 7, "cours": 4, "quai": 5, "hameau": 7, "passage": 4,
    "sentier": 3, "montée": 3, "clos": 5, "ruelle": 3,
}  # fmt: skip

# Types that are part of a place name ("résidence Les Jardins ..."), unlike "rue des Jardins ...".
NAMING_TYPES = frozenset({"résidence", "lotissement", "lieu-dit", "hameau", "clos"})
# Types that are used with some places only.
PLACES_OF_TYPE = {
    "quai": (
        "de la Gare", "du Port", "de la Rivière", "du Canal", "de l'Écluse", "du Pont", "de la Digue", "de la Plage",
        "du Marché",
    ),
    "montée": (
        "de l'Église", "du Château", "de la Colline", "du Coteau", "du Calvaire", "de la Tour", "du Belvédère",
        "du Clocher",
    ),
}  # fmt: skip
# Streets named without a place, and their share of the type, in hundredths.
BARE = {"rue": ("Grande Rue", "rue Principale", "rue Neuve", "rue Haute", "rue Basse"), "place": ("Grande Place",)}
BARE_SHARE = 9


def build() -> list[Street]:
    """Return about 6,000 streets, the most frequent first."""
    stems = _stems()
    weights = np.array(list(stems.values()), dtype=np.int64)
    most = len(FICTIONAL_STREET_COMPLEMENTS)
    streets = []
    counts = np.minimum(most, 1 + apportion(STREETS - len(stems), weights))
    for (stem, weight), count in zip(stems.items(), counts.tolist(), strict=True):
        for complement, share in zip(
            _complements(stem, count), apportion(weight, _falling(count)).tolist(), strict=True
        ):
            streets.append(Street(f"{stem} {complement}", max(1, share)))
    return sorted(streets, key=lambda street: (-street.weight, street.name))


def _stems() -> dict[str, int]:
    """Return streets without their complement ("rue du Moulin"), with their weight."""
    lines = (SOURCES / "street_places.txt").read_text(encoding="utf-8").splitlines()
    everywhere = tuple(line for line in lines if not line.startswith("#"))
    stems: dict[str, int] = {}
    for kind, share in TYPES.items():
        weight = TOTAL_WEIGHT * share // sum(TYPES.values())
        bare = BARE.get(kind, ())
        bare_weight = weight * BARE_SHARE // 100 if bare else 0
        places = PLACES_OF_TYPE.get(kind, everywhere)
        for names, total in (
            (bare, bare_weight),
            (tuple(_named(kind, place) for place in places), weight - bare_weight),
        ):
            if names:
                stems.update(zip(names, apportion(total, _falling(len(names))).tolist(), strict=True))
    return stems


def _named(kind: str, place: str) -> str:
    """Join a type and a place according to French grammar: "rue du Moulin", but "lieu-dit Le Moulin"."""
    if kind not in NAMING_TYPES:
        return f"{kind} {place}"
    for after_type, alone in (("de la ", "La "), ("de l'", "L'"), ("des ", "Les "), ("du ", "Le ")):
        if place.startswith(after_type):
            return f"{kind} {alone}{place.removeprefix(after_type)}"
    raise ValueError(f"a place begins with 'du', 'de la', 'de l'' or 'des', not {place!r}")


def _complements(stem: str, count: int) -> list[str]:
    """Return `count` of the fictional complements, in an order that depends on the stem."""
    words = stream(SEED, f"streets/{stem}")(np.arange(len(FICTIONAL_STREET_COMPLEMENTS)))
    return [FICTIONAL_STREET_COMPLEMENTS[i] for i in np.argsort(words, kind="stable")[:count]]


def _falling(size: int) -> Ints:
    """Return weights that fall as 1 / (8 + rank): flatter than Zipf's law at the top, like real street names."""
    return 2**40 // (8 + np.arange(size, dtype=np.int64))


def write(path: Path) -> None:
    """Write the streets as CSV with the columns `street` and `weight`."""
    with path.open("w", encoding="utf-8", newline="") as output:
        rows = csv.writer(output, lineterminator="\n")
        rows.writerow(["street", "weight"])
        rows.writerows((street.name, street.weight) for street in build())


if __name__ == "__main__":
    write(OUTPUT)
