"""The records of each practice: their person, dates and ids, and the order in which they were exported.

The number of a record within the leak, rho = 0 .. records - 1, is the id from which its contents are drawn. It is not
its `record_id`, which is a number in the program's whole table.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toolkit.scenario import Scenario
from toolkit.synth._calendar import to_days
from toolkit.synth._dates import days
from toolkit.synth._hands import Hands
from toolkit.synth._households import Demography, Households
from toolkit.synth._plan import Plan
from toolkit.synth.streams import Ints, chance, low, permute, scale, stream

__all__ = ["ENTRIES", "RecordMaker", "Records", "export_order"]

Bools = NDArray[np.bool_]
ENTRIES = ("visit", "late", "import", "transfer")
"""How a record was entered; `Records.entry` is an index into it."""
_VISIT, _LATE, _IMPORT, _TRANSFER = range(4)
_ID_BITS = 40
"""Bits of a `record_id` in a key by which records are sorted; every key is different."""
_OLD_DATES = 4_000
"""Days before the installation that the dates of an imported base go back to."""
_LATEST = 9
"""Days by which an entry may be late."""
_BABY_DAYS = 75
_SCHOOL = (6, 15)
_SOON = 4
"""A second record is opened within this number of the practice's next records."""


@dataclass(frozen=True)
class Records:
    """The records of some consecutive practices, practice by practice, each in the order of `record_id`."""

    rho: Ints
    practice: Ints
    practitioner: Ints
    person: Ints
    sentinel: Bools
    """Test and placeholder records; their `person` is past the last person and refers to no one."""
    home: Ints
    """Home practice of the person."""
    who: Demography
    record_id: Ints
    created: NDArray[np.int32]
    """Days since 1970-01-01."""
    updated: NDArray[np.int32]
    entry: Ints
    """Index into `ENTRIES`."""
    hand: Ints
    """Who typed the record, a number of `Hands`."""
    typed: Ints
    """The record number from which the text is drawn: another practice's where the record was transferred."""
    noted: NDArray[np.int32]
    """Day of the comment, in days since 1970-01-01."""
    died: Ints
    """Day on which the person died, in days since 1970-01-01; 0 for the living."""

    @property
    def elsewhere(self) -> Bools:
        """Records typed by a practice other than the person's home practice."""
        elsewhere: Bools = (self.practice != self.home) & (self.entry != _TRANSFER)
        return elsewhere


@dataclass(frozen=True)
class _Entered:
    """The records of some consecutive practices, in the order of `rho`; see `Records`."""

    practice: Ints
    person: Ints
    home: Ints
    who: Demography
    died: Ints
    record_id: Ints
    created: Ints
    entry: Ints
    hand: Ints
    updated: Ints


class RecordMaker:
    """Make the records of the practices of a plan."""

    def __init__(self, scenario: Scenario, plan: Plan, households: Households, hands: Hands) -> None:
        self._plan, self._households, self._hands = plan, households, hands
        self._marks, self._rates, self._dates = scenario.marks, scenario.people, scenario.dates
        self._end = to_days(scenario.dates.copied_on)
        self._this_year = scenario.dates.copied_on.year
        seed = plan.seed
        self._s_practitioner = stream(seed, "file/practitioner")
        self._s_slot = stream(seed, "file/slot")
        self._s_updated = stream(seed, "file/updated")
        self._s_wish = stream(seed, "file/wish")
        self._s_together = stream(seed, "file/together")
        self._s_late = stream(seed, "file/late")
        self._s_batch = stream(seed, "batch/id")
        self._s_old_date = stream(seed, "file/old date")
        self._s_joined = stream(seed, "practitioner/joined")
        self._day_keys = stream(seed, "day/key")(np.arange(plan.calendar.count, dtype=np.int64))
        self._first_practitioner = 1 + np.cumsum(plan.practitioners) - plan.practitioners

    def make(self, first: int, last: int) -> Records:
        """Return the records of practices `first` .. `last - 1`."""
        plan = self._plan
        entered = self._enter(first, last)
        rho = np.arange(plan.records_start[first], plan.records_start[last], dtype=np.int64)
        typed, hand, noted = rho.copy(), entered.hand.copy(), entered.updated.copy()
        transferred = np.flatnonzero(entered.entry == _TRANSFER)
        if transferred.size:
            self._take_over(entered, transferred, typed, hand, noted)
        order = np.argsort(entered.practice << _ID_BITS | entered.record_id)
        practice, person = entered.practice[order], entered.person[order]
        return Records(
            rho=rho[order],
            practice=practice,
            practitioner=self._practitioner(rho[order], practice, entered.who.household[order], entered.created[order]),
            person=person,
            sentinel=person >= plan.sizes.people,
            home=entered.home[order],
            who=entered.who.take(order),
            record_id=entered.record_id[order],
            created=entered.created[order].astype(np.int32),
            updated=entered.updated[order].astype(np.int32),
            entry=entered.entry[order],
            hand=hand[order],
            typed=typed[order],
            noted=noted[order].astype(np.int32),
            died=entered.died[order],
        )

    def _take_over(self, entered: _Entered, rows: Ints, typed: Ints, hand: Ints, noted: Ints) -> None:
        """Give transferred records the text, hand and comment that the person's record has at the home practice."""
        plan = self._plan
        for source in np.unique(entered.home[rows]).tolist():
            here = rows[entered.home[rows] == source]
            original = self._enter(source, source + 1)
            local = entered.person[here] - plan.people_start[source]
            typed[here] = plan.records_start[source] + local
            hand[here] = original.hand[local]
            noted[here] = original.updated[local]

    def _enter(self, first: int, last: int) -> _Entered:
        """Return the records of practices `first` .. `last - 1`, with the slot in which each was entered."""
        plan = self._plan
        people, practices, runs = [], [], []
        for k in range(first, last):
            here = np.arange(plan.people_start[k], plan.people_start[k + 1])
            further, run = plan.further_people(k)
            # A placeholder record is drawn like a person past the last one; its values are overwritten later.
            placeholders = plan.sizes.people + plan.records_start[k] + np.arange(plan.sentinels[k])
            people.append(np.concatenate((here, further, placeholders)))
            runs.append(np.concatenate((np.full(len(here), -1), run, np.full(len(placeholders), -1))))
            practices.append(np.full(len(people[-1]), k, dtype=np.int64))
        person, practice, run = np.concatenate(people), np.concatenate(practices), np.concatenate(runs)
        sentinel = person >= plan.sizes.people
        home = np.where(sentinel, practice, plan.home(person))
        who = self._households(person, home)
        died = np.where(sentinel, 0, self._households.deaths(person, who, home))
        birth = who.birth_date.astype(np.int64)
        last_seen = self._last_seen(person, practice, home, run, died)
        rho = np.arange(plan.records_start[first], plan.records_start[last], dtype=np.int64)
        slots = self._slots(first, last)
        record_id, created, entered, entry, updated = (np.empty(len(rho), dtype=np.int64) for _ in range(5))
        base = int(plan.records_start[first])
        at = 0
        for k in range(first, last):
            rows = slice(int(plan.records_start[k]) - base, int(plan.records_start[k + 1]) - base)
            mine = slots[:, at : at + rows.stop - rows.start]
            at += rows.stop - rows.start
            slot = self._assign(
                k, rho[rows], person[rows], who.household[rows], birth[rows], run[rows], last_seen[rows], mine
            )
            record_id[rows], created[rows], entered[rows], entry[rows] = mine[:, slot]
            created[rows] = np.maximum(np.minimum(created[rows], last_seen[rows]), birth[rows])
            updated[rows] = self._updated(k, rho[rows], created[rows], last_seen[rows])
        hand = np.where(
            entry == _IMPORT,
            self._hands.of_import(practice),
            self._hands.of(practice, entered - plan.calendar.start, rho),
        )
        return _Entered(practice, person, home, who, died, record_id, created, entry, hand, updated)

    def _last_seen(self, person: Ints, practice: Ints, home: Ints, run: Ints, died: Ints) -> Ints:
        """Return the last day on which each practice saw each person: the copy, death, or the transfer elsewhere."""
        plan = self._plan
        last_seen = np.where(died > 0, died, self._end)
        # A record opened after the death (for the heirs, or the accounts) stays as it is.
        last_seen = np.maximum(last_seen, plan.calendar.start + plan.installed[practice] + 1)
        leaving = np.flatnonzero(
            (plan.retired[home] >= 0) & (practice == home) & (run < 0) & (person < plan.sizes.people)
        )
        if leaving.size:
            gone = plan.rank_of_person(home[leaving], person[leaving]) < plan.transfer_rank[home[leaving]]
            leaving = leaving[gone]
            last_seen[leaving] = np.minimum(last_seen[leaving], plan.calendar.start + plan.retired[home[leaving]])
        return np.minimum(last_seen, self._end)

    def _slots(self, first: int, last: int) -> Ints:
        """Return the slots of the practices, in the order of practices and days: id, day, day of entry, kind of entry.

        On each day the whole program used a run of ids; those in the leak are a random part of it. The slots of a
        transfer come last in each practice.
        """
        plan, calendar = self._plan, self._plan.calendar
        opened = plan.opened[first:last].astype(np.int64)
        counts = opened.ravel()
        day = np.repeat(np.tile(np.arange(calendar.count), last - first), counts)
        within = np.arange(len(day)) - np.repeat(np.cumsum(counts) - counts, counts)
        rank = np.repeat(plan.opened_before[first:last].ravel().astype(np.int64), counts) + within
        size = plan.single_ids[day]
        ids = 1 + plan.day_start[day] + permute(rank, size, self._day_keys[day])
        dated, entry = day.copy(), np.full(len(day), _VISIT)
        if self._marks.record_order:
            late = np.flatnonzero(self._s_late.chance(ids, self._dates.late_entries))
            before = day[late] - 1 - self._s_late.child("days").below(ids[late], _LATEST)
            dated[late], entry[late] = calendar.ordinary_before[np.maximum(before, 0)], _LATE
        visits = np.stack([ids, dated, day, entry])
        ends = np.cumsum(opened.sum(axis=1))
        parts = []
        for k, end, count in zip(range(first, last), ends.tolist(), opened.sum(axis=1).tolist(), strict=True):
            own = np.concatenate([visits[:, end - count : end], self._import(k)], axis=1)
            order = np.argsort(own[1] << _ID_BITS | own[0])
            parts += [own[:, order], self._transfers(k)]
        slots = np.concatenate(parts, axis=1)
        slots[1:3] += calendar.start
        return slots

    def _batch_ids(self, run: Ints, count: int) -> Ints:
        """Return the ids of a batch in ascending order, spread over its run (first id, length)."""
        first, length = (int(part) for part in run)
        edges = np.arange(count + 1, dtype=np.int64) * length // max(count, 1)
        return first + edges[:-1] + self._s_batch.below(first + edges[:-1], np.diff(edges))

    def _import(self, practice: int) -> Ints:
        """Return the slots of the import of a practice, as `_slots` does; ids follow the days of the older program."""
        plan = self._plan
        count, installed = int(plan.imported[practice]), int(plan.installed[practice])
        ids = self._batch_ids(plan.import_ids[:, practice], count)
        dated = np.full(count, installed)
        if plan.keeps_old_dates[practice] and count:
            earliest = max(0, installed - _OLD_DATES)
            drawn = earliest + self._s_old_date.below(ids, installed - earliest + 1)
            dated = np.sort(plan.calendar.ordinary_before[drawn])
        return np.stack([ids, dated, np.full(count, installed), np.full(count, _IMPORT)])

    def _transfers(self, practice: int) -> Ints:
        """Return the slots of the records transferred to a practice, in the order of their runs."""
        plan = self._plan
        parts = [np.empty((4, 0), dtype=np.int64)]
        for run in range(int(plan.segment_start[practice]), int(plan.segment_start[practice + 1])):
            if plan.segments.transfer[run]:
                source, count = int(plan.segments.source[run]), int(plan.segments.length[run])
                day = np.full(count, plan.retired[source])
                ids = self._batch_ids(plan.transfer_ids[:, source], count)
                parts.append(np.stack([ids, day, day, np.full(count, _TRANSFER)]))
        return np.concatenate(parts, axis=1)

    def _assign(
        self,
        practice: int,
        rho: Ints,
        person: Ints,
        household: Ints,
        birth: Ints,
        run: Ints,
        last_seen: Ints,
        slots: Ints,
    ) -> Ints:
        """Return a slot for each record of a practice.

        Transferred records have theirs. Who was born or died while the practice had the program, school children and
        second records have a wish, and get the next free slot from it. The others get the remaining slots at random,
        some of them next to their household.
        """
        plan = self._plan
        transfer = (run >= 0) & (plan.segments.transfer[run] > 0)
        slot = np.empty(len(rho), dtype=np.int64)
        own = np.flatnonzero(~transfer)
        slot[transfer] = len(own) + np.arange(len(rho) - len(own))
        day = slots[1, : len(own)]
        if len(own) == 0:
            return slot
        words = self._s_slot(rho[own])
        wish = self._wishes(rho[own], birth[own], last_seen[own], day, words)
        double = np.flatnonzero((run[own] >= 0) & (plan.segments.source[run[own]] == practice))
        if double.size:
            # Records of the practice's own people come first, so a person's number gives the place of the first record.
            original = person[own[double]] - plan.people_start[practice]
            wish[original] = np.where(wish[original] < 0, scale(words[original], len(own)), wish[original])
            wish[double] = wish[original] + 1 + scale(words[double], _SOON)
        key = words
        if self._marks.families:
            together = self._s_together.chance(household[own], self._rates.together)
            key = np.where(together, self._s_together.child("day")(household[own]), words)
        slot[own] = _assign_slots(wish, key, len(own))
        return slot

    def _wishes(self, rho: Ints, birth: Ints, seen: Ints, day: Ints, words: NDArray[np.uint64]) -> Ints:
        """Return the slot that each record should have, or -1 for any; `day` are the days of the slots."""
        count = len(day)
        wish = np.full(len(rho), -1, dtype=np.int64)
        bound = np.flatnonzero((birth > day[0]) | (seen < self._end))
        earliest = np.minimum(np.searchsorted(day, birth[bound]), count - 1)
        latest = np.maximum(np.searchsorted(day, seen[bound], side="right"), earliest + 1)
        wish[bound] = earliest + scale(words[bound], latest - earliest)
        if not self._marks.school_age:
            return wish
        more = self._s_wish(rho)
        babies = np.flatnonzero((birth > day[0]) & chance(more, self._rates.newborns))
        soon = np.minimum(scale(low(words[babies]), _BABY_DAYS), scale(low(more[babies]), _BABY_DAYS))
        wish[babies] = np.minimum(np.searchsorted(day, birth[babies] + soon), count - 1)
        pupils = np.flatnonzero(chance(low(more), self._rates.school_age))
        year = birth[pupils].astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970
        year += _SCHOOL[0] + scale(more[pupils] << np.uint64(13), _SCHOOL[1] - _SCHOOL[0] + 1)
        one = np.ones(len(pupils), dtype=np.int64)
        autumn = days(year, 9 * one, one).astype(np.int64) + scale(words[pupils] << np.uint64(7), 55)
        fits = (autumn >= day[0]) & (autumn <= np.minimum(day[-1], seen[pupils])) & ~np.isin(pupils, babies)
        wish[pupils[fits]] = np.searchsorted(day, autumn[fits])
        return np.minimum(wish, count - 1)

    def _updated(self, practice: int, rho: Ints, created: Ints, last_seen: Ints) -> Ints:
        """Return the day of the last change of each record, when the practice was open."""
        calendar = self._plan.calendar
        busy = np.concatenate(([0], np.cumsum(calendar.of_practice(practice))))
        begin = np.clip(created - calendar.start, 0, calendar.count - 1)
        end = np.maximum(last_seen - calendar.start, begin)
        words = self._s_updated(rho)
        # The later of two draws: most records were changed again in recent years.
        part = np.maximum(words >> np.uint64(32), low(words) >> np.uint64(32)).astype(np.float64) / 2.0**32
        at = busy[begin] + (part * (busy[end + 1] - busy[begin])).astype(np.int64)
        day = np.searchsorted(busy, at, side="right") - 1
        updated: Ints = np.maximum(created, calendar.start + np.minimum(day, end))
        return updated

    def _practitioner(self, rho: Ints, practice: Ints, household: Ints, created: Ints) -> Ints:
        """Return the practitioner of each record: most often the household's, and none who came after its opening."""
        plan = self._plan
        count = plan.practitioners[practice]
        words = self._s_practitioner(rho)
        key = np.where(chance(words, 0.85), household, rho + (1 << 42)) if self._marks.families else rho
        seat = self._s_practitioner.child("seat").below(key * 2_048 + practice % 2_048, count)
        number = self._first_practitioner[practice] + seat
        began = plan.calendar.start + plan.installed[practice]
        share = self._s_joined.below(number, 1 << 16)
        # Half of those who joined took over the patients of someone who left.
        joined = began + (self._end - began) * share // (1 << 17)
        took_over = self._s_joined.child("took over").chance(number, 0.5)
        late = (seat > 0) & (created < joined) & ~took_over
        return np.where(late, self._first_practitioner[practice], number)


def _assign_slots(wish: Ints, key: NDArray[np.uint64], count: int) -> Ints:
    """Return a slot for each record: the next free one from its wish, or any of the others in the order of `key`.

    `wish` is -1 where a record has none.
    """
    asking = np.flatnonzero(wish >= 0)
    order = np.argsort(wish[asking], kind="stable")
    rank = np.arange(len(asking))
    taken = np.maximum.accumulate(wish[asking][order] - rank) + rank
    taken = np.minimum(taken, count - len(asking) + rank)
    slot = np.empty(count, dtype=np.int64)
    slot[asking[order]] = taken
    free = np.ones(count, dtype=bool)
    free[taken] = False
    others = np.flatnonzero(wish < 0)
    slot[others[np.argsort(key[others], kind="stable")]] = np.flatnonzero(free)
    return slot


def export_order(plan: Plan, practice: int) -> list[tuple[int, int, bool]]:
    """Return the lines of one practice as runs of its records: (first record, number of records, whether duplicate).

    The export ran in batches. Some were exported a second time straight after, one of them only in part.
    """
    records = int(plan.records_start[practice + 1] - plan.records_start[practice])
    batch, repeated = int(plan.batch[practice]), int(plan.repeated[practice])
    full, part = divmod(repeated, batch)
    batches = records // batch
    chosen = permute(np.arange(min(full + 1, batches)), batches, plan.keys[practice] ^ np.uint64(1)).tolist()
    lengths = dict.fromkeys(chosen[:full], batch)
    if part:
        lengths[chosen[full]] = part
    runs: list[tuple[int, int, bool]] = []
    start = 0
    for number in sorted(lengths):
        end = (number + 1) * batch
        runs += [(start, end - start, False), (number * batch, lengths[number], True)]
        start = end
    if start < records:
        runs.append((start, records - start, False))
    return runs
