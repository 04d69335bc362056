"""The spread over seeds as a table and a chart, in the terminal and on a page that loads nothing."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from typing import Any

import polars as pl

from toolkit import charts
from toolkit._io import write_text
from toolkit.i18n import number, percent, translate
from toolkit.questions import questions
from toolkit.report import DrawnChart, render, write_images
from toolkit.run._seeds import Study, format_seeds

__all__ = ["headings", "spread_rows", "write_study"]

_NAME = "spread_over_seeds"


def write_study(study: Study) -> Path:
    """Write `index.html`, and the chart as PNG and SVG, beside the tables of a study; return the path of the page.

    Without a browser there is no chart, and the page says so. Raises `WriteError` when the disk refuses.
    """
    seeds = study.values["seed"].unique().sort().to_list()
    lines = int(study.values.filter(pl.col("id") == "lines")["value"][0])
    source = translate("{seeds} synthetic leaks of {lines} lines", seeds=number(len(seeds)), lines=number(lines))
    figure = charts.spread_over_seeds(_headline_values(study.values), source)
    drawn = write_images([DrawnChart(_NAME, "seeds", figure)], study.folder)
    picture = _inline((study.folder / f"{_NAME}.svg").read_bytes()) if drawn else ""
    page = study.folder / "index.html"
    content = {
        "title": figure.layout.meta["title"],
        "lead": translate("{source}, seeds {seeds}.", source=source, seeds=format_seeds(seeds)),
        "picture": picture,
        "alt": figure.layout.meta["alt"],
        "headings": headings(),
        "rows": spread_rows(study.spread),
        "records": [f"seed-{seed}" for seed in seeds],
    }
    write_text(page, render("seeds.html.j2", content), private=False)
    return page


def _labels() -> dict[str, str]:
    """Return what a reader calls the numbers that are compared over seeds, by their ids, in order."""
    return {name: translate(question.label(name)) for question in questions() for name in question.spread}


def headings() -> tuple[str, ...]:
    """Return the headings of `spread_rows`."""
    return (
        translate("Number"), translate("Seeds"), translate("Mean"), translate("Standard deviation"),
        translate("relative to the mean"), translate("Minimum"), translate("Maximum"), translate("Planted value"),
        translate("Intervals that contain it"),
    )  # fmt: skip


def spread_rows(spread: pl.DataFrame) -> list[tuple[str, ...]]:
    """Return the headline numbers of a spread as texts in the current language, empty where there is none."""
    by_id = {row["id"]: row for row in spread.iter_rows(named=True)}
    return [_row(label, by_id[name]) for name, label in _labels().items() if name in by_id]


def _row(label: str, row: dict[str, Any]) -> tuple[str, ...]:
    texts = {name: _format(row[name]) for name in ("mean", "sd", "min", "max", "planted")}
    holding = translate("{holding} of {seeds}", holding=number(row["holding"]), seeds=number(row["intervals"]))
    relative = "" if row["relative_sd"] is None else percent(row["relative_sd"])
    held = holding if row["intervals"] else ""
    seeds, ends = number(row["seeds"]), (texts["min"], texts["max"])
    return (label, seeds, texts["mean"], texts["sd"], relative, *ends, texts["planted"], held)


def _format(value: float | None) -> str:
    """Return a count as a whole number, a small fraction with one digit."""
    return "" if value is None else number(value, 1 if abs(value) < 100 and value != round(value) else 0)


def _headline_values(values: pl.DataFrame) -> pl.DataFrame:
    """Return the values of the headline numbers with their labels, in order."""
    labels = _labels()
    order = {name: place for place, name in enumerate(labels)}
    chosen = values.filter(pl.col("id").is_in(list(labels)))
    return chosen.sort(pl.col("id").replace_strict(order, return_dtype=pl.Int64), "seed").with_columns(
        label=pl.col("id").replace_strict(labels, return_dtype=pl.String)
    )


def _inline(svg: bytes) -> str:
    """Return a picture as the address of an image inside the page."""
    return f"data:image/svg+xml;base64,{b64encode(svg).decode()}"
