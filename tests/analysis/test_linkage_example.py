"""The example pair: its rows add up to its weight, it is masked, and it is the same pair each time."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from toolkit.analysis.duplicates import People, count_people, example_pair
from toolkit.dataset._leak import Leak, open_leak
from toolkit.errors import InputError


@pytest.fixture(scope="module")
def linked(small_leak: Path) -> Iterator[tuple[Leak, People]]:
    """The small leak and its people."""
    with open_leak(small_leak, memory_limit="1GB", threads=2) as leak:
        yield leak, count_people(leak)


def test_parts_add_up_to_the_weight_of_a_linked_pair(linked: tuple[Leak, People]) -> None:
    """The bits of the rows add up to the weight of a linked pair."""
    leak, people = linked
    assert people.linkage.pairs is not None

    total = example_pair(leak, people)["bits"].sum()

    assert people.linkage.threshold <= total
    assert 1 <= people.linkage.pairs.filter((pl.col("weight") - total).abs() < 1e-6).height


def test_every_comparison_has_a_row_with_a_degree_of_its_own(linked: tuple[Leak, People]) -> None:
    """The rows are the prior, each comparison with one of its degrees and the weight of that degree, and the names."""
    leak, people = linked
    model = people.linkage.model

    pair = example_pair(leak, people)

    assert ["start", *(comparison.name for comparison in model.comparisons), "names"] == pair["comparison"].to_list()
    weights = model.weights().select("comparison", pl.col("degree").alias("seen"), pl.col("bits").fill_null(0.0))
    assert weights.join(pair, on=["comparison", "seen"], how="semi").height == len(model.comparisons)
    seen = pair.slice(1, len(model.comparisons)).join(weights, on=["comparison", "seen"])
    assert seen["bits"].to_list() == seen["bits_right"].to_list()
    assert math.isclose(pair["bits"][0], math.log2(model.probability / (1 - model.probability)))


def test_pair_differs_in_three_comparisons(linked: tuple[Leak, People]) -> None:
    """At least three comparisons are not at their best degree."""
    leak, people = linked
    best = {
        comparison.name: next(level.name for level in comparison.levels if not level.is_null)
        for comparison in people.linkage.model.comparisons
    }

    seen = dict(example_pair(leak, people).select("comparison", "seen").iter_rows())

    assert 3 <= sum(seen[name] not in (degree, "missing") for name, degree in best.items())


def test_pair_is_masked(linked: tuple[Leak, People]) -> None:
    """Only initials, years, departements, sex and the mark for hidden values are shown."""
    leak, people = linked

    pair = example_pair(leak, people)
    values = [part for side in ("one", "other") for value in pair[side].drop_nulls() for part in value.split(", ")]

    assert values
    assert [] == [part for part in values if part not in ("[hidden]", "blank") and len(part.replace(".", "")) > 5]


def test_pair_is_the_same_each_time(linked: tuple[Leak, People]) -> None:
    """The choice depends on the ids only, not on the order of pairs or lines."""
    leak, people = linked
    assert people.linkage.pairs is not None
    turned = dataclasses.replace(people.linkage, pairs=people.linkage.pairs.reverse())

    assert example_pair(leak, people).equals(example_pair(leak, dataclasses.replace(people, linkage=turned)))


def test_nothing_linked_is_no_pair(linked: tuple[Leak, People]) -> None:
    """A linkage without linked pairs has no example, and one without kept pairs raises an error."""
    leak, people = linked
    assert people.linkage.pairs is not None
    empty = dataclasses.replace(people.linkage, pairs=people.linkage.pairs.clear())
    without = dataclasses.replace(people.linkage, pairs=None)

    assert example_pair(leak, dataclasses.replace(people, linkage=empty)).is_empty()
    with pytest.raises(InputError, match="keep_pairs=True"):
        example_pair(leak, dataclasses.replace(people, linkage=without))
