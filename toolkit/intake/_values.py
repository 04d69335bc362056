"""Read the text of a cell as a value of the schema: dates, social security numbers, telephones, postal codes, sex.

Each function takes one text that is not a null word, and returns a `Read`: the value (None where it cannot be read),
the names of the repairs it took, and the reason of a loss. Writing the same value in the schema's way is no repair.
"""

from __future__ import annotations

import json
import re
import unicodedata
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

__all__ = [
    "NULL_WORDS",
    "Phone",
    "Read",
    "fold",
    "is_null_word",
    "listed",
    "nir_key",
    "read_date",
    "read_email",
    "read_integer",
    "read_nir",
    "read_phones",
    "read_postal_code",
    "read_sex",
]

NULL_WORDS = frozenset({"", "\\n", "null", "(null)", "na", "n/a", "#n/a", "nan", "none", "-"})
"""Words that mean null in typed columns and free text, folded to lower case."""
_EPOCH = date(1899, 12, 30)
_LAST_SERIAL = 60_000
_YEARS = (1850, 2100)


class Read(NamedTuple):
    """A value of the schema read from a text."""

    value: str | int | date | None
    repairs: tuple[str, ...] = ()
    lost: str | None = None
    """Why the text cannot be read; None where it can, or where it means null."""


class Phone(NamedTuple):
    """The telephone numbers of one text: mobile and landline numbers, in the order of the text."""

    numbers: tuple[str, ...]
    repairs: tuple[str, ...] = ()
    lost: str | None = None


NOTHING = Read(None)


def fold(text: str) -> str:
    """Return a text in lower case without accents, with runs of other characters as one space."""
    plain = unicodedata.normalize("NFKD", text.replace("œ", "oe").replace("Œ", "OE").replace("æ", "ae"))
    kept = "".join(letter for letter in plain if not unicodedata.combining(letter)).casefold()
    return " ".join(re.findall(r"[a-z0-9]+", kept))


def is_null_word(text: str, *, native_null: bool = False) -> bool:
    r"""Return whether a text in a typed column means null; `\N` does not where the format has a null of its own."""
    word = text.strip().casefold()
    return word in NULL_WORDS and not (native_null and word == "\\n")


def listed(text: str) -> list[str] | None:
    """Return the texts of a JSON list, as nested formats hand them on; None for any other text."""
    if not (text.startswith("[") and text.endswith("]")):
        return None
    try:
        items = json.loads(text)
    except ValueError:
        return None
    return [str(item) for item in items if item is not None] if isinstance(items, list) else None


# Dates

_MONTHS = {
    **dict.fromkeys(("janvier", "janv", "jan", "january"), 1),
    **dict.fromkeys(("fevrier", "fevr", "fev", "feb", "february"), 2),
    **dict.fromkeys(("mars", "mar", "march"), 3),
    **dict.fromkeys(("avril", "avr", "apr", "april"), 4),
    **dict.fromkeys(("mai", "may"), 5),
    **dict.fromkeys(("juin", "jun", "june"), 6),
    **dict.fromkeys(("juillet", "juil", "jul", "july"), 7),
    **dict.fromkeys(("aout", "aou", "aug", "august"), 8),
    **dict.fromkeys(("septembre", "sept", "sep", "september"), 9),
    **dict.fromkeys(("octobre", "oct", "october"), 10),
    **dict.fromkeys(("novembre", "nov", "november"), 11),
    **dict.fromkeys(("decembre", "dec", "december"), 12),
}
_TIME = re.compile(r"[T ]\s*\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?\s*(Z|[+-]\d{2}:?\d{2}|[AaPp][Mm])?$")
_YEAR_FIRST = re.compile(r"(\d{4})[-/. ](\d{1,2})[-/. ](\d{1,2})$")
_YEAR_LAST = re.compile(r"(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4}|\d{2})$")
_COMPACT = re.compile(r"\d{8}$")
_SERIAL = re.compile(r"(\d{1,5})([.,]\d+)?$")
_WORDS = re.compile(r"(?:[a-z]+ )?(\d{1,2})(?:er|st|nd|rd|th)? ?([a-z]+) ?(\d{4}|\d{2})$")
_MONTH_FIRST_WORDS = re.compile(r"(?:[a-z]+ )?([a-z]+) (\d{1,2})(?:st|nd|rd|th)? (\d{4})$")
_ZEROS = re.compile(r"0{1,4}[-/. ]0{1,2}[-/. ]0{1,4}$")


def read_date(text: str, *, month_first: bool = False, copy_year: int) -> Read:  # noqa: PLR0911 (one line for each form)
    """Read a date. Two digits of a year are 20xx up to the year of the copy, 19xx above it.

    A number from 1 to 60,000 is a day of Excel, counted from 30 December 1899. A date that is one only in the other
    order of day and month than the column's is read so, as the repair `other_date_order`.
    """
    plain = _TIME.sub("", text.strip().strip("'\"")).strip()
    if _ZEROS.match(plain) or plain == "00000000":
        return NOTHING
    if found := _YEAR_FIRST.match(plain):
        return _day(*(int(part) for part in found.groups()))
    if found := _YEAR_LAST.match(plain):
        return _year_last(*found.groups(), month_first=month_first, copy_year=copy_year)
    if _COMPACT.match(plain):
        first = _day(int(plain[:4]), int(plain[4:6]), int(plain[6:]))
        if first.value is not None:
            return first
        return _year_last(plain[:2], plain[2:4], plain[4:], month_first=month_first, copy_year=copy_year)
    if (found := _SERIAL.match(plain)) and 1 <= int(found[1]) <= _LAST_SERIAL:
        if len(found[1]) == 4 and _YEARS[0] <= int(found[1]) < _YEARS[1] and not found[2]:
            return Read(None, lost=f"only the year {found[1]} is given")
        return Read(_EPOCH + timedelta(days=int(found[1])), ("excel_serial_date",))
    return _in_words(plain, copy_year)


def _year_last(one: str, two: str, year: str, *, month_first: bool, copy_year: int) -> Read:
    repairs: tuple[str, ...] = ()
    full = int(year)
    if len(year) == 2:
        full += 2000 if full <= copy_year % 100 else 1900
        repairs = ("two_digit_year",)
    day, month = (int(two), int(one)) if month_first else (int(one), int(two))
    if day == 0 and month == 0:
        return Read(None, lost=f"day and month are zero: only the year {full} is given")
    usual = _day(full, month, day)
    if usual.value is not None:
        return Read(usual.value, repairs)
    other = _day(full, day, month)
    if other.value is not None and month > 12:
        return Read(other.value, (*repairs, "other_date_order"))
    return usual


def _day(year: int, month: int, day: int) -> Read:
    if not _YEARS[0] <= year < _YEARS[1]:
        return Read(None, lost=f"the year {year} is out of range")
    try:
        return Read(date(year, month, day))
    except ValueError:
        return Read(None, lost="there is no such day")


def _in_words(text: str, copy_year: int) -> Read:
    words = fold(text)
    for pattern, places in ((_WORDS, (1, 2, 3)), (_MONTH_FIRST_WORDS, (2, 1, 3))):
        found = pattern.match(words)
        if found and found[places[1]] in _MONTHS:
            day, month, year = found[places[0]], _MONTHS[found[places[1]]], found[places[2]]
            full = int(year)
            if len(year) == 2:
                full += 2000 if full <= copy_year % 100 else 1900
            return Read(_day(full, month, int(day)).value, ("two_digit_year",) if len(year) == 2 else ())
    return Read(None, lost="not a date")


# Numbers

_SCIENTIFIC = re.compile(r"[-+]?\d+(?:[.,](\d+))?[eE][+]?(\d{1,2})$")
_POINT_ZERO = re.compile(r"(\d+)[.,]0+$")


def _whole(text: str) -> tuple[str | None, str | None]:
    """Return a number without exponent or decimals as digits, or the reason why digits are lost; else the text."""
    if found := _SCIENTIFIC.match(text):
        kept = len(
            text.split("e", maxsplit=1)[0].split("E", maxsplit=1)[0].replace(".", "").replace(",", "").lstrip("+-")
        )
        try:
            number = Decimal(text.replace(",", "."))
        except InvalidOperation:
            return None, "not a number"
        digits = int(found[2]) + 1
        if kept < digits:
            return None, f"scientific notation keeps {kept} of the {digits} digits"
        return f"{number:.0f}", None
    if found := _POINT_ZERO.match(text):
        return found[1], None
    return text, None


def read_integer(text: str) -> Read:
    """Read a whole number that fits 64 bits."""
    digits, lost = _whole(text.strip().lstrip("'"))
    if digits is None:
        return Read(None, lost=lost)
    plain = digits.replace("\u00a0", "").replace("\u202f", "").replace(" ", "")
    if re.fullmatch(r"-?\d{1,19}", plain) and -(2**63) <= int(plain) < 2**63:
        return Read(int(plain))
    return Read(None, lost="not a whole number")


_NIR = re.compile(r"[1-478]\d{4}(?:\d{2}|2[AB])\d{6}$")


def nir_key(number: str) -> str:
    """Return the key of the 13 characters of a social security number (97 less the remainder, 2A as 19, 2B as 18)."""
    return f"{97 - int(number.replace('2A', '19').replace('2B', '18')) % 97:02}"


def read_nir(text: str) -> Read:
    """Read a social security number: 13 characters and their key, in capitals without separators."""
    plain, lost = _whole(text.strip().lstrip("'"))
    if plain is None:
        return Read(None, lost=lost)
    number = re.sub(r"[\s./_'\-\u00a0\u202f]", "", plain).upper()
    if len(number) == 15 and _NIR.match(number[:13]) and number[13:].isdigit():
        return Read(number)
    if len(number) == 13 and _NIR.match(number):
        return Read(number + nir_key(number), ("nir_key_computed",))
    if not any(letter.isdigit() for letter in number):
        return Read(None, lost="no number")
    return Read(None, lost=f"{len(number)} characters: neither a number of 13 nor one of 15")


_SPLIT = re.compile(r"\s*(?:/|;|,(?=\s)|\bou\b|\bor\b|\||\n)\s*", re.IGNORECASE)
_LETTERS = re.compile(r"^[a-zéèêûô.:°\s]+", re.IGNORECASE)
_NINE, _TEN = 9, 10


def read_phones(text: str) -> Phone:
    """Read the telephone numbers of a text: ten digits each, beginning with 0.

    A number of nine digits gets its zero back; several numbers are split. +33 and 0033 become 0.
    """
    whole = _one_phone(text)
    if whole.lost is None:
        return whole
    parts = [part for part in _SPLIT.split(text.strip()) if part]
    if len(parts) > 1:
        read = [_one_phone(part) for part in parts]
        if all(part.lost is None for part in read):
            numbers = tuple(number for part in read for number in part.numbers)
            repairs = {name for part in read for name in part.repairs} | {"telephones_split"}
            return Phone(numbers, tuple(sorted(repairs)))
    return whole


def _one_phone(text: str) -> Phone:
    plain, lost = _whole(_LETTERS.sub("", text.strip().lstrip("'")))
    if plain is None:
        return Phone((), lost=lost)
    number = re.sub(r"[\s.\-_()\u00a0\u202f\u2011]", "", plain.replace("(0)", ""))
    for prefix in ("+33", "0033"):
        if number.startswith(prefix):
            number = "0" + number[len(prefix) :].removeprefix("0")
            break
    else:
        if number.startswith("33") and len(number) == _NINE + 2:
            number = "0" + number[2:]
    if not number.isascii() or not number.isdigit():
        return Phone((), lost="not a telephone number")
    if len(number) == _TEN and number[0] == "0":
        return Phone((number,))
    if len(number) == _NINE and number[0] != "0":
        return Phone(("0" + number,), ("leading_zero_restored",))
    return Phone((), lost=f"{len(number)} digits: no telephone number")


def read_postal_code(text: str) -> Read:
    """Read a postal code of five characters; four digits get their zero back."""
    plain, lost = _whole(text.strip().lstrip("'"))
    if plain is None:
        return Read(None, lost=lost)
    code = re.sub(r"[\s\u00a0\u202f]", "", plain).upper().removeprefix("F-")
    if re.fullmatch(r"\d{5}", code):
        return Read(code)
    if re.fullmatch(r"[1-9]\d{3}", code):
        return Read("0" + code, ("leading_zero_restored",))
    return Read(None, lost="not a postal code of five digits")


# Sex

_FEMALE = frozenset(
    [
        "f",
        "femme",
        "feminin",
        "feminine",
        "female",
        "fem",
        "woman",
        "mme",
        "madame",
        "mlle",
        "mademoiselle",
        "mrs",
        "ms",
        "miss",
        "fille",
        "2",
    ]
)
_MALE = frozenset(["m", "h", "homme", "masculin", "masculine", "male", "masc", "man", "mr", "monsieur", "garcon", "1"])


def read_sex(text: str) -> Read:
    """Read a code of one of the two sexes; other codes are lost."""
    word = fold(text).removesuffix(" 0")
    if word in _FEMALE:
        return Read("F")
    if word in _MALE:
        return Read("M")
    return Read(None, lost="no code of this column for one of the two sexes")


_EMAIL = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+$")


def read_email(text: str) -> Read:
    """Read an e-mail address, as typed; the first one of several."""
    plain = text.strip().removeprefix("mailto:").strip("<>")
    if _EMAIL.match(plain):
        return Read(plain)
    return Read(None, lost="not an e-mail address")
