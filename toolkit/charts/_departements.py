"""Map of France by departement, drawn from outlines in the package.

Plotly's own maps load outlines from a server; here every departement is a filled shape, so the map needs no network.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from functools import cache
from importlib import resources
from itertools import pairwise
from typing import Any, NamedTuple

import plotly.graph_objects as go
import polars as pl

from toolkit.charts._theme import finish, real, whole
from toolkit.i18n import N_, number, translate

__all__ = ["departement_map"]

_COLOURS = ("#FFFFCC", "#A1DAB4", "#41B6C4", "#2C7FB8", "#253494")
"""YlGnBu of ColorBrewer (Brewer 2003): readable with any colour vision and when printed in grey."""
_EMPTY = "#F0F0F0"
_BORDER = "#7A7A7A"
_WIDTH, _HEIGHT = (-10, 615), (-585, 0)
"""Extent of the map, in the unit of its outlines."""
_FEWEST = 10
"""Smaller counts are not shown, as everywhere in the toolkit."""


class _LegendEntry(NamedTuple):
    """One legend entry: its name and how its departements are filled."""

    name: str
    colour: str
    pattern: str


def departement_map(table: pl.DataFrame, source: str) -> go.Figure:
    """Draw a map of records per 1,000 inhabitants, from `counts.by_departement`.

    Darker means more, in five classes of about as many departements each. Departements without a practice are grey;
    those with fewer than ten records, or a hidden count (null), are hatched. Codes without an outline (overseas
    collectivities) count only in the title. Overseas departements and those around Paris are drawn larger beside it.
    """
    rows = {row["departement_code"]: row for row in table.iter_rows(named=True)}
    shown = table.filter((pl.col("records") >= _FEWEST) & pl.col("records_per_1000").is_not_null())
    limits = _limits(shown["records_per_1000"])
    legend = [*_classes(limits), _LegendEntry(translate("too few to show"), _EMPTY, "/")]
    legend.append(_LegendEntry(translate("no practice"), _EMPTY, ""))
    by_entry: dict[_LegendEntry, list[str]] = {entry: [] for entry in legend}
    for code in _outlines():
        by_entry[_entry_of(rows.get(code), limits, legend)].append(code)
    figure = go.Figure()
    for entry, codes in by_entry.items():
        figure.add_traces([_shape(code, entry, _hover(rows.get(code), _outlines()[code].name)) for code in codes])
    figure.add_traces([_legend_mark(entry) for entry, codes in by_entry.items() if codes])
    figure.add_trace(_names_of_insets())
    hidden: dict[str, Any] = {"visible": False, "fixedrange": True}
    figure.update_xaxes(**hidden, range=_WIDTH, constrain="domain")
    figure.update_yaxes(**hidden, range=_HEIGHT, scaleanchor="x", constrain="domain", constraintoward="top")
    unit = {"text": translate("records per {n} inhabitants", n=number(1000)), "side": "top"}
    figure.update_layout(height=760, hovermode="closest", legend={"title": unit, "traceorder": "normal"})
    counted = translate("Records by departement of the practice; a person may have records in several, over many years")
    return finish(figure, _title(table, shown), counted, source)


class _Outline(NamedTuple):
    """One departement: its name, and its rings as Plotly draws them, one after the other with a null between them."""

    name: str
    x: list[float | None]
    y: list[float | None]
    label: tuple[float, float] | None
    """Position of its name, below its inset; only departements in an inset are named."""


@cache
def _outlines() -> dict[str, _Outline]:
    """Read the outlines of the departements, by code."""
    file = resources.files("toolkit.charts") / "data" / "departements.json"
    outlines = {}
    for feature in json.loads(file.read_text(encoding="utf-8"))["features"]:
        points: list[tuple[float | None, float | None]] = []
        for polygon in feature["geometry"]["coordinates"]:
            points += [*map(tuple, polygon[0]), (None, None)]
        x, y = zip(*points[:-1], strict=True)
        properties = feature["properties"]
        outlines[feature["id"]] = _Outline(properties["name"], list(x), list(y), properties.get("label"))
    return outlines


def _limits(values: pl.Series) -> list[float]:
    """Return the limits between classes: quintiles rounded to two digits, without repeats."""
    fifths = (values.quantile(place / len(_COLOURS), "linear") for place in range(1, len(_COLOURS)))
    rounded = (float(f"{limit:.2g}") for limit in fifths if limit is not None)
    return sorted({limit for limit in rounded if real(values.min()) < limit <= real(values.max())})


def _classes(limits: list[float]) -> list[_LegendEntry]:
    """Return the legend entries of the classes, from the lightest to the darkest."""
    digits = 0 if all(limit == round(limit) for limit in limits) else 1
    ends = [number(limit, digits) for limit in limits]
    names = [translate("under {limit}", limit=ends[0]) if ends else translate("same everywhere")]
    names += [translate("{low} to {high}", low=low, high=high) for low, high in pairwise(ends)]
    names += [translate("{limit} or more", limit=ends[-1])] if ends else []
    # With fewer classes than colours, the first and last colours are used.
    step = (len(_COLOURS) - 1) / max(1, len(names) - 1)
    return [_LegendEntry(name, _COLOURS[round(place * step)], "") for place, name in enumerate(names)]


def _entry_of(row: dict[str, Any] | None, limits: list[float], legend: list[_LegendEntry]) -> _LegendEntry:
    """Return the legend entry that a departement belongs to."""
    if row is None or row["practices"] == 0:
        return legend[-1]
    if row["records"] is None or row["records"] < _FEWEST or row["records_per_1000"] is None:
        return legend[-2]
    return legend[bisect_right(limits, row["records_per_1000"])]


def _hover(row: dict[str, Any] | None, name: str) -> str:
    """Return the hover text of a departement: its name, its records, and their number per 1,000 inhabitants."""
    if row is None or row["practices"] == 0:
        return f"<b>{name}</b><br>{translate('no practice')}"
    if row["records"] is None or row["records"] < _FEWEST or row["records_per_1000"] is None:
        return f"<b>{name}</b><br>{translate('too few to show')}"
    numbers = translate(
        "{records} records in {practices} practices<br>{rate} per 1,000 inhabitants (population: {inhabitants})",
        records=number(row["records"]),
        practices=number(row["practices"]),
        rate=number(row["records_per_1000"], 1),
        inhabitants=number(row["inhabitants"]),
    )
    return f"<b>{name}</b><br>{numbers}"


def _shape(code: str, entry: _LegendEntry, hover: str) -> go.Scatter:
    """Draw one departement."""
    outline = _outlines()[code]
    return go.Scatter(
        x=outline.x,
        y=outline.y,
        mode="lines",
        line={"color": _BORDER, "width": 0.6},
        fill="toself",
        fillcolor=entry.colour,
        fillpattern={"shape": entry.pattern, "fgcolor": _BORDER, "bgcolor": entry.colour, "size": 5},
        legendgroup=entry.name,
        showlegend=False,
        text=hover,
        hoveron="fills",
        hoverinfo="text",
    )


def _legend_mark(entry: _LegendEntry) -> go.Bar:
    """Draw a legend entry as an empty bar: Plotly hatches only the legend entries of bars."""
    pattern = {"shape": entry.pattern, "fgcolor": _BORDER, "bgcolor": entry.colour, "size": 5}
    marker = {"color": entry.colour, "line": {"color": _BORDER, "width": 1}, "pattern": pattern}
    return go.Bar(x=[None], y=[None], name=entry.name, legendgroup=entry.name, marker=marker)


def _names_of_insets() -> go.Scatter:
    """Write the names of the insets."""
    insets = [outline for outline in _outlines().values() if outline.label]
    return go.Scatter(
        x=[outline.label[0] for outline in insets if outline.label],
        y=[outline.label[1] for outline in insets if outline.label],
        text=[translate("Paris area") if outline.name == "Paris" else outline.name for outline in insets],
        mode="text",
        textposition=["middle left" if outline.name == "Paris" else "middle right" for outline in insets],
        textfont={"size": 10},
        showlegend=False,
        hoverinfo="skip",
    )


def _title(table: pl.DataFrame, shown: pl.DataFrame) -> str:
    """Return the title: the highest rate, and that of the whole country."""
    if shown.is_empty():
        return translate("No departement has enough records to show")
    most = shown.sort("records_per_1000", "departement_code", descending=[True, False]).row(0, named=True)
    known = table.filter(pl.col("inhabitants").is_not_null())
    sentence = N_(
        "{departement} has the most records per 1,000 inhabitants: {most}, against {country} in France as a whole"
    )
    if known["records"].has_nulls():
        # A hidden count is not zero, so the rate covers only departements with a known count, and their inhabitants.
        known = known.drop_nulls("records")
        sentence = N_(
            "{departement} has the most records per 1,000 inhabitants: {most}, against {country} in all departements "
            "with enough to show"
        )
    rates = {"most": number(most["records_per_1000"], 1), "country": number(_rate(known), 1)}
    return translate(sentence, departement=most["name"], **rates)


def _rate(places: pl.DataFrame) -> float:
    """Return the records per 1,000 inhabitants of several departements together."""
    return 1000 * whole(places["records"].sum()) / whole(places["inhabitants"].sum())
