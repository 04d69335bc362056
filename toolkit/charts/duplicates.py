"""Pictures of the duplicates: how lines become people, and how practices share them."""

from __future__ import annotations

import math

import plotly.graph_objects as go
import polars as pl

from toolkit.charts.look import BLUE, GREEN, KEY_LABELS, VERMILION, finish, percent, real, whole

__all__ = ["people_by_practices"]


def people_by_practices(table: pl.DataFrame, source: str) -> go.Figure:
    """At how many practices people stand: points from `duplicates.practices_per_person`, one colour a key.

    Give the tables of up to three keys, one below the other. The scale is logarithmic, since each further practice is
    rarer by an order of magnitude.
    """
    figure = go.Figure()
    several = []
    looks = ((BLUE, "circle", "bottom left"), (VERMILION, "diamond", "top right"), (GREEN, "square", "bottom right"))
    keys = table["key"].unique(maintain_order=True)
    for key, (colour, symbol, place) in zip(keys, looks, strict=False):
        part = table.filter(pl.col("key") == key).sort("practices")
        label = KEY_LABELS.get(key, key)
        figure.add_scatter(
            x=[_practices(n) for n in part["practices"]],
            y=part["people"].to_list(),
            name=f"by {label}",
            mode="lines+markers+text",
            line={"color": colour, "width": 1, "dash": "dot"},
            marker={"color": colour, "size": 12, "symbol": symbol},
            text=[percent(share) for share in part["share"]],
            textposition=place,
            textfont_color=colour,
            cliponaxis=False,
            hovertemplate="%{x}: %{y:,d} people (%{text})<extra></extra>",
        )
        several.append(real(part.filter(pl.col("practices") > 1)["share"].sum()))
    top = whole(table["people"].max())
    figure.update_xaxes(showgrid=False, type="category", range=[-0.5, table["practices"].n_unique() - 0.3])
    figure.update_yaxes(title="people (logarithmic scale)", type="log", tickformat=",d", dtick=1)
    figure.update_yaxes(range=[-0.5, math.log10(max(1, top)) + 0.5])
    low, high = percent(min(several)), percent(max(several))
    found = low if low == high else f"{low} to {high}"
    title = f"{found} of the people stand at two practices or more, by the exact key used"
    return finish(figure, title, "People by the number of practices that hold a file of theirs", source)


def _practices(number: int) -> str:
    return "1 practice" if number == 1 else f"{number} practices"
