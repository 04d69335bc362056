"""Names, social security numbers, telephones, mail and homes of people, as functions of a person's number.

Names and places are codes into the vocabulary and the geography; `toolkit.synth._error_model` turns them into text.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from toolkit.provenance import UNALLOCATED_MOBILE_PREFIXES
from toolkit.scenario import Scenario
from toolkit.synth._geography import Geography
from toolkit.synth._homes import HOME_BITS, home_tables
from toolkit.synth._households import CHILD, WOMAN, Demography, Households
from toolkit.synth._parallel import ordered_map
from toolkit.synth._plan import Plan
from toolkit.synth._vocabulary import DEPARTEMENTS, Vocabulary
from toolkit.synth.streams import Ints, Words, chance, low, permute, scale, stream

__all__ = ["NO_NAME", "Homes", "Names", "Nirs", "People"]

NO_NAME = -1
MOBILES = len(UNALLOCATED_MOBILE_PREFIXES) * 1_000_000
"""Numbers in the unallocated range: half for current numbers, half for former ones."""
_FIRST_MOBILE = int(UNALLOCATED_MOBILE_PREFIXES[0]) * 1_000_000
LANDLINES = 10_000
"""Numbers under each root reserved for fiction."""
MAJOR = 15
"""Age from which people have a mobile number and an e-mail address of their own."""
_NAMED_ABROAD = 0.9
"""Share of the people of a household from abroad whose names are those of its group of countries (assumption)."""
_FRENCH_FIRST_NAMES = 0.5
"""Share of the children born in France of such households who have a first name usual in France (assumption)."""
# Factors on the rates of contact by age, in per cent, for ages from 0, 40, 60, 70, 80 and 90: fewer people of high age
# are online (CREDOC, Baromètre du numérique 2023); the figures for files are assumptions. Landlines are for the old.
_CONTACT_AGES = (40, 60, 70, 80, 90)
_MAIL_BY_AGE = (112, 108, 97, 76, 48, 28)
_MOBILE_BY_AGE = (105, 105, 103, 97, 82, 60)
_LANDLINE_BY_AGE = (60, 95, 135, 165, 175, 160)
_PARENT_AGE = 35
_FIRST_IN_2A_AND_2B = 1976
"""Year of birth from which NIRs of people born in Corsica have the departements 2A and 2B; before, they have 20."""
_ORDERS = 999
_CHUNK = 1 << 19
Codes = NDArray[np.int32]


@dataclass(frozen=True)
class Names:
    """Codes into the vocabulary, one per person; a single name has NO_NAME as its second part."""

    first: Codes
    birth: Codes
    birth_second: Codes
    use: Codes
    use_second: Codes


@dataclass(frozen=True)
class Homes:
    """Home addresses: place, street and house number, one per person."""

    place: Codes
    street: Codes
    number: Ints
    suffix: NDArray[np.int8]
    """0 none, 1 bis, 2 ter."""


@dataclass(frozen=True)
class Nirs:
    """Social security numbers in parts, one per person; `order` is 0 where the record has none."""

    sex: Ints
    year: Ints
    month: Ints
    origin: Ints
    """Index into `People.origins`."""
    order: Ints


class People:
    """The attributes of the people of a plan, computed for any person numbers."""

    def __init__(
        self, scenario: Scenario, plan: Plan, geography: Geography, vocabulary: Vocabulary, threads: int = 1
    ) -> None:
        self._scenario = scenario
        self._rates = scenario.people
        self._plan = plan
        self._geography = geography
        self._vocabulary = vocabulary
        self.households = Households(scenario, plan, vocabulary)
        self._this_year = scenario.dates.copied_on.year
        self._marks = scenario.marks
        self._local = scenario.people.local_names if scenario.marks.regional_surnames else 0.0
        self._home_tables = home_tables(scenario, plan, geography)
        seed = plan.seed
        self._s = {
            name: stream(seed, f"person/{name}")
            for name in (
                "own name", "family name", "first name", "child name", "married", "husband name", "same name",
                "former husband", "first name abroad", "nir", "origin", "origin place", "mobile", "mobile former",
                "mobile number", "mobile number former", "mail", "shared mail", "contact", "home", "home place",
                "move", "street", "landline", "landline number", "second landline", "ported landline",
            )
        }  # fmt: skip
        codes = geography.departements["departement_code"].to_list()
        self.origins = [code + "00" if len(code) == 3 else code + "000" for code in codes]
        self.origins += ["99000", "20000", "00000"]
        self._abroad, self._old_corsica, self._overflow = (len(codes) + number for number in range(3))
        self._corsica = np.array([code in ("2A", "2B") for code in codes])
        self._orders = self._issue_orders(threads)

    # Names

    def names(self, person: Ints, who: Demography, home: Ints) -> Names:
        """Return the names of each person; `who` is their demography, `home` their home practice."""
        here = self._here(home)
        family = self._family_name(who, home)
        own = family.copy()
        apart = np.flatnonzero((who.role == WOMAN) | (who.husband >= 0))
        own[apart] = self._own_name(person[apart], who.roots[apart], who.abroad[apart], home[apart])
        child = who.role == CHILD
        birth, birth_second = self._birth_name(who, own, child, home)
        use, use_second = birth.copy(), birth_second.copy()
        married, both = self._married(person, who)
        alone = np.flatnonzero(married & (who.husband < 0) & (who.role != WOMAN))
        partner = family.copy()
        partner[alone] = self._surname(self._s["husband name"](person[alone]), _place(who.roots[alone], here[alone]))
        change = married & (partner != birth)
        use[change] = partner[change]
        use_second[change] = NO_NAME
        join = change & both & (birth_second == NO_NAME) & self._single[birth] & self._single[partner]
        use[join], use_second[join] = birth[join], partner[join]
        return Names(self._first_name(person, who), birth, birth_second, use, use_second)

    def former_husband(self, person: Ints, who: Demography, home: Ints) -> Codes:
        """Return the name of an earlier husband of each person."""
        return self._surname(self._s["former husband"](person), _place(who.roots, self._here(home)))

    def _here(self, home: Ints) -> Ints:
        """Return the departement of each home practice."""
        return self._practice_departement[home]

    @cached_property
    def _practice_departement(self) -> Ints:
        return self._geography.departement[self._plan.place].astype(np.int64)

    def _surname(self, words: Words, place: Ints) -> Codes:
        """Return a surname of each place: a departement, or a group of countries after them."""
        return self._vocabulary.surname(words, place, self._local, _NAMED_ABROAD)

    def _own_name(self, person: Ints, roots: Ints, abroad: NDArray[np.bool_], home: Ints) -> Codes:
        place = np.where(abroad & (roots > 0), DEPARTEMENTS + roots - 1, self._birthplace(person, home))
        return self._surname(self._s["own name"](person), place)

    def _family_name(self, who: Demography, home: Ints) -> Codes:
        place = _place(who.roots, self._birthplace(who.household, home))
        return self._surname(self._s["family name"](who.household), place)

    def _birth_name(self, who: Demography, own: Codes, child: NDArray[np.bool_], home: Ints) -> tuple[Codes, Codes]:
        """Return both parts of the birth name: the household's, one's own or, for children, one or both parents'."""
        birth = own.copy()
        second = np.full(len(birth), NO_NAME, dtype=np.int32)
        some = np.flatnonzero(child & (who.mother >= 0))
        words = self._s["family name"].child("children")(who.household[some])
        mother, roots = who.mother[some], who.roots[some]
        mothers = self._own_name(mother, roots, self.households.adult_abroad(mother, roots), home[some])
        alone = who.father[some] < 0
        from_mother = chance(words, np.where(alone, 0.45, self._rates.mother_name))
        double = ~from_mother & chance(low(words), self._rates.double_name)
        double &= self._single[birth[some]] & self._single[mothers] & (birth[some] != mothers)
        birth[some] = np.where(from_mother, mothers, birth[some])
        second[some[double]] = mothers[double]
        return birth, second

    @cached_property
    def _single(self) -> NDArray[np.bool_]:
        """For each surname, whether it has no hyphen and may be part of a double name."""
        single: NDArray[np.bool_] = ~self._vocabulary.surnames.str.contains("-", literal=True).to_numpy()
        return single

    def _married(self, person: Ints, who: Demography) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Return which women use a husband's name, and which of those use both names."""
        age = self._this_year - who.year
        rates = self._rates
        rate = np.where(
            age >= 60, rates.husband_name_old, np.where(age >= 40, rates.husband_name_middle, rates.husband_name_young)
        )
        rate = np.where(who.husband >= 0, rate, rate * np.where(age >= 60, 0.85, 0.4))
        grown = (who.sex == 1) & (who.role != CHILD) & (age >= 20)
        words = self._s["married"](person)
        return grown & chance(words, rate), chance(low(words), rates.both_names)

    def _first_name(self, person: Ints, who: Demography) -> Codes:
        words = self._s["first name"](person)
        child = np.flatnonzero(who.role == CHILD)
        # Siblings draw from different quarters of the table, so that no two of them share a first name.
        quarter = who.name_rank[child].astype(np.uint64) << np.uint64(62)
        words[child] = self._s["child name"](who.household[child]) + quarter
        first = self._vocabulary.first_name(who.sex, who.year, words)
        foreign = np.flatnonzero(who.roots > 0)
        if foreign.size:
            rate = np.where(who.abroad[foreign], _NAMED_ABROAD, 1 - _FRENCH_FIRST_NAMES)
            foreign = foreign[chance(self._s["first name abroad"](person[foreign]), rate)]
            group = who.roots[foreign] - 1
            first[foreign] = self._vocabulary.first_name_abroad(who.sex[foreign], group, words[foreign])
        sons = child[(who.father[child] >= 0) & (who.sex[child] == 0)]
        sons = sons[self._s["same name"].chance(who.household[sons], self._rates.father_and_son_same_name)]
        sons = sons[who.name_rank[sons] == 0]
        if sons.size:
            fathers = who.father[sons]
            first[sons] = self._first_name(fathers, self.households(fathers))
        return first

    # Social security numbers

    def nirs(self, person: Ints, who: Demography, home: Ints) -> Nirs:
        """Return the social security number of each person; people outside the leak have none."""
        inside = person < len(self._orders)
        order = np.where(inside, self._orders[np.where(inside, person, 0)], 0).astype(np.int64)
        over = order > _ORDERS
        origin = np.where(over, self._overflow, self._origin(person, who, home))
        return Nirs(who.sex + 1, who.year % 100, who.month, origin, np.where(over, order - _ORDERS, order))

    def _origin(self, person: Ints, who: Demography, home: Ints) -> Ints:
        """Return the place of birth in each person's NIR, an index into `origins`."""
        departement = self._birthplace(person, home)
        if self._marks.old_corsica:
            old = self._corsica[departement] & (who.year < _FIRST_IN_2A_AND_2B)
            departement = np.where(old, self._old_corsica, departement)
        return np.where(who.abroad, self._abroad, departement)

    def _birthplace(self, person: Ints, home: Ints) -> Ints:
        """Return the departement where each person was born, or would have been: the home's, or any other."""
        words = self._s["origin"](person)
        place = self._here(home)
        moved = np.flatnonzero(~chance(words, self._rates.born_in_departement))
        anywhere = self._geography.anywhere(self._s["origin place"](person[moved]))
        place[moved] = self._geography.departement[anywhere]
        return place

    def _issue_orders(self, threads: int) -> NDArray[np.uint16]:
        """Return the order number that makes each NIR unique, counted by sex, birth year and month, and birthplace.

        Random order numbers would collide, so people are counted once, in the order of their numbers. 0 means that the
        record has no NIR; values above 999 are in the overflow series, for months that are full.
        """
        total = int(self._plan.people_start[-1])
        orders = np.zeros(total, dtype=np.uint16)
        issued = np.zeros(2 * 100 * 12 * len(self.origins), dtype=np.int64)
        overflow = np.zeros(2 * 100 * 12, dtype=np.int64)
        for holders, month, cell, sorting in ordered_map(self._registered, range(0, total, _CHUNK), threads):
            order = _count_up(cell, sorting, issued)
            full = order > _ORDERS
            order[full] = _ORDERS + _count_up(month[full], np.argsort(month[full], kind="stable"), overflow)
            order[order > 2 * _ORDERS] = 0
            orders[holders] = order.astype(np.uint16)
        return orders

    def _registered(self, start: int) -> tuple[Ints, Ints, Ints, NDArray[np.intp]]:
        """Return the people of one chunk who have a NIR: ids, sex with birth year and month, these with the birthplace.

        The last part is the order that sorts the people by the third.
        """
        person = np.arange(start, min(start + _CHUNK, int(self._plan.people_start[-1])), dtype=np.int64)
        person = person[self._s["nir"].chance(person, self._rates.holds_nir)]
        home = self._plan.home(person)
        who = self.households(person, home)
        month = (who.sex * 100 + who.year % 100) * 12 + who.month - 1
        cell = month * len(self.origins) + self._origin(person, who, home)
        return person, month, cell, np.argsort(cell, kind="stable")

    # Telephones and mail

    def contact(self, person: Ints, who: Demography) -> Ints:
        """Return whose mobile and e-mail address the record has: the person, or for minors a parent; -1 for none."""
        minor = self._this_year - who.year < MAJOR
        parent = np.where(who.mother >= 0, who.mother, who.father)
        by_parent = self._s["contact"].chance(person, self._rates.child_has_parent_contact) & (parent >= 0)
        return np.where(minor, np.where(by_parent, parent, -1), person)

    def mobile(self, contact: Ints, person: Ints, who: Demography, former: NDArray[np.bool_]) -> Ints:
        """Return the mobile number of each contact as an integer, or 0 for none; the previous number where `former`."""
        half = MOBILES // 2
        rate = self._rates.mobile_adult * self._by_age(_MOBILE_BY_AGE, contact, person, who)
        holder = (contact >= 0) & chance(self._s["mobile"](contact), np.minimum(rate, 1.0))
        number = np.zeros(len(contact), dtype=np.int64)
        now = np.flatnonzero(holder & ~former)
        then = np.flatnonzero(holder & former)
        number[now] = permute(contact[now] % half, half, self._s["mobile number"].key)
        number[then] = half + permute(contact[then] % half, half, self._s["mobile number former"].key)
        return np.where(holder, _FIRST_MOBILE + number, 0)

    def mail_owner(self, contact: Ints, person: Ints, who: Demography) -> Ints:
        """Return whose e-mail address the record has (couples may share one), or -1 for none."""
        shared = (who.husband >= 0) & self._s["shared mail"].chance(who.household, self._rates.shared_email)
        owner = np.where(shared, who.husband, contact)
        rate = self._rates.email_adult * self._by_age(_MAIL_BY_AGE, contact, person, who)
        return np.where((owner >= 0) & chance(self._s["mail"](owner), np.minimum(rate, 1.0)), owner, -1)

    def _by_age(self, per_cent: tuple[int, ...], contact: Ints, person: Ints, who: Demography) -> NDArray[np.float64]:
        """Return the factor for the age of each contact: the person's own, or that of a parent of a minor."""
        if not self._marks.online_by_age:
            return np.ones(len(contact))
        age = np.where(contact == person, self._this_year - who.year, _PARENT_AGE)
        return (np.asarray(per_cent) / 100)[np.searchsorted(_CONTACT_AGES, age, side="right")]

    # Homes

    def homes(self, person: Ints, who: Demography, home: Ints, former: NDArray[np.bool_]) -> Homes:
        """Return the home of each person (that of the household), or the previous home where `former`."""
        whole = self._s["move"].chance(who.household, self._rates.whole_household_moves) & self._marks.household_moves
        # A previous home has a key past the last person; it is the household's, or the person's own.
        key = np.where(former, np.where(whole, who.household, person + (1 << 40)) + (1 << 40), who.household)
        words = self._s["home"](key)
        draw = self._s["home place"](key)
        cell = (home << HOME_BITS) + (draw >> np.uint64(64 - HOME_BITS)).astype(np.int64)
        result = self._home_tables.ravel()[cell].astype(np.int32)
        far = np.flatnonzero(chance(words, self._scenario.practices.live_anywhere))
        result[far] = self._geography.anywhere(draw[far])
        street_words = self._s["street"](key)
        low_number = scale(low(street_words), 40) + 1
        spread = scale(low(words), 100)
        number = np.where(spread < 60, low_number, np.where(spread < 90, low_number * 3, low_number * 11)) + spread % 3
        suffix = np.where(spread == 7, 1, np.where(spread == 57, 2, 0)).astype(np.int8)
        return Homes(result, self._vocabulary.street(street_words), number, suffix)

    def landline(self, person: Ints, who: Demography, home: Ints) -> tuple[Ints, Ints]:
        """Return the departement whose zone each landline has, and its rank there; -1 for no landline.

        Most people have the household's line. Some have one of their own; some households brought their number from
        elsewhere.
        """
        rates, marks = self._rates, self._marks
        rate = np.full(len(person), rates.landline_household)
        if marks.online_by_age:
            age = self._this_year - who.year + np.where(who.role == CHILD, _PARENT_AGE, 0)
            rate *= (np.asarray(_LANDLINE_BY_AGE) / 100)[np.searchsorted(_CONTACT_AGES, age, side="right")]
        has = chance(self._s["landline"](who.household), np.minimum(rate, 0.95))
        key, departement = who.household, self._here(home)
        if marks.landlines:
            second = self._s["second landline"].chance(person, rates.second_landline)
            key = np.where(second, person + (1 << 40), key)
            ported = np.flatnonzero(self._s["ported landline"].chance(key, rates.ported_landline))
            anywhere = self._geography.anywhere(self._s["ported landline"].child("from")(key[ported]))
            departement[ported] = self._geography.departement[anywhere]
        return departement, np.where(has, self._s["landline number"].below(key, LANDLINES), -1)


def _place(roots: Ints, departement: Ints) -> Ints:
    """Return the place whose surnames a household has: its group of countries, or a departement of France."""
    return np.where(roots > 0, DEPARTEMENTS + roots - 1, departement)


def _count_up(cell: Ints, order: NDArray[np.intp], counters: Ints) -> Ints:
    """Number the rows within each cell, continuing from `counters`, which are updated in place.

    `order` sorts the rows by cell, and keeps the order of rows of one cell.
    """
    ordered = cell[order]
    new = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]]) if ordered.size else np.empty(0, dtype=np.int64)
    lengths = np.diff(np.r_[new, ordered.size])
    within = np.arange(ordered.size, dtype=np.int64) - np.repeat(new, lengths)
    result = np.empty_like(cell)
    result[order] = counters[ordered] + within + 1
    counters[ordered[new]] += lengths
    return result
