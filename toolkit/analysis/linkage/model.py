"""The model: what is compared, in which degrees of agreement, and what each degree weighs.

Fellegi and Sunter (1969), as Splink computes it: a degree of agreement seen with probability m between two records
of one person and u between records of two people adds log2(m / u) to the weight of a pair.  The comparisons are
written once, as SQL that DuckDB and Spark both run; only the name of one string distance differs.

Some degrees are *vetoes*: whatever else agrees, two first names that have nothing in common, two birth dates with
nothing in common, or two social security numbers that each fit their own record tell two people apart.  Family
members agree on all the rest (name, address, telephone, mailbox), which the model, for which fields are
independent, would take for proof.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from toolkit.errors import InputError

__all__ = ["COMPARISONS", "VETO_BITS", "Comparison", "Level", "Model", "initial_model", "settings"]

VETO_BITS = 200
"""What a veto takes off the weight of a pair: more than all agreements together can add."""


@dataclass(frozen=True, slots=True)
class Level:
    """One degree of agreement: its name and condition, m and u before any training, and whether they may be trained."""

    name: str
    condition: str
    m: float
    u: float
    trained: bool = True
    frequencies: str | None = None
    veto: bool = False

    @property
    def is_null(self) -> bool:
        """Whether the degree says that something is missing, and weighs nothing."""
        return self.m == self.u == 0.0


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison: its name, the fields of the schema it reads, and its degrees, from best to worst."""

    name: str
    fields: tuple[str, ...]
    levels: tuple[Level, ...]


def _null(condition: str) -> Level:
    return Level("missing", condition, 0.0, 0.0)


def _veto(name: str, u: float, condition: str = "ELSE") -> Level:
    return Level(name, condition, u * 2.0**-VETO_BITS, u, trained=False, veto=True)


def _either(template: str, *pairs: tuple[str, str]) -> str:
    return " OR ".join(template.format(a=a, b=b) for a, b in pairs)


_CROSSED = (("last_l", "birth_r"), ("birth_l", "last_r"), ("birth_l", "birth_r"))
_SURNAMES = (("last_l", "last_r"), *_CROSSED)
_PART = (
    "(({a} LIKE '% %' AND ({a} LIKE concat({b}, ' %') OR {a} LIKE concat('% ', {b}))) OR "
    "({b} LIKE '% %' AND ({b} LIKE concat({a}, ' %') OR {b} LIKE concat('% ', {a}))))"
)
_CLOSE = "(jaro({a}, {b}) >= 0.89 OR levenshtein({a}, {b}) <= 1)"
# Two neighbouring digits swapped leave the similarity of Jaro above 0.93 on 8 digits and above 0.96 on 13; another
# digit in one place stays below.  Damerau's distance says the same and takes ten times as long.
_LIKE = f"({{a}} = {{b}} OR jaro({{a}}, {{b}}) >= 0.89 OR {_PART})"
_SWAPPED = (
    "("
    + " OR ".join(
        f"({_LIKE.format(a='first_l', b=surname_r)} AND {_LIKE.format(a=surname_l, b='first_r')})"
        for surname_l, surname_r in (("last_l", "last_r"), ("last_l", "birth_r"), ("birth_l", "last_r"))
    )
    + ")"
)
# A slip makes a spelling that hardly anybody bears; two first names that many bear are two names, however alike.
_SLIP = (
    "(least(first_count_l, first_count_r) <= 3 "
    "OR least(first_count_l, first_count_r) * 25 < greatest(first_count_l, first_count_r))"
)
_TWO_PARTS = (
    "(left(dob_l, 6) = left(dob_r, 6) OR (left(dob_l, 4) = left(dob_r, 4) AND right(dob_l, 2) = right(dob_r, 2)) "
    "OR (right(dob_l, 4) = right(dob_r, 4) AND {near}))"
)
_NEAR_YEARS = "abs(CAST(left(dob_l, 4) AS INT) - CAST(left(dob_r, 4) AS INT)) <= 12"

SURNAME = Comparison(
    "surname",
    ("last_name", "birth_name"),
    (
        _null("(last_l IS NULL AND birth_l IS NULL) OR (last_r IS NULL AND birth_r IS NULL)"),
        Level("same name in use", "last_l = last_r", 0.76, 0.0008, frequencies="last"),
        Level("same name, in use or at birth", _either("{a} = {b}", *_CROSSED), 0.05, 0.0003),
        Level("first and last name swapped", _SWAPPED, 0.02, 0.0006, trained=False),
        Level("one is a part of the other's compound", _either(_PART, *_SURNAMES), 0.03, 0.0002),
        Level("one slip away", _either(_CLOSE, *_SURNAMES), 0.09, 0.003),
        Level("other", "ELSE", 0.05, 0.995, trained=False),
    ),
)
_BEGINS = "({a} LIKE concat({b}, '%') OR {b} LIKE concat({a}, '%'))".format(a="first_l", b="first_r")
_COMPOUND_PART = (
    f"{_PART.format(a='first_l', b='first_r')} OR replace(first_l, ' ', '') = replace(first_r, ' ', '') "
    f"OR ((first_l LIKE '% %' OR first_r LIKE '% %') AND {_BEGINS})"
)
_ONE_SLIP = (
    "(jaro(first_l, first_r) >= 0.87 OR levenshtein(first_l, first_r) <= 1 "
    f"OR jaro(split_part(first_l, ' ', 1), split_part(first_r, ' ', 1)) >= 0.87) AND {_SLIP}"
)
_SHORT_FORM = (
    f"{_BEGINS} OR (left(first_l, 3) = left(first_r, 3) AND least(length(first_l), length(first_r)) <= 5 "
    "AND abs(length(first_l) - length(first_r)) >= 2)"
)
_SOMEWHAT_ALIKE = f"(jaro(first_l, first_r) >= 0.72 OR levenshtein(first_l, first_r) <= 2) AND {_SLIP}"
_ONE_OWN_NUMBER = "nir_l = nir_r AND nir_state_l = 2 AND nir_state_r = 2"

FIRST_NAME = Comparison(
    "first_name",
    ("first_name",),
    (
        _null("first_l IS NULL OR first_r IS NULL"),
        Level("same", "first_l = first_r", 0.84, 0.006, frequencies="first"),
        Level("first and last name swapped", _SWAPPED, 0.02, 0.0006, trained=False),
        Level("a part of a compound", _COMPOUND_PART, 0.05, 0.01),
        Level("one slip away", _ONE_SLIP, 0.06, 0.002),
        Level("cut or short form", _SHORT_FORM, 0.003, 0.02, trained=False),
        Level("somewhat alike, one a rare spelling", _SOMEWHAT_ALIKE, 0.01, 0.01, trained=False),
        Level("another name, but one social security number", _ONE_OWN_NUMBER, 0.003, 0.9, trained=False),
        _veto("another name", 0.95),
    ),
)

_DAY_AND_MONTH_SWAPPED = (
    "left(dob_l, 4) = left(dob_r, 4) AND right(dob_l, 2) = substr(dob_r, 5, 2) "
    "AND right(dob_r, 2) = substr(dob_l, 5, 2)"
)
BIRTH_DATE = Comparison(
    "birth_date",
    ("birth_date",),
    (
        _null("dob_l IS NULL OR dob_r IS NULL"),
        Level("same day", "dob_l = dob_r", 0.93, 0.00004),
        Level("day and month swapped", _DAY_AND_MONTH_SWAPPED, 0.015, 0.00002),
        Level("one digit off", "levenshtein(dob_l, dob_r) <= 1 OR jaro(dob_l, dob_r) >= 0.93", 0.03, 0.0008),
        Level("one of day, month, year differs", _TWO_PARTS.format(near=_NEAR_YEARS), 0.015, 0.003),
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
_OWN_OR_UNKNOWN = "nir_l = nir_r AND nir_state_l >= 1 AND nir_state_r >= 1"
_ONE_DIGIT_OFF = (
    "(levenshtein(nir_l, nir_r) <= 1 OR jaro(nir_l, nir_r) >= 0.96) "
    "AND (nir_key_wrong_l OR nir_key_wrong_r OR nir_state_l = 1 OR nir_state_r = 1)"
)

NIR = Comparison(
    "nir",
    ("nir",),
    (
        _null("nir_l IS NULL OR nir_r IS NULL"),
        Level("same number, fits both records", _OWN_OR_UNKNOWN, 0.75, 2e-8, trained=False),
        Level("same number, foreign to one", "nir_l = nir_r", 0.04, 0.004, trained=False),
        Level("one digit off", _ONE_DIGIT_OFF, 0.04, 1e-6, trained=False),
        Level("one may be borrowed or mistyped", "nir_state_l = 0 OR nir_state_r = 0", 0.1, 0.1, trained=False),
        Level("differ, not known to fit", "nir_state_l = 1 OR nir_state_r = 1", 0.004, 0.9, trained=False),
        _veto("each fits its own record", 0.9),
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


@dataclass(frozen=True, slots=True)
class Model:
    """Comparisons with their weights, and the probability that two random records are of one person."""

    comparisons: tuple[Comparison, ...]
    probability: float

    def map_levels(self, change: Callable[[Comparison, Level], Level]) -> Model:
        """The model with every degree of every comparison replaced by what `change` makes of it."""
        return replace(
            self,
            comparisons=tuple(
                replace(comparison, levels=tuple(change(comparison, level) for level in comparison.levels))
                for comparison in self.comparisons
            ),
        )

    def without_vetoes(self) -> Model:
        """The model for a table without families: the vetoes become ordinary degrees, to be learned."""
        return self.map_levels(
            lambda comparison, level: (
                replace(level, m=0.05, trained=True) if level.veto and comparison.name != NIR.name else level
            )
        )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model to a JSON file, from which `load` reads it again."""
        Path(path).write_text(json.dumps(asdict(self), indent=1, ensure_ascii=False), encoding="utf-8")

    @staticmethod
    def load(path: str | os.PathLike[str]) -> Model:
        """The model that `save` wrote; `InputError` when the file holds none."""
        try:
            written = json.loads(Path(path).read_text(encoding="utf-8"))
            comparisons = tuple(
                Comparison(c["name"], tuple(c["fields"]), tuple(Level(**level) for level in c["levels"]))
                for c in written["comparisons"]
            )
            return Model(comparisons, float(written["probability"]))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(
                f"The file {path} holds no trained model ({error}): give one that `Model.save` wrote."
            ) from None


def initial_model(fields: Iterable[str], rows: int) -> Model:
    """The model before training, for a table with these fields of the schema and so many rows.

    Comparisons none of whose fields the table has are left out.  About as many pairs are taken to be true as there
    are records, whatever the size: one or two records a person is what a base holds.
    """
    present = set(fields)
    kept = tuple(comparison for comparison in COMPARISONS if present.intersection(comparison.fields))
    return Model(kept, 1 / max(rows, 50))


_JARO = {"duckdb": "jaro_similarity", "spark": "jaro_sim"}
"""What each engine calls the similarity of Jaro; all else in the conditions is common to both.

Winkler's bonus for a common beginning is left out: the engines give it differently to names of more than ten letters.
"""


def settings(model: Model, dialect: str = "duckdb") -> dict[str, Any]:
    """The Splink settings of the model in the words of an engine ("duckdb" or "spark")."""
    return {
        "link_type": "dedupe_only",
        "unique_id_column_name": "uid",
        "probability_two_random_records_match": model.probability,
        "retain_matching_columns": False,
        "retain_intermediate_calculation_columns": False,
        "blocking_rules_to_generate_predictions": [],
        "comparisons": [
            {
                "output_column_name": comparison.name,
                "comparison_levels": [_level(level, dialect) for level in comparison.levels],
            }
            for comparison in model.comparisons
        ],
    }


def _level(level: Level, dialect: str) -> dict[str, Any]:
    condition = level.condition.replace("jaro(", f"{_JARO[dialect]}(")
    written: dict[str, Any] = {"sql_condition": condition, "label_for_charts": level.name}
    if level.is_null:
        return {**written, "is_null_level": True}
    written |= {"m_probability": level.m, "u_probability": level.u}
    if not level.trained:
        written |= {"fix_m_probability": True, "fix_u_probability": True}
    if level.frequencies:
        written |= {"tf_adjustment_column": level.frequencies, "tf_adjustment_weight": 1.0}
    return written
