"""Assign comments to records: which records have one, which comments are sensitive, and their texts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from toolkit.scenario import Scenario
from toolkit.synth._names import replace_at
from toolkit.synth._plan import Plan
from toolkit.synth._records import Records
from toolkit.synth.comments._comments import Grammar, StyleRates
from toolkit.synth.streams import chance, low, permute, stream

__all__ = ["Annotated", "Annotator"]

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Annotated:
    """One value per record: its comment (null when blank), its family (-1 when blank), whether it is sensitive."""

    text: pl.Series
    family: NDArray[np.int64]
    sensitive: Bools


class Annotator:
    """Write the comments of the records of a plan."""

    def __init__(self, scenario: Scenario, plan: Plan, grammar: Grammar) -> None:
        self.grammar = grammar
        self._seed = plan.seed
        self._rates = scenario.comments
        self._style = StyleRates(**scenario.comments.style.model_dump())
        self._s_written = stream(plan.seed, "comment/written")
        practices = np.arange(plan.practices, dtype=np.int64)
        habit = stream(plan.seed, "practice/comments").below(practices, 13) + 4
        self._habit = habit / 10.0
        self._sensitive_people = _sensitive_people(plan)

    def annotate(self, records: Records) -> Annotated:
        """Return the comments of the records.

        A person with a sensitive comment at the home practice may have one at other practices; other people have none.
        """
        words = self._s_written(records.typed)
        person = np.where(records.sentinel, 0, records.person)
        sensitive = self._sensitive_people[person] & ~records.sentinel
        sensitive &= ~records.elsewhere | chance(low(words), self._rates.sensitive_elsewhere)
        rate = np.minimum(
            self._rates.non_blank * self._habit[np.where(records.elsewhere, records.practice, records.home)], 1.0
        )
        rows = np.flatnonzero(sensitive | (chance(words, rate) & ~records.sentinel))
        rendered = self.grammar.render(
            self._seed,
            records.typed[rows],
            sensitive[rows],
            records.noted[rows],
            self._style,
            records.who.sex[rows] == 1,
        )
        blank = pl.Series("text", [None], dtype=pl.String).new_from_index(0, len(records.rho))
        family = np.full(len(records.rho), -1, dtype=np.int64)
        family[rows] = rendered.family
        return Annotated(replace_at(blank, rows, rendered.text), family, sensitive)


def _sensitive_people(plan: Plan) -> Bools:
    """Return whether each person has a sensitive comment, with the planned number at each home practice."""
    chosen = np.zeros(plan.sizes.people, dtype=bool)
    for k in range(plan.practices):
        start, size = int(plan.people_start[k]), int(plan.people_start[k + 1] - plan.people_start[k])
        count = np.arange(plan.sensitive[k], dtype=np.int64)
        chosen[start + permute(count, size, plan.keys[k] ^ np.uint64(2))] = True
    return chosen
