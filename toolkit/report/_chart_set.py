"""The charts of the report: which ones carry the story, and what each is drawn from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go
import polars as pl

from toolkit import charts
from toolkit.i18n import translate
from toolkit.report._exports import CLAIMS, shown
from toolkit.report._findings import Findings

__all__ = ["Chart", "draw"]

Tables = dict[str, pl.DataFrame]


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart of the report: its name, by which its files are called, the part it stands in, and the figure."""

    name: str
    part: str
    figure: go.Figure

    @property
    def told(self) -> dict[str, str]:
        """What stands beside the picture: `title`, which states the finding, `counted`, `source`, and `alt`."""
        told: dict[str, str] = self.figure.layout.meta
        return told

    @property
    def for_page(self) -> dict[str, Any]:
        """The figure as a page draws it: without the words that the page tells, as wide as its place."""
        drawn: dict[str, Any] = charts.for_page(self.figure).to_plotly_json()
        return drawn


def draw(findings: Findings) -> list[Chart]:
    """The charts that the tables of an investigation allow, in the order of the page, in the current language."""
    source = translate("{name}, invented data", name=findings.name)
    return [
        Chart(name, part, figure)
        for part, tables in _tables(findings)
        for name, make in _CHARTS.get(part, {}).items()
        if (figure := make(tables, source)) is not None
    ]


def _tables(findings: Findings) -> Iterator[tuple[str, Tables]]:
    """The tables as they are given away: a chart shows no count that its file hides."""
    for part, answer in findings.answers.items():
        yield part, shown(part, answer.tables)
    yield CLAIMS, shown(CLAIMS, {CLAIMS: findings.claims})


def _of(chart: Callable[[pl.DataFrame, str], go.Figure], table: str) -> Callable[[Tables, str], go.Figure | None]:
    """A chart drawn from one table; none where the answer lacks it or it is empty."""

    def make(tables: Tables, source: str) -> go.Figure | None:
        found = tables.get(table)
        return None if found is None or found.is_empty() else chart(found, source)

    return make


def _categories(tables: Tables, source: str) -> go.Figure | None:
    """The categories, less those with so few lines that they point at somebody."""
    if "categories" not in tables:
        return None
    counted = tables["categories"].select("category", "strict_lines", "lines", "share")
    return charts.comments_by_category(counted.drop_nulls().filter(pl.col("lines") > 0), source)


def _people(tables: Tables, source: str) -> go.Figure | None:
    if "waterfall" not in tables or "threshold_sweep" not in tables:
        return None
    swept = tables["threshold_sweep"]["people"]
    return charts.people_steps(tables["waterfall"], swept[0], swept[-1], source)


def _practices(tables: Tables, source: str) -> go.Figure | None:
    """The linkage first, then the exact keys."""
    if any(name not in tables for name in ("people_by_practices", "practices_per_person", "waterfall")):
        return None
    # Some of the people are hidden: shares are of all of them.
    people = tables["waterfall"]["n"][-1]
    linked = tables["people_by_practices"].select(
        pl.lit("linkage").alias("key"), "practices", "people", share=pl.col("people") / people
    )
    by_key = tables["practices_per_person"].select(linked.columns)
    return charts.people_by_practices(pl.concat([linked, by_key]), source)


_CHARTS: dict[str, dict[str, Callable[[Tables, str], go.Figure | None]]] = {
    "counts": {
        "counts_overview": _of(charts.counts_overview, "overview"),
        "departement_map": _of(charts.departement_map, "by_departement"),
        "lines_by_year": _of(charts.lines_by_year, "by_year"),
        "completeness": _of(charts.completeness, "completeness"),
    },
    "comments": {
        "comments_funnel": _of(charts.comments_funnel, "stages"),
        "comments_by_category": _categories,
    },
    "public-figures": {
        "public_figures_tiers": _of(charts.public_figures_tiers, "tiers"),
        "public_figures_exposure": _of(charts.public_figures_exposure, "exposure"),
    },
    "duplicates": {
        "people_steps": _people,
        "repeats": _of(charts.repeats, "repeats"),
        "people_by_practices": _practices,
    },
    CLAIMS: {"claims_against_leak": _of(charts.claims_against_leak, "claims")},
}
"""The charts by the part of the report that they stand in: each takes the tables of its part, and a source line."""
