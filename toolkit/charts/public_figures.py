"""Pictures of the public figures: what a hit is worth, whether the model keeps its word, and what is exposed."""

from __future__ import annotations

import math

import plotly.graph_objects as go
import polars as pl

from toolkit.charts.look import BLUE, GREY, ORANGE, SKY, VERMILION, finish, number, percent, real, small, whole

__all__ = [
    "public_figures_exposure",
    "public_figures_placebo",
    "public_figures_reliability",
    "public_figures_tiers",
]


def public_figures_tiers(table: pl.DataFrame, source: str) -> go.Figure:
    """What hits on public figures are worth: found and expected by chance at each tier, from `Matches.tiers`."""
    labels = [definition.replace("the same, and ", "… and ") for definition in table["definition"]]
    # A logarithmic axis has no zero: what is below a tenth is drawn there and told in the label.
    floor = 0.1
    figure = go.Figure()
    for label, hits, chance in zip(labels, table["hits"], table["expected_by_chance"], strict=True):
        figure.add_scatter(
            x=[max(floor, chance), max(floor, hits)],
            y=[label, label],
            mode="lines",
            line={"color": "#BFBFBF", "width": 4},
            showlegend=False,
            hoverinfo="skip",
        )
    series = (
        ("expected_by_chance", "expected by chance", ORANGE, "diamond"),
        ("hits", "found in the leak", BLUE, "circle"),
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
            hovertemplate="%{y}: %{text} " + name + "<extra></extra>",
        )
    top = max(1.0, real(table["hits"].max()), real(table["expected_by_chance"].max()))
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_xaxes(title="pairs of figure and record (logarithmic scale)", type="log", dtick=1, tickformat=",~r")
    figure.update_xaxes(range=[math.log10(floor) - 0.15, math.log10(top) + 0.3])
    figure.update_layout(legend_traceorder="reversed")
    by_name, by_date = table.row(0, named=True), table.row(2, named=True)
    title = (
        f"{number(by_name['hits'])} records bear a public figure's name, {number(by_date['hits'])} the birth date "
        f"as well, where chance alone would give {small(by_date['expected_by_chance'])}"
    )
    return finish(figure, title, "Pairs that agree on at least this much, and how many namesakes would", source)


def public_figures_placebo(table: pl.DataFrame, tiers: pl.DataFrame, source: str) -> go.Figure:
    """The homonym lesson: hits with birth dates that are nobody's, beside the real ones and what the model expects.

    From `public_figures.placebo` and `Matches.tiers`. The scale is logarithmic from one hit on, so that a tier where
    nothing is found is drawn at its foot.
    """
    real_hits = table.select("tier").join(tiers, on="tier", maintain_order="left")
    labels = [definition.replace("the same, and ", "… and ") for definition in real_hits["definition"]]
    floor = 0.1
    series = (
        ("the figures' own birth dates", real_hits["hits"].to_list(), BLUE),
        ("birth dates of others", table["hits"].to_list(), GREY),
        ("expected of others by the model", table["expected_by_chance"].to_list(), ORANGE),
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
            hovertemplate="%{y}: %{text}, " + name + "<extra></extra>",
        )
    top = max(1.0, *(value for _, values, _ in series for value in values))
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_xaxes(title="pairs of figure and record (logarithmic scale)", type="log", dtick=1, tickformat=",~r")
    figure.update_xaxes(range=[math.log10(floor) - 0.1, math.log10(top) + 0.4])
    figure.update_layout(barmode="group", legend_traceorder="normal")
    by_date = {row["tier"]: row for row in table.iter_rows(named=True)}["name_birth_date"]
    own = int(tiers.filter(pl.col("tier") == "name_birth_date")["hits"].item())
    title = (
        f"With another's birth date {small(round(by_date['hits'], 1))} hits agree on name and date, "
        f"with their own {number(own)}"
    )
    rounds = number(whole(table["rounds"].max()))
    return finish(figure, title, f"Mean of {rounds} registers whose birth dates changed owners", source)


def public_figures_reliability(table: pl.DataFrame, source: str) -> go.Figure:
    """Whether P(wrong person) keeps its word: said and true shares of wrong hits, from `public_figures.reliability`.

    One point a bin of the probability, with the range in which the true share falls in 95 of 100 cases.
    """
    bins, everybody = table.head(table.height - 1), table.row(-1, named=True)
    hits = bins["hits"].to_list()
    shares = bins["share_wrong"].to_list()
    low = [least / n for least, n in zip(bins["low"], hits, strict=True)]
    high = [most / n for most, n in zip(bins["high"], hits, strict=True)]
    middle = [(a + b) / 2 for a, b in zip(low, high, strict=True)]
    figure = go.Figure()
    figure.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", name="as said", line={"color": GREY, "dash": "dash"}, hoverinfo="skip"
    )
    figure.add_scatter(
        x=bins["share_predicted"].to_list(),
        y=middle,
        mode="markers",
        name="range by chance, 95 %",
        marker={"size": 1, "color": SKY},
        error_y={"type": "data", "array": [b - m for b, m in zip(high, middle, strict=True)], "color": SKY, "width": 6},
        hoverinfo="skip",
    )
    figure.add_scatter(
        x=bins["share_predicted"].to_list(),
        y=shares,
        mode="markers",
        name="as it is",
        marker={"color": VERMILION, "size": 9},
        customdata=hits,
        hovertemplate="said %{x:.1%}, true %{y:.1%} of %{customdata:,d} hits<extra></extra>",
    )
    figure.update_xaxes(title="P(wrong person), as said", tickformat=".0%", range=[-0.03, 1.03])
    figure.update_yaxes(title="share of the hits that are the wrong person", tickformat=".0%", range=[-0.03, 1.03])
    title = (
        f"Of {number(everybody['hits'])} hits {number(everybody['wrong'])} are the wrong person, "
        f"where the model says {number(round(everybody['predicted']))}"
    )
    return finish(figure, title, "Hits by the probability they were given, and the share of them that is wrong", source)


def public_figures_exposure(table: pl.DataFrame, source: str) -> go.Figure:
    """What of the confirmed figures is exposed: bars from `public_figures.exposure`, all roles together."""
    everybody = table.row(-1, named=True)
    shown = [name for name in _EXPOSED if everybody[name] is not None]
    counts = [everybody[name] for name in shown]
    figures = everybody["figures"] or 0
    figure = go.Figure(
        go.Bar(
            x=counts,
            y=[_EXPOSED[name] for name in shown],
            orientation="h",
            marker_color=BLUE,
            text=[f"{number(count)} ({percent(count / figures)})" if figures else "0" for count in counts],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{y}: %{text}<extra></extra>",
        )
    )
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_xaxes(title="confirmed figures", tickformat=",d", range=[0, max(1, figures) * 1.15])
    title = f"Of {number(figures)} figures whose name and birth date are found, {_most(shown, counts)}"
    return finish(figure, title, "Figures with at least one such record; counts under 10 are not shown", source)


def _most(shown: list[str], counts: list[int]) -> str:
    """What is exposed of most figures, in words."""
    if not counts or not max(counts):
        return "too few to be counted have anything exposed"
    most = max(range(len(counts)), key=counts.__getitem__)
    return f"{number(counts[most])} have their {_EXPOSED[shown[most]]} in the leak"


_EXPOSED = {
    "address": "address",
    "phone": "telephone number",
    "email": "e-mail address",
    "nir": "social security number",
    "comment": "comment",
    "sensitive_comment": "comment that reveals something intimate",
}
