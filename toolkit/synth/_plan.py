"""The plan of a leak: how many people, records and lines each practice holds, and who has records where.

The plan is small (a few numbers per practice) and exact: the totals of the scenario are shared out in whole units.
People, records and lines are computed from the plan, a practice at a time, in any order.

Terms: practices are numbered k = 0 .. K-1 in the order of the dump.
The people whose *home* practice is k have ids `people_start[k] .. people_start[k + 1] - 1`.
A *further* record is one that a practice holds of a person whose home practice is another.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from toolkit.scenario import Scenario, Sizes
from toolkit.synth._geography import Geography
from toolkit.synth.streams import Ints, Words, apportion, permute, scale, stream

__all__ = ["Plan", "Segments", "make_plan"]

# Quantiles of a log-normal law of spread 1, in thousandths: exp of the normal quantiles at (i + 1/2) / 16.
_LOGNORMAL = (155, 268, 364, 459, 558, 665, 783, 925, 1081, 1278, 1504, 1792, 2179, 2747, 3731, 6450)
_NEIGHBOUR_WEIGHTS = (30, 20, 14, 10, 8, 6, 4, 3, 2, 1, 1, 1)
_NEIGHBOURS = len(_NEIGHBOUR_WEIGHTS)


@dataclass(frozen=True)
class Segments:
    """Runs of further records, sorted by the practice that holds them.

    Run s means: practice `holder[s]` holds records of the people of home practice `source[s]` whose rank (see
    `Plan.person_of_rank`) is in `rank[s] .. rank[s] + length[s] - 1`.
    """

    holder: Ints
    source: Ints
    rank: Ints
    length: Ints


@dataclass(frozen=True)
class Plan:
    """The plan of one leak (see the module docstring); arrays have one value per practice unless noted."""

    seed: int
    sizes: Sizes
    place: Ints
    practitioners: Ints
    installed_month: Ints
    people_start: Ints
    """K + 1 values: first person id of each practice, then the number of people."""
    segments: Segments
    segment_start: Ints
    """K + 1 values: first run of further records of each practice, then the number of runs."""
    sentinels: Ints
    records_start: Ints
    """K + 1 values: first record number (from 0) of each practice, then the number of records."""
    repeated: Ints
    batch: Ints
    lines_start: Ints
    """K + 1 values: first line of each practice, then the number of lines."""
    sensitive: Ints
    """Number of people with this home practice who have a sensitive comment."""
    created: NDArray[np.int32]
    """[K, months]: records created in each month."""
    month_start: Ints
    """months + 1 values: first record id of each month in the program's whole table."""
    created_before: Ints
    """[K, months]: records that earlier practices created in the same month."""
    first_month: date
    keys: Words
    """One key per practice, used for its permutations."""

    @property
    def practices(self) -> int:
        """Number of practices."""
        return len(self.place)

    def home(self, person: Ints) -> Ints:
        """Return the home practice of each person; for people outside the leak (ids past the last), one by their id."""
        inside = np.searchsorted(self.people_start, person, side="right") - 1
        return np.where(inside >= self.practices, person % self.practices, inside)

    def person_of_rank(self, practice: Ints, rank: Ints) -> Ints:
        """Return the person of a given rank at a home practice; low ranks have records at several practices."""
        size = np.diff(self.people_start)[practice]
        return self.people_start[practice] + permute(rank, size, self.keys[practice])

    def further_people(self, practice: int) -> Ints:
        """Return the people from other practices who have a record at this one, one per record."""
        runs = slice(int(self.segment_start[practice]), int(self.segment_start[practice + 1]))
        lengths = self.segments.length[runs]
        source = np.repeat(self.segments.source[runs], lengths)
        rank = np.repeat(self.segments.rank[runs] - np.cumsum(lengths) + lengths, lengths) + np.arange(lengths.sum())
        return self.person_of_rank(source, rank)


def make_plan(scenario: Scenario, seed: int, rows: int, geography: Geography) -> Plan:
    """Share out the totals of `scenario` at `rows` lines among practices."""
    sizes = scenario.sizes_at(rows)
    place = _places(sizes, seed, geography)
    count = len(place)
    ids = np.arange(count, dtype=np.int64)
    practitioners = _practitioners(sizes, seed, ids)
    months = _months(scenario)
    installed = _installed(scenario, seed, ids, months)
    home = _home_people(scenario, sizes, seed, geography, place, practitioners, installed, months)
    sentinel_total = round(sizes.records * scenario.practices.sentinel_rate) if sizes.records > sizes.people else 0
    sentinels = apportion(sentinel_total, home) if sentinel_total else np.zeros(count, dtype=np.int64)
    segments = _further(scenario, seed, sizes.records - sizes.people - sentinel_total, home, place, geography)
    further = np.zeros(count, dtype=np.int64)
    np.add.at(further, segments.holder, segments.length)
    records = home + further + sentinels
    repeated = _repeated(scenario, seed, sizes.lines - sizes.records, records)
    batch = np.asarray(scenario.lines.batch)[stream(seed, "practice/batch").below(ids, len(scenario.lines.batch))]
    created = _creation(scenario, records, installed, months)
    by_month = created.sum(axis=0, dtype=np.int64)
    writers = np.asarray(scenario.comments.writers)
    factor = writers[stream(seed, "practice/writer").below(ids, len(writers))]
    return Plan(
        seed=seed,
        sizes=sizes,
        place=place,
        practitioners=practitioners,
        installed_month=installed,
        people_start=_starts(home),
        segments=segments,
        segment_start=np.searchsorted(segments.holder, np.arange(count + 1)).astype(np.int64),
        sentinels=sentinels,
        records_start=_starts(records),
        repeated=repeated,
        batch=np.minimum(batch, np.maximum(1, records // 8)).astype(np.int64),
        lines_start=_starts(records + repeated),
        sensitive=_share_capped(sizes.sensitive_people, home * factor, home // 4 + 1),
        created=created,
        month_start=_starts(_at_least(apportion(sizes.table_records, by_month + 1), by_month)),
        created_before=np.cumsum(created, axis=0, dtype=np.int64) - created,
        first_month=_first_month(scenario, months),
        keys=stream(seed, "practice/key")(ids),
    )


def _starts(counts: Ints) -> Ints:
    return np.concatenate(([0], np.cumsum(counts))).astype(np.int64)


def _at_least(shares: Ints, floor: Ints) -> Ints:
    """Return `shares` raised to at least `floor`, with the same total (taken from where there is slack)."""
    lacking = np.maximum(floor - shares, 0)
    slack = np.maximum(shares - floor, 0)
    total = int(lacking.sum())
    raised: Ints = shares + lacking - (apportion(total, slack) if total else 0)
    return raised


def _share_capped(total: int, weights: Ints, cap: Ints) -> Ints:
    """Share out `total` by weight, no share above its cap."""
    shares = np.zeros(len(weights), dtype=np.int64)
    while (left := total - int(shares.sum())) > 0:
        room = cap - shares
        open_weights = np.where(room > 0, weights, 0)
        if not open_weights.any():
            raise ValueError(f"cannot share {total} among practices that hold at most {int(cap.sum())} together")
        shares += np.minimum(apportion(left, open_weights), room)
    return shares


def _places(sizes: Sizes, seed: int, geography: Geography) -> Ints:
    """Return one place per practice, in shuffled order.

    Practices are allotted to departements by population (Huntington-Hill, so that none is left out when there are
    enough), then to communes by population.
    """
    seats = _huntington_hill(sizes.practices, geography.departement_population)
    departement = np.repeat(np.arange(len(seats)), seats)
    ids = np.arange(sizes.practices, dtype=np.int64)
    place = geography.in_departement(departement, stream(seed, "practice/place")(ids)).astype(np.int64)
    return place[permute(ids, sizes.practices, stream(seed, "practice/order").key)]


def _huntington_hill(seats: int, population: Ints) -> Ints:
    """Allot seats by the method of equal proportions; with fewer seats than departements, one each to the largest."""
    order = np.lexsort((np.arange(len(population)), -population))
    allotted = np.zeros(len(population), dtype=np.int64)
    allotted[order[:seats]] = 1
    for _ in range(seats - len(population)):
        # Compare the squares of population / sqrt(n (n + 1)): one division, so every machine rounds alike.
        allotted[np.argmax(population.astype(np.float64) ** 2 / (allotted * (allotted + 1)))] += 1
    return allotted


def _practitioners(sizes: Sizes, seed: int, ids: Ints) -> Ints:
    """Return one practitioner per practice, plus the others in group practices: a few practices are large."""
    extra = sizes.practitioners - sizes.practices
    weight = np.array([0, 0, 0, 0, 0, 0, 1, 1, 2, 4])[stream(seed, "practice/group").below(ids, 10)]
    if extra and not weight.any():
        weight[0] = 1
    return 1 + (apportion(extra, weight) if extra else np.zeros(len(ids), dtype=np.int64))


def _months(scenario: Scenario) -> int:
    return scenario.dates.history_years_max * 12 + 1


def _first_month(scenario: Scenario, months: int) -> date:
    last = scenario.dates.copied_on
    index = last.year * 12 + last.month - 1 - (months - 1)
    return date(index // 12, index % 12 + 1, 1)


def _installed(scenario: Scenario, seed: int, ids: Ints, months: int) -> Ints:
    """Return the month of installation, counted from the first month of the plan."""
    youngest = scenario.dates.history_years_min * 12
    spread = months - youngest
    return stream(seed, "practice/installed").below(ids, spread)


def _home_people(
    scenario: Scenario,
    sizes: Sizes,
    seed: int,
    geography: Geography,
    place: Ints,
    practitioners: Ints,
    installed: Ints,
    months: int,
) -> Ints:
    """Return the people of each home practice, by departement population, then by practitioners, age and chance."""
    ids = np.arange(len(place), dtype=np.int64)
    spread = round(scenario.practices.size_spread * 1000)
    quantile = np.asarray(_LOGNORMAL)[stream(seed, "practice/size").below(ids, len(_LOGNORMAL))]
    uneven = 1000 * (1000 - spread) + quantile * spread if spread <= 1000 else quantile * spread
    weight = practitioners * uneven // 1000 * (36 + months - installed)
    departement = geography.departement[place]
    by_departement = np.zeros(len(geography.departements), dtype=np.int64)
    served = np.unique(departement)
    by_departement[served] = apportion(sizes.people, geography.departement_population[served])
    home = np.zeros(len(place), dtype=np.int64)
    for one in served:
        here = np.flatnonzero(departement == one)
        home[here] = apportion(int(by_departement[one]), weight[here])
    return home


def _neighbours(seed: int, place: Ints, geography: Geography) -> Ints:
    """Return the practices each practice shares patients with, shape [K, n]: nearest first, the last two anywhere."""
    count = len(place)
    departement, area = geography.departement[place], geography.area[place]
    region = geography.departements["region_code"].rank("dense").to_numpy()[departement]
    insee = geography.insee_code.gather(place).rank("dense").to_numpy()
    words = stream(seed, "practice/neighbours")
    ids = np.arange(count, dtype=np.int64)
    result = np.empty((count, min(_NEIGHBOURS, count - 1)), dtype=np.int64)
    for k in range(count):
        distance = (
            (insee != insee[k]).astype(np.uint64)
            + (area != area[k])
            + (departement != departement[k])
            + (region != region[k])
        )
        shuffled = words(ids * count + k) >> np.uint64(8)
        rank = (distance << np.uint64(60)) | (shuffled >> np.uint64(4))
        rank[k] = np.uint64(2**64 - 1)
        near = np.argsort(rank, kind="stable")[: result.shape[1]]
        far = np.argsort(np.where(np.isin(ids, near) | (ids == k), np.uint64(2**64 - 1), shuffled), kind="stable")
        swapped = min(2, max(0, count - 1 - len(near)))
        result[k] = np.concatenate((near[: len(near) - swapped], far[:swapped]))
    return result


def _further(scenario: Scenario, seed: int, total: int, home: Ints, place: Ints, geography: Geography) -> Segments:
    """Return the runs of further records.

    Ranks 0 .. n of each home practice get a second record, some of those a third and a fourth, each at another
    practice.
    """
    third, fourth = scenario.people.third_practice, scenario.people.fourth_practice
    seconds = round(total / (1 + third + third * fourth))
    thirds = round(seconds * third)
    fourths = total - seconds - thirds
    copied = _copied_bases(scenario, seed, home)
    second = copied + _share_capped(seconds - int(copied.sum()), home - copied, (home * 7) // 10 + 1 - copied)
    neighbours = _neighbours(seed, place, geography)
    builder = _SegmentBuilder(neighbours, home)
    builder.second(second, copied)
    builder.again(thirds)
    builder.again(fourths)
    return builder.sorted()


def _copied_bases(scenario: Scenario, seed: int, home: Ints) -> Ints:
    """Return how many patients were copied in one block, where a practice's base was copied into its neighbour's."""
    ids = np.arange(len(home), dtype=np.int64)
    chosen = stream(seed, "practice/copied").chance(ids, scenario.practices.copied_bases)
    return np.where(chosen, home * round(scenario.practices.copied_base_share * 1000) // 1000, 0)


class _SegmentBuilder:
    """Build the runs of further records layer by layer: second records, then third and fourth ones from those."""

    def __init__(self, neighbours: Ints, home: Ints) -> None:
        self._neighbours = neighbours
        self._home = home
        self._done: list[tuple[int, int, int, int]] = []
        self._last: list[tuple[int, tuple[int, ...], int, int]] = []

    def second(self, second: Ints, copied: Ints) -> None:
        """Add a second record for `second[k]` people of practice k, `copied[k]` of them as a block at one neighbour."""
        for k, (total, block) in enumerate(zip(second.tolist(), copied.tolist(), strict=True)):
            slots = len(self._neighbours[k])
            weights = np.asarray(_NEIGHBOUR_WEIGHTS[:slots]) * (self._home[self._neighbours[k]] + 1)
            shares = apportion(total - block, weights)
            shares[0] += block
            rank = 0
            for slot, length in enumerate(shares.tolist()):
                if length:
                    self._add(k, (slot,), rank, length)
                rank += length

    def again(self, total: int) -> None:
        """Add one more record, at another practice, for `total` people of the last layer, in proportion to its runs."""
        previous, self._last = self._last, []
        if total == 0 or not previous:
            return
        shares = apportion(total, np.array([length for *_, length in previous]))
        for (k, slots, rank, _), share in zip(previous, shares.tolist(), strict=True):
            others = [s for s in range(len(self._neighbours[k])) if s not in slots]
            start = (slots[-1] + 1) % len(self._neighbours[k])
            chosen = sorted(others, key=lambda s: (s - start) % len(self._neighbours[k]))[:3]
            at = rank
            for slot, length in zip(chosen, apportion(share, np.array([3, 2, 1][: len(chosen)])).tolist(), strict=True):
                if length:
                    self._add(k, (*slots, slot), at, length)
                at += length

    def _add(self, source: int, slots: tuple[int, ...], rank: int, length: int) -> None:
        self._done.append((int(self._neighbours[source][slots[-1]]), source, rank, length))
        self._last.append((source, slots, rank, length))

    def sorted(self) -> Segments:
        """Return the runs, sorted by holder, source and rank."""
        rows = np.array(sorted(self._done), dtype=np.int64).reshape(-1, 4)
        return Segments(*(np.ascontiguousarray(column) for column in rows.T))


def _repeated(scenario: Scenario, seed: int, total: int, records: Ints) -> Ints:
    """Return the number of duplicate lines of each practice: none at some, a large part of the base at others."""
    ids = np.arange(len(records), dtype=np.int64)
    words = stream(seed, "practice/repeats")
    affected = words.chance(ids, scenario.lines.practices_with_repeats)
    if not affected.any():
        affected[0] = True
    weight = np.where(affected, records * (1 + scale(words.child("share")(ids), 3)), 0)
    cap = np.where(affected, records * 3 // 4, records // 2)
    first = _share_capped(min(total, int(cap[affected].sum())), weight, cap)
    return first + _share_capped(total - int(first.sum()), records, cap - first)


def _creation(scenario: Scenario, records: Ints, installed: Ints, months: int) -> NDArray[np.int32]:
    """Return the records created in each month, shape [K, months]: a share at installation, then a slow growth."""
    created = np.zeros((len(records), months), dtype=np.int32)
    share = round(scenario.dates.import_share * 1000)
    for k, (total, first) in enumerate(zip(records.tolist(), installed.tolist(), strict=True)):
        intake = 240 + np.arange(months - first)
        weights = intake * (1000 - share)
        weights[0] += int(intake.sum()) * share
        created[k, first:] = apportion(total, weights)
    return created
