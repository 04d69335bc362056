"""A map of France by departement, drawn from outlines in the package: no tiles, no network, no projection to choose.

Plotly's own maps fetch the world's outlines from a server; here every departement is a shape that is filled.
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

from toolkit.charts._theme import finish, number, real, translate, whole

__all__ = ["departement_map"]

_COLOURS = ("#FFFFCC", "#A1DAB4", "#41B6C4", "#2C7FB8", "#253494")
"""YlGnBu of ColorBrewer (Brewer 2003): safe for any colour vision, and darker with more when printed in grey."""
_NOBODY = "#F0F0F0"
_BORDER = "#7A7A7A"
_WIDTH, _HEIGHT = (-10, 615), (-585, 0)
"""What the drawing spans, in its own unit."""
_FEWEST = 10
"""Counts below are not shown, as anywhere in the toolkit."""


class _Look(NamedTuple):
    """How the departements of one entry of the legend are filled, and what the entry says."""

    name: str
    colour: str
    pattern: str


def departement_map(table: pl.DataFrame, source: str) -> go.Figure:
    """Where is the leak? A map of records per 1,000 inhabitants, from `departements.by_departement`.

    Darker is more, in five classes that hold about as many departements each. Departements without a practice are grey;
    those with fewer than ten records, or with none shown (null), are hatched. Codes that are not on the map, overseas
    collectivities, count in the title only. Departements overseas and those around Paris stand beside the map, larger.
    """
    rows = {row["departement_code"]: row for row in table.iter_rows(named=True)}
    shown = table.filter((pl.col("records") >= _FEWEST) & pl.col("records_per_1000").is_not_null())
    limits = _limits(shown["records_per_1000"])
    looks = [*_classes(limits), _Look(translate("too few to show"), _NOBODY, "/")]
    looks.append(_Look(translate("no practice"), _NOBODY, ""))
    by_look: dict[_Look, list[str]] = {look: [] for look in looks}
    for code in _outlines():
        by_look[_look_of(rows.get(code), limits, looks)].append(code)
    figure = go.Figure()
    for look, codes in by_look.items():
        figure.add_traces([_shape(code, look, _told(rows.get(code), _outlines()[code].name)) for code in codes])
    figure.add_traces([_entry(look) for look, codes in by_look.items() if codes])
    figure.add_trace(_names_of_insets())
    hidden: dict[str, Any] = {"visible": False, "fixedrange": True}
    figure.update_xaxes(**hidden, range=_WIDTH, constrain="domain")
    figure.update_yaxes(**hidden, range=_HEIGHT, scaleanchor="x", constrain="domain", constraintoward="top")
    unit = {"text": translate("records per {n} inhabitants", n=number(1000)), "side": "top"}
    figure.update_layout(height=760, hovermode="closest", legend={"title": unit, "traceorder": "normal"})
    counted = translate(
        "Records by the departement of the practice; a person may have records at several, from many years"
    )
    return finish(figure, _title(table, shown), counted, source)


class _Outline(NamedTuple):
    """One departement: its name, and its rings one after the other, a null between them, as Plotly draws them."""

    name: str
    x: list[float | None]
    y: list[float | None]
    label: tuple[float, float] | None
    """Where its name stands, below its inset; without an inset it has none."""


@cache
def _outlines() -> dict[str, _Outline]:
    """The departements of the map, by code."""
    file = resources.files("toolkit.charts") / "data" / "departements.json"
    outlines = {}
    for feature in json.loads(file.read_text(encoding="utf-8"))["features"]:
        points: list[tuple[float | None, float | None]] = []
        for polygon in feature["geometry"]["coordinates"]:
            points += [*map(tuple, polygon[0]), (None, None)]
        x, y = zip(*points[:-1], strict=True)
        told = feature["properties"]
        outlines[feature["id"]] = _Outline(told["name"], list(x), list(y), told.get("label"))
    return outlines


def _limits(values: pl.Series) -> list[float]:
    """Where one class ends and the next begins: the fifths of the departements, to two digits; fewer if they meet."""
    fifths = (values.quantile(place / len(_COLOURS), "linear") for place in range(1, len(_COLOURS)))
    rounded = (float(f"{limit:.2g}") for limit in fifths if limit is not None)
    return sorted({limit for limit in rounded if real(values.min()) < limit <= real(values.max())})


def _classes(limits: list[float]) -> list[_Look]:
    """The entries of the legend, from the lightest to the darkest."""
    digits = 0 if all(limit == round(limit) for limit in limits) else 1
    told = [number(limit, digits) for limit in limits]
    names = [translate("under {limit}", limit=told[0]) if told else translate("everywhere alike")]
    names += [translate("{low} to {high}", low=low, high=high) for low, high in pairwise(told)]
    names += [translate("{limit} and more", limit=told[-1])] if told else []
    # With fewer classes than colours the ends are kept, so that dark is always the most.
    step = (len(_COLOURS) - 1) / max(1, len(names) - 1)
    return [_Look(name, _COLOURS[round(place * step)], "") for place, name in enumerate(names)]


def _look_of(row: dict[str, Any] | None, limits: list[float], looks: list[_Look]) -> _Look:
    """The entry of the legend that a departement belongs to."""
    if row is None or row["practices"] == 0:
        return looks[-1]
    if row["records"] is None or row["records"] < _FEWEST or row["records_per_1000"] is None:
        return looks[-2]
    return looks[bisect_right(limits, row["records_per_1000"])]


def _told(row: dict[str, Any] | None, name: str) -> str:
    """What is said where the pointer rests: the name, the records, and how many per 1,000 inhabitants."""
    if row is None or row["practices"] == 0:
        return f"<b>{name}</b><br>{translate('no practice')}"
    if row["records"] is None or row["records"] < _FEWEST or row["records_per_1000"] is None:
        return f"<b>{name}</b><br>{translate('too few to show')}"
    numbers = translate(
        "{records} records in {practices} practices<br>{rate} per 1,000 inhabitants, of {inhabitants} in all",
        records=number(row["records"]),
        practices=number(row["practices"]),
        rate=number(row["records_per_1000"], 1),
        inhabitants=number(row["inhabitants"]),
    )
    return f"<b>{name}</b><br>{numbers}"


def _shape(code: str, look: _Look, told: str) -> go.Scatter:
    """One departement."""
    outline = _outlines()[code]
    return go.Scatter(
        x=outline.x,
        y=outline.y,
        mode="lines",
        line={"color": _BORDER, "width": 0.6},
        fill="toself",
        fillcolor=look.colour,
        fillpattern={"shape": look.pattern, "fgcolor": _BORDER, "bgcolor": look.colour, "size": 5},
        legendgroup=look.name,
        showlegend=False,
        text=told,
        hoveron="fills",
        hoverinfo="text",
    )


def _entry(look: _Look) -> go.Bar:
    """The entry of the legend for a class: a bar with nothing in it, since only the entries of bars are hatched."""
    pattern = {"shape": look.pattern, "fgcolor": _BORDER, "bgcolor": look.colour, "size": 5}
    marker = {"color": look.colour, "line": {"color": _BORDER, "width": 1}, "pattern": pattern}
    return go.Bar(x=[None], y=[None], name=look.name, legendgroup=look.name, marker=marker)


def _names_of_insets() -> go.Scatter:
    """What stands beside the map, by name."""
    insets = [outline for outline in _outlines().values() if outline.label]
    return go.Scatter(
        x=[outline.label[0] for outline in insets if outline.label],
        y=[outline.label[1] for outline in insets if outline.label],
        text=[translate("Paris and around") if outline.name == "Paris" else outline.name for outline in insets],
        mode="text",
        textposition=["middle left" if outline.name == "Paris" else "middle right" for outline in insets],
        textfont={"size": 10},
        showlegend=False,
        hoverinfo="skip",
    )


def _title(table: pl.DataFrame, shown: pl.DataFrame) -> str:
    """Where the most are, against the whole country."""
    if shown.is_empty():
        return translate("No departement has enough records to show")
    most = shown.sort("records_per_1000", "departement_code", descending=[True, False]).row(0, named=True)
    known = table.filter(pl.col("inhabitants").is_not_null())
    sentence = (
        "Per 1,000 inhabitants the leak holds {most} records in {departement}, the most of all departements, and "
        "{country} in France as a whole"
    )
    if known["records"].has_nulls():
        # The rate of those whose records are known, in their own inhabitants: what is hidden is not nothing.
        known = known.drop_nulls("records")
        sentence = (
            "Per 1,000 inhabitants the leak holds {most} records in {departement}, the most of all departements, and "
            "{country} in all those with enough to show"
        )
    rates = {"most": number(most["records_per_1000"], 1), "country": number(_rate(known), 1)}
    return translate(sentence, departement=most["name"], **rates)


def _rate(places: pl.DataFrame) -> float:
    """Records per 1,000 inhabitants of some departements together."""
    return 1000 * whole(places["records"].sum()) / whole(places["inhabitants"].sum())
