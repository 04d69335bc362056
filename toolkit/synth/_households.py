"""Households, ages and sexes, as functions of a person's number.

The people of a home practice are cut into runs of `RUN` numbers, and each run into households by one of a few hundred
templates; a household's number is that of its first member.
Couples and families draw their ages together: partners are close in age, parents and children a generation apart, twins
born the same day. People alone are drawn from the rest of the age pyramid, so the living follow it.
Some people died since their record was opened: they come on top of the pyramid.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from toolkit.scenario import ORIGINS, Scenario
from toolkit.synth._calendar import BirthDays, to_days
from toolkit.synth._dates import days
from toolkit.synth._plan import Plan
from toolkit.synth._vocabulary import Vocabulary
from toolkit.synth.streams import Ints, Picker, Words, chance, low, scale, stream

__all__ = ["ALONE", "CHILD", "MAN", "WOMAN", "Demography", "Households"]

RUN = 12
_TEMPLATES = 512
ALONE, MAN, WOMAN, CHILD = 0, 1, 2, 3
_SOLO, _COUPLE, _MOTHER, _FATHER, _FAMILY = range(5)
_OLDEST = 104
_CALIBRATION_PEOPLE = 240_000
# Ages of the youngest child in a household (years 0 to 44); grown children may stay with their parents' practice.
_YOUNGEST = (
    [10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 9, 9, 9, 8, 7, 6, 5, 4, 4, 3] + [2] * 10 + [1] * 10
)
# Age of the mother at the birth of her youngest: 22 to 42, centred on 32.
_MOTHER_AGES = [2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 12, 11, 10, 9, 8, 6, 5, 4, 3, 2, 1]
# Years by which a man is older than his partner: -4 to +9.
_OLDER = [2, 3, 5, 9, 14, 16, 14, 11, 8, 6, 4, 3, 2, 1]
# Ages of women in couples without children in the base: 20 to 93.
_COUPLE_AGES = [2] * 4 + [6] * 8 + [4] * 14 + [8] * 10 + [13] * 20 + [9] * 8 + [4] * 6 + [1] * 4
_UNKNOWN_DAY_PERIODS = (1960, 1980)
# People on file who died, by five-year band of the age they would have, in thousandths of the living of that band; the
# scenario gives the total. Rough sums of the death rates of INSEE over the history of a practice (assumption).
_DEAD = [1, 1, 1, 2, 3, 4, 5, 8, 12, 18, 28, 42, 62, 90, 130, 200, 330, 600, 1200, 2500, 4000]
_DEAD_MEN, _DEAD_WOMEN = 135, 80
"""Factors by sex, in per cent."""
# Shares of people born abroad, by whether their household comes from abroad.
_ADULTS_ABROAD, _CHILDREN_ABROAD, _OTHERS_ABROAD = 0.85, 0.15, 0.025
_ADULTS = 0.75
_MONTH_SHARES = np.array([337, 307, 335, 326, 341, 338, 353, 349, 338, 341, 321, 333])


@dataclass(frozen=True)
class Demography:
    """Arrays with one value per person."""

    household: Ints
    """Number of the household's first member."""
    role: NDArray[np.int8]
    """ALONE, MAN, WOMAN or CHILD."""
    mother: Ints
    """Number of the mother, or -1 (also for a child who lives with the father only)."""
    father: Ints
    """Number of the father, or -1."""
    husband: Ints
    """For the second partner of a couple, the number of the first; -1 for everyone else."""
    sex: Ints
    """0 men, 1 women."""
    year: Ints
    month: Ints
    day: Ints
    name_rank: Ints
    """Rank among the household's children, so that brothers and sisters get different first names."""
    abroad: NDArray[np.bool_]
    """Born abroad."""
    roots: Ints
    """Group of countries that the household comes from: 1 + index into `ORIGINS`, or 0 for France."""

    @cached_property
    def birth_date(self) -> NDArray[np.int32]:
        """Days since 1970-01-01."""
        return days(self.year, self.month, self.day)

    def take(self, positions: Ints) -> Demography:
        """Return the people at the given positions."""
        return Demography(*(getattr(self, field.name)[positions] for field in fields(self)))


class Households:
    """Demography of the people of a plan."""

    def __init__(self, scenario: Scenario, plan: Plan, vocabulary: Vocabulary) -> None:
        self._people = scenario.people
        self._plan = plan
        self._last_day = scenario.dates.copied_on
        self._this_year = scenario.dates.copied_on.year
        seed = plan.seed
        self._s_template = stream(seed, "household/template")
        self._s_kind = stream(seed, "household/kind")
        self._s_youngest = stream(seed, "household/youngest")
        self._s_gaps = stream(seed, "household/gaps")
        self._s_couple = stream(seed, "household/couple")
        self._s_alone = stream(seed, "person/alone")
        self._s_birthday = stream(seed, "person/birthday")
        self._s_child_sex = stream(seed, "person/sex")
        self._youngest = Picker(_YOUNGEST)
        self._mother_age = Picker(_MOTHER_AGES)
        self._older = Picker(_OLDER)
        self._couple_age = Picker(_COUPLE_AGES)
        self._s_household_origin = stream(seed, "household/origin")
        self._s_abroad = stream(seed, "person/abroad")
        self._s_unknown_day = stream(seed, "person/unknown day")
        self._s_died = stream(seed, "person/died")
        self._origin = Picker([round(self._people.origins[name] * 10_000) for name in ORIGINS], bits=13)
        self._birth_days = BirthDays(scenario, _MONTH_SHARES, self._this_year - _OLDEST, self._this_year)
        self._births = scenario.births if scenario.marks.unknown_birthdays else None
        self._from_abroad = scenario.marks.foreign_born
        self._installed = plan.installed + plan.calendar.start
        dead = _dead_for_living(vocabulary, self._people.died if scenario.marks.deaths else 0.0)
        self._dies = dead / (1 + dead)
        self._start, self._size = _templates(self._people.household_sizes)
        self._solo = Picker(np.ones(2 * (_OLDEST + 1), dtype=np.int64))
        self._solo = self._remaining_ages(vocabulary)

    def __call__(self, person: Ints, home: Ints | None = None) -> Demography:
        """Return the demography of each person (any numbers, in any order); `home` is their home practice if known."""
        practice = self._plan.home(person) if home is None else home
        first = self._plan.people_start[practice]
        local = np.where(person < self._plan.people_start[-1], person - first, 0)
        return self._demography(person, local)

    def _demography(self, person: Ints, local: Ints) -> Demography:
        position = local % RUN
        run = person - position
        template = scale(self._s_template(run), _TEMPLATES)
        rank = position - self._start[template, position]
        household = person - rank
        kind = self._kind(household, self._size[template, position])
        adults = np.where((kind == _COUPLE) | (kind == _FAMILY), 2, 1)
        is_child = rank >= adults
        sex, age = self._ages(person, household, kind, rank, adults, is_child)
        key = np.where(is_child, self._birth_key(household, rank, adults), person)
        roots, abroad = self._origins(household, key, is_child)
        year, month, day = self._birthday(key, self._this_year - age, abroad)
        role = np.full(len(person), ALONE, dtype=np.int8)
        role[(kind != _SOLO) & ~is_child] = MAN
        role[(kind != _SOLO) & ~is_child & ((rank == 1) | (kind == _MOTHER))] = WOMAN
        role[is_child] = CHILD
        pair = (kind == _COUPLE) | (kind == _FAMILY)
        return Demography(
            household=household,
            role=role,
            mother=np.where(is_child & (kind != _FATHER), household + (kind == _FAMILY), -1),
            father=np.where(is_child & (kind != _MOTHER), household, -1),
            husband=np.where(pair & (rank == 1), household, -1),
            sex=sex,
            year=year,
            month=month,
            day=day,
            name_rank=np.where(is_child, rank - adults, 0),
            abroad=abroad,
            roots=roots,
        )

    def deaths(self, person: Ints, who: Demography, home: Ints) -> Ints:
        """Return the day on which each person died, in days since 1970-01-01, or 0 for the living."""
        age = self._this_year - who.year
        dead = np.flatnonzero(chance(self._s_died(person), self._dies[who.sex, age]))
        earliest = np.maximum(self._installed[home[dead]], who.birth_date[dead])
        died = np.zeros(len(person), dtype=np.int64)
        room = to_days(self._last_day) - earliest
        words = self._s_died.child("day")(person[dead])
        # The later of two draws: files of those who died long ago were deleted.
        died[dead] = earliest + np.maximum(scale(words, np.maximum(room, 1)), scale(low(words), np.maximum(room, 1)))
        return died

    def adult_abroad(self, person: Ints, roots: Ints) -> NDArray[np.bool_]:
        """Return whether adults were born abroad; `roots` is that of their household."""
        words = self._s_abroad(person)
        if not self._from_abroad:
            return chance(words, self._people.born_abroad)
        return np.where(roots > 0, chance(words, _ADULTS_ABROAD), chance(words, _OTHERS_ABROAD))

    def _origins(self, household: Ints, key: Ints, is_child: NDArray[np.bool_]) -> tuple[Ints, NDArray[np.bool_]]:
        """Return the group of countries that each household comes from, and whether each person was born abroad."""
        if not self._from_abroad:
            return np.zeros(len(key), dtype=np.int64), self.adult_abroad(key, household)
        household_words = self._s_household_origin(household)
        rate = self._people.born_abroad - _ADULTS * _OTHERS_ABROAD
        rate /= _ADULTS * (_ADULTS_ABROAD - _OTHERS_ABROAD) + (1 - _ADULTS) * _CHILDREN_ABROAD
        foreign = chance(household_words, float(np.clip(rate, 0, 1)))
        group = 1 + self._origin(low(household_words)).astype(np.int64)
        roots = np.where(foreign, group, 0)
        children = foreign & chance(self._s_abroad(key), _CHILDREN_ABROAD)
        return roots, np.where(is_child, children, self.adult_abroad(key, roots))

    def _kind(self, household: Ints, size: Ints) -> Ints:
        words = self._s_kind(household)
        lone = chance(words, self._people.lone_parent)
        kind = np.where(size == 1, _SOLO, _FAMILY)
        kind[size == 2] = np.where(lone, _MOTHER, _COUPLE)[size == 2]
        father = (size == 2) & lone & chance(low(words), 0.2)
        kind[father] = _FATHER
        kind[(size == 3) & chance(low(words), 0.18)] = _MOTHER
        kind[(size == 4) & chance(low(words), 0.05)] = _MOTHER
        return kind

    def _ages(
        self, person: Ints, household: Ints, kind: Ints, rank: Ints, adults: Ints, is_child: NDArray[np.bool_]
    ) -> tuple[Ints, Ints]:
        """Return the sex and age (in years reached in the year of the copy) of each person."""
        solo = self._solo(self._s_alone(person)).astype(np.int64)
        sex, age = np.divmod(solo, _OLDEST + 1)
        living = np.flatnonzero(kind != _SOLO)
        if living.size == 0:
            return sex, age
        h, r, kinds, grown, child = household[living], rank[living], kind[living], adults[living], is_child[living]
        children = (kinds == _MOTHER) | (kinds == _FATHER) | (kinds == _FAMILY)
        couple = self._s_couple(h)
        youngest_words = self._s_youngest(h)
        gaps = self._gaps(h)
        youngest = self._youngest(youngest_words).astype(np.int64)
        mother = youngest + np.maximum(22 + self._mother_age(low(youngest_words)), 19 + gaps[:, -1])
        woman = np.where(children, mother, 20 + self._couple_age(couple))
        man = woman + self._older(low(couple)) - 4
        child_rank = np.clip(r - grown, 0, gaps.shape[1] - 1)
        is_woman = (r == 1) & ~child | (kinds == _MOTHER) & ~child
        age_here = np.where(child, youngest + gaps[np.arange(len(h)), child_rank], np.where(is_woman, woman, man))
        sex_here = np.where(child, self._s_child_sex.chance(person[living], 0.488), is_woman).astype(np.int64)
        same = (kinds == _COUPLE) & chance(low(youngest_words), self._people.same_sex_couples)
        sex_here = np.where(same & ~child, (youngest_words & np.uint64(1)).astype(np.int64), sex_here)
        sex[living] = sex_here
        age[living] = np.minimum(age_here, _OLDEST)
        return sex, age

    def _gaps(self, household: Ints) -> Ints:
        """Return by how many years each child is older than the youngest, shape [n, 4]; twins share a birthday."""
        words = self._s_gaps(household)
        steps = np.stack([2 + ((words >> np.uint64(shift)) & np.uint64(3)).astype(np.int64) for shift in (0, 2, 4)])
        steps[0] = np.where(chance(words, self._people.twins * 2), 0, steps[0])
        return np.concatenate((np.zeros((1, len(household)), dtype=np.int64), np.cumsum(steps, axis=0))).T

    def _birth_key(self, household: Ints, rank: Ints, adults: Ints) -> Ints:
        """Return the key from which the birthday is drawn: the person's number, or one number for both twins."""
        second = rank - adults == 1
        twins = chance(self._s_gaps(household), self._people.twins * 2)
        key: Ints = household + rank - (second & twins)
        return key

    def _birthday(self, key: Ints, year: Ints, abroad: NDArray[np.bool_]) -> tuple[Ints, Ints, Ints]:
        words = self._s_birthday(key)
        month, day = self._birth_days(year, words)
        if self._births is not None:
            rate = np.asarray(self._births.unknown_day)[np.searchsorted(_UNKNOWN_DAY_PERIODS, year, side="right")]
            unknown = np.flatnonzero(abroad & chance(self._s_unknown_day(key), rate))
            first = self._s_unknown_day.child("which").chance(key[unknown], self._births.on_first_of_january)
            month[unknown], day[unknown] = np.where(first, 1, 12), np.where(first, 1, 31)
        not_yet = (year == self._this_year) & (month >= self._last_day.month)
        return year - not_yet, month, np.where(not_yet & (month == 2), np.minimum(day, 28), day)

    def _remaining_ages(self, vocabulary: Vocabulary) -> Picker:
        """Return a picker of (sex, age) for people alone: the age pyramid and the dead, less couples and families.

        Couples and families are counted on a fixed sample of households, so the result is a table of integers.
        """
        person = np.arange(_CALIBRATION_PEOPLE, dtype=np.int64)
        found = self._demography(person, person)
        age = self._this_year - found.year
        together = found.role != ALONE
        cells = np.bincount(found.sex[together] * (_OLDEST + 1) + age[together], minlength=2 * (_OLDEST + 1))
        on_file = np.rint(vocabulary.pyramid / (1 - self._dies)).astype(np.int64)
        wanted = on_file.ravel() * _CALIBRATION_PEOPLE // int(on_file.sum())
        return Picker(np.maximum(wanted - cells, 0))


def _dead_for_living(vocabulary: Vocabulary, share: float) -> NDArray[np.float64]:
    """Return the number of dead people on file for each living one, shape [sex, age], for a share of all people."""
    by_age = np.repeat(np.asarray(_DEAD), 5)[: _OLDEST + 1]
    rough = np.stack([by_age * _DEAD_MEN, by_age * _DEAD_WOMEN])
    total = int((vocabulary.pyramid * rough).sum()) / int(vocabulary.pyramid.sum())
    return rough * (share / (1 - share) / total)


def _templates(shares: list[float]) -> tuple[Ints, Ints]:
    """Return the start and size of the household at each position of a run, each of shape [templates, RUN].

    Households of n hold `shares[n - 1]` of the people, as far as runs of twelve allow.
    """
    sizes = Picker([round(share * 60_000) // (n + 1) for n, share in enumerate(shares)])
    words: Words = stream(0, "household/templates")(np.arange(_TEMPLATES * RUN, dtype=np.int64))
    drawn = (sizes(words) + 1).reshape(_TEMPLATES, RUN)
    start = np.zeros((_TEMPLATES, RUN), dtype=np.int64)
    size = np.ones((_TEMPLATES, RUN), dtype=np.int64)
    for row in range(_TEMPLATES):
        at = 0
        for wish in drawn[row].tolist():
            if at == RUN:
                break
            length = min(wish, RUN - at)
            start[row, at : at + length] = at
            size[row, at : at + length] = length
            at += length
    return start, size
