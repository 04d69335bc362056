"""The linkage model: the match weight of each degree of agreement.

The method is that of Fellegi and Sunter (1969), as Splink implements it. A degree that occurs with probability m
between two records of one person, and with probability u between records of two people, adds log2(m / u) to the weight
of a pair. The comparisons and their degrees are in `_comparisons`.
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
    """Comparisons with their weights, and the probability that two random records are about one person."""

    comparisons: tuple[Comparison, ...]
    probability: float

    def map_levels(self, change: Callable[[Comparison, Level], Level]) -> Model:
        """Return the model with every degree replaced by the result of `change`."""
        return replace(
            self,
            comparisons=tuple(
                replace(comparison, levels=tuple(change(comparison, level) for level in comparison.levels))
                for comparison in self.comparisons
            ),
        )

    def without_exceptions(self) -> Model:
        """Return the model without exceptions, in which every comparison reads only its own fields.

        Training needs this: an exception reads other fields, on which the training pairs were chosen to agree.
        """
        return replace(
            self,
            comparisons=tuple(
                replace(comparison, levels=tuple(level for level in comparison.levels if not level.exception))
                for comparison in self.comparisons
            ),
        )

    def without_vetoes(self) -> Model:
        """Return the model for a table without families: no exceptions, and vetoes become ordinary trained degrees.

        The social security number keeps its veto: two numbers that fit their records mean two people in any table.
        """
        return self.without_exceptions().map_levels(
            lambda comparison, level: (
                replace(level, m=0.05, trained=True) if level.veto and comparison.name != NIR.name else level
            )
        )

    def weights(self) -> pl.DataFrame:
        """Return the match weight of each degree: one row per degree, in the order of the model.

        Columns: `comparison`, `degree`, `m`, `u`, `bits` (log2 of m over u, before the adjustment for the frequency of
        a name; null for missing values, which have no weight), `veto`.
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
        """Read a model that `save` wrote. Raises `InputError` when the file holds no model."""
        try:
            return Model.from_dict(json.loads(Path(path).read_text(encoding="utf-8")))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(
                f"The file {path} is not a linkage model ({error}): give a file that `Model.save` wrote."
            ) from None

    @staticmethod
    def from_dict(values: Mapping[str, Any]) -> Model:
        """Rebuild the model from the values that `dataclasses.asdict` returned."""
        comparisons = tuple(
            Comparison(c["name"], tuple(c["fields"]), tuple(Level(**level) for level in c["levels"]))
            for c in values["comparisons"]
        )
        return Model(comparisons, float(values["probability"]))


def initial_model(fields: Iterable[str], rows: int) -> Model:
    """Return the model before training, for a table with these fields of the schema and this number of rows.

    Comparisons without any of their fields are left out. The prior probability assumes about as many true pairs as
    records, whatever the size: most people have one or two records.
    """
    present = set(fields)
    kept = tuple(comparison for comparison in COMPARISONS if present.intersection(comparison.fields))
    return Model(kept, 1 / max(rows, 50))


_JARO = {"duckdb": "jaro_similarity", "spark": "jaro_of_duckdb"}
"""The name of the Jaro similarity in each engine; the rest of the conditions is the same in both.

Winkler's bonus for a common prefix is not used, because the engines compute it differently for names of more than ten
letters.
"""


def settings(model: Model, dialect: str = "duckdb") -> dict[str, Any]:
    """Return the Splink settings of the model for an engine ("duckdb" or "spark")."""
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
