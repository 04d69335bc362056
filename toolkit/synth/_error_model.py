"""How a file is typed: the text of every field, with the errors of the catalogue and their marks.

Errors come in a fixed order.
Each is *tried* on a drawn share of the files (`errors` in the scenario) and marked in the truth where it changed what
stands in the file, and nowhere else.
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
from toolkit.synth._geography import Geography
from toolkit.synth._households import CHILD, days, month_length
from toolkit.synth._names import ACCENTS, CAPITALS, CUT, PARTICLES, NamePools, replace_at
from toolkit.synth._people import NO_NAME, Names, People
from toolkit.synth._records import Files
from toolkit.synth._vocabulary import Vocabulary, slug
from toolkit.synth.streams import Ints, Stream, Words, chance, low, scale, stream

__all__ = ["CATALOGUE", "TypedFiles", "Typist"]

CATALOGUE = tuple(Errors.model_fields)
"""Names of the errors; bit n of a file's marks stands for the n-th."""
Bools = NDArray[np.bool_]
Slip = Callable[[pl.Series, Words], pl.Series]
_NIR_DIGITS_AT_RISK = np.array([1, 2, 3, 4, 10, 11, 12, 13, 14])
"""Where a digit of a NIR may be mistyped: never in the place of birth, whose zeros make the number impossible."""
_SENTINEL_NAMES = (
    ("TEST", "TEST"), ("TEST", "PATIENT"), ("ESSAI", "ESSAI"), ("ZZZ", "ZZZ"), ("XXX", "XXX"),
    ("DOUBLON", "A SUPPRIMER"), ("NE PAS UTILISER", "X"), ("FORMATION", "LOGICIEL"),
)  # fmt: skip
_PLACEHOLDER_DAY = int(days(np.array([1900]), np.array([1]), np.array([1]))[0])
_FICTION_ROOTS = {root[:2]: int(root) for root in FICTION_PHONE_ROOTS}
"""Roots reserved for fiction, by zone; 06 is the mobile one."""
_SENTINEL_MOBILE = _FICTION_ROOTS["06"] * 10_000
_MINOR = 16
_RARE_SURNAME = 20_000
"""Surnames past this rank are rare enough to make a mail address without a number."""
_MAIL_JOINTS = pl.Series([".", "", "_"])
_MAIL_NUMBERS = pl.Series(["", *map(str, range(10_000))])


@dataclass
class TypedFiles:
    """The text columns of some files, in the order of the files, and the marks of their errors."""

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


class Typist:
    """Types the files of a plan."""

    def __init__(
        self, scenario: Scenario, seed: int, people: People, geography: Geography, vocabulary: Vocabulary
    ) -> None:
        self._scenario = scenario
        self._seed = seed
        self._people = people
        self._geography = geography
        self._this_year = scenario.dates.copied_on.year
        self._streams = {error: stream(seed, f"error/{error}") for error in CATALOGUE}
        self._s_manner = stream(seed, "file/manner")
        self._s_mail = stream(seed, "person/mail form")
        pools = NamePools.load()
        self._surnames, self._first_names = pools.surnames, pools.first_names
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

    def type(self, files: Files) -> TypedFiles:
        """Type the files; test and placeholder entries are typed as such, without errors."""
        sheet = _Sheet(self._scenario, self._streams, files)
        names = self._people.names(files.person, files.who)
        last, birth, first = self._name_texts(sheet, *self._name_codes(sheet, names))
        address, postal_code, city, landline = self._home(sheet)
        last, birth, first, address = _slips(sheet, last, birth, first, address)
        nobody = np.flatnonzero(files.sentinel)
        pick = scale(self._s_manner(files.rho[nobody]), len(_SENTINEL_NAMES))
        family, given = (pl.Series([pair[part] for pair in _SENTINEL_NAMES]).gather(pick) for part in (0, 1))
        mobile, email = self._contact(sheet, names)
        return TypedFiles(
            last_name=replace_at(last, nobody, family),
            birth_name=replace_at(birth, nobody, family),
            first_name=replace_at(first, nobody, given),
            sex=self._sex(sheet),
            birth_date=self._birth_date(sheet),
            nir=self._nir(sheet),
            address=address,
            postal_code=postal_code,
            city=city,
            mobile_phone=mobile,
            landline_phone=landline,
            email=email,
            marks=sheet.marks,
        )

    # Names

    def _name_codes(self, sheet: _Sheet, true: Names) -> tuple[Names, Ints]:
        """Which names are typed, in which manner (bits of `toolkit.synth._names`)."""
        names = Names(true.first, true.birth.copy(), true.birth_second.copy(), true.use.copy(), true.use_second.copy())
        differ = (names.use != names.birth) | (names.use_second != names.birth_second)
        before = sheet.tried("before_marriage") & differ & (sheet.files.who.sex == 1)
        sheet.mark("before_marriage", before)
        names.use[before], names.use_second[before] = names.birth[before], names.birth_second[before]
        copied = sheet.tried("use_name_for_birth_name") & differ & ~before
        sheet.mark("use_name_for_birth_name", copied)
        names.birth[copied], names.birth_second[copied] = names.use[copied], names.use_second[copied]
        manner = np.zeros(len(before), dtype=np.int64)
        for error, bit in (
            ("compound_first_name_cut", CUT),
            ("lost_accents", ACCENTS),
            ("lost_hyphen_or_particle", PARTICLES),
            ("capitals", CAPITALS),
        ):
            manner[sheet.tried(error)] |= bit
        return names, manner

    def _name_texts(self, sheet: _Sheet, names: Names, manner: Ints) -> tuple[pl.Series, pl.Series, pl.Series]:
        family_manner = manner & ~CUT
        codes = (names.use, names.use_second, names.birth, names.birth_second)
        sheet.mark("compound_first_name_cut", self._first_names.changed(CUT, names.first, manner))
        for error, bit in (("lost_accents", ACCENTS), ("lost_hyphen_or_particle", PARTICLES)):
            changed = self._first_names.changed(bit, names.first, manner)
            for code in codes:
                changed |= self._surnames.changed(bit, code, family_manner)
            if bit == PARTICLES:
                changed |= (manner & PARTICLES > 0) & ((names.use_second != NO_NAME) | (names.birth_second != NO_NAME))
            sheet.mark(error, changed)
        sheet.mark("capitals", manner & CAPITALS > 0)
        return (
            self._surnames.joined(names.use, names.use_second, family_manner).alias("last_name"),
            self._surnames.joined(names.birth, names.birth_second, family_manner).alias("birth_name"),
            self._first_names.text(names.first, manner).alias("first_name"),
        )

    # Sex, dates, number

    def _sex(self, sheet: _Sheet) -> pl.Series:
        blank = sheet.tried("missing_sex")
        sheet.mark("missing_sex", blank)
        return pl.Series(["M", "F", None]).gather(np.where(blank, 2, sheet.files.who.sex)).alias("sex")

    def _birth_date(self, sheet: _Sheet) -> pa.Array:
        who, opened = sheet.files.who, sheet.files.created
        year, month, day = who.year.copy(), who.month.copy(), who.day.copy()
        date = who.birth_date
        swapped = sheet.tried("day_month_swapped") & (day <= 12) & (day != month)
        swapped &= days(year, day, month) <= opened
        sheet.mark("day_month_swapped", swapped)
        month[swapped], day[swapped] = day[swapped], month[swapped]
        date = np.where(swapped, days(year, month, day), date)
        rows = np.flatnonzero(sheet.tried("date_digit_wrong"))
        wrong = _wrong_digit(year[rows], month[rows], day[rows], sheet.words("date_digit_wrong", rows), self._this_year)
        wrong = np.where(wrong <= opened[rows], wrong, date[rows])
        sheet.mark("date_digit_wrong", rows[wrong != date[rows]])
        date[rows] = wrong
        placeholder = sheet.tried("placeholder_birth_date")
        sheet.mark("placeholder_birth_date", placeholder)
        date[placeholder | sheet.files.sentinel] = _PLACEHOLDER_DAY
        blank = sheet.tried("missing_birth_date")
        sheet.mark("missing_birth_date", blank)
        return nullable(np.where(blank, 0, date).astype(np.int32), ~blank, pa.date32())

    def _nir(self, sheet: _Sheet) -> pa.Array:
        files = sheet.files
        person, who, home = files.person.copy(), files.who, files.home
        parent = np.where(who.mother >= 0, who.mother, who.father)
        minor = (who.role == CHILD) & (self._this_year - who.year < _MINOR)
        borrowed = np.flatnonzero(sheet.tried("relative_nir") & minor & (parent >= 0))
        parts = self._people.nirs(person, who, home)
        theirs = self._people.nirs(
            parent[borrowed], self._people.households(parent[borrowed], home[borrowed]), home[borrowed]
        )
        has = theirs.order > 0
        borrowed = borrowed[has]
        sheet.mark("relative_nir", borrowed)
        for mine, relative in ((parts.sex, theirs.sex), (parts.year, theirs.year), (parts.month, theirs.month)):
            mine[borrowed] = relative[has]
        parts.origin[borrowed], parts.order[borrowed] = theirs.origin[has], theirs.order[has]
        present = parts.order > 0
        blank = sheet.tried("nir_missing") & present
        sheet.mark("nir_missing", blank)
        present &= ~blank & ~files.sentinel
        origin = self._origin_numbers[parts.origin]
        front = (parts.sex * 100 + parts.year) * 100 + parts.month
        whole = (front * 100_000 + origin) * 1000 + parts.order
        characters = np.concatenate(
            (digits(front, 5), self._origin_bytes[parts.origin], digits(parts.order, 3), digits(97 - whole % 97, 2)),
            axis=1,
        )
        rows = np.flatnonzero(sheet.tried("nir_digit_wrong") & present)
        words = sheet.words("nir_digit_wrong", rows)
        at = _NIR_DIGITS_AT_RISK[scale(words, len(_NIR_DIGITS_AT_RISK))]
        typed = (characters[rows, at] - ord("0") + 1 + scale(low(words), 9)) % 10
        characters[rows, at] = typed + ord("0")
        sheet.mark("nir_digit_wrong", rows)
        return fixed_width(characters, present)

    # Home, telephones, mail

    def _home(self, sheet: _Sheet) -> tuple[pl.Series, pl.Series, pl.Series, pa.Array]:
        files, people = sheet.files, self._people
        former = sheet.tried("old_address")
        sheet.mark("old_address", former)
        homes = people.homes(files.person, files.who, files.home, former)
        blank = sheet.tried("missing_address")
        sheet.mark("missing_address", blank)
        sheet.marks[blank] &= ~sheet.bit("old_address")
        form = scale(self._s_manner(files.rho), 20)
        number = (homes.number * 3 + homes.suffix) * 2 + (form < 2)
        street_manner = np.where(form == 19, 2, np.where(form >= 16, 1, 0))
        street_manner = np.where(sheet.has_mark("capitals"), 3, street_manner)
        parts = pl.DataFrame(
            {
                "number": self._numbers.gather(number),
                "street": self._streets.gather(street_manner * self._street_count + homes.street),
                "postal_code": self._geography.postal_code.gather(homes.place),
                "city": self._geography.city.gather(homes.place),
                "blank": blank | files.sentinel,
            }
        )
        shown = ~pl.col("blank")
        written = parts.select(
            address=pl.when(shown).then(pl.concat_str("number", "street")),
            postal_code=pl.when(shown).then("postal_code"),
            city=pl.when(shown).then("city"),
        )
        landline = people.landline(files.who)
        root = self._landline_root[self._geography.departement[people.place_of(files.home)]]
        numbers = fixed_width(digits(root * 10_000 + np.maximum(landline, 0), 10), (landline >= 0) & ~files.sentinel)
        return written["address"], written["postal_code"], written["city"], numbers

    def _contact(self, sheet: _Sheet, names: Names) -> tuple[pa.Array, pl.Series]:
        files, people = sheet.files, self._people
        contact = people.contact(files.person, files.who)
        former = sheet.tried("old_phone")
        mobile = people.mobile(contact, former)
        owner = people.mail_owner(contact, files.who)
        blank = sheet.tried("missing_contact") & ((mobile > 0) | (owner >= 0))
        sheet.mark("missing_contact", blank)
        sheet.mark("old_phone", former & (mobile > 0) & ~blank)
        mobile[blank], owner[blank] = 0, -1
        mobile[files.sentinel], owner[files.sentinel] = _SENTINEL_MOBILE, -1
        return fixed_width(digits(mobile, 10), mobile > 0), self._mail(sheet, owner, names)

    def _mail(self, sheet: _Sheet, owner: Ints, names: Names) -> pl.Series:
        """E-mail addresses that look like their owner's name; a number where the surname is common."""
        rows = np.flatnonzero(owner >= 0)
        person = owner[rows]
        first, last, year = names.first[rows], names.use[rows], sheet.files.who.year[rows]
        others = np.flatnonzero(person != sheet.files.person[rows])
        who = self._people.households(person[others])
        theirs = self._people.names(person[others], who)
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


class _Sheet:
    """The files being typed, which errors are tried on them, and what was marked so far."""

    def __init__(self, scenario: Scenario, streams: dict[str, Stream], files: Files) -> None:
        self._scenario, self._streams, self.files = scenario, streams, files
        self.marks: NDArray[np.uint32] = np.zeros(len(files.rho), dtype=np.uint32)

    def tried(self, error: str) -> Bools:
        """Files on which an error is tried; never a test or placeholder entry."""
        here = self._scenario.error_rate(error, elsewhere=False)
        there = self._scenario.error_rate(error, elsewhere=True)
        words = self._streams[error](self.files.rho)
        rate = here if here == there else np.where(self.files.elsewhere, there, here)
        return chance(words, rate) & ~self.files.sentinel

    def words(self, error: str, rows: Ints) -> Words:
        """Words that decide how an error comes out on the files at `rows`."""
        return self._streams[error].child("how")(self.files.rho[rows])

    @staticmethod
    def bit(error: str) -> np.uint32:
        """The bit that stands for an error."""
        return np.uint32(1 << CATALOGUE.index(error))

    def mark(self, error: str, changed: Bools | Ints) -> None:
        """Note that an error changed these files (a mask or positions)."""
        self.marks[changed] |= self.bit(error)

    def has_mark(self, error: str) -> Bools:
        """Files that an error changed."""
        return (self.marks & self.bit(error)) > 0


def _slips(
    sheet: _Sheet, last: pl.Series, birth: pl.Series, first: pl.Series, address: pl.Series
) -> tuple[pl.Series, pl.Series, pl.Series, pl.Series]:
    """Slips of the keyboard and the machine: worked out on the few files concerned alone."""
    tried = {
        name: sheet.tried(name)
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
        after = _misspell(page, at, sheet.words(error, rows[at]), slip)
        sheet.mark(error, rows[_differing(page, after)])
        page = after
    at = np.flatnonzero(tried["mojibake"][rows])
    after = page.with_columns(
        replace_at(page[c], at, spelling.mojibake(page[c].gather(at))).alias(c) for c in page.columns
    )
    sheet.mark("mojibake", rows[_differing(page, after)])
    page = after
    swap = pl.lit(pl.Series(tried["names_swapped"][rows]))
    after = page.with_columns(
        last=pl.when(swap).then("first").otherwise("last"), first=pl.when(swap).then("last").otherwise("first")
    )
    sheet.mark("names_swapped", rows[_differing(page, after)])
    return tuple(
        replace_at(column, rows, after[name])
        for column, name in ((last, "last"), (birth, "birth"), (first, "first"), (address, "address"))
    )  # type: ignore[return-value]


def _misspell(page: pl.DataFrame, at: Ints, words: Words, slip: Slip) -> pl.DataFrame:
    """One slip in the first name (two files in five) or the last; a birth name that is the same is typed the same."""
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
    """The dates with one digit typed wrong: of the year (its last, or the decade), the month or the day."""
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
    """Each street as it stands, with a capital, abbreviated, and in capitals."""
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
    """House numbers 0 to 459 by (number, suffix, comma)."""
    return pl.Series(
        [f"{number}{suffix}{comma} " for number in range(460) for suffix in ("", " bis", " ter") for comma in ("", ",")]
    )
