"""Where the people of each practice live: near it, and in no commune more than could live there.

Each practice has a number of people to place. In rounds, it asks for room in the communes around it, in proportion to
their inhabitants and less the farther they are; a commune that is asked for more room than it has left grants the same
share of every wish. All numbers are integers, so every machine places alike.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from toolkit.scenario import Scenario
from toolkit.synth._geography import PERSON, Geography
from toolkit.synth._plan import Plan
from toolkit.synth.streams import Ints, apportion

__all__ = ["HOME_BITS", "home_tables"]

HOME_BITS = 13
_RADIUS = 700
"""Farthest commune in which a practice's people live, in units of 100 m."""
_ROUNDS = 12
_NO_LIMIT = 1 << 40


def home_tables(scenario: Scenario, plan: Plan, geography: Geography) -> NDArray[np.uint16]:
    """Return one lookup table of places per practice, shape [K, 2**HOME_BITS]."""
    practice, place, weight = _wishes(scenario, plan, geography)
    people = np.diff(plan.people_start)
    if scenario.marks.inhabitants:
        capacity = geography.population * round(scenario.practices.capacity * 1000) // (1000 * PERSON)
    else:
        capacity = np.full(len(geography.population), _NO_LIMIT, dtype=np.int64)
    granted, room, left = _grant(people, practice, place, weight, capacity)
    start = np.searchsorted(practice, np.arange(plan.practices + 1))
    departement = geography.departement[plan.place]
    tables = np.empty((plan.practices, 1 << HOME_BITS), dtype=np.uint16)
    for k in range(plan.practices):
        cells = slice(int(start[k]), int(start[k + 1]))
        shares = np.zeros(len(room), dtype=np.int64)
        shares[place[cells]] = granted[cells]
        for wider in (place[cells], np.flatnonzero(geography.departement == departement[k]), np.arange(len(room))):
            if left[k] == 0:
                break
            # What rounding or full surroundings left over: near, then in the departement, then anywhere with room.
            share = np.minimum(apportion(int(left[k]), room[wider]), room[wider]) if room[wider].any() else 0
            shares[wider] += share
            room[wider] -= share
            left[k] -= np.sum(share)
        if not shares.any():
            shares[place[cells]] = weight[cells]
        found = np.flatnonzero(shares)
        tables[k] = np.repeat(found.astype(np.uint16), apportion(1 << HOME_BITS, shares[found]))
    return tables


def _wishes(scenario: Scenario, plan: Plan, geography: Geography) -> tuple[Ints, Ints, Ints]:
    """Return the places around each practice and their weights, sorted by practice: practice, place, weight."""
    order = np.argsort(geography.x, kind="stable")
    x = geography.x[order]
    half = round(scenario.practices.half_distance_km * 10)
    practices, places, weights = [], [], []
    for k, home in enumerate(plan.place.tolist()):
        here_x, here_y = int(geography.x[home]), int(geography.y[home])
        near = order[np.searchsorted(x, here_x - _RADIUS) : np.searchsorted(x, here_x + _RADIUS, side="right")]
        square = (geography.x[near] - here_x) ** 2 + (geography.y[near] - here_y) ** 2
        within = square <= _RADIUS**2
        near, square = near[within], square[within]
        weight = geography.population[near].copy()
        if scenario.marks.distance:
            # Half the weight at `half`, then falling with the third power of the distance.
            distance = np.sqrt(square).astype(np.int64)
            weight = weight * (1_000_000 * half**3 // (half**3 + distance**3)) // 1_000_000
        practices.append(np.full(len(near), k, dtype=np.int64))
        places.append(near)
        weights.append(np.maximum(weight, 1))
    return np.concatenate(practices), np.concatenate(places), np.concatenate(weights)


def _grant(people: Ints, practice: Ints, place: Ints, weight: Ints, capacity: Ints) -> tuple[Ints, Ints, Ints]:
    """Place the people of each practice, no place above its capacity.

    Returns how many people each wish was granted, the room left in each place, and the people left of each practice.
    """
    granted = np.zeros(len(practice), dtype=np.int64)
    room, left = capacity.copy(), people.copy()
    start = np.searchsorted(practice, np.arange(len(people)))
    for _ in range(_ROUNDS):
        wish_weight = np.where(room[place] > 0, weight, 0)
        total = np.add.reduceat(wish_weight, start)
        wish = left[practice] * wish_weight // np.maximum(total, 1)[practice]
        asked = np.bincount(place, weights=wish, minlength=len(room)).astype(np.int64)
        given = np.where((asked > room)[place], wish * room[place] // np.maximum(asked, 1)[place], wish)
        granted += given
        room -= np.bincount(place, weights=given, minlength=len(room)).astype(np.int64)
        left -= np.add.reduceat(given, start)
    return granted, room, left
