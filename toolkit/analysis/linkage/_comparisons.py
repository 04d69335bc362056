"""The comparisons and their degrees of agreement, as SQL that both DuckDB and Spark run.

Only the name of one string distance differs between the engines. The columns are those of `records` (see `normalise`)
for two records, with the suffixes `_l` and `_r`.

Some degrees are *vetoes*. Two entirely different first names, two entirely different birth dates, or two different
social security numbers that each fit their own record mean two people, whatever else agrees. Relatives often agree on
everything else (name, address, telephone, mailbox). The model treats fields as independent, so it would otherwise count
that agreement as proof.

Many fields in French records differ without contradicting each other. Each such case is a degree of its own, listed
before the veto. An *exception* is a field that differs although other fields show that it is the same person:

- A first name may be spelled as it sounds (Mathys, Mathis), shortened (Fred), or one of several names
  (`data/first_names.csv`).
- For many people born abroad only the year of birth is known, and 1 January is typed.
- Records with the same name, the same home and about the same age are one person: siblings do not share a first name,
  a father and a son differ in age, and two namesakes born on the same day do not live together.
- An adult's mobile is their own. A child's is often a parent's, so it does not distinguish twins.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["COMPARISONS", "NIR", "VETO_BITS", "Comparison", "Level"]

VETO_BITS = 200
"""What a veto subtracts from the weight of a pair: more than all agreements together can add."""


@dataclass(frozen=True, slots=True)
class Level:
    """One degree of agreement: its name, its condition, m and u before training, and whether to train them.

    `exception` marks a degree that exempts a pair from the veto of its comparison.
    """

    name: str
    condition: str
    m: float
    u: float
    trained: bool = True
    frequencies: str | None = None
    veto: bool = False
    exception: bool = False

    @property
    def is_null(self) -> bool:
        """Whether the degree means a missing value, which has no weight."""
        return self.m == self.u == 0.0


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison: its name, the fields of the schema that it reads, and its degrees from best to worst."""

    name: str
    fields: tuple[str, ...]
    levels: tuple[Level, ...]


def _null(condition: str) -> Level:
    return Level("missing", condition, 0.0, 0.0)


def _veto(name: str, u: float, condition: str = "ELSE") -> Level:
    return Level(name, condition, u * 2.0**-VETO_BITS, u, trained=False, veto=True)


def _exception(name: str, condition: str, m: float) -> Level:
    """A difference that may occur between records of one person (probability `m`) and is usual between two people."""
    return Level(name, condition, m, 0.95, trained=False, exception=True)


def _either(template: str, *pairs: tuple[str, str]) -> str:
    return " OR ".join(template.format(a=a, b=b) for a, b in pairs)


_CROSSED = (("last_l", "birth_r"), ("birth_l", "last_r"), ("birth_l", "birth_r"))
_SURNAMES = (("last_l", "last_r"), *_CROSSED)
_PART = (
    "(({a} LIKE '% %' AND ({a} LIKE concat({b}, ' %') OR {a} LIKE concat('% ', {b}))) OR "
    "({b} LIKE '% %' AND ({b} LIKE concat({a}, ' %') OR {b} LIKE concat('% ', {a}))))"
)
# The input box was too short for the name, or a double name was joined and then cut in half.
_CUT = "(length({a}) >= 4 AND length({b}) >= 4 AND (left({a}, length({b})) = {b} OR left({b}, length({a})) = {a}))"
_CLOSE = "(jaro({a}, {b}) >= 0.89 OR levenshtein({a}, {b}) <= 1)"
# The first letter is seldom mistyped, and comparing it first avoids the slower checks for most pairs.
_SAME_INITIAL = "left({a}, 1) = left({b}, 1)"
_TWO_SLIPS = (
    f"({_SAME_INITIAL} AND length({{a}}) >= 5 AND length({{b}}) >= 5 "
    "AND (levenshtein({a}, {b}) <= 2 OR jaro({a}, {b}) >= 0.84))"
)
# With two neighbouring digits swapped, the Jaro similarity stays above 0.93 for 8 digits and above 0.96 for 13; with
# one digit replaced it is lower. The Damerau-Levenshtein distance gives the same result and takes ten times as long.
_LIKE = (
    "({a} = {b} OR jaro({a}, {b}) >= 0.89 OR (length({a}) >= 4 AND levenshtein({a}, {b}) <= 1) "
    f"OR (length({{a}}) = 1 AND {{b}} LIKE concat({{a}}, '%')) "
    f"OR (length({{b}}) = 1 AND {{a}} LIKE concat({{b}}, '%')) OR {_PART})"
)
_SWAPPED = (
    "("
    + " OR ".join(
        f"({_SAME_INITIAL.format(a='first_l', b=surname_r)} AND {_SAME_INITIAL.format(a=surname_l, b='first_r')} "
        f"AND {_LIKE.format(a='first_l', b=surname_r)} AND {_LIKE.format(a=surname_l, b='first_r')})"
        for surname_l, surname_r in (("last_l", "last_r"), ("last_l", "birth_r"), ("birth_l", "last_r"))
    )
    + ")"
)

SURNAME = Comparison(
    "surname",
    ("last_name", "birth_name"),
    (
        _null("(last_l IS NULL AND birth_l IS NULL) OR (last_r IS NULL AND birth_r IS NULL)"),
        Level("same name in use", "last_l = last_r", 0.76, 0.0008, frequencies="last"),
        Level("same name, in use or at birth", _either("{a} = {b}", *_CROSSED), 0.05, 0.0003),
        Level("first and last name swapped", _SWAPPED, 0.02, 0.0006, trained=False),
        Level("one is part of the other's compound name", _either(_PART, *_SURNAMES), 0.03, 0.0002),
        Level("one typing error", _either(_CLOSE, *_SURNAMES), 0.09, 0.003),
        Level("cut short", _either(_CUT, *_SURNAMES), 0.003, 0.0003, trained=False),
        Level("two typing errors", _either(_TWO_SLIPS, *_SURNAMES), 0.02, 0.005),
        Level("other", "ELSE", 0.05, 0.995, trained=False),
    ),
)

_BEGINS = "({a} LIKE concat({b}, '%') OR {b} LIKE concat({a}, '%'))".format(a="first_l", b="first_r")
_COMPOUND_PART = (
    f"{_PART.format(a='first_l', b='first_r')} OR replace(first_l, ' ', '') = replace(first_r, ' ', '') "
    f"OR ((first_l LIKE '% %' OR first_r LIKE '% %') AND {_BEGINS})"
)
# A typing error makes a rare spelling. Two first names that are both common are different names, however similar.
_SLIP = (
    "(least(first_count_l, first_count_r) <= 3 "
    "OR least(first_count_l, first_count_r) * 25 < greatest(first_count_l, first_count_r))"
)
_ONE_SLIP = (
    f"{_SLIP} AND (jaro(first_l, first_r) >= 0.87 OR levenshtein(first_l, first_r) <= 1 "
    "OR jaro(split_part(first_l, ' ', 1), split_part(first_r, ' ', 1)) >= 0.87)"
)
_FORM_OF = (
    "instr(first_forms_l, concat('|', first_form_r, '|')) > 0 "
    "OR instr(first_forms_r, concat('|', first_form_l, '|')) > 0"
)
_SHORT_FORM = (
    f"{_BEGINS} OR (left(first_l, 3) = left(first_r, 3) AND least(length(first_l), length(first_r)) <= 5 "
    "AND abs(length(first_l) - length(first_r)) >= 2)"
)
_INITIALS_OF = (
    f"({_SAME_INITIAL} AND "
    "((length({a}) = 2 AND {a} = concat(left({b}, 1), left(split_part({b}, ' ', 2), 1))) "
    "OR ({a} LIKE '_ %' AND split_part({a}, ' ', 2) IN "
    "(split_part({b}, ' ', 2), left(split_part({b}, ' ', 2), 1))) "
    "OR (length({a}) = 2 AND right({a}, 1) NOT IN ('A', 'E', 'I', 'O', 'U', 'Y'))))"
)
_INITIALS = _either(_INITIALS_OF, ("first_l", "first_r"), ("first_r", "first_l"))
_SOMEWHAT_ALIKE = f"{_SLIP} AND (jaro(first_l, first_r) >= 0.72 OR levenshtein(first_l, first_r) <= 2)"
_ONE_OWN_NUMBER = "nir_l = nir_r AND nir_state_l = 2 AND nir_state_r = 2"
_ONE_SURNAME = f"({_either(f'{{a}} = {{b}} OR {_CLOSE}', *_SURNAMES)})"
_ONE_FIRST_NAME = (
    f"(first_l = first_r OR first_sound_l = first_sound_r OR {_FORM_OF} "
    f"OR ({_SLIP} AND jaro(first_l, first_r) >= 0.87))"
)
_ONE_CONTACT = "(mobile_l = mobile_r OR email_l = email_r)"
_ONE_HOME = "((address_l = address_r AND (postal_l = postal_r OR city_l = city_r)) OR landline_l = landline_r)"
_SECOND_NAME = f"dob_l = dob_r AND sex_l = sex_r AND grown_l AND grown_r AND {_ONE_CONTACT} AND {_ONE_SURNAME}"

FIRST_NAME = Comparison(
    "first_name",
    ("first_name",),
    (
        _null("first_l IS NULL OR first_r IS NULL"),
        Level("same", "first_l = first_r", 0.84, 0.006, frequencies="first"),
        Level("first and last name swapped", _SWAPPED, 0.02, 0.0006, trained=False),
        Level("part of a compound name", _COMPOUND_PART, 0.05, 0.01),
        Level("one typing error", _ONE_SLIP, 0.06, 0.002),
        Level("sounds the same", "first_sound_l = first_sound_r", 0.03, 0.002, trained=False),
        Level("another form of the name", _FORM_OF, 0.012, 0.006, trained=False),
        Level("cut short", _SHORT_FORM, 0.003, 0.02, trained=False),
        Level("initials", _INITIALS, 0.002, 0.002, trained=False),
        Level("similar, one a rare spelling", _SOMEWHAT_ALIKE, 0.01, 0.01, trained=False),
        _exception("another name, same social security number", _ONE_OWN_NUMBER, 0.003),
        _exception("another name, same adult's birth date and contact", _SECOND_NAME, 0.005),
        _veto("another name", 0.95),
    ),
)

_DAY_AND_MONTH_SWAPPED = (
    "left(dob_l, 4) = left(dob_r, 4) AND right(dob_l, 2) = substr(dob_r, 5, 2) "
    "AND right(dob_r, 2) = substr(dob_l, 5, 2)"
)
_YEAR_ONLY = "left(dob_l, 4) = left(dob_r, 4) AND (right(dob_l, 4) = '0101' OR right(dob_r, 4) = '0101')"
_NEAR_YEARS = "abs(CAST(left(dob_l, 4) AS INT) - CAST(left(dob_r, 4) AS INT)) <= 12"
_TWO_PARTS = (
    "left(dob_l, 6) = left(dob_r, 6) OR (left(dob_l, 4) = left(dob_r, 4) AND right(dob_l, 2) = right(dob_r, 2)) "
    f"OR (right(dob_l, 4) = right(dob_r, 4) AND {_NEAR_YEARS})"
)
_ONE_NAME_AND_HOME = (
    f"{_NEAR_YEARS} AND (nir_l = nir_r OR {_ONE_CONTACT} OR {_ONE_HOME}) AND {_ONE_FIRST_NAME} AND {_ONE_SURNAME}"
)

BIRTH_DATE = Comparison(
    "birth_date",
    ("birth_date",),
    (
        _null("dob_l IS NULL OR dob_r IS NULL"),
        Level("same day", "dob_l = dob_r", 0.93, 0.00004),
        Level("day and month swapped", _DAY_AND_MONTH_SWAPPED, 0.015, 0.00002),
        Level("one digit off", "levenshtein(dob_l, dob_r) <= 1 OR jaro(dob_l, dob_r) >= 0.93", 0.03, 0.0008),
        Level("same year, one on 1 January (day unknown)", _YEAR_ONLY, 0.005, 0.0002, trained=False),
        Level("one of day, month, year differs", _TWO_PARTS, 0.015, 0.003),
        _exception("another day, same name and home", _ONE_NAME_AND_HOME, 0.005),
        _veto("another day", 0.996),
    ),
)
SEX = Comparison(
    "sex",
    ("sex",),
    (
        _null("sex_l IS NULL OR sex_r IS NULL"),
        Level("same", "sex_l = sex_r", 0.985, 0.5),
        Level("other", "ELSE", 0.015, 0.5),
    ),
)

_NEAR_AGE = f"(dob_l IS NULL OR dob_r IS NULL OR {_NEAR_YEARS})"
_OWN_OR_UNKNOWN = f"nir_l = nir_r AND ((nir_state_l >= 1 AND nir_state_r >= 1) OR ({_ONE_FIRST_NAME} AND {_NEAR_AGE}))"
_ONE_NAME_NEARBY = (
    f"({_ONE_CONTACT} OR {_ONE_HOME} OR postal_l = postal_r) AND {_NEAR_AGE} AND {_ONE_FIRST_NAME} AND {_ONE_SURNAME}"
)
_ONE_DIGIT_OFF = (
    "(levenshtein(nir_l, nir_r) <= 1 OR jaro(nir_l, nir_r) >= 0.96) AND "
    f"(nir_key_wrong_l OR nir_key_wrong_r OR nir_state_l = 1 OR nir_state_r = 1 OR ({_ONE_NAME_NEARBY}))"
)
# The birthplace was not looked up: one of the two numbers has zeros for the commune.
_SAME_BUT_FOR_PLACE = (
    "left(nir_l, 5) = left(nir_r, 5) AND right(nir_l, 3) = right(nir_r, 3) "
    "AND (substr(nir_l, 8, 3) = '000') <> (substr(nir_r, 8, 3) = '000') "
    f"AND {_ONE_FIRST_NAME} AND {_ONE_SURNAME}"
)
_ONE_NAME_DAY_AND_HOME = f"dob_l = dob_r AND ({_ONE_CONTACT} OR {_ONE_HOME}) AND {_ONE_FIRST_NAME} AND {_ONE_SURNAME}"

NIR = Comparison(
    "nir",
    ("nir",),
    (
        _null("nir_l IS NULL OR nir_r IS NULL"),
        Level("same number, fits both records", _OWN_OR_UNKNOWN, 0.75, 2e-8, trained=False),
        Level("same number, does not fit one record", "nir_l = nir_r", 0.04, 0.004, trained=False),
        Level("one digit off", _ONE_DIGIT_OFF, 0.04, 1e-6, trained=False),
        Level("same except for an unknown birthplace", _SAME_BUT_FOR_PLACE, 0.01, 0.001, trained=False),
        Level("one may be borrowed or mistyped", "nir_state_l = 0 OR nir_state_r = 0", 0.1, 0.1, trained=False),
        Level("different numbers, fit unknown", "nir_state_l = 1 OR nir_state_r = 1", 0.004, 0.9, trained=False),
        _exception("different numbers, same name, birth date and home", _ONE_NAME_DAY_AND_HOME, 0.02),
        _veto("different numbers, each fits its record", 0.9),
    ),
)
CONTACT = Comparison(
    "contact",
    ("mobile_phone", "email"),
    (
        _null("(mobile_l IS NULL OR mobile_r IS NULL) AND (email_l IS NULL OR email_r IS NULL)"),
        Level("same mobile or mailbox", "mobile_l = mobile_r OR email_l = email_r", 0.85, 0.00003),
        Level("another mobile and mailbox", "mobile_l <> mobile_r AND email_l <> email_r", 0.02, 0.3),
        Level("another mobile or mailbox", "ELSE", 0.13, 0.7),
    ),
)
_SAME_ADDRESS = (
    "(address_l = address_r OR jaro(address_l, address_r) >= 0.91) AND (postal_l = postal_r OR city_l = city_r)"
)
PLACE = Comparison(
    "place",
    ("address", "postal_code", "city", "landline_phone"),
    (
        _null("(address_l IS NULL OR address_r IS NULL) AND (postal_l IS NULL OR postal_r IS NULL) AND "
              "(city_l IS NULL OR city_r IS NULL) AND (landline_l IS NULL OR landline_r IS NULL)"),
        Level("same address", _SAME_ADDRESS, 0.45, 0.00001),
        Level("same landline", "landline_l = landline_r", 0.12, 0.0001),
        Level("same address, other commune", "address_l = address_r", 0.02, 0.0001),
        Level("same commune", "postal_l = postal_r OR city_l = city_r", 0.2, 0.001),
        Level("same departement", "departement_l = departement_r", 0.1, 0.015),
        Level("elsewhere", "ELSE", 0.12, 0.98),
    ),
)  # fmt: skip

COMPARISONS = (SURNAME, FIRST_NAME, BIRTH_DATE, SEX, NIR, CONTACT, PLACE)
