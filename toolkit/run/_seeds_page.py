"""The spread over seeds to be read: a table and a chart, in the terminal and on a page that loads nothing."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from typing import Any

import polars as pl
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from toolkit import charts
from toolkit._io import write_text
from toolkit.i18n import current_language, number, percent, translate
from toolkit.report import Chart, write_stills
from toolkit.run._seeds import HEADLINES, Study, told_seeds

__all__ = ["headings", "rows_to_read", "write_study"]

_TEMPLATES = Path(__file__).parents[1] / "report" / "templates" / "report"
_NAME = "spread_over_seeds"


def write_study(study: Study) -> Path:
    """Write `index.html`, and the chart as PNG and SVG, beside the tables of a study; return the path of the page.

    Without a browser there is no chart, which the page says.
    Raises `WriteError` when the disk does not let us.
    """
    seeds = study.values["seed"].unique().sort().to_list()
    lines = int(study.values.filter(pl.col("id") == "lines")["value"][0])
    source = translate("{seeds} invented leaks of {lines} lines", seeds=number(len(seeds)), lines=number(lines))
    figure = charts.spread_over_seeds(_headline_values(study.values), source)
    drawn = write_stills([Chart(_NAME, "seeds", figure)], study.folder)
    picture = _inside((study.folder / f"{_NAME}.svg").read_bytes()) if drawn else ""
    content: dict[str, Any] = {
        "title": figure.layout.meta["title"],
        "lead": translate("{source}, seeds {seeds}.", source=source, seeds=told_seeds(seeds)),
        "picture": picture,
        "alt": figure.layout.meta["alt"],
        "headings": headings(),
        "rows": rows_to_read(study.spread),
        "records": [f"seed-{seed}" for seed in seeds],
    }
    page = study.folder / "index.html"
    write_text(page, _render(content), private=False)
    return page


def headings() -> tuple[str, ...]:
    """The headings of `rows_to_read`."""
    return (
        translate("Number"), translate("Seeds"), translate("Mean"), translate("Deviation"), translate("of the mean"), translate("Least"), translate("Most"),
        translate("Planted"), translate("Intervals that hold it"),
    )  # fmt: skip


def rows_to_read(spread: pl.DataFrame) -> list[tuple[str, ...]]:
    """The headline numbers of a spread, as texts in the current language; an empty text where there is nothing."""
    by_id = {row["id"]: row for row in spread.iter_rows(named=True)}
    return [_row(translate(label), by_id[name]) for name, label in HEADLINES.items() if name in by_id]


def _row(label: str, row: dict[str, Any]) -> tuple[str, ...]:
    told = {name: _told(row[name]) for name in ("mean", "sd", "min", "max", "planted")}
    holding = translate("{holding} of {seeds}", holding=number(row["holding"]), seeds=number(row["intervals"]))
    relative = "" if row["relative_sd"] is None else percent(row["relative_sd"])
    held = holding if row["intervals"] else ""
    seeds, ends = number(row["seeds"]), (told["min"], told["max"])
    return (label, seeds, told["mean"], told["sd"], relative, *ends, told["planted"], held)


def _told(value: float | None) -> str:
    """A count as a whole number, small numbers with a digit."""
    return "" if value is None else number(value, 1 if abs(value) < 100 and value != round(value) else 0)


def _headline_values(values: pl.DataFrame) -> pl.DataFrame:
    """The values of the headline numbers with their labels, in the order of the headlines."""
    order = {name: place for place, name in enumerate(HEADLINES)}
    chosen = values.filter(pl.col("id").is_in(list(HEADLINES)))
    labels = {name: translate(label) for name, label in HEADLINES.items()}
    return chosen.sort(pl.col("id").replace_strict(order, return_dtype=pl.Int64), "seed").with_columns(
        label=pl.col("id").replace_strict(labels, return_dtype=pl.String)
    )


def _render(content: dict[str, Any]) -> str:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["translate"] = translate
    style = Markup((_TEMPLATES / "report.css").read_text(encoding="utf-8"))  # noqa: S704 (our own file)
    return environment.get_template("seeds.html.j2").render(content, language=current_language(), style=style)


def _inside(svg: bytes) -> str:
    """A picture inside the page."""
    return f"data:image/svg+xml;base64,{b64encode(svg).decode()}"
