"""The charts of a report, drawn from the tables that may be shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from toolkit import charts
from toolkit.i18n import translate
from toolkit.questions import shown_tables
from toolkit.report._findings import Findings

__all__ = ["DrawnChart", "draw"]


@dataclass(frozen=True, slots=True)
class DrawnChart:
    """A chart of the report: its name, which its files have, its question, and the figure."""

    name: str
    question: str
    figure: go.Figure

    @property
    def texts(self) -> dict[str, str]:
        """The texts beside the picture: `title`, which states the finding, `counted`, `source`, and `alt`."""
        texts: dict[str, str] = self.figure.layout.meta
        return texts

    @property
    def for_page(self) -> dict[str, Any]:
        """The figure as a page draws it: without the texts that the page shows itself, as wide as its place."""
        drawn: dict[str, Any] = charts.for_page(self.figure).to_plotly_json()
        return drawn


def draw(findings: Findings) -> list[DrawnChart]:
    """Draw the charts that the tables allow, in the order of the page, in the current language."""
    source = source_of(findings)
    return [
        DrawnChart(name, question.name, figure)
        for question, answer in findings.answered
        for tables in [shown_tables(question, answer.tables)]
        for name, make in question.charts.items()
        if (figure := make(tables, source)) is not None
    ]


def source_of(findings: Findings) -> str:
    """Return the line on the source of a chart."""
    if findings.is_synthetic:
        return translate("{name}, synthetic data", name=findings.name)
    return translate("{name}, received data", name=findings.name)
