"""The plan of a leak: how many people, records and lines each practice holds, and who has records where.

The plan is small (a few numbers per practice) and exact: the totals of the scenario are shared out in whole units.
People, records and lines are computed from the plan, a practice at a time, in any order.

Terms: practices are numbered k = 0 .. K-1 in the order of the dump.
The people whose *home* practice is k have ids `people_start[k] .. people_start[k + 1] - 1`.
A *further* record is one that a practice holds beside the records of its home practice's people: of people whose home
practice is another or, where a second secretary opened a record for a patient on file, of its own.
A *batch* is a number of records that a practice entered at once: the import of an older program's base, or the base of
a colleague who retired.
Days are counted from the first day of the plan's calendar.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from toolkit.scenario import Scenario, Sizes
from toolkit.synth._calendar import Calendar
from toolkit.synth._dates import days
from toolkit.synth._geography import Geography
from toolkit.synth.streams import Ints, Picker, Words, apportion, chance, permute, scale, stream, unpermute

__all__ = ["Plan", "Segments", "make_plan"]

# Quantiles of a log-normal law of spread 1, in thousandths: exp of the normal quantiles at (i + 1/2) / 16.
_LOGNORMAL = (155, 268, 364, 459, 558, 665, 783, 925, 1081, 1278, 1504, 1792, 2179, 2747, 3731, 6450)
_NEIGHBOUR_WEIGHTS = (30, 20, 14, 10, 8, 6, 4, 3, 2, 1, 1, 1)
_NEIGHBOURS = len(_NEIGHBOUR_WEIGHTS)


@dataclass(frozen=True)
class Segments:
    """Runs of further records, sorted by the practice that holds them.

    Run s means: practice `holder[s]` holds records of the people of home practice `source[s]` whose rank (see
    `Plan.person_of_rank`) is in `rank[s] .. rank[s] + length[s] - 1`. Where `transfer[s]` is 1, the records were
    transferred as they were; where `holder[s]` is `source[s]`, they are second records at the same practice.
    """

    holder: Ints
    source: Ints
    rank: Ints
    length: Ints
    transfer: Ints


@dataclass(frozen=True)
class Plan:
    """The plan of one leak (see the module docstring); arrays have one value per practice unless noted."""

    seed: int
    sizes: Sizes
    place: Ints
    practitioners: Ints
    installed: Ints
    """Day of the installation."""
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
    calendar: Calendar
    opened: NDArray[np.int32]
    """[K, days]: records opened on each day, without batches."""
    opened_before: NDArray[np.int32]
    """[K, days]: records that earlier practices opened on the same day, without batches."""
    day_start: Ints
    """days + 1 values: first record id of each day in the program's whole table."""
    imported: Ints
    """Number of records imported on the day of the installation."""
    import_ids: Ints
    """[2, K]: first record id of the import in the program's whole table, and the length of its run of ids."""
    keeps_old_dates: NDArray[np.bool_]
    """Whether the import kept the dates of the older program."""
    retired: Ints
    """Day on which the records of a retired practitioner were transferred to a neighbour; -1 for most practices."""
    transfer_rank: Ints
    """Number of people of the home practice whose records were transferred; they have the lowest ranks."""
    transfer_ids: Ints
    """[2, K]: the same for those records at the neighbour."""
    single_ids: Ints
    """Number of record ids of each day outside the runs of batches."""
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

    def rank_of_person(self, practice: Ints, person: Ints) -> Ints:
        """Return the rank of people at their home practice: the inverse of `person_of_rank`."""
        size = np.diff(self.people_start)[practice]
        return unpermute(person - self.people_start[practice], size, self.keys[practice])

    def further_people(self, practice: int) -> tuple[Ints, Ints]:
        """Return the people of the further records of a practice, one per record, and the run of each."""
        runs = slice(int(self.segment_start[practice]), int(self.segment_start[practice + 1]))
        lengths = self.segments.length[runs]
        source = np.repeat(self.segments.source[runs], lengths)
        rank = np.repeat(self.segments.rank[runs] - np.cumsum(lengths) + lengths, lengths) + np.arange(lengths.sum())
        run = np.repeat(np.arange(runs.start, runs.stop), lengths)
        return self.person_of_rank(source, rank), run


def make_plan(scenario: Scenario, seed: int, rows: int, geography: Geography) -> Plan:
    """Share out the totals of `scenario` at `rows` lines among practices."""
    sizes = scenario.sizes_at(rows)
    place = _places(sizes, seed, geography)
    count = len(place)
    ids = np.arange(count, dtype=np.int64)
    practitioners = _practitioners(sizes, seed, ids)
    calendar = Calendar(scenario, seed)
    installed_month = _installed(scenario, seed, ids)
    installed = _installation_day(calendar, seed, ids, installed_month)
    home = _home_people(scenario, sizes, seed, geography, place, practitioners, installed_month)
    sentinel_total = round(sizes.records * scenario.practices.sentinel_rate) if sizes.records > sizes.people else 0
    sentinels = apportion(sentinel_total, home) if sentinel_total else np.zeros(count, dtype=np.int64)
    copied = _copied_bases(scenario, seed, home)
    segments = _further(scenario, seed, sizes.records - sizes.people - sentinel_total, home, copied, place, geography)
    further = np.zeros(count, dtype=np.int64)
    np.add.at(further, segments.holder, segments.length)
    records = home + further + sentinels
    repeated = _repeated(scenario, seed, sizes.lines - sizes.records, records)
    batch = np.asarray(scenario.lines.batch)[stream(seed, "practice/batch").below(ids, len(scenario.lines.batch))]
    retired = _retirement_day(calendar, seed, segments, installed)
    incoming = np.zeros(count, dtype=np.int64)
    moved = np.flatnonzero(segments.transfer)
    np.add.at(incoming, segments.holder[moved], segments.length[moved])
    imported = _imported(scenario, seed, records - incoming)
    opened = _openings(calendar, seed, records - incoming - imported, installed)
    day_start, single_ids, import_ids, transfer_ids = _ids(
        sizes.table_records, calendar, opened, installed, imported, retired, segments
    )
    writers = np.asarray(scenario.comments.writers)
    factor = writers[stream(seed, "practice/writer").below(ids, len(writers))]
    return Plan(
        seed=seed,
        sizes=sizes,
        place=place,
        practitioners=practitioners,
        installed=installed,
        people_start=_starts(home),
        segments=segments,
        segment_start=np.searchsorted(segments.holder, np.arange(count + 1)).astype(np.int64),
        sentinels=sentinels,
        records_start=_starts(records),
        repeated=repeated,
        batch=np.minimum(batch, np.maximum(1, records // 8)).astype(np.int64),
        lines_start=_starts(records + repeated),
        sensitive=_share_capped(sizes.sensitive_people, home * factor, home // 4 + 1),
        calendar=calendar,
        opened=opened,
        opened_before=np.cumsum(opened, axis=0, dtype=np.int32) - opened,
        day_start=day_start,
        imported=imported,
        import_ids=import_ids,
        keeps_old_dates=stream(seed, "practice/old dates").chance(ids, scenario.dates.old_dates)
        & scenario.marks.record_order,
        retired=retired,
        transfer_rank=np.where(retired >= 0, copied, 0),
        transfer_ids=transfer_ids,
        single_ids=single_ids,
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


def _installed(scenario: Scenario, seed: int, ids: Ints) -> Ints:
    """Return the month of installation, counted from the first month of the plan."""
    dates = scenario.dates
    spread = (dates.history_years_max - dates.history_years_min) * 12 + 1
    return stream(seed, "practice/installed").below(ids, spread)


def _installation_day(calendar: Calendar, seed: int, ids: Ints, month: Ints) -> Ints:
    """Return the day of installation: an ordinary day of its month, or the next one."""
    index = calendar.first.year * 12 + calendar.first.month - 1 + month
    first = days(index // 12, index % 12 + 1, np.ones(len(ids), dtype=np.int64)).astype(np.int64) - calendar.start
    day: Ints = calendar.ordinary_after[first + stream(seed, "practice/installation day").below(ids, 28)]
    return day


def _home_people(
    scenario: Scenario,
    sizes: Sizes,
    seed: int,
    geography: Geography,
    place: Ints,
    practitioners: Ints,
    installed: Ints,
) -> Ints:
    """Return the people of each home practice, by departement population, then by practitioners, age and chance."""
    ids = np.arange(len(place), dtype=np.int64)
    spread = round(scenario.practices.size_spread * 1000)
    quantile = np.asarray(_LOGNORMAL)[stream(seed, "practice/size").below(ids, len(_LOGNORMAL))]
    uneven = 1000 * (1000 - spread) + quantile * spread if spread <= 1000 else quantile * spread
    weight = practitioners * uneven // 1000 * (37 + scenario.dates.history_years_max * 12 - installed)
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


def _further(
    scenario: Scenario, seed: int, total: int, home: Ints, copied: Ints, place: Ints, geography: Geography
) -> Segments:
    """Return the runs of further records.

    Ranks 0 .. n of each home practice get a second record, some of those a third and a fourth, each at another
    practice; `copied` of the second ones are one block at a neighbour. The highest ranks get a second record at the
    same practice.
    """
    doubles = np.zeros(len(home), dtype=np.int64)
    if scenario.marks.double_openings:
        share = round(scenario.practices.double_openings * 10_000)
        doubles = np.minimum(home * share // 10_000, home // 10)
        doubles = apportion(min(int(doubles.sum()), total // 4), home) if doubles.any() else doubles
    total -= int(doubles.sum())
    third, fourth = scenario.people.third_practice, scenario.people.fourth_practice
    seconds = round(total / (1 + third + third * fourth))
    thirds = round(seconds * third)
    fourths = total - seconds - thirds
    second = copied + _share_capped(seconds - int(copied.sum()), home - copied, (home * 7) // 10 + 1 - copied)
    neighbours = _neighbours(seed, place, geography)
    builder = _SegmentBuilder(neighbours, home, transfer=scenario.marks.transfers)
    builder.second(second, copied)
    builder.again(thirds)
    builder.again(fourths)
    builder.double(doubles)
    return builder.sorted()


def _copied_bases(scenario: Scenario, seed: int, home: Ints) -> Ints:
    """Return how many patients have a further record in one block, where a practitioner's base went to a neighbour.

    At least one base did, where the scenario has any.
    """
    words = stream(seed, "practice/copied")(np.arange(len(home), dtype=np.int64))
    rate = scenario.practices.copied_bases
    chosen = chance(words, rate) | ((words == words.min()) & (rate > 0))
    return np.where(chosen, home * round(scenario.practices.copied_base_share * 1000) // 1000, 0)


def _split(total: int, weights: tuple[int, ...]) -> list[int]:
    """Share out a number by a few weights, as `apportion` does, without the cost of arrays."""
    parts = [divmod(total * weight, sum(weights)) for weight in weights]
    shares = [whole for whole, _ in parts]
    by_remainder = sorted(range(len(parts)), key=lambda place: -parts[place][1])
    for place in by_remainder[: total - sum(shares)]:
        shares[place] += 1
    return shares


class _SegmentBuilder:
    """Build the runs of further records layer by layer: second records, then third and fourth ones from those."""

    def __init__(self, neighbours: Ints, home: Ints, *, transfer: bool) -> None:
        self._neighbours: list[list[int]] = neighbours.tolist()
        self._home = home
        self._transfer = transfer
        self._done: list[tuple[int, int, int, int, int]] = []
        self._last: list[tuple[int, tuple[int, ...], int, int]] = []

    def second(self, second: Ints, copied: Ints) -> None:
        """Add a second record for `second[k]` people of practice k, `copied[k]` of them as a block at one neighbour."""
        for k, (total, block) in enumerate(zip(second.tolist(), copied.tolist(), strict=True)):
            slots = len(self._neighbours[k])
            weights = np.asarray(_NEIGHBOUR_WEIGHTS[:slots]) * (self._home[self._neighbours[k]] + 1)
            shares = apportion(total - block, weights)
            if block:
                self._add(k, (0,), 0, block, transfer=self._transfer)
            rank = block
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
            count = len(self._neighbours[k])
            following = ((slots[-1] + after) % count for after in range(1, count + 1))
            chosen = list(islice((slot for slot in following if slot not in slots), 3))
            at = rank
            for slot, length in zip(chosen, _split(share, (3, 2, 1)[: len(chosen)]), strict=True):
                if length:
                    self._add(k, (*slots, slot), at, length)
                at += length

    def double(self, doubles: Ints) -> None:
        """Add a second record at the same practice for the people of the highest ranks."""
        for k, count in enumerate(doubles.tolist()):
            if count:
                self._done.append((k, k, int(self._home[k]) - count, count, 0))

    def _add(self, source: int, slots: tuple[int, ...], rank: int, length: int, *, transfer: bool = False) -> None:
        self._done.append((self._neighbours[source][slots[-1]], source, rank, length, int(transfer)))
        self._last.append((source, slots, rank, length))

    def sorted(self) -> Segments:
        """Return the runs, sorted by holder, source and rank."""
        rows = np.array(sorted(self._done), dtype=np.int64).reshape(-1, 5)
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


def _retirement_day(calendar: Calendar, seed: int, segments: Segments, installed: Ints) -> Ints:
    """Return the day on which each practice's records were transferred, after both practices had the program."""
    retired = np.full(len(installed), -1, dtype=np.int64)
    for run in np.flatnonzero(segments.transfer).tolist():
        source = int(segments.source[run])
        earliest = min(max(int(installed[source]), int(installed[segments.holder[run]])) + 365, calendar.count - 60)
        later = stream(seed, "practice/retired").below(np.array([source]), calendar.count - 30 - earliest)
        retired[source] = calendar.ordinary_before[earliest + int(later[0])]
    return retired


def _imported(scenario: Scenario, seed: int, records: Ints) -> Ints:
    """Return the number of records that each practice imported when it installed the program."""
    ids = np.arange(len(records), dtype=np.int64)
    words = stream(seed, "practice/import")
    share = (
        round(scenario.dates.import_share * 700)
        + scale(words.child("share")(ids), 1 + 600) * round(scenario.dates.import_share * 1000) // 1000
    )
    return np.where(words.chance(ids, scenario.dates.imports), records * share // 1000, 0)


def _openings(calendar: Calendar, seed: int, records: Ints, installed: Ints) -> NDArray[np.int32]:
    """Return the records opened on each day, shape [K, days]: a draw for every record, by the weights of the days."""
    opened = np.zeros((len(records), calendar.count), dtype=np.int32)
    words = stream(seed, "record/day")
    done = 0
    for k, (total, first) in enumerate(zip(records.tolist(), installed.tolist(), strict=True)):
        day = Picker(calendar.openings(calendar.of_practice(k), first))
        drawn = day(words(np.arange(done, done + total, dtype=np.int64)))
        opened[k] = np.bincount(drawn, minlength=calendar.count)
        done += total
    return opened


def _ids(
    table: int,
    calendar: Calendar,
    opened: NDArray[np.int32],
    installed: Ints,
    imported: Ints,
    retired: Ints,
    segments: Segments,
) -> tuple[Ints, Ints, Ints, Ints]:
    """Share out the record ids of the program's whole table among days.

    Returns the first id of each day (and the last plus one), the number of ids of each day outside batches, and the
    first id and length of the run of each import, and of each transfer by the practice it came from. The batches of a
    day have their runs after the records opened on it. Other practices go on writing while a batch is entered, so its
    run is longer than the batch, as the whole table is longer than the leak.
    """
    single = opened.sum(axis=0, dtype=np.int64)
    batches = [
        (int(day), k, 0, int(size)) for k, (day, size) in enumerate(zip(installed, imported, strict=True)) if size
    ]
    for run in np.flatnonzero(segments.transfer).tolist():
        source = int(segments.source[run])
        batches.append((int(retired[source]), source, 1, int(segments.length[run])))
    records = int(single.sum()) + sum(size for *_, size in batches)
    at_once = np.zeros(calendar.count, dtype=np.int64)
    runs = np.zeros((2, 2, len(installed)), dtype=np.int64)
    for day, practice, kind, size in sorted(batches):
        length = size * table // records
        runs[kind, :, practice] = at_once[day], length
        at_once[day] += length
    usual = _at_least(apportion(table - int(at_once.sum()), single * 1_000 + calendar.national // 100 + 1), single)
    day_start = _starts(usual + at_once)
    for day, practice, kind, _ in batches:
        runs[kind, 0, practice] += 1 + day_start[day] + usual[day]
    return day_start, usual, runs[0], runs[1]
