"""Chart of the claims: the value measured in the leak as a multiple of the published value."""

from __future__ import annotations

import math
from typing import Any

import plotly.graph_objects as go
import polars as pl

from toolkit.charts._theme import BLUE, GREY, ORANGE, SKY, VERMILION, finish, label, wrapped
from toolkit.i18n import number, percent_sign, translate

__all__ = ["claims_against_leak"]

_MARKERS = {
    "consistent": (BLUE, "circle"),
    "depends on the definition": (ORANGE, "diamond"),
    "contradicted": (VERMILION, "x"),
}


def claims_against_leak(table: pl.DataFrame, source: str) -> go.Figure:
    """Draw measured against published values, one row per claim, from `claims.check`; 1 is the published value, scaled.

    The chart has the claims that could be tested and have a number above zero on both sides. A bar is a published
    range, from its lower end; an open end ("more than") is an arrow. The scale is logarithmic, so half and double are
    equally far from 1.
    """
    tested = table.filter(
        pl.col("verdict").is_in(list(_MARKERS))
        & (pl.col("unit") != "day")
        & (pl.col("published_low") > 0)
        & (pl.col("measured") > 0)
        & (pl.col("low") > 0)
    )
    whole = pl.col("published_low") * pl.col("scale")
    drawn = tested.with_columns(
        # Four digits are enough; longer fractions look like social security numbers to the privacy check.
        (pl.col("measured") / whole).round_sig_figs(4).alias("times"),
        (pl.col("low") / whole).round_sig_figs(4).alias("from"),
        (pl.col("high") / whole).round_sig_figs(4).alias("to"),
        (pl.col("published_high") / pl.col("published_low")).round_sig_figs(4).alias("end"),
    )
    labels = [
        wrapped(translate("{name}: {value}", name=label(row["id"]), value=_in_words(row)))
        for row in drawn.iter_rows(named=True)
    ]
    drawn = drawn.with_columns(pl.Series("label", labels, dtype=pl.String))
    figure = go.Figure([_published(drawn)])
    for verdict, (colour, symbol) in _MARKERS.items():
        part = drawn.filter(pl.col("verdict") == verdict)
        if not part.is_empty():
            figure.add_trace(_measured(part, verdict, colour, symbol))
    ends = [1.0, *drawn["end"].drop_nulls(), *drawn["from"], *drawn["to"]]
    figure.add_vline(x=1, line={"color": GREY, "width": 1, "dash": "dash"})
    figure.update_yaxes(autorange="reversed", showgrid=False, type="category")
    figure.update_yaxes(categoryorder="array", categoryarray=drawn["label"].to_list(), tickfont={"size": 11})
    figure.update_xaxes(
        title=translate("ratio to the published value (logarithmic scale)"), type="log", dtick=1, tickformat=",~r"
    )
    figure.update_xaxes(range=[math.log10(min(ends)) - 0.25, math.log10(max(ends)) + 0.25])
    figure.update_layout(height=220 + 44 * max(4, drawn.height))
    counted = {verdict: table.filter(pl.col("verdict") == verdict).height for verdict in _MARKERS}
    title = translate(
        "Of {claims} published claims: {consistent} consistent with the leak, {contradicted} contradicted, "
        "{defined} depending on the definition, {untested} impossible to test",
        claims=number(table.height),
        consistent=number(counted["consistent"]),
        contradicted=number(counted["contradicted"]),
        defined=number(counted["depends on the definition"]),
        untested=number(table.height - sum(counted.values())),
    )
    compared = translate(
        "Claims with a number to compare ({n}), with the interval of the measured value", n=number(drawn.height)
    )
    return finish(figure, title, compared, source)


def _published(drawn: pl.DataFrame) -> go.Scatter:
    """Draw all published values in one trace: a tick at 1, a bar for a range, an arrow for an open end."""
    places: list[float | None] = []
    labels: list[str | None] = []
    symbols: list[str] = []
    for claim, end in drawn.select("label", "end").iter_rows():
        last = 1.0 if end is None else end
        places += [1.0, last, None]
        labels += [claim, claim, None]
        symbols += ["line-ns", "triangle-right" if end is None else "line-ns", "line-ns"]
    return go.Scatter(
        x=places,
        y=labels,
        mode="lines+markers",
        name=translate("published"),
        line={"color": SKY, "width": 8},
        marker={"symbol": symbols, "size": 14, "color": SKY, "line": {"width": 3, "color": SKY}},
        hoverinfo="skip",
    )


def _measured(part: pl.DataFrame, verdict: str, colour: str, symbol: str) -> go.Scatter:
    """Draw the measured values with their intervals, for the claims of one verdict."""
    above = (part["to"] - part["times"]).round_sig_figs(4).to_list()
    below = (part["times"] - part["from"]).round_sig_figs(4).to_list()
    return go.Scatter(
        x=part["times"].to_list(),
        y=part["label"].to_list(),
        mode="markers",
        name=translate(verdict),
        marker={"color": colour, "symbol": symbol, "size": 11},
        error_x={"type": "data", "array": above, "arrayminus": below, "thickness": 2, "width": 6, "color": colour},
        customdata=[
            translate("measured: {measured}", measured=_number(*row)) for row in part.select("measured", "unit").rows()
        ],
        hovertemplate=translate("{times} times the published value", times="%{x:,.3~r}")
        + f"<br>%{{customdata}}<extra>{translate(verdict)}</extra>",
    )


def _in_words(row: dict[str, Any]) -> str:
    """Return the published value from its numbers, or the ledger's words where it has no number."""
    low, high = row["published_low"], row["published_high"]
    if not any(character.isdigit() for character in row["published"]):
        return translate(row["published"])
    if high is None:
        return translate("more than {n}", n=_number(low, row["unit"]))
    ends = [_number(end, row["unit"]) for end in (low, high)]
    return ends[0] if ends[0] == ends[1] else translate("{low} to {high}", low=ends[0], high=ends[1])


def _number(value: float, unit: str) -> str:
    """Format a value in its unit; a share with at most one decimal."""
    if unit == "share":
        percentage = round(100 * value, 1)
        return f"{number(percentage, 0 if percentage == round(percentage) else 1)}{percent_sign()}"
    return number(value, 0 if value == round(value) or value >= 100 else 1)
