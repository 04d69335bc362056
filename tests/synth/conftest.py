"""Small leaks for the tests of the generator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from toolkit.scenario import Errors, Scenario, load_scenario
from toolkit.synth._generate import Generated, GenerateOptions, generate

Make = Callable[..., "Made"]


@dataclass(frozen=True)
class Made:
    """A data set generated for a test, and its tables."""

    generated: Generated

    @property
    def path(self) -> Path:
        """Its directory."""
        return self.generated.path

    @property
    def lines(self) -> pl.DataFrame:
        """Its lines, in order."""
        return pl.read_parquet(self.path / "lines" / "*.parquet").sort("line_id")

    @property
    def truth(self) -> pl.DataFrame:
        """The truth about them, in order."""
        return pl.read_parquet(self.path / "truth" / "lines" / "*.parquet").sort("line_id")


def with_errors(scenario: Scenario, **rates: float) -> Scenario:
    """The scenario with the given error rates, and all others zero."""
    nothing = dict.fromkeys(Errors.model_fields, 0.0)
    return scenario.model_copy(update={"errors": Errors(**nothing | rates), "errors_elsewhere": {}})


@pytest.fixture(scope="session")
def make(tmp_path_factory: pytest.TempPathFactory) -> Make:
    """Return a function that generates a data set in its own directory."""

    def made(
        rows: int = 20_000, seed: int = 1, scenario: Scenario | None = None, out: Path | None = None, **options: int
    ) -> Made:
        where = out or tmp_path_factory.mktemp("made") / "data"
        return Made(generate(scenario or load_scenario(), seed, rows, where, GenerateOptions(**options)))

    return made


@pytest.fixture(scope="session")
def made(make: Make) -> Made:
    """A data set of 20,000 lines in three partitions; tests must not change it."""
    return make(partitions=3)
