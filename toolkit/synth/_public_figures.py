"""The synthetic register of public figures, and which of them are among the people of the leak."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from toolkit.errors import ScenarioError
from toolkit.scenario import Scenario
from toolkit.schema import PUBLIC_FIGURES
from toolkit.synth._geography import Geography
from toolkit.synth._households import Demography
from toolkit.synth._names import NamePools
from toolkit.synth._people import People
from toolkit.synth._plan import Plan
from toolkit.synth._withheld import is_withheld_full_name, is_withheld_surname
from toolkit.synth.streams import Ints, Picker, permute, scale, stream

__all__ = ["PublicFigures", "choose_figures"]

_TRIES = 64


@dataclass(frozen=True)
class PublicFigures:
    """The register, and the people of the leak who are in it."""

    register: pa.Table
    people: Ints
    """Sorted person ids of the figures who are in the leak."""
    figure_ids: Ints
    """Figure id of each of `people`."""

    def of(self, person: Ints) -> tuple[Ints, Ints]:
        """Return the positions in `person` that are public figures, and their figure ids."""
        if len(self.people) == 0:
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
        at = np.minimum(np.searchsorted(self.people, person), len(self.people) - 1)
        rows = np.flatnonzero(self.people[at] == person)
        return rows, self.figure_ids[at[rows]]


def choose_figures(
    scenario: Scenario, plan: Plan, people: People, geography: Geography, pools: NamePools
) -> PublicFigures:
    """Choose the figures, some among the people of the leak, the others outside it; none has a well-known name.

    Raises `ScenarioError` when the scenario names an unknown role category, or the leak is too small for its figures.
    """
    rates, count = scenario.figures, plan.sizes.public_figures
    ids = np.arange(count, dtype=np.int64)
    role = _draw_roles(scenario, plan.seed, ids)
    present = permute(ids, count, stream(plan.seed, "figure/present").key) < round(count * rates.present)
    person = _PersonPicker(scenario, plan, people, pools).choose(ids, present, role)
    register = _register(scenario, plan, people, geography, pools, person, role)
    order = np.argsort(person[present])
    return PublicFigures(register, person[present][order], (ids[present] + 1)[order])


@cache
def _roles() -> pl.DataFrame:
    """Return one row per role: category, youngest and oldest age, title of a man and of a woman."""
    return pl.read_csv((resources.files("toolkit.synth") / "data" / "roles.csv").read_bytes())


def _draw_roles(scenario: Scenario, seed: int, ids: Ints) -> Ints:
    """Return the row of `_roles` of each figure: a category drawn by its share, then one of its roles."""
    categories, shares = list(scenario.figures.roles), list(scenario.figures.roles.values())
    roles = _roles()
    unknown = sorted(set(categories) - set(roles["category"]))
    if unknown:
        known = ", ".join(roles["category"].unique().sort())
        raise ScenarioError(f"figures.roles has unknown categories: {', '.join(unknown)}; expected some of {known}.")
    category = Picker([round(share * 10_000) for share in shares])(stream(seed, "figure/kind")(ids))
    rows = [np.flatnonzero((roles["category"] == name).to_numpy()) for name in categories]
    start = np.cumsum([0, *map(len, rows)])[:-1]
    size = np.array([len(of) for of in rows])
    return np.concatenate(rows)[start[category] + stream(seed, "figure/role").below(ids, size[category])]


class _PersonPicker:
    """Choose a person for each figure."""

    def __init__(self, scenario: Scenario, plan: Plan, people: People, pools: NamePools) -> None:
        self._plan, self._people, self._pools = plan, people, pools
        self._words = stream(plan.seed, "figure/person")
        self._this_year = scenario.dates.copied_on.year

    def choose(self, ids: Ints, present: NDArray[np.bool_], role: Ints) -> Ints:
        """Return a different person for each figure, of a suitable age and with a name that may be shown."""
        youngest, oldest = (_roles()[name].to_numpy()[role] for name in ("youngest", "oldest"))
        outside = self._plan.sizes.people + self._plan.sizes.records
        person = np.full(len(ids), -1, dtype=np.int64)
        taken: set[int] = set()
        for attempt in range(_TRIES):
            todo = np.flatnonzero(person < 0)
            if todo.size == 0:
                return person
            key = ids[todo] * _TRIES + attempt
            drawn = scale(self._words(key), self._plan.sizes.people)
            candidate = np.where(present[todo], drawn, outside + key)
            home = self._plan.home(candidate)
            who = self._people.households(candidate, home)
            age = self._this_year - who.year
            alive = self._people.households.deaths(candidate, who, home) == 0
            fits = np.flatnonzero((age >= youngest[todo]) & (age <= oldest[todo]) & alive)
            for row in fits[self._may_be_shown(candidate[fits], who.take(fits), home[fits])].tolist():
                if int(candidate[row]) not in taken:
                    taken.add(int(candidate[row]))
                    person[todo[row]] = candidate[row]
        raise ScenarioError(
            f"The {self._plan.sizes.people:,} people of this leak are too few for the public figures of the scenario: "
            "lower figures.present or give more --rows."
        )

    def _may_be_shown(self, person: Ints, who: Demography, home: Ints) -> NDArray[np.bool_]:
        """Return which people have names that are not those of a well-known person."""
        names = self._people.names(person, who, home)
        plain = np.zeros(len(person), dtype=np.int64)
        first = self._pools.first_names.text(names.first, plain)
        allowed = np.ones(len(person), dtype=bool)
        for code in (names.use, names.birth):
            surname = self._pools.surnames.text(code, plain)
            for row, (given, family) in enumerate(zip(first, surname, strict=True)):
                allowed[row] &= not (is_withheld_surname(family) or is_withheld_full_name(given, family))
        return allowed


def _register(
    scenario: Scenario,
    plan: Plan,
    people: People,
    geography: Geography,
    pools: NamePools,
    person: Ints,
    role: Ints,
) -> pa.Table:
    ids = np.arange(len(person), dtype=np.int64)
    home = plan.home(person)
    who = people.households(person, home)
    names = people.names(person, who, home)
    plain = np.zeros(len(person), dtype=np.int64)
    place = people.homes(person, who, home, np.zeros(len(person), dtype=bool)).place
    known = stream(plan.seed, "figure/date known").chance(ids, scenario.figures.birth_date_known)
    unknown_date = pl.Series([None], dtype=pl.Date).new_from_index(0, len(ids))
    roles = _roles()[role]
    columns = {
        "figure_id": pl.Series((ids + 1).astype(np.int32)),
        "last_name": pools.surnames.joined(names.use, names.use_second, plain),
        "birth_name": pools.surnames.joined(names.birth, names.birth_second, plain),
        "first_name": pools.first_names.text(names.first, plain),
        "sex": pl.Series(["M", "F"]).gather(who.sex),
        "birth_date": pl.Series(who.birth_date).cast(pl.Date).zip_with(pl.Series(known), unknown_date),
        "departement_code": geography.departements["departement_code"].gather(geography.departement[place]),
        "role": roles["woman"].zip_with(pl.Series(who.sex == 1), roles["man"]),
        "role_category": roles["category"],
    }
    return pl.DataFrame(columns).to_arrow().cast(PUBLIC_FIGURES.arrow_schema())
