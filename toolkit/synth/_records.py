"""The records of each practice: their person, dates and ids, and the order in which they were exported.

The number of a record within the leak, rho = 0 .. records - 1, is the id from which its contents are drawn. It is not
its `record_id`, which is a number in the program's whole table.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toolkit.scenario import Scenario
from toolkit.synth._households import Demography, Households, days, month_length, to_days
from toolkit.synth._plan import Plan
from toolkit.synth.streams import Ints, low, permute, scale, stream

__all__ = ["RecordMaker", "Records", "export_order"]


@dataclass(frozen=True)
class Records:
    """The records of some consecutive practices, practice by practice, each in the order of `record_id`."""

    rho: Ints
    practice: Ints
    practitioner: Ints
    person: Ints
    sentinel: NDArray[np.bool_]
    """Test and placeholder records; their `person` is past the last person and refers to no one."""
    home: Ints
    """Home practice of the person."""
    who: Demography
    record_id: Ints
    created: NDArray[np.int32]
    """Days since 1970-01-01."""
    updated: NDArray[np.int32]

    @property
    def elsewhere(self) -> NDArray[np.bool_]:
        """Records held by a practice other than the person's home practice."""
        elsewhere: NDArray[np.bool_] = self.practice != self.home
        return elsewhere


class RecordMaker:
    """Make the records of the practices of a plan."""

    def __init__(self, scenario: Scenario, plan: Plan, households: Households) -> None:
        self._plan = plan
        self._households = households
        self._end = to_days(scenario.dates.copied_on)
        seed = plan.seed
        self._s_practitioner = stream(seed, "file/practitioner")
        self._s_slot = stream(seed, "file/slot")
        self._s_updated = stream(seed, "file/updated")
        months = plan.created.shape[1]
        index = plan.first_month.year * 12 + plan.first_month.month - 1 + np.arange(months, dtype=np.int64)
        self._month_days = days(index // 12, index % 12 + 1, np.ones(months, dtype=np.int64)).astype(np.int64)
        length = month_length(index // 12, index % 12 + 1)
        length[-1] = scenario.dates.copied_on.day
        self._month_length = length
        self._month_keys = stream(seed, "month/key")(index)
        self._first_practitioner = 1 + np.cumsum(plan.practitioners) - plan.practitioners

    def make(self, first: int, last: int) -> Records:
        """Return the records of practices `first` .. `last - 1`."""
        plan = self._plan
        people, practices = [], []
        for k in range(first, last):
            here = np.arange(plan.people_start[k], plan.people_start[k + 1])
            # A placeholder record is drawn like a person past the last one; its values are overwritten later.
            placeholders = plan.sizes.people + plan.records_start[k] + np.arange(plan.sentinels[k])
            people.append(np.concatenate((here, plan.further_people(k), placeholders)))
            practices.append(np.full(len(people[-1]), k, dtype=np.int64))
        person, practice = np.concatenate(people), np.concatenate(practices)
        rho = np.arange(plan.records_start[first], plan.records_start[last], dtype=np.int64)
        sentinel = person >= plan.sizes.people
        home = np.where(sentinel, practice, plan.home(person))
        who = self._households(person, home)
        record_id, created = self._slots(first, last, rho, who.birth_date)
        order = np.lexsort((record_id, practice))
        rho, practice, created = rho[order], practice[order], created[order]
        words = self._s_updated(rho)
        room = self._end - created + 1
        return Records(
            rho=rho,
            practice=practice,
            practitioner=self._first_practitioner[practice]
            + self._s_practitioner.below(rho, plan.practitioners[practice]),
            person=person[order],
            sentinel=sentinel[order],
            home=home[order],
            who=who.take(order),
            record_id=record_id[order],
            created=created.astype(np.int32),
            # The later of two draws: most records were changed again in recent years.
            updated=(created + np.maximum(scale(words, room), scale(low(words), room))).astype(np.int32),
        )

    def _slots(self, first: int, last: int, rho: Ints, birth: NDArray[np.int32]) -> tuple[Ints, Ints]:
        """Return the id and day of creation of each record; no record is created before its person was born."""
        plan = self._plan
        record_id = np.empty(len(rho), dtype=np.int64)
        created = np.empty(len(rho), dtype=np.int64)
        ids, day = self._opened(first, last)
        words = self._s_slot(rho)
        base = int(plan.records_start[first])
        for k in range(first, last):
            here = slice(int(plan.records_start[k]) - base, int(plan.records_start[k + 1]) - base)
            order = np.argsort(ids[here])
            opened, on = ids[here][order], day[here][order]
            slot = _assign_slots(birth[here], on, words[here])
            record_id[here], created[here] = opened[slot], on[slot]
        return record_id, np.maximum(created, birth)

    def _opened(self, first: int, last: int) -> tuple[Ints, Ints]:
        """Return the record ids of the practices and the day of each, practice by practice and month by month.

        In each month the whole program used a run of ids in order of time; those in the leak are a random part of it.
        """
        plan = self._plan
        created = plan.created[first:last].astype(np.int64)
        counts = created.ravel()
        month = np.repeat(np.tile(np.arange(created.shape[1]), last - first), counts)
        within = np.arange(len(month)) - np.repeat(np.cumsum(counts) - counts, counts)
        rank = np.repeat(plan.created_before[first:last].ravel(), counts) + within
        size = np.diff(plan.month_start)[month]
        offset = permute(rank, size, self._month_keys[month])
        day = self._month_days[month] + offset * self._month_length[month] // size
        return 1 + plan.month_start[month] + offset, day


def _assign_slots(birth: NDArray[np.int32], opened: Ints, words: NDArray[np.uint64]) -> Ints:
    """Return a slot for each record: at random, but not before the person was born.

    People born after the first slot are assigned first, to slots after their birth (the next free one if it is taken);
    the others get the remaining slots.
    """
    count = len(opened)
    young = np.flatnonzero(birth > opened[0])
    earliest = np.minimum(np.searchsorted(opened, birth[young]), count - 1)
    wish = earliest + scale(words[young], count - earliest)
    order = np.argsort(wish, kind="stable")
    rank = np.arange(len(young))
    taken = np.maximum.accumulate(wish[order] - rank) + rank
    taken = np.minimum(taken, count - len(young) + rank)
    slot = np.empty(count, dtype=np.int64)
    slot[young[order]] = taken
    free = np.ones(count, dtype=bool)
    free[taken] = False
    others = np.ones(count, dtype=bool)
    others[young] = False
    old = np.flatnonzero(others)
    slot[old[np.argsort(words[old])]] = np.flatnonzero(free)
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
