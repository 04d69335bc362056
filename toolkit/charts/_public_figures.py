"""Charts of the public figures: hits against chance, calibration of the model, and exposed data."""

from __future__ import annotations

import math

import plotly.graph_objects as go
import polars as pl

from toolkit.charts._theme import (
    BLUE,
    GREY,
    ORANGE,
    SKY,
    VERMILION,
    bar_text,
    finish,
    in_percent,
    percent_axis,
    real,
    share_of,
    small,
    whole,
    wrapped,
)
from toolkit.i18n import N_, number, percent_sign, translate

__all__ = [
    "public_figures_exposure",
    "public_figures_placebo",
    "public_figures_reliability",
    "public_figures_tiers",
]


def public_figures_tiers(table: pl.DataFrame, source: str) -> go.Figure:
    """Draw the hits found and expected by chance at each tier, from `Matches.tiers`."""
    labels = [wrapped(translate(definition)) for definition in table["definition"]]
    # A logarithmic axis has no zero: smaller values are drawn at a tenth, and the label has the exact value.
    floor = 0.1
    figure = go.Figure()
    for place, hits, chance in zip(labels, table["hits"], table["expected_by_chance"], strict=True):
        figure.add_scatter(
            x=[max(floor, chance), max(floor, hits)],
            y=[place, place],
            mode="lines",
            line={"color": "#BFBFBF", "width": 4},
            showlegend=False,
            hoverinfo="skip",
        )
    series = (
        ("expected_by_chance", translate("expected by chance"), ORANGE, "diamond"),
        ("hits", translate("found in the leak"), BLUE, "circle"),
    )
    for column, name, colour, symbol in series:
        figure.add_scatter(
            x=[max(floor, value) for value in table[column]],
            y=labels,
            mode="markers+text",
            name=name,
            marker={"color": colour, "size": 14, "symbol": symbol},
            text=[small(value) for value in table[column]],
            textposition="bottom center" if column == "expected_by_chance" else "top center",
            cliponaxis=False,
            hovertemplate=f"%{{y}}<br>{translate('{name}: {value}', name=name, value='%{text}')}<extra></extra>",
        )
    top = max(1.0, real(table["hits"].max()), real(table["expected_by_chance"].max()))
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_xaxes(title=translate(_PAIRS), type="log", dtick=1, tickformat=",~r")
    figure.update_xaxes(range=[math.log10(floor) - 0.25, math.log10(top) + 0.3])
    figure.update_layout(legend_traceorder="reversed")
    by_name, by_date = table.row(0, named=True), table.row(2, named=True)
    title = translate(
        "{name} pairs of figure and record agree on the name; {date} also agree on the birth date, against {chance} "
        "expected by chance",
        name=number(by_name["hits"]),
        date=number(by_date["hits"]),
        chance=small(by_date["expected_by_chance"]),
    )
    return finish(figure, title, translate("Pairs by what agrees, and the number expected from namesakes"), source)


def public_figures_placebo(table: pl.DataFrame, tiers: pl.DataFrame, source: str) -> go.Figure:
    """Draw the hits with swapped birth dates beside the real hits and those the model expects.

    From `public_figures.placebo` and `Matches.tiers`. The scale is logarithmic, so a tier without hits is drawn at its
    lower end.
    """
    real_hits = table.select("tier").join(tiers, on="tier", maintain_order="left")
    labels = [wrapped(translate(definition)) for definition in real_hits["definition"]]
    floor = 0.1
    series = (
        (translate("the figures’ own birth dates"), real_hits["hits"].to_list(), BLUE),
        (translate("swapped birth dates"), table["hits"].to_list(), GREY),
        (translate("expected by the model for swapped dates"), table["expected_by_chance"].to_list(), ORANGE),
    )
    figure = go.Figure()
    for name, values, colour in series:
        figure.add_bar(
            x=[max(floor, value) for value in values],
            y=labels,
            orientation="h",
            name=name,
            marker_color=colour,
            base=0,
            text=[small(value) for value in values],
            textposition="outside",
            cliponaxis=False,
            hovertemplate=f"%{{y}}<br>{translate('{name}: {value}', name=name, value='%{text}')}<extra></extra>",
        )
    top = max(1.0, *(value for _, values, _ in series for value in values))
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_xaxes(title=translate(_PAIRS), type="log", dtick=1, tickformat=",~r")
    figure.update_xaxes(range=[math.log10(floor) - 0.1, math.log10(top) + 0.4])
    figure.update_layout(barmode="group", legend_traceorder="normal")
    by_date = {row["tier"]: row for row in table.iter_rows(named=True)}["name_birth_date"]
    own = int(tiers.filter(pl.col("tier") == "name_birth_date")["hits"].item())
    title = translate(
        "{own} hits agree on name and birth date; with swapped birth dates, {others}",
        others=small(round(by_date["hits"], 1)),
        own=number(own),
    )
    rounds = number(whole(table["rounds"].max()))
    counted = translate("Mean of {rounds} registers with birth dates swapped between figures", rounds=rounds)
    return finish(figure, title, counted, source)


def public_figures_reliability(table: pl.DataFrame, source: str) -> go.Figure:
    """Draw predicted against observed shares of wrong hits, from `public_figures.reliability`.

    One point per bin of the predicted probability, with the range that chance gives in 95 of 100 cases.
    """
    bins, everybody = table.head(table.height - 1), table.row(-1, named=True)
    hits = bins["hits"].to_list()
    low = [100 * least / n for least, n in zip(bins["low"], hits, strict=True)]
    high = [100 * most / n for most, n in zip(bins["high"], hits, strict=True)]
    middle = [(a + b) / 2 for a, b in zip(low, high, strict=True)]
    predicted = in_percent(bins["share_predicted"])
    figure = go.Figure()
    figure.add_scatter(
        x=[0, 100],
        y=[0, 100],
        mode="lines",
        name=translate("as predicted"),
        line={"color": GREY, "dash": "dash"},
        hoverinfo="skip",
    )
    figure.add_scatter(
        x=predicted,
        y=middle,
        mode="markers",
        name=translate("95% range of chance"),
        marker={"symbol": "line-ns-open", "size": 10, "color": SKY},
        error_y={"type": "data", "array": [b - m for b, m in zip(high, middle, strict=True)], "color": SKY, "width": 6},
        hoverinfo="skip",
    )
    figure.add_scatter(
        x=predicted,
        y=in_percent(bins["share_wrong"]),
        mode="markers",
        name=translate("observed"),
        marker={"color": VERMILION, "size": 9},
        customdata=hits,
        hovertemplate=translate(
            "predicted {predicted}, observed {observed} of {n} hits",
            predicted="%{x:.1f}" + percent_sign(),
            observed="%{y:.1f}" + percent_sign(),
            n="%{customdata:,d}",
        )
        + "<extra></extra>",
    )
    figure.update_xaxes(**percent_axis(translate("predicted probability of the wrong person")), range=[-3, 103])
    figure.update_yaxes(**percent_axis(translate("share of hits that are the wrong person")), range=[-3, 103])
    title = translate(
        "Of {hits} hits, {wrong} are the wrong person; the model predicts {predicted}",
        hits=number(everybody["hits"]),
        wrong=number(everybody["wrong"]),
        predicted=number(round(everybody["predicted"])),
    )
    counted = translate("Hits by predicted probability, with the share that is wrong")
    return finish(figure, title, counted, source)


def public_figures_exposure(table: pl.DataFrame, source: str) -> go.Figure:
    """Draw the exposed data of confirmed figures, all roles together, from `public_figures.exposure`."""
    everybody = table.row(-1, named=True)
    shown = [name for name in _EXPOSED if everybody[name] is not None]
    counts = [everybody[name] for name in shown]
    figures = everybody["figures"] or 0
    figure = go.Figure(
        go.Bar(
            x=counts,
            y=[wrapped(translate(_EXPOSED[name][0])) for name in shown],
            orientation="h",
            marker_color=BLUE,
            text=[f"{number(count)} ({share_of(count, figures)})" for count in counts],
            **bar_text(counts, [BLUE] * len(counts)),
            hovertemplate="%{y}: %{text}<extra></extra>",
        )
    )
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_xaxes(title=translate("confirmed figures"), tickformat=",d", range=[0, max(1, figures) * 1.15])
    counted = translate("Figures with at least one such record; counts under 10 are not shown")
    return finish(figure, _most(shown, counts, figures), counted, source)


def _most(shown: list[str], counts: list[int], figures: int) -> str:
    """Return the title: what is exposed for the largest number of figures."""
    if not counts or not max(counts):
        return translate(
            "Of {figures} figures found by name and birth date, too few to show have any data exposed",
            figures=number(figures),
        )
    most = max(range(len(counts)), key=counts.__getitem__)
    return translate(_EXPOSED[shown[most]][1], figures=number(figures), n=number(counts[most]))


_PAIRS = N_("pairs of figure and record (logarithmic scale)")

_EXPOSED = {
    "address": (
        N_("address"),
        N_("Of {figures} figures found by name and birth date, {n} have their address in the leak"),
    ),
    "phone": (
        N_("telephone number"),
        N_("Of {figures} figures found by name and birth date, {n} have their telephone number in the leak"),
    ),
    "email": (
        N_("e-mail address"),
        N_("Of {figures} figures found by name and birth date, {n} have their e-mail address in the leak"),
    ),
    "nir": (
        N_("social security number"),
        N_("Of {figures} figures found by name and birth date, {n} have their social security number in the leak"),
    ),
    "comment": (
        N_("comment"),
        N_("Of {figures} figures found by name and birth date, {n} have a comment in the leak"),
    ),
    "sensitive_comment": (
        N_("comment that reveals something intimate"),
        N_("Of {figures} figures found by name and birth date, {n} have an intimate comment in the leak"),
    ),
}
"""Data that may be exposed: the label, and the title where it is exposed for the largest number of figures."""
