"""The practices and practitioners of a leak, as tables."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import polars as pl
import pyarrow as pa

from toolkit.scenario import Scenario
from toolkit.schema import PRACTICES, PRACTITIONERS
from toolkit.synth._geography import Geography
from toolkit.synth._plan import Plan
from toolkit.synth._vocabulary import Vocabulary
from toolkit.synth.streams import Picker, scale, stream

__all__ = ["practice_tables"]

_LOCAL_NAMES = 0.2
"""Share of the practitioners whose surname is from the departement (assumption: they move more than their patients)."""


def practice_tables(
    scenario: Scenario, plan: Plan, geography: Geography, vocabulary: Vocabulary
) -> dict[str, pa.Table]:
    """Return the tables `practices` and `practitioners`, one row per practice and one per practitioner."""
    ids = np.arange(plan.practices, dtype=np.int64)
    specialties = pl.Series(list(scenario.practices.specialties))
    weights = [round(share * 10_000) for share in scenario.practices.specialties.values()]
    specialty = Picker(weights)(stream(plan.seed, "practice/specialty")(ids)).astype(np.int64)
    departement = geography.departement[plan.place].astype(np.int64)
    practices = pl.DataFrame(
        {
            "practice_id": (ids + 1).astype(np.int32),
            "practitioners": plan.practitioners.astype(np.int32),
            "specialty": specialties.gather(specialty),
            "insee_code": geography.insee_code.gather(plan.place),
            "postal_code": geography.postal_code.gather(plan.place),
            "city": geography.city.gather(plan.place),
            "departement_code": geography.departements["departement_code"].gather(departement),
            "region_code": geography.departements["region_code"].gather(departement),
            "installed_on": [plan.calendar.first + timedelta(days=int(day)) for day in plan.installed],
        }
    )
    seats = np.arange(int(plan.practitioners.sum()), dtype=np.int64)
    practice = np.repeat(ids, plan.practitioners)
    words = stream(plan.seed, "practitioner")(seats)
    sex = scale(words, 2)
    born = 1960 + scale(words << np.uint64(16), 36)
    first = vocabulary.first_name(sex, born, stream(plan.seed, "practitioner/first name")(seats))
    place = departement[practice]
    last = vocabulary.surname(stream(plan.seed, "practitioner/last name")(seats), place, _LOCAL_NAMES, 0.0)
    practitioners = pl.DataFrame(
        {
            "practitioner_id": (seats + 1).astype(np.int32),
            "practice_id": (practice + 1).astype(np.int32),
            "last_name": vocabulary.surnames.gather(last),
            "first_name": vocabulary.first_names.gather(first),
            "sex": pl.Series(["M", "F"]).gather(sex),
            "specialty": specialties.gather(specialty[practice]),
        }
    )
    return {
        PRACTICES.name: practices.to_arrow().cast(PRACTICES.arrow_schema()),
        PRACTITIONERS.name: practitioners.to_arrow().cast(PRACTITIONERS.arrow_schema()),
    }
