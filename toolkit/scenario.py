"""Scenarios of synthetic leaks: sizes, rates and dates, read from a TOML file and checked.

The scenarios of the toolkit are in `toolkit/scenarios/`. Every value in them has a source beside it, or the word
"assumption".
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from toolkit.errors import InputError, ScenarioError

__all__ = ["DEFAULT_SCENARIO", "ORIGINS", "Marks", "Scenario", "Sizes", "load_scenario", "scenario_names"]

DEFAULT_SCENARIO = "mlm-2026"
MINIMUM_ROWS = 1_000
ORIGINS = (
    "maghreb", "sub_saharan_africa", "asia", "portugal", "eastern_europe", "northern_europe", "italy", "spain",
    "turkey", "elsewhere",
)  # fmt: skip
"""Groups of countries of birth of people born abroad."""

_COMMENT_YEARS = (2005, 2026)
"""Years for which the grammar of comments has dates."""
_MARK_OF_ERROR = {
    "former_husband_name": "remarriages", "other_spelling": "foreign_born", "wrong_sex": "wrong_sex",
}  # fmt: skip

Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(gt=0)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Sizes(_Section):
    """Numbers of lines, records, people, practices and public figures in a leak."""

    lines: Count
    records: Count
    people: Count
    practitioners: Count
    practices: Count
    sensitive_people: Count
    table_records: Count
    public_figures: Count
    minimum_practices: Annotated[int, Field(ge=4)]

    @model_validator(mode="after")
    def _nested(self) -> Sizes:
        if not self.people <= self.records <= self.lines:
            raise ValueError("sizes must satisfy people <= records <= lines")
        if not self.records <= self.table_records:
            raise ValueError("sizes.table_records must be at least sizes.records")
        if not self.practices <= self.practitioners:
            raise ValueError("sizes must satisfy practices <= practitioners")
        return self

    def scaled(self, lines: int) -> Sizes:
        """Return sizes with the same proportions at another number of lines.

        There are at least `minimum_practices` practices, since a handful could not share patients. The register of
        public figures keeps its size, limited to one figure for 40 people in a small leak.
        """

        def share(count: int) -> int:
            return (count * lines * 2 + self.lines) // (self.lines * 2)

        practices = max(share(self.practices), self.minimum_practices)
        people = share(self.people)
        return self.model_copy(
            update={
                "lines": lines,
                "records": share(self.records),
                "people": people,
                "practices": practices,
                "practitioners": max(share(self.practitioners), practices * self.practitioners // self.practices),
                "sensitive_people": max(1, share(self.sensitive_people)),
                "table_records": share(self.table_records),
                "public_figures": min(self.public_figures, max(10, people // 40)),
            }
        )


class Dates(_Section):
    """The date of the copy, and how far back the records of the practices go."""

    copied_on: date
    history_years_min: Annotated[int, Field(ge=1, le=30)]
    history_years_max: Annotated[int, Field(ge=1, le=30)]
    imports: Share
    import_share: Annotated[float, Field(ge=0, le=0.8)]
    old_dates: Share
    late_entries: Annotated[float, Field(ge=0, le=0.5)]
    first_weeks: Annotated[float, Field(ge=0, le=50)]

    @model_validator(mode="after")
    def _ordered(self) -> Dates:
        if self.history_years_min > self.history_years_max:
            raise ValueError("dates.history_years_min is above dates.history_years_max")
        first, last = self.copied_on.year - self.history_years_max, self.copied_on.year
        if first < _COMMENT_YEARS[0] or last > _COMMENT_YEARS[1]:
            raise ValueError(
                f"dates.copied_on and dates.history_years_max give the years {first} to {last}; comments have dates "
                f"from {_COMMENT_YEARS[0]} to {_COMMENT_YEARS[1]}"
            )
        return self


class Marks(_Section):
    """Marks of a real base, each of which can be switched off; the scenario file says what each is."""

    working_days: bool
    seasons: bool
    lockdown: bool
    planned_births: bool
    unknown_birthdays: bool
    house_style: bool
    style_runs: bool
    nir_checks: bool
    online_by_age: bool
    regional_surnames: bool
    foreign_born: bool
    old_corsica: bool
    inhabitants: bool
    distance: bool
    landlines: bool
    record_order: bool
    first_weeks: bool
    school_age: bool
    families: bool
    deaths: bool
    double_openings: bool
    transfers: bool
    household_moves: bool
    remarriages: bool
    wrong_sex: bool


Weight = Annotated[int, Field(ge=0, le=1000)]


class Calendar(_Section):
    """Weights of the days on which practices open and change records; 100 is an ordinary day."""

    weekdays: Annotated[list[Weight], Field(min_length=7, max_length=7)]
    months: Annotated[list[Weight], Field(min_length=12, max_length=12)]
    public_holiday: Weight
    closed_weekday: Share
    closed_in_august: Annotated[int, Field(ge=0, le=28)]
    lockdown_from: date
    lockdown_to: date
    lockdown: Weight

    @model_validator(mode="after")
    def _open_somewhen(self) -> Calendar:
        if sum(weight > 0 for weight in self.weekdays) < 3:
            raise ValueError("calendar.weekdays has fewer than 3 days with a weight above 0")
        if not all(self.months):
            raise ValueError("calendar.months has a month with weight 0")
        return self


class Practices(_Section):
    """Size and specialty of the practices, and where their patients live."""

    size_spread: Annotated[float, Field(ge=0, le=2)]
    live_anywhere: Share
    half_distance_km: Annotated[float, Field(gt=0, le=50)]
    capacity: Annotated[float, Field(gt=0, le=1)]
    sentinel_rate: Annotated[float, Field(ge=0, le=0.05)]
    copied_bases: Annotated[float, Field(ge=0, le=0.2)]
    copied_base_share: Annotated[float, Field(ge=0, le=0.6)]
    double_openings: Annotated[float, Field(ge=0, le=0.05)]
    specialties: dict[str, Share]

    @model_validator(mode="after")
    def _sum_to_one(self) -> Practices:
        if abs(sum(self.specialties.values()) - 1) > 1e-6:
            raise ValueError("practices.specialties must sum to 1")
        return self


class People(_Section):
    """Households, names, numbers and addresses of the people."""

    household_sizes: Annotated[list[Share], Field(min_length=5, max_length=5)]
    lone_parent: Share
    twins: Share
    father_and_son_same_name: Share
    same_sex_couples: Share
    husband_name_old: Share
    husband_name_middle: Share
    husband_name_young: Share
    died: Annotated[float, Field(ge=0, le=0.2)]
    school_age: Share
    newborns: Share
    together: Share
    both_names: Share
    mother_name: Share
    double_name: Share
    born_in_departement: Share
    local_names: Share
    born_abroad: Share
    holds_nir: Share
    second_landline: Share
    ported_landline: Share
    mobile_adult: Share
    landline_household: Share
    email_adult: Share
    shared_email: Share
    child_has_parent_contact: Share
    whole_household_moves: Share
    third_practice: Share
    fourth_practice: Share
    origins: dict[str, Share]

    @model_validator(mode="after")
    def _known_origins(self) -> People:
        if set(self.origins) != set(ORIGINS):
            raise ValueError(f"people.origins must have the keys {', '.join(ORIGINS)}")
        if abs(sum(self.origins.values()) - 1) > 1e-6:
            raise ValueError("people.origins must sum to 1")
        return self


class Births(_Section):
    """Weights of the days of birth; 100 is an ordinary day. One value per period of birth (see the scenario file)."""

    saturday: Annotated[list[Weight], Field(min_length=7, max_length=7)]
    sunday: Annotated[list[Weight], Field(min_length=7, max_length=7)]
    public_holiday: Annotated[list[Weight], Field(min_length=7, max_length=7)]
    christmas: Annotated[list[Weight], Field(min_length=7, max_length=7)]
    leap_day: Annotated[list[Weight], Field(min_length=7, max_length=7)]
    unknown_day: Annotated[list[Share], Field(min_length=3, max_length=3)]
    on_first_of_january: Share


class Typing(_Section):
    """Secretaries, and their habits: share of the secretaries with a habit, share of their records where it shows."""

    house_rule: Share
    run_days: Annotated[list[Count], Field(min_length=2, max_length=2)]
    stay_days: Annotated[list[Count], Field(min_length=2, max_length=2)]
    checks_nir: Annotated[float, Field(ge=0, lt=1)]
    capitals: Annotated[list[Share], Field(min_length=2, max_length=2)]
    lost_accents: Annotated[list[Share], Field(min_length=2, max_length=2)]
    lost_hyphen_or_particle: Annotated[list[Share], Field(min_length=2, max_length=2)]
    compound_first_name_cut: Annotated[list[Share], Field(min_length=2, max_length=2)]

    @model_validator(mode="after")
    def _ordered(self) -> Typing:
        for name in ("run_days", "stay_days"):
            shortest, longest = getattr(self, name)
            if shortest > longest:
                raise ValueError(f"typing.{name} has a shortest value above the longest")
        return self


class Lines(_Section):
    """Batches of the export, and the practices where it wrote lines twice."""

    batch: Annotated[list[Count], Field(min_length=1)]
    practices_with_repeats: Annotated[float, Field(gt=0, le=1)]


class Style(_Section):
    """Share of comments typed in each style; see `toolkit.synth.comments._comments.StyleRates`."""

    capitals: Share
    lower_case: Share
    lost_accents: Share
    initial_capital: Share
    stamp: Share
    before: Share
    after: Share
    hearsay: Share
    exclamations: Share
    typing_error: Share
    missing_space: Share
    cut: Share
    stock: Share


class Comments(_Section):
    """How often comments are written, how many are sensitive, and their styles."""

    non_blank: Share
    sensitive_elsewhere: Share
    writers: Annotated[list[Count], Field(min_length=1)]
    style: Style


class Figures(_Section):
    """The synthetic register of public figures."""

    present: Share
    birth_date_known: Share
    roles: dict[str, Share]


class Errors(_Section):
    """Share of records on which each typing error is tried."""

    keyboard_misspelling: Share
    phonetic_misspelling: Share
    lost_accents: Share
    lost_hyphen_or_particle: Share
    compound_first_name_cut: Share
    use_name_for_birth_name: Share
    before_marriage: Share
    former_husband_name: Share
    other_spelling: Share
    names_swapped: Share
    day_month_swapped: Share
    date_digit_wrong: Share
    placeholder_birth_date: Share
    nir_missing: Share
    nir_digit_wrong: Share
    relative_nir: Share
    old_address: Share
    old_phone: Share
    wrong_sex: Share
    placeholder_phone: Share
    missing_sex: Share
    missing_birth_date: Share
    missing_address: Share
    missing_contact: Share
    capitals: Share
    mojibake: Share
    stray_spaces: Share


class Scenario(_Section):
    """Everything that determines a leak, except the seed and the number of lines."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    version: Count
    title: str
    marks: Marks
    sizes: Sizes
    dates: Dates
    calendar: Calendar
    practices: Practices
    people: People
    births: Births
    typing: Typing
    lines: Lines
    comments: Comments
    figures: Figures
    errors: Errors
    errors_elsewhere: dict[str, Annotated[float, Field(ge=0)]]

    @model_validator(mode="after")
    def _known_errors(self) -> Scenario:
        unknown = sorted(set(self.errors_elsewhere) - set(Errors.model_fields))
        if unknown:
            raise ValueError(
                f"errors_elsewhere has unknown errors: {', '.join(unknown)}; use names of the section errors"
            )
        return self

    def error_rate(self, name: str, *, elsewhere: bool) -> float:
        """Return the share of records on which the error `name` is tried, at the home practice or elsewhere.

        It is 0 for an error that belongs to a mark which is off.
        """
        if not getattr(self.marks, _MARK_OF_ERROR.get(name, ""), True):
            return 0.0
        rate: float = getattr(self.errors, name)
        return min(1.0, rate * self.errors_elsewhere.get(name, 1.0)) if elsewhere else rate

    def without(self, marks: Iterable[str]) -> Scenario:
        """Return the scenario with these marks switched off.

        Raises `InputError` for a name that is not a mark.
        """
        names = list(dict.fromkeys(marks))
        unknown = sorted(set(names) - set(Marks.model_fields))
        if unknown:
            raise InputError(
                f"Unknown mark {', '.join(map(repr, unknown))}: use some of {', '.join(Marks.model_fields)}."
            )
        return self.model_copy(update={"marks": self.marks.model_copy(update=dict.fromkeys(names, False))})

    def sizes_at(self, rows: int) -> Sizes:
        """Return the sizes at `rows` lines; raise `InputError` below 1,000 lines, the smallest possible leak."""
        if rows < MINIMUM_ROWS:
            raise InputError(f"--rows is {rows}: a leak has at least {MINIMUM_ROWS:,} lines; give a larger number.")
        return self.sizes.scaled(rows)


def scenario_names() -> list[str]:
    """Return the names of the scenarios that come with the toolkit."""
    folder = resources.files("toolkit") / "scenarios"
    return sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))


def load_scenario(name_or_path: str | Path = DEFAULT_SCENARIO) -> Scenario:
    """Read and check a scenario, given the name of a built-in scenario or the path of a TOML file.

    Raises `ScenarioError`, with the file and, for each invalid value, the key, what was found and what was expected.
    """
    where = str(name_or_path)
    try:
        if where in scenario_names():
            text = (resources.files("toolkit") / "scenarios" / f"{where}.toml").read_text(encoding="utf-8")
        else:
            text = Path(where).read_text(encoding="utf-8")
    except OSError as error:
        known = ", ".join(scenario_names())
        reason = error.strerror or "cannot be read"
        raise ScenarioError(
            f"No scenario {where!r} ({reason}): use one of {known}, or the path of a TOML file."
        ) from error
    try:
        return Scenario.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ScenarioError(f"Scenario {where!r} is not valid TOML: {error}.") from error
    except ValidationError as error:
        raise ScenarioError(f"Scenario {where!r}: {_explain(error)}") from error


def _explain(error: ValidationError) -> str:
    faults = []
    for fault in error.errors():
        key = ".".join(str(part) for part in fault["loc"]) or "the file"
        if fault["type"] == "extra_forbidden":
            faults.append(f"key {key!r} is unknown; remove it or correct its spelling")
        elif fault["type"] == "missing":
            faults.append(f"key {key!r} is missing")
        elif fault["type"] == "value_error":
            faults.append(str(fault["ctx"]["error"]))
        else:
            faults.append(f"key {key!r} is {fault['input']!r}: {fault['msg'].lower()}")
    return "; ".join(faults) + "."
