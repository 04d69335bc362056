"""The model: what each degree of agreement weighs.

Fellegi and Sunter (1969), as Splink computes it: a degree of agreement seen with probability m between two records
of one person and u between records of two people adds log2(m / u) to the weight of a pair.  What is compared, and in
which degrees, is in `comparisons`.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from toolkit._io import replacing
from toolkit.analysis.linkage._comparisons import COMPARISONS, NIR, Comparison, Level
from toolkit.errors import InputError

__all__ = ["Model", "initial_model", "settings"]


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

    def without_exceptions(self) -> Model:
        """The model whose comparisons read their own field only, from which degrees can be learned one by one.

        An exception reads the other fields, and what two records were chosen to agree on says nothing of them.
        """
        return replace(
            self,
            comparisons=tuple(
                replace(comparison, levels=tuple(level for level in comparison.levels if not level.exception))
                for comparison in self.comparisons
            ),
        )

    def without_vetoes(self) -> Model:
        """The model for a table without families: vetoes become ordinary degrees, to be learned, without exceptions.

        The social security number stays as it is: numbers that fit their records tell apart in any table.
        """
        return self.without_exceptions().map_levels(
            lambda comparison, level: (
                replace(level, m=0.05, trained=True) if level.veto and comparison.name != NIR.name else level
            )
        )

    def weights(self) -> pl.DataFrame:
        """What each degree of agreement weighs: one row a degree, in the order of the model.

        Columns: `comparison`, `degree`, `m`, `u`, `bits` (log2 of m over u, before the frequency of a name is counted
        in; null where something is missing, which weighs nothing), `veto`.
        """
        rows = [
            (
                comparison.name,
                level.name,
                level.m,
                level.u,
                None if level.is_null else math.log2(level.m / level.u),
                level.veto,
            )
            for comparison in self.comparisons
            for level in comparison.levels
        ]
        names = ["comparison", "degree", "m", "u", "bits", "veto"]
        return pl.DataFrame(rows, schema=names, orient="row")

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model to a JSON file, from which `load` reads it again.

        Raises `WriteError` when it cannot be written.
        """
        with replacing(Path(path)) as partial:
            partial.write_text(json.dumps(asdict(self), indent=1, ensure_ascii=False), encoding="utf-8")

    @staticmethod
    def load(path: str | os.PathLike[str]) -> Model:
        """The model that `save` wrote; `InputError` when the file holds none."""
        try:
            return Model.from_facts(json.loads(Path(path).read_text(encoding="utf-8")))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(
                f"The file {path} holds no trained model ({error}): give one that `Model.save` wrote."
            ) from None

    @staticmethod
    def from_facts(facts: Mapping[str, Any]) -> Model:
        """The model of which `dataclasses.asdict` made these facts, wherever they have been since."""
        comparisons = tuple(
            Comparison(c["name"], tuple(c["fields"]), tuple(Level(**level) for level in c["levels"]))
            for c in facts["comparisons"]
        )
        return Model(comparisons, float(facts["probability"]))


def initial_model(fields: Iterable[str], rows: int) -> Model:
    """The model before training, for a table with these fields of the schema and so many rows.

    Comparisons none of whose fields the table has are left out.  About as many pairs are taken to be true as there
    are records, whatever the size: one or two records a person is what a base holds.
    """
    present = set(fields)
    kept = tuple(comparison for comparison in COMPARISONS if present.intersection(comparison.fields))
    return Model(kept, 1 / max(rows, 50))


_JARO = {"duckdb": "jaro_similarity", "spark": "jaro_of_duckdb"}
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
