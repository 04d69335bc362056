"""The outside register of public figures, all invented, and which of them are among the people of the leak."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
import pyarrow as pa

from toolkit.scenario import Scenario
from toolkit.schema import PUBLIC_FIGURES
from toolkit.synth.geography import Geography
from toolkit.synth.mixer import Ints, Picker, permute, stream
from toolkit.synth.names import NamePool
from toolkit.synth.people import People
from toolkit.synth.plan import Plan
from toolkit.synth.withheld import is_withheld_full_name, is_withheld_surname

__all__ = ["PublicFigures", "invent_figures"]

_TRIES = 64
_ROLES: dict[str, tuple[int, int, tuple[tuple[str, str], ...]]] = {
    "member_of_parliament": (26, 76, (("député", "députée"), ("sénateur", "sénatrice"), ("député européen", "députée européenne"))),
    "minister_or_former_minister": (34, 82, (("ministre délégué", "ministre déléguée"), ("ancien ministre", "ancienne ministre"))),
    "senior_official": (32, 67, (("préfet", "préfète"), ("directeur d'administration centrale", "directrice d'administration centrale"),
                                 ("conseiller d'État", "conseillère d'État"), ("ambassadeur", "ambassadrice"))),
    "mayor": (29, 79, (("maire", "maire"), ("président de conseil départemental", "présidente de conseil départemental"))),
    "magistrate": (29, 67, (("procureur", "procureure"), ("juge d'instruction", "juge d'instruction"),
                            ("président de tribunal", "présidente de tribunal"))),
    "police_and_defence": (28, 64, (("commissaire de police", "commissaire de police"), ("colonel de gendarmerie", "colonelle de gendarmerie"),
                                    ("officier général", "officière générale"))),
    "press": (26, 70, (("journaliste", "journaliste"), ("présentateur", "présentatrice"), ("directeur de rédaction", "directrice de rédaction"))),
}  # fmt: skip
"""For each kind of role: youngest and oldest age, and titles for a man and a woman."""


@dataclass(frozen=True)
class PublicFigures:
    """The register, and where its figures are in the leak."""

    register: pa.Table
    people: Ints
    """Sorted person ids of the figures present."""
    figure_ids: Ints
    """Figure id of each of `people`."""

    def of(self, person: Ints) -> tuple[Ints, Ints]:
        """Positions in `person` that are a public figure's, and the figure ids there."""
        if len(self.people) == 0:
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
        at = np.minimum(np.searchsorted(self.people, person), len(self.people) - 1)
        rows = np.flatnonzero(self.people[at] == person)
        return rows, self.figure_ids[at[rows]]


def invent_figures(
    scenario: Scenario, plan: Plan, people: People, geography: Geography, surnames: NamePool, first_names: NamePool
) -> PublicFigures:
    """Choose the figures: those present among the people of the leak, the others past them; none bears a known name."""
    rates, count = scenario.figures, plan.sizes.public_figures
    unknown = sorted(set(rates.roles) - set(_ROLES))
    if unknown:
        raise ValueError(f"figures.roles names no known role: {', '.join(unknown)}")
    ids = np.arange(count, dtype=np.int64)
    kinds = list(rates.roles)
    kind = Picker([round(share * 10_000) for share in rates.roles.values()])(stream(plan.seed, "figure/kind")(ids))
    present = permute(ids, count, stream(plan.seed, "figure/present").key) < round(count * rates.present)
    youngest = np.array([_ROLES[name][0] for name in kinds])[kind]
    oldest = np.array([_ROLES[name][1] for name in kinds])[kind]
    person = _choose(scenario, plan, people, ids, present, youngest, oldest, surnames, first_names)
    register = _register(scenario, plan, people, geography, person, [kinds[k] for k in kind], surnames, first_names)
    order = np.argsort(person[present])
    return PublicFigures(register, person[present][order], (ids[present] + 1)[order])


def _choose(
    scenario: Scenario, plan: Plan, people: People, ids: Ints, present: Ints, youngest: Ints, oldest: Ints,
    surnames: NamePool, first_names: NamePool,
) -> Ints:  # fmt: skip
    """A person for each figure, of a fitting age and with a name that may be shown; nobody twice."""
    words = stream(plan.seed, "figure/person")
    this_year = scenario.dates.copied_on.year
    outside = plan.sizes.people + plan.sizes.records
    person = np.full(len(ids), -1, dtype=np.int64)
    taken: set[int] = set()
    for attempt in range(_TRIES):
        todo = np.flatnonzero(person < 0)
        if todo.size == 0:
            return person
        key = ids[todo] * _TRIES + attempt
        candidate = np.where(present[todo], words.below(key, plan.sizes.people), outside + key)
        who = people.households(candidate)
        age = this_year - who.year
        fits = (age >= youngest[todo]) & (age <= oldest[todo])
        names = people.names(candidate, who)
        plain = np.zeros(len(todo), dtype=np.int64)
        for row in np.flatnonzero(fits).tolist():
            first = first_names.text(names.first[row : row + 1], plain[:1])[0]
            family = {surnames.text(code[row : row + 1], plain[:1])[0] for code in (names.use, names.birth)}
            known = any(is_withheld_surname(name) or is_withheld_full_name(first, name) for name in family)
            if not known and int(candidate[row]) not in taken:
                taken.add(int(candidate[row]))
                person[todo[row]] = candidate[row]
    raise ValueError("the leak is too small to hold the public figures of the scenario; lower figures.present")


def _register(
    scenario: Scenario, plan: Plan, people: People, geography: Geography, person: Ints, category: list[str],
    surnames: NamePool, first_names: NamePool,
) -> pa.Table:  # fmt: skip
    ids = np.arange(len(person), dtype=np.int64)
    home = plan.home(person)
    who = people.households(person, home)
    names = people.names(person, who)
    plain = np.zeros(len(person), dtype=np.int64)
    place = people.homes(person, who, home, np.zeros(len(person), dtype=bool)).place
    pick = stream(plan.seed, "figure/title")(ids)
    titles = [
        _ROLES[name][2][int(word) % len(_ROLES[name][2])][int(sex)]
        for name, word, sex in zip(category, pick >> np.uint64(33), who.sex, strict=True)
    ]
    known = stream(plan.seed, "figure/date known").chance(ids, scenario.figures.birth_date_known)
    dates = pl.Series(who.birth_date).cast(pl.Date).zip_with(pl.Series(known), pl.Series([None], dtype=pl.Date).new_from_index(0, len(ids)))
    codes = geography.departements["departement_code"].gather(geography.departement[place])
    columns = {
        "figure_id": pl.Series((ids + 1).astype(np.int32)),
        "last_name": surnames.joined(names.use, names.use_second, plain),
        "birth_name": surnames.joined(names.birth, names.birth_second, plain),
        "first_name": first_names.text(names.first, plain),
        "sex": pl.Series(["M", "F"]).gather(who.sex),
        "birth_date": dates,
        "departement_code": codes,
        "role": pl.Series(titles),
        "role_category": pl.Series(category),
    }
    return pl.DataFrame(columns).to_arrow().cast(PUBLIC_FIGURES.arrow_schema())
