"""Match the columns of a table to those of the schema, by header and by content, one assignment over all pairs.

Each pair has a score from 0 to 1: how well the header names the column of the schema, and what share of sampled values
reads as one. The assignment that maximises the sum of scores is found by the Hungarian method
(`scipy.optimize.linear_sum_assignment`). Columns that no pair fits stay unmapped, and are kept beside the lines.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

import numpy as np
from scipy.optimize import linear_sum_assignment

from toolkit.intake._headers import FULL_NAME, ROLES, header_score
from toolkit.intake._names import first_names, name_order, surnames
from toolkit.intake._values import (
    fold,
    is_null_word,
    listed,
    nir_key,
    read_date,
    read_email,
    read_nir,
    read_phones,
    read_postal_code,
    read_sex,
)
from toolkit.reference import read as read_reference

__all__ = ["TYPED", "Ambiguity", "ColumnMap", "Match", "match_columns", "month_first"]

TYPED = (
    "sex",
    "birth_date",
    "nir",
    "postal_code",
    "mobile_phone",
    "landline_phone",
    "email",
    "created_on",
    "updated_on",
)
"""Columns whose values have a form, so that a text can be seen not to fit."""
_PHONES = ("mobile_phone", "landline_phone")
_DATES = ("birth_date", "created_on", "updated_on")
_NAMES = ("last_name", "birth_name", "first_name")
_ACCEPT = 0.4
_HEADER_WEIGHT = 0.75
_CLEAR = 0.05
"""Two candidates whose scores differ by less cannot be told apart."""


@dataclass(frozen=True, slots=True)
class Match:
    """What one column of a source is: a column of the schema or none, with the evidence and the runner-up."""

    source: str
    column: str | None
    score: float
    evidence: str
    runner_up: str | None = None
    runner_up_score: float = 0.0


@dataclass(frozen=True, slots=True)
class Ambiguity:
    """A choice that the data do not decide, so that the user must."""

    what: Literal["names", "date_order"]
    text: str


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """The columns of one table matched to the schema."""

    matches: tuple[Match, ...]
    month_first: Mapping[str, bool] = field(default_factory=dict)
    """Date columns of the source, and whether the month comes first."""
    last_first: bool = True
    """Whether full names begin with the last name."""
    ambiguities: tuple[Ambiguity, ...] = ()

    @property
    def columns(self) -> dict[str, str]:
        """Source columns and the column of the schema of each mapped one."""
        return {match.source: match.column for match in self.matches if match.column is not None}

    @property
    def is_people(self) -> bool:
        """Whether the table is about people: a name, and something that a list of practitioners does not have."""
        mapped = set(self.columns.values())
        named = bool(mapped & {"last_name", "birth_name", FULL_NAME})
        return named and bool(
            mapped
            & {"birth_date", "nir", "mobile_phone", "landline_phone", "address", "administrative_comment", "email"}
        )


def match_columns(
    names: Sequence[str], samples: Sequence[Sequence[str | None]], *, has_header: bool, copy_year: int
) -> ColumnMap:
    """Match the columns called `names` to the schema; `samples` has some cells of each column, row by row alike."""
    features = [_Features(cells, copy_year) for cells in samples]
    births = [number for number, one in enumerate(features) if one.share["date"] > 0.5]
    context = _Context(features, births)
    scores = np.zeros((len(names), len(ROLES)))
    for row, (name, one) in enumerate(zip(names, features, strict=True)):
        for place, role in enumerate(ROLES):
            header = header_score(name, role) if has_header else 0.0
            content = context.content(row, role)
            scores[row, place] = _combined(header, content, has_header=has_header, filled=one.filled)
    if has_header and _header_has_parts(names):
        scores[:, ROLES.index(FULL_NAME)] = 0.0
    chosen = _assign(scores)
    if not has_header:
        _settle_headerless(chosen, samples)
        _settle_comment(chosen, features)
    matches = tuple(
        _match(name, row, chosen.get(row), scores, features, has_header=has_header) for row, name in enumerate(names)
    )
    columns = {match.source: match.column for match in matches}
    orders, ambiguities = _date_orders(names, samples, columns, copy_year)
    ambiguities += _name_ambiguities(chosen, samples, has_header=has_header)
    full = [row for row, role in chosen.items() if role == FULL_NAME]
    order = name_order(text for text in samples[full[0]] if text) if full else None
    if full and order is None:
        ambiguities.append(
            Ambiguity(
                "names", f"the column {names[full[0]]} holds full names, and nothing shows whether the last comes first"
            )
        )
    return ColumnMap(matches, orders, order.last_first if order else True, tuple(ambiguities))


def _combined(header: float, content: float, *, has_header: bool, filled: bool) -> float:
    if not has_header:
        return content
    if not filled:
        return header * 0.9
    if header == 0.0:
        return content * 0.5
    # A header that the content contradicts counts half.
    return _HEADER_WEIGHT * header * (1.0 if content >= 0.15 else 0.5) + (1 - _HEADER_WEIGHT) * content


def _header_has_parts(names: Sequence[str]) -> bool:
    return any(header_score(name, "first_name") >= 0.7 for name in names)


def _assign(scores: np.ndarray) -> dict[int, str]:
    rows, places = linear_sum_assignment(scores, maximize=True)
    chosen = {int(row): ROLES[place] for row, place in zip(rows, places, strict=True) if scores[row, place] >= _ACCEPT}
    # Further telephone columns: their numbers go to the free place of each row.
    for row in range(len(scores)):
        if row not in chosen:
            best = max(scores[row, ROLES.index(role)] for role in _PHONES)
            if best >= 0.5 and best >= scores[row].max() - _CLEAR:
                chosen[row] = "mobile_phone" if scores[row, ROLES.index("mobile_phone")] == best else "landline_phone"
    return chosen


class _Features:
    """What the sampled cells of one column look like."""

    def __init__(self, cells: Sequence[str | None], copy_year: int) -> None:
        items = [item for cell in cells if cell is not None for item in (listed(cell) or [cell])]
        self.cells = [item for item in items if not is_null_word(item)]
        self.filled = bool(self.cells)
        count = max(len(self.cells), 1)
        self.distinct = len(set(self.cells)) / count
        self.length = sum(map(len, self.cells)) / count
        folded = [fold(cell) for cell in self.cells]
        self.tokens = sum(len(text.split()) for text in folded) / count
        self.folded = folded
        phones = [read_phones(cell) for cell in self.cells]
        mobile = [any(number[1] in "67" for number in phone.numbers) for phone in phones]
        fixed = [any(number[1] not in "67" for number in phone.numbers) for phone in phones]
        dates = [read_date(cell, copy_year=copy_year) for cell in self.cells]
        real = [isinstance(day.value, date) and "excel_serial_date" not in day.repairs for day in dates]
        self.share: dict[str, float] = {
            "nir": sum(read_nir(cell).value is not None for cell in self.cells) / count,
            "keyed": sum(_has_key(cell) for cell in self.cells) / count,
            "mobile": sum(mobile) / count,
            "fixed": sum(fixed) / count,
            "email": sum(read_email(cell).value is not None for cell in self.cells) / count,
            "postal": sum(read_postal_code(cell).value is not None for cell in self.cells) / count,
            "commune": sum(text in _communes() for text in folded) / count,
            "sex": sum(read_sex(cell).value is not None for cell in self.cells) / count,
            "date": sum(real) / count,
            "integer": sum(cell.strip().isdigit() for cell in self.cells) / count,
            "first": _in_list(folded, first_names()),
            "surname": _in_list(folded, surnames()),
            "letters": sum(bool(_NAME.fullmatch(cell.strip())) for cell in self.cells) / count,
            "street": sum(bool(_STREET.search(text)) for text in folded) / count,
        }
        years = [day.value.year for day, fits in zip(dates, real, strict=True) if fits and isinstance(day.value, date)]
        self.year = sum(years) / len(years) if years else 0.0
        self.unread = sum(not fits for fits in real) / count


_NAME = re.compile(r"[^\W\d_][^\d_@;/]{0,40}")
_STREET = re.compile(
    r"\b(rue|r|avenue|av|ave|boulevard|bd|bld|chemin|che|allee|all|place|pl|impasse|imp|route|rte|quai|cours|square|"
    r"lotissement|lot|residence|res|hameau|lieu dit|passage|cite|villa|street|st|road|rd|faubourg|sentier|voie)\b"
)


def _has_key(cell: str) -> bool:
    number = read_nir(cell).value
    return isinstance(number, str) and nir_key(number[:13]) == number[13:]


def _in_list(folded: Sequence[str], names: Mapping[str, float]) -> float:
    if not folded:
        return 0.0
    return sum(text in names or (" " in text and all(part in names for part in text.split())) for text in folded) / len(
        folded
    )


_COMMUNES: set[str] = set()


def _communes() -> set[str]:
    if not _COMMUNES:
        import io

        import pyarrow.parquet as pq

        table = pq.read_table(io.BytesIO(read_reference("communes.parquet")))
        name = "name" if "name" in table.column_names else table.column_names[1]
        _COMMUNES.update(fold(text) for text in table.column(name).to_pylist() if text)
    return _COMMUNES


class _Context:
    """The columns of a table together: which dates agree with the social security number, which codes with its sex."""

    def __init__(self, features: Sequence[_Features], dates: Sequence[int]) -> None:
        self.features = features
        earliest = min((features[row].year for row in dates), default=0.0)
        self._birth = {row for row in dates if features[row].year <= earliest + 5}
        others = sorted((row for row in dates if row not in self._birth), key=lambda row: (features[row].year, row))
        self._created, self._updated = others[:1], others[1:2]

    def content(self, row: int, role: str) -> float:  # noqa: C901, PLR0911, PLR0912 (one case for each role)
        """Return how well the values of a column fit a role, from 0 to 1."""
        one, share = self.features[row], self.features[row].share
        if not one.filled:
            return 0.0
        text = (1 - share["integer"]) * (1 - share["email"]) * (1 - max(share["mobile"], share["fixed"]))
        text *= 1 - share["date"]
        match role:
            case "nir":
                return share["nir"] * (0.5 + 0.5 * share["keyed"])
            case "birth_date":
                return share["date"] * (1.0 if row in self._birth else 0.4)
            case "created_on":
                return share["date"] * (0.9 if row in self._created else 0.3)
            case "updated_on":
                return share["date"] * (0.9 if row in self._updated else 0.3)
            case "mobile_phone":
                return share["mobile"] if share["nir"] < 0.5 else 0.0
            case "landline_phone":
                return share["fixed"] if share["nir"] < 0.5 else 0.0
            case "email":
                return share["email"]
            case "postal_code":
                return share["postal"] * (0.6 + 0.4 * (one.distinct < 0.98 or one.length == 5))
            case "sex":
                return share["sex"] * (1.0 if one.distinct < 0.5 or len(one.cells) < 12 else 0.3)
            case "city":
                return max(share["commune"] * text, 0.45 * share["letters"] * text if one.distinct < 0.9 else 0.0)
            case "first_name":
                return text * _name_like(share["first"], share["surname"], share["letters"], one)
            case "last_name":
                return text * _name_like(share["surname"], share["first"], share["letters"], one)
            case "birth_name":
                return text * _name_like(share["surname"], share["first"], share["letters"], one) * 0.98
            case "address":
                return share["street"] * text
            case "administrative_comment":
                wordy = min(one.tokens / 4, 1.0) * (1 - share["street"]) * (1 - share["commune"])
                return text * wordy * (0.5 + 0.5 * min(one.length / 20, 1.0))
            case "record_id":
                return 0.7 * share["integer"] * one.distinct * (share["postal"] < 0.9) * (share["nir"] < 0.5)
            case "full_name":
                both = sum(_shows_both(text) for text in one.folded) / max(len(one.folded), 1)
                return text * both * (1 - share["street"]) * (1 - share["commune"])
            case _:
                # The numbers of practices and practitioners show in the header alone.
                return 0.2


def _shows_both(text: str) -> bool:
    parts = text.split()
    if not 2 <= len(parts) <= 5:
        return False
    return any(part in first_names() for part in parts) and len(parts) >= 2


def _name_like(own: float, other: float, letters: float, one: _Features) -> float:
    if one.tokens > 3 or letters < 0.5 or one.share["sex"] > 0.9:
        return 0.0
    lead = own - 0.8 * other
    return max(0.0, min(1.0, 0.55 * letters + 0.9 * max(lead, -0.5)))


def _settle_headerless(chosen: dict[int, str], samples: Sequence[Sequence[str | None]]) -> None:
    """Of two columns of surnames, call the name in use the one that e-mail addresses have more often."""
    by_role = {role: row for row, role in chosen.items()}
    if not {"last_name", "birth_name"} <= by_role.keys():
        return
    one, two = sorted((by_role["last_name"], by_role["birth_name"]))
    in_use = _in_mails(one, two, by_role.get("email"), samples)
    if in_use == 0:
        return
    chosen[one], chosen[two] = ("last_name", "birth_name") if in_use > 0 else ("birth_name", "last_name")


def _settle_comment(chosen: dict[int, str], features: Sequence[_Features]) -> None:
    """Call the only text column that is left the comment, where there is none."""
    left = [
        row
        for row, one in enumerate(features)
        if row not in chosen and one.filled and max(one.share["integer"], one.share["date"], one.share["email"]) < 0.5
    ]
    if len(left) == 1 and "administrative_comment" not in chosen.values():
        chosen[left[0]] = "administrative_comment"


def _in_mails(one: int, two: int, mail: int | None, samples: Sequence[Sequence[str | None]]) -> int:
    """Return in how many more e-mail addresses the first of two columns of names is than the second."""
    if mail is None:
        return 0
    lead = 0
    for first, second, address in zip(samples[one], samples[two], samples[mail], strict=True):
        if first and second and address and "@" in address and fold(first) != fold(second):
            local = re.sub(r"[^a-z]", "", fold(address.split("@")[0]))
            lead += fold(first).replace(" ", "") in local
            lead -= fold(second).replace(" ", "") in local
    return lead


def _name_ambiguities(
    chosen: Mapping[int, str], samples: Sequence[Sequence[str | None]], *, has_header: bool
) -> list[Ambiguity]:
    by_role = {role: row for row, role in chosen.items()}
    if has_header or not {"last_name", "birth_name"} <= by_role.keys():
        return []
    one, two = sorted((by_role["last_name"], by_role["birth_name"]))
    same = all(a == b for a, b in zip(samples[one], samples[two], strict=True))
    if same or _in_mails(one, two, by_role.get("email"), samples) != 0:
        return []
    return [
        Ambiguity(
            "names",
            f"columns {one + 1} and {two + 1} both hold surnames, and nothing shows which is the name in use and which "
            "the name at birth",
        )
    ]


def _match(
    name: str,
    row: int,
    role: str | None,
    scores: np.ndarray,
    features: Sequence[_Features],
    *,
    has_header: bool,
) -> Match:
    order = [place for place in np.argsort(-scores[row], kind="stable").tolist() if ROLES[place] != role]
    runner = order[0] if order and scores[row, order[0]] > 0 else None
    evidence = _evidence(name, role, features[row], has_header=has_header)
    return Match(
        name,
        role,
        round(float(scores[row, ROLES.index(role)]), 3) if role else 0.0,
        evidence,
        ROLES[runner] if runner is not None else None,
        round(float(scores[row, runner]), 3) if runner is not None else 0.0,
    )


_TESTS = {
    "nir": ("keyed", "are social security numbers with the right key"),
    "birth_date": ("date", "are dates"),
    "created_on": ("date", "are dates"),
    "updated_on": ("date", "are dates"),
    "mobile_phone": ("mobile", "are mobile numbers"),
    "landline_phone": ("fixed", "are landline numbers"),
    "email": ("email", "are e-mail addresses"),
    "postal_code": ("postal", "are postal codes"),
    "city": ("commune", "are names of communes"),
    "sex": ("sex", "are codes of sex"),
    "first_name": ("first", "are in the list of first names"),
    "last_name": ("surname", "are in the list of surnames"),
    "birth_name": ("surname", "are in the list of surnames"),
    "address": ("street", "name a street"),
    "record_id": ("integer", "are whole numbers"),
}


def _evidence(name: str, role: str | None, one: _Features, *, has_header: bool) -> str:
    if role is None:
        return "no column of the schema fits" if one.filled else "the column is empty"
    parts = []
    if has_header and header_score(name, role) > 0:
        parts.append(f"header {header_score(name, role):.2f}")
    if role in _TESTS and one.filled:
        test, text = _TESTS[role]
        parts.append(f"{one.share[test]:.0%} of {len(one.cells)} sampled values {text}")
    return "; ".join(parts) or "by its place beside the others"


def month_first(cells: Sequence[str | None], copy_year: int) -> tuple[int, int]:
    """Return how many dates of a column have a sense only with the day first, and only with the month first."""
    day = month = 0
    for cell in cells:
        if cell is None or is_null_word(cell):
            continue
        one = read_date(cell, month_first=False, copy_year=copy_year)
        two = read_date(cell, month_first=True, copy_year=copy_year)
        if one.value is None or two.value is None or (one.value == two.value and one.repairs == two.repairs):
            continue
        if "other_date_order" in two.repairs:
            day += 1
        elif "other_date_order" in one.repairs:
            month += 1
    return day, month


def _date_orders(
    names: Sequence[str], samples: Sequence[Sequence[str | None]], columns: Mapping[str, str | None], copy_year: int
) -> tuple[dict[str, bool], list[Ambiguity]]:
    orders: dict[str, bool] = {}
    unclear: list[str] = []
    numbers = next((cells for name, cells in zip(names, samples, strict=True) if columns.get(name) == "nir"), None)
    decided: Counter[bool] = Counter()
    for name, cells in zip(names, samples, strict=True):
        if columns.get(name) not in _DATES:
            continue
        day, month = month_first(cells, copy_year)
        if not (day or month) and columns[name] == "birth_date" and numbers is not None:
            day, month = _agreeing_months(cells, numbers, copy_year)
        if day or month:
            orders[name] = month > day
            decided[month > day] += 1
        elif any(_two_orders(cell, copy_year) for cell in cells):
            unclear.append(name)
    ambiguities: list[Ambiguity] = []
    for name in unclear:
        if len(decided) == 1:
            orders[name] = next(iter(decided))
        else:
            ambiguities.append(
                Ambiguity(
                    "date_order",
                    f"the dates of column {name} can be read with the day or the month first, and no row decides",
                )
            )
    return orders, ambiguities


def _agreeing_months(cells: Sequence[str | None], numbers: Sequence[str | None], copy_year: int) -> tuple[int, int]:
    """Return how many birth dates agree with the month of the social security number, day first and month first."""
    day = month = 0
    for cell, text in zip(cells, numbers, strict=True):
        number = read_nir(text).value if text is not None else None
        if cell is None or not isinstance(number, str) or not _two_orders(cell, copy_year):
            continue
        one = read_date(cell, month_first=False, copy_year=copy_year).value
        two = read_date(cell, month_first=True, copy_year=copy_year).value
        day += isinstance(one, date) and f"{one:%m}" == number[3:5]
        month += isinstance(two, date) and f"{two:%m}" == number[3:5]
    return day, month


def _two_orders(cell: str | None, copy_year: int) -> bool:
    if cell is None or is_null_word(cell):
        return False
    one = read_date(cell, month_first=False, copy_year=copy_year)
    two = read_date(cell, month_first=True, copy_year=copy_year)
    return one.value is not None and two.value is not None and one.value != two.value
