"""The text of every field of a record, with typing errors and their marks.

Errors are applied in a fixed order. Each is *tried* on a random share of the records (`errors` in the scenario). The
truth marks it only where it changed the record.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from toolkit.provenance import FICTION_PHONE_ROOTS
from toolkit.scenario import Errors, Scenario
from toolkit.synth import _spelling as spelling
from toolkit.synth._arrays import digits, fixed_width, nullable
from toolkit.synth._calendar import to_days
from toolkit.synth._dates import days, month_length
from toolkit.synth._geography import Geography
from toolkit.synth._hands import Hands
from toolkit.synth._households import CHILD
from toolkit.synth._names import ACCENTS, CAPITALS, CUT, PARTICLES, NamePools, Spellings, replace_at
from toolkit.synth._people import NO_NAME, Names, People
from toolkit.synth._records import Records
from toolkit.synth._vocabulary import Vocabulary, slug
from toolkit.synth.streams import Ints, Stream, Words, chance, low, scale, stream

__all__ = ["CATALOGUE", "ErrorModel", "TypedRecords"]

CATALOGUE = tuple(Errors.model_fields)
"""Names of the errors; bit n of a record's marks is the n-th error."""
Bools = NDArray[np.bool_]
Slip = Callable[[pl.Series, Words], pl.Series]
_NIR_DIGITS_AT_RISK = np.array([1, 2, 3, 4, 10, 11, 12, 13, 14])
"""Positions of a NIR that may be mistyped; the place of birth is left out, since its zeros make the NIR impossible."""
_SENTINEL_NAMES = (
    ("TEST", "TEST"), ("TEST", "PATIENT"), ("ESSAI", "ESSAI"), ("ZZZ", "ZZZ"), ("XXX", "XXX"),
    ("DOUBLON", "A SUPPRIMER"), ("NE PAS UTILISER", "X"), ("FORMATION", "LOGICIEL"),
)  # fmt: skip
_PLACEHOLDER_DAY = int(days(np.array([1900]), np.array([1]), np.array([1]))[0])
_FICTION_ROOTS = {root[:2]: int(root) for root in FICTION_PHONE_ROOTS}
"""Telephone roots reserved for fiction, by zone; 06 is for mobiles."""
_ADDRESS_FORMS = (0,) * 14 + (1,) * 2 + (2,) * 3 + (3,)
"""Forms of an address, with their weights: plain, with a comma, with a capital, abbreviated."""
_COMMA, _CAPITAL, _ABBREVIATED = 1, 2, 3
_HABIT_OF_FORM = 0.8
"""Share of the addresses that a hand writes in its usual form (assumption)."""
_PLACEHOLDER_MOBILE = 600_000_000
_SENTINEL_MOBILE = _FICTION_ROOTS["06"] * 10_000
_MINOR = 16
_RARE_SURNAME = 20_000
"""Surnames past this rank are rare enough for a mail address without a number."""
_MAIL_JOINTS = pl.Series([".", "", "_"])
_MAIL_NUMBERS = pl.Series(["", *map(str, range(10_000))])


@dataclass
class TypedRecords:
    """The text columns of some records, in the order of the records, and their error marks."""

    last_name: pl.Series
    birth_name: pl.Series
    first_name: pl.Series
    sex: pl.Series
    birth_date: pa.Array
    nir: pa.Array
    address: pl.Series
    postal_code: pl.Series
    city: pl.Series
    mobile_phone: pa.Array
    landline_phone: pa.Array
    email: pl.Series
    marks: NDArray[np.uint32]
    moved: NDArray[np.int32]
    """Day on which the person left the address of the record, in days since 1970-01-01; 0 for the present one."""


class ErrorModel:
    """Write the text of the records of a plan, with typing errors."""

    def __init__(
        self,
        scenario: Scenario,
        seed: int,
        people: People,
        hands: Hands,
        geography: Geography,
        vocabulary: Vocabulary,
    ) -> None:
        self._scenario = scenario
        self._hands = hands
        self._people = people
        self._geography = geography
        self._this_year = scenario.dates.copied_on.year
        self._tries = {error: _Tries(stream(seed, f"error/{error}"), hands, error) for error in CATALOGUE}
        self._end = to_days(scenario.dates.copied_on)
        self._s_moved = stream(seed, "household/moved")
        self._s_manner = stream(seed, "file/manner")
        self._s_mail = stream(seed, "person/mail form")
        pools = NamePools.load()
        self._surnames, self._first_names = pools.surnames, pools.first_names
        self._spellings = Spellings.load()
        self._first_slugs = slug(vocabulary.first_names)
        self._slugs = pl.concat(
            [self._first_slugs, self._first_slugs.str.slice(0, 1), slug(vocabulary.surnames)], rechunk=True
        )
        self._mail_domain, self._domains = vocabulary.mail_domain, "@" + vocabulary.mail_domains
        self._streets, self._street_count = _street_manners(vocabulary.streets), len(vocabulary.streets)
        self._numbers = _house_numbers()
        self._origin_bytes = np.frombuffer("".join(people.origins).encode(), dtype=np.uint8).reshape(-1, 5)
        self._origin_numbers = np.array([int(o.replace("2A", "19").replace("2B", "18")) for o in people.origins])
        zones = geography.departements["phone_prefix_geo"].cast(pl.String).str.zfill(2)
        self._landline_root = np.array([_FICTION_ROOTS[zone] for zone in zones])

    def type(self, records: Records) -> TypedRecords:
        """Return the text of the records; test and placeholder records get their own values and no errors."""
        batch = _Batch(self._tries, records, whole_households=self._scenario.marks.household_moves)
        names = self._people.names(records.person, records.who, records.home)
        last, birth, first = self._name_texts(batch, *self._name_codes(batch, names))
        address, postal_code, city, landline = self._home(batch)
        last, birth, first = self._respell(batch, last, birth, first)
        last, birth, first, address = _slips(batch, last, birth, first, address)
        placeholders = np.flatnonzero(records.sentinel)
        pick = scale(self._s_manner(records.typed[placeholders]), len(_SENTINEL_NAMES))
        family, given = (pl.Series([pair[part] for pair in _SENTINEL_NAMES]).gather(pick) for part in (0, 1))
        mobile, email = self._contact(batch, names)
        return TypedRecords(
            last_name=replace_at(last, placeholders, family),
            birth_name=replace_at(birth, placeholders, family),
            first_name=replace_at(first, placeholders, given),
            sex=self._sex(batch),
            birth_date=self._birth_date(batch),
            nir=self._nir(batch),
            address=address,
            postal_code=postal_code,
            city=city,
            mobile_phone=mobile,
            landline_phone=landline,
            email=email,
            marks=batch.marks,
            moved=self._moved(batch),
        )

    # Names

    def _name_codes(self, batch: _Batch, true: Names) -> tuple[Names, Ints]:
        """Choose the names to type and how they are written (bits of `toolkit.synth._names`)."""
        names = Names(true.first, true.birth.copy(), true.birth_second.copy(), true.use.copy(), true.use_second.copy())
        differ = (names.use != names.birth) | (names.use_second != names.birth_second)
        before = batch.tried("before_marriage") & differ & (batch.records.who.sex == 1)
        batch.mark("before_marriage", before)
        names.use[before], names.use_second[before] = names.birth[before], names.birth_second[before]
        former = np.flatnonzero(batch.tried("former_husband_name") & differ & ~before & (batch.records.who.sex == 1))
        if former.size:
            who = batch.records.who.take(former)
            name = self._people.former_husband(batch.records.person[former], who, batch.records.home[former])
            other = (name != names.use[former]) & (name != names.birth[former])
            former = former[other]
            names.use[former], names.use_second[former] = name[other], NO_NAME
            batch.mark("former_husband_name", former)
        copied = batch.tried("use_name_for_birth_name") & differ & ~before
        batch.mark("use_name_for_birth_name", copied)
        names.birth[copied], names.birth_second[copied] = names.use[copied], names.use_second[copied]
        manner = np.zeros(len(before), dtype=np.int64)
        for error, bit in (
            ("compound_first_name_cut", CUT),
            ("lost_accents", ACCENTS),
            ("lost_hyphen_or_particle", PARTICLES),
            ("capitals", CAPITALS),
        ):
            manner[batch.tried(error)] |= bit
        return names, manner

    def _name_texts(self, batch: _Batch, names: Names, manner: Ints) -> tuple[pl.Series, pl.Series, pl.Series]:
        family_manner = manner & ~CUT
        codes = (names.use, names.use_second, names.birth, names.birth_second)
        batch.mark("compound_first_name_cut", self._first_names.changed(CUT, names.first, manner))
        for error, bit in (("lost_accents", ACCENTS), ("lost_hyphen_or_particle", PARTICLES)):
            changed = self._first_names.changed(bit, names.first, manner)
            for code in codes:
                changed |= self._surnames.changed(bit, code, family_manner)
            if bit == PARTICLES:
                changed |= (manner & PARTICLES > 0) & ((names.use_second != NO_NAME) | (names.birth_second != NO_NAME))
            batch.mark(error, changed)
        batch.mark("capitals", manner & CAPITALS > 0)
        return (
            self._surnames.joined(names.use, names.use_second, family_manner).alias("last_name"),
            self._surnames.joined(names.birth, names.birth_second, family_manner).alias("birth_name"),
            self._first_names.text(names.first, manner).alias("first_name"),
        )

    def _respell(
        self, batch: _Batch, last: pl.Series, birth: pl.Series, first: pl.Series
    ) -> tuple[pl.Series, pl.Series, pl.Series]:
        """Write some names of households from abroad in another usual transliteration."""
        rows = np.flatnonzero((batch.records.who.roots > 0) & batch.tried("other_spelling"))
        if rows.size == 0:
            return last, birth, first
        words = batch.words("other_spelling", rows)
        columns = []
        changed = np.zeros(len(rows), dtype=bool)
        for column in (last, birth, first):
            before = column.gather(rows)
            after = self._spellings.respell(before, words)
            changed |= (before != after).to_numpy()
            columns.append(replace_at(column, rows, after))
        batch.mark("other_spelling", rows[changed])
        return columns[0], columns[1], columns[2]

    # Sex, dates, number

    def _sex(self, batch: _Batch) -> pl.Series:
        blank = batch.tried("missing_sex")
        batch.mark("missing_sex", blank)
        wrong = batch.tried("wrong_sex") & ~blank
        batch.mark("wrong_sex", wrong)
        sex = np.where(blank, 2, np.where(wrong, 1 - batch.records.who.sex, batch.records.who.sex))
        return pl.Series(["M", "F", None]).gather(sex).alias("sex")

    def _birth_date(self, batch: _Batch) -> pa.Array:
        who, opened = batch.records.who, batch.records.created
        year, month, day = who.year.copy(), who.month.copy(), who.day.copy()
        date = who.birth_date
        swapped = batch.tried("day_month_swapped") & (day <= 12) & (day != month)
        swapped &= days(year, day, month) <= opened
        batch.mark("day_month_swapped", swapped)
        month[swapped], day[swapped] = day[swapped], month[swapped]
        date = np.where(swapped, days(year, month, day), date)
        rows = np.flatnonzero(batch.tried("date_digit_wrong"))
        wrong = _wrong_digit(year[rows], month[rows], day[rows], batch.words("date_digit_wrong", rows), self._this_year)
        wrong = np.where(wrong <= opened[rows], wrong, date[rows])
        batch.mark("date_digit_wrong", rows[wrong != date[rows]])
        date[rows] = wrong
        placeholder = batch.tried("placeholder_birth_date")
        batch.mark("placeholder_birth_date", placeholder)
        date[placeholder | batch.records.sentinel] = _PLACEHOLDER_DAY
        blank = batch.tried("missing_birth_date")
        batch.mark("missing_birth_date", blank)
        return nullable(np.where(blank, 0, date).astype(np.int32), ~blank, pa.date32())

    def _nir(self, batch: _Batch) -> pa.Array:
        records = batch.records
        person, who, home = records.person.copy(), records.who, records.home
        parent = np.where(who.mother >= 0, who.mother, who.father)
        minor = (who.role == CHILD) & (self._this_year - who.year < _MINOR)
        borrowed = np.flatnonzero(batch.tried("relative_nir") & minor & (parent >= 0))
        parts = self._people.nirs(person, who, home)
        theirs = self._people.nirs(
            parent[borrowed], self._people.households(parent[borrowed], home[borrowed]), home[borrowed]
        )
        has = theirs.order > 0
        borrowed = borrowed[has]
        batch.mark("relative_nir", borrowed)
        for mine, relative in ((parts.sex, theirs.sex), (parts.year, theirs.year), (parts.month, theirs.month)):
            mine[borrowed] = relative[has]
        parts.origin[borrowed], parts.order[borrowed] = theirs.origin[has], theirs.order[has]
        present = parts.order > 0
        blank = batch.tried("nir_missing") & present
        batch.mark("nir_missing", blank)
        present &= ~blank & ~records.sentinel
        origin = self._origin_numbers[parts.origin]
        front = (parts.sex * 100 + parts.year) * 100 + parts.month
        number = (front * 100_000 + origin) * 1000 + parts.order
        characters = np.concatenate(
            (digits(front, 5), self._origin_bytes[parts.origin], digits(parts.order, 3), digits(97 - number % 97, 2)),
            axis=1,
        )
        rows = np.flatnonzero(batch.tried("nir_digit_wrong") & present)
        words = batch.words("nir_digit_wrong", rows)
        at = _NIR_DIGITS_AT_RISK[scale(words, len(_NIR_DIGITS_AT_RISK))]
        typed = (characters[rows, at] - ord("0") + 1 + scale(low(words), 9)) % 10
        characters[rows, at] = typed + ord("0")
        batch.mark("nir_digit_wrong", rows)
        return fixed_width(characters, present)

    # Home, telephones, mail

    def _home(self, batch: _Batch) -> tuple[pl.Series, pl.Series, pl.Series, pa.Array]:
        records, people = batch.records, self._people
        former = batch.tried("old_address")
        batch.mark("old_address", former)
        homes = people.homes(records.person, records.who, records.home, former)
        blank = batch.tried("missing_address")
        batch.mark("missing_address", blank)
        batch.marks[blank] &= ~batch.bit("old_address")
        form = self._address_form(records)
        number = (homes.number * 3 + homes.suffix) * 2 + (form == _COMMA)
        street_manner = np.where(form == _ABBREVIATED, 2, np.where(form == _CAPITAL, 1, 0))
        street_manner = np.where(batch.has_mark("capitals"), 3, street_manner)
        parts = pl.DataFrame(
            {
                "number": self._numbers.gather(number),
                "street": self._streets.gather(street_manner * self._street_count + homes.street),
                "postal_code": self._geography.postal_code.gather(homes.place),
                "city": self._geography.city.gather(homes.place),
                "blank": blank | records.sentinel,
            }
        )
        shown = ~pl.col("blank")
        written = parts.select(
            address=pl.when(shown).then(pl.concat_str("number", "street")),
            postal_code=pl.when(shown).then("postal_code"),
            city=pl.when(shown).then("city"),
        )
        departement, landline = people.landline(records.person, records.who, records.home)
        root = self._landline_root[departement]
        numbers = fixed_width(digits(root * 10_000 + np.maximum(landline, 0), 10), (landline >= 0) & ~records.sentinel)
        return written["address"], written["postal_code"], written["city"], numbers

    def _address_form(self, records: Records) -> Ints:
        """Return how each address is written: as the hand most often does, or in any form."""
        words = self._s_manner(records.typed)
        drawn = np.array(_ADDRESS_FORMS)[scale(words, len(_ADDRESS_FORMS))]
        if not self._scenario.marks.house_style:
            return drawn
        return np.where(chance(low(words), _HABIT_OF_FORM), self._hands.address_form[records.hand], drawn)

    def _moved(self, batch: _Batch) -> NDArray[np.int32]:
        """Return the day on which the people with an old address left it: the household's day, after the opening."""
        records = batch.records
        moved = np.zeros(len(records.rho), dtype=np.int32)
        rows = np.flatnonzero(batch.has_mark("old_address"))
        opened = records.created[rows].astype(np.int64)
        moved[rows] = opened + self._s_moved.below(records.who.household[rows], self._end - opened + 1)
        return moved

    def _contact(self, batch: _Batch, names: Names) -> tuple[pa.Array, pl.Series]:
        records, people = batch.records, self._people
        contact = people.contact(records.person, records.who)
        former = batch.tried("old_phone")
        mobile = people.mobile(contact, records.person, records.who, former)
        owner = people.mail_owner(contact, records.person, records.who)
        blank = batch.tried("missing_contact") & ((mobile > 0) | (owner >= 0))
        batch.mark("missing_contact", blank)
        batch.mark("old_phone", former & (mobile > 0) & ~blank)
        mobile[blank], owner[blank] = 0, -1
        placeholder = batch.tried("placeholder_phone") & (mobile > 0)
        batch.mark("placeholder_phone", placeholder)
        batch.marks[placeholder] &= ~batch.bit("old_phone")
        mobile[placeholder] = _PLACEHOLDER_MOBILE
        mobile[records.sentinel], owner[records.sentinel] = _SENTINEL_MOBILE, -1
        return fixed_width(digits(mobile, 10), mobile > 0), self._mail(batch, owner, names)

    def _mail(self, batch: _Batch, owner: Ints, names: Names) -> pl.Series:
        """Return e-mail addresses made from the owner's name, with a number where the surname is common."""
        rows = np.flatnonzero(owner >= 0)
        person = owner[rows]
        first, last, year = names.first[rows], names.use[rows], batch.records.who.year[rows]
        others = np.flatnonzero(person != batch.records.person[rows])
        who = self._people.households(person[others])
        theirs = self._people.names(person[others], who, batch.records.home[rows[others]])
        first[others], last[others], year[others] = theirs.first, theirs.use, who.year
        words = self._s_mail(person)
        form, number = scale(words, 100), scale(low(words), 10_000)
        number = np.where((last > _RARE_SURNAME) & (number % 4 > 0), 0, 1 + np.where(number % 3 == 0, year, number))
        given = np.where((form >= 42) & (form < 58), first + len(self._first_slugs), first)
        surname = last.astype(np.int64) + 2 * len(self._first_slugs)
        surname_first = (form >= 72) & (form < 86)
        joint = np.where((form >= 58) & (form < 72), 1, np.where(form >= 86, 2, 0))
        parts = pl.DataFrame(
            {
                "one": self._slugs.gather(np.where(surname_first, surname, given)),
                "joint": _MAIL_JOINTS.gather(joint),
                "two": self._slugs.gather(np.where(surname_first, given, surname)),
                "number": _MAIL_NUMBERS.gather(number),
                "domain": self._domains.gather(self._mail_domain(words << np.uint64(7))),
            }
        )
        blank = pl.Series("email", [None], dtype=pl.String).new_from_index(0, len(owner))
        return replace_at(blank, rows, parts.select(pl.concat_str(pl.all())).to_series())


class _Tries:
    """On which records one error is tried: thresholds by hand, at the home practice and elsewhere."""

    def __init__(self, words: Stream, hands: Hands, error: str) -> None:
        self.words = words
        rates = np.stack([hands.rate(error, elsewhere=elsewhere) for elsewhere in (False, True)], axis=1)
        thresholds = np.rint(rates * 2.0**32).astype(np.uint64).ravel()
        self._one = thresholds[0] if (thresholds == thresholds[0]).all() else None
        self._thresholds = thresholds

    def __call__(self, key: Ints, hand_and_place: Ints) -> Bools:
        """Return where the error is tried; `hand_and_place` is twice the hand, plus one elsewhere."""
        drawn = self.words(key) >> np.uint64(32)
        return drawn < (self._thresholds[hand_and_place] if self._one is None else self._one)


class _Batch:
    """A batch of records being typed, with the error marks set so far."""

    def __init__(self, tries: dict[str, _Tries], records: Records, *, whole_households: bool) -> None:
        self._tries, self.records = tries, records
        self._hand_and_place = records.hand * 2 + records.elsewhere
        self._person = ~records.sentinel
        self._whole_households = whole_households
        self.marks: NDArray[np.uint32] = np.zeros(len(records.rho), dtype=np.uint32)

    def tried(self, error: str) -> Bools:
        """Return the records on which an error is tried; test and placeholder records are left out."""
        tried: Bools = self._tries[error](self._key(error), self._hand_and_place) & self._person
        return tried

    def _key(self, error: str) -> Ints:
        records = self.records
        if error != "old_address" or not self._whole_households:
            return records.typed
        # A household that moved is at its old address on all of its records at the practice.
        typed_at = np.where(records.elsewhere, records.practice, records.home)
        return records.who.household * 4_096 + typed_at + (1 << 48)

    def words(self, error: str, rows: Ints) -> Words:
        """Return the random words that decide how an error changes the records at `rows`."""
        return self._tries[error].words.child("how")(self.records.typed[rows])

    @staticmethod
    def bit(error: str) -> np.uint32:
        """Return the bit of an error."""
        return np.uint32(1 << CATALOGUE.index(error))

    def mark(self, error: str, changed: Bools | Ints) -> None:
        """Mark that an error changed these records (a mask or positions)."""
        self.marks[changed] |= self.bit(error)

    def has_mark(self, error: str) -> Bools:
        """Return the records that an error changed."""
        return (self.marks & self.bit(error)) > 0


def _slips(
    batch: _Batch, last: pl.Series, birth: pl.Series, first: pl.Series, address: pl.Series
) -> tuple[pl.Series, pl.Series, pl.Series, pl.Series]:
    """Apply spelling, encoding and spacing errors and swapped names, only on the records where one is tried."""
    tried = {
        name: batch.tried(name)
        for name in ("keyboard_misspelling", "phonetic_misspelling", "mojibake", "stray_spaces", "names_swapped")
    }
    rows = np.flatnonzero(np.logical_or.reduce(list(tried.values())))
    if rows.size == 0:
        return last, birth, first, address
    page = pl.DataFrame(
        {
            "last": last.gather(rows),
            "birth": birth.gather(rows),
            "first": first.gather(rows),
            "address": address.gather(rows),
        }
    )
    for error, slip in (
        ("keyboard_misspelling", spelling.keyboard),
        ("phonetic_misspelling", spelling.phonetic),
        ("stray_spaces", spelling.stray_spaces),
    ):
        at = np.flatnonzero(tried[error][rows])
        after = _misspell(page, at, batch.words(error, rows[at]), slip)
        batch.mark(error, rows[_differing(page, after)])
        page = after
    at = np.flatnonzero(tried["mojibake"][rows])
    after = page.with_columns(
        replace_at(page[c], at, spelling.mojibake(page[c].gather(at))).alias(c) for c in page.columns
    )
    batch.mark("mojibake", rows[_differing(page, after)])
    page = after
    swap = pl.lit(pl.Series(tried["names_swapped"][rows]))
    after = page.with_columns(
        last=pl.when(swap).then("first").otherwise("last"), first=pl.when(swap).then("last").otherwise("first")
    )
    batch.mark("names_swapped", rows[_differing(page, after)])
    return tuple(
        replace_at(column, rows, after[name])
        for column, name in ((last, "last"), (birth, "birth"), (first, "first"), (address, "address"))
    )  # type: ignore[return-value]


def _misspell(page: pl.DataFrame, at: Ints, words: Words, slip: Slip) -> pl.DataFrame:
    """Misspell the first name (two records in five) or the last; an identical birth name gets the same misspelling."""
    on_first = (words & np.uint64(0xFF)) < np.uint64(102)
    same = (page["last"] == page["birth"]).to_numpy()[at]
    columns = {}
    for name, chosen in (("first", on_first), ("last", ~on_first)):
        columns[name] = replace_at(page[name], at[chosen], slip(page[name].gather(at[chosen]), words[chosen]))
    both = at[~on_first & same]
    columns["birth"] = replace_at(page["birth"], both, columns["last"].gather(both))
    return page.with_columns(series.alias(name) for name, series in columns.items())


def _differing(before: pl.DataFrame, after: pl.DataFrame) -> Bools:
    same = [before[name].eq_missing(after[name]) for name in before.columns]
    differing: Bools = ~np.logical_and.reduce([series.to_numpy() for series in same])
    return differing


def _wrong_digit(year: Ints, month: Ints, day: Ints, words: Words, this_year: int) -> NDArray[np.int32]:
    """Return the dates with one wrong digit: in the year (last digit or decade), the month or the day."""
    how, other = scale(words, 4), 1 + scale(low(words), 9)
    new_year = np.where(how == 0, year - year % 10 + (year % 10 + other) % 10, year)
    new_year = np.where(how == 1, 1900 + ((year - 1900) // 10 * 10 + other * 10) % 130 + year % 10, new_year)
    new_month = np.where((how == 2) & (month < 10), 1 + (month - 1 + other % 8 + 1) % 9, month)
    new_day = np.where(how == 3, day - day % 10 + (day % 10 + other) % 10, day)
    valid = (
        (new_day >= 1) & (new_day <= month_length(new_year, new_month)) & (new_year <= this_year) & (new_year >= 1900)
    )
    pick = [np.where(valid, new, old) for new, old in ((new_year, year), (new_month, month), (new_day, day))]
    return days(*pick)


def _street_manners(streets: pl.Series) -> pl.Series:
    """Return each street in four forms: unchanged, with a capital, abbreviated, in capitals."""
    short = {
        "avenue ": "av. ",
        "boulevard ": "bd ",
        "place ": "pl. ",
        "chemin ": "ch. ",
        "allée ": "all. ",
        "impasse ": "imp. ",
        "rue ": "r. ",
        "route ": "rte ",
    }
    capital = pl.select(
        pl.concat_str(pl.lit(streets).str.slice(0, 1).str.to_uppercase(), pl.lit(streets).str.slice(1))
    ).to_series()
    abbreviated = streets
    for word, mark in short.items():
        abbreviated = abbreviated.str.replace(f"^{word}", mark)
    return pl.concat([streets, capital, abbreviated, streets.str.to_uppercase()])


def _house_numbers() -> pl.Series:
    """Return house numbers 0 to 459 by (number, suffix, comma)."""
    return pl.Series(
        [f"{number}{suffix}{comma} " for number in range(460) for suffix in ("", " bis", " ter") for comma in ("", ",")]
    )
