"""Charts of the linkage: match weights, the choice of the threshold, and the remaining errors."""

from __future__ import annotations

import math
from itertools import accumulate

import plotly.graph_objects as go
import polars as pl
from plotly.subplots import make_subplots

from toolkit.charts._theme import (
    BLUE,
    GREEN,
    GREY,
    INK,
    MINUS,
    ORANGE,
    PURPLE,
    VERMILION,
    bar_text,
    finish,
    in_percent,
    label,
    percent_axis,
    real,
    share_of,
    whole,
    wrapped,
)
from toolkit.i18n import N_, number, percent, percent_sign, translate

__all__ = ["linkage_errors", "match_weights", "missed_by_typing_error", "people_by_threshold", "weight_of_a_pair"]

_PARTS = ("never compared", "scored wrong", "clustered wrong")
_CAUSES = (*_PARTS, "exact copies")
_ERRORS = (("parted", N_("one person counted as two"), BLUE), ("joined", N_("two people merged into one"), ORANGE))
_COMPARISONS = {"start": N_("prior"), "names": N_("rarity of the names")}
_VETO_DRAWN = -22
"""End of the bar of a veto: its weight is so low that the true length would leave no room for the others."""


def people_by_threshold(table: pl.DataFrame, threshold: float, true: int, source: str) -> go.Figure:
    """Draw people found (above) and precision and recall (below) by threshold, from the linkage evaluation.

    `table` has `threshold`, `people`, `pair_precision` and `pair_recall`; `threshold` is the one used, `true` the true
    number of people.
    """
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.09)
    bits = table["threshold"].to_list()
    for row, column, name, colour, symbol in (
        (1, "people", translate("people found"), GREEN, "circle"),
        (2, "pair_precision", translate("precision: linked pairs that are one person"), VERMILION, "diamond"),
        (2, "pair_recall", translate("recall: same-person pairs that are linked"), BLUE, "square"),
    ):
        values = table[column].to_list()
        texts = [number(value) if row == 1 else _share(value) for value in values]
        figure.add_trace(
            go.Scatter(
                x=bits,
                y=values if row == 1 else in_percent(values),
                mode="lines+markers",
                name=name,
                line={"color": colour, "width": 2},
                marker={"symbol": symbol, "size": 8},
                customdata=texts,
                hovertemplate=translate("{bits} bits: {value}", bits="%{x:+.0f}", value="%{customdata}")
                + "<extra></extra>",
            ),
            row=row,
            col=1,
        )
    figure.add_hline(y=true, row=1, col=1, line={"color": INK, "width": 1, "dash": "dash"})
    truth = {
        "text": translate("true number: {n}", n=number(true)),
        "xanchor": "left",
        "yanchor": "top",
        "showarrow": False,
    }
    figure.add_annotation(x=bits[0], y=true, **truth, row=1, col=1)
    figure.add_vline(x=threshold, line={"color": GREY, "width": 2, "dash": "dot"})
    figure.update_yaxes(title=translate("people"), tickformat=",d", row=1, col=1)
    figure.update_yaxes(**percent_axis(translate("share of pairs")), row=2, col=1)
    figure.update_xaxes(**_bits(min(bits), max(bits), 2))
    figure.update_xaxes(title=translate("threshold in bits (each bit doubles the required odds)"), row=2, col=1)
    figure.update_layout(height=640)
    low, high = whole(table["people"].min()), whole(table["people"].max())
    title = translate(
        "The number of people varies by at most {share} with the threshold", share=share_of(high - low, true)
    )
    counted = translate("Dotted line: the threshold used, above which two records are more likely one person than two")
    return finish(figure, title, counted, source)


def linkage_errors(table: pl.DataFrame, source: str) -> go.Figure:
    """Draw the wrong pairs by the step of the linkage that caused them, from the linkage evaluation."""
    counted = {(error, cause): n for error, cause, n in table.select("error", "cause", "pairs").iter_rows()}
    causes = [cause for cause in _CAUSES if cause in _PARTS or ("joined", cause) in counted]
    figure = go.Figure()
    for error, name, colour in _ERRORS:
        values = [counted.get((error, cause), 0) for cause in causes]
        figure.add_bar(
            y=[label(cause) for cause in causes],
            x=values,
            orientation="h",
            name=translate(name),
            marker_color=colour,
            text=[number(n) for n in values],
            **bar_text(values, [colour] * len(values)),
            hovertemplate="%{y}<br>"
            + translate("{error}: {n} pairs", error=translate(name), n="%{x:,d}")
            + "<extra></extra>",
        )
    top = max(counted.values(), default=1)
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_xaxes(title=translate("pairs of records"), tickformat=",d", range=[0, top * 1.12], nticks=7)
    figure.update_layout(height=220 + 70 * max(1, len(causes)), bargroupgap=0.1)
    title = translate("No pair of records is linked wrongly")
    if counted:
        joined, parted = (sum(n for (error, _), n in counted.items() if error == kind) for kind in ("joined", "parted"))
        title = translate(
            "{joined} pairs are wrongly linked, {parted} wrongly separated",
            joined=number(joined),
            parted=number(parted),
        )
    counted_pairs = translate("Wrong pairs of records, by the step of the linkage that caused them")
    return finish(figure, title, counted_pairs, source)


def missed_by_typing_error(table: pl.DataFrame, source: str) -> go.Figure:
    """Draw the share of a person's other records that was missed, by kind of typing error.

    `table` has `kind`, `records` and `recall`; the kind "none" is a record without typing errors.
    """
    part = table.with_columns(missed=(1 - pl.col("recall")).round(5)).sort("missed", "kind", descending=[False, True])
    labels = [label("no typing error" if kind == "none" else kind) for kind in part["kind"]]
    colours = [GREY if kind == "none" else ORANGE for kind in part["kind"]]
    figure = go.Figure(
        go.Bar(
            y=labels,
            x=in_percent(part["missed"]),
            orientation="h",
            marker_color=colours,
            text=[
                translate("{share} ({n} records)", share=percent(missed), n=number(records))
                for missed, records in zip(part["missed"], part["records"], strict=True)
            ],
            **bar_text(part["missed"].to_list(), colours),
            hovertemplate="%{y}: %{text}<extra></extra>",
        )
    )
    top = 100 * (real(part["missed"].max()) or 0.01)
    figure.update_yaxes(showgrid=False)
    figure.update_xaxes(**percent_axis(translate("share of the person’s other records that was missed")), nticks=7)
    figure.update_xaxes(range=[0, top * 1.3])
    figure.update_layout(height=200 + 24 * max(4, part.height))
    title = translate("No record is missed")
    if labels and part["missed"].item(-1) > 0:
        title = translate(
            "Typing error with the most missed records: “{kind}”, {share}",
            kind=labels[-1],
            share=percent(part["missed"].item(-1)),
        )
    counted = translate("Share of a person’s other records that the linkage missed, by typing error")
    return finish(figure, title, counted, source)


def match_weights(table: pl.DataFrame, source: str) -> go.Figure:
    """Draw the match weight of each level of agreement, in one block per comparison, from `Model.weights`.

    The bar of a veto is cut; levels for missing values have no weight and are left out.
    """
    labels: list[str] = []
    rows: list[tuple[int, float, bool]] = []
    for (comparison,), part in table.drop_nulls("bits").group_by("comparison", maintain_order=True):
        labels.append(f"<b>{_comparison_label(str(comparison))}</b>")
        for degree, bits, veto in part.select("degree", pl.col("bits").round(2), "veto").iter_rows():
            rows.append((len(labels), bits, veto))
            labels.append(wrapped(translate(degree), 32))
    places, end = _places(labels)
    drawn = [float(_VETO_DRAWN) if veto else bits for _, bits, veto in rows]
    figure = go.Figure(
        go.Bar(
            y=[places[row] for row, *_ in rows],
            x=drawn,
            width=0.8,
            orientation="h",
            marker_color=[PURPLE if veto else GREEN if bits >= 0 else VERMILION for _, bits, veto in rows],
            text=["" if veto else _signed(bits) for _, bits, veto in rows],
            textposition="outside",
            cliponaxis=False,
            customdata=[labels[row] for row, *_ in rows],
            hovertemplate=translate("{name}: {value}", name="%{customdata}", value="%{x:.1f}") + "<extra></extra>",
            showlegend=False,
        )
    )
    vetoes = [places[row] for row, _, veto in rows if veto]
    figure.add_scatter(
        y=vetoes,
        x=[0.4] * len(vetoes),
        text=[translate("veto")] * len(vetoes),
        mode="text",
        textposition="middle right",
        textfont={"color": PURPLE},
        showlegend=False,
        hoverinfo="skip",
    )
    figure.update_yaxes(tickvals=places, ticktext=labels, range=[end - 0.4, -0.6], showgrid=False)
    figure.update_xaxes(
        title=translate("match weight in bits (+1 doubles the odds of one person)"),
        zeroline=True,
        zerolinecolor=GREY,
    )
    high = max([*drawn, 1.0])
    figure.update_xaxes(range=[min([_VETO_DRAWN, *drawn]) - 1, high + 4], **_bits(-20, high, 5))
    figure.update_layout(height=190 + round(20 * end))
    strongest = table.drop_nulls("bits").sort("bits", "comparison", "degree", descending=[True, False, False])
    title = translate("No level of agreement has a weight")
    if strongest.height:
        top = strongest.row(0, named=True)
        title = translate(
            "Strongest evidence for one person: {comparison}, “{degree}”, {bits} bits",
            comparison=_comparison_label(top["comparison"]),
            bits=_signed(top["bits"]),
            degree=translate(top["degree"]),
        )
    counted = translate("Match weight of each level of agreement; a veto overrides all the others")
    return finish(figure, title, counted, source)


def weight_of_a_pair(table: pl.DataFrame, threshold: float, source: str) -> go.Figure:
    """Draw the match weight of one pair as a waterfall, masked values on hover, from `duplicates.example_pair`."""
    bits = table["bits"].round(2).to_list()
    sums = [round(sum(bits[:place]), 2) for place in range(len(bits) + 1)]
    total = sums[-1]
    labels = [
        f"<b>{_comparison_label(comparison)}</b><br>{wrapped(translate(seen), 36)}"
        for comparison, seen in table.select("comparison", "seen").iter_rows()
    ]
    values = [
        "" if one is None else f"<br>{_shown(one)} | {_shown(other)}"
        for one, other in table.select("one", "other").iter_rows()
    ]
    figure = go.Figure(
        go.Bar(
            y=[*labels, f"<b>{translate('total')}</b>"],
            x=[*bits, total],
            base=[*sums[:-1], 0],
            orientation="h",
            marker_color=[*(GREEN if value >= 0 else VERMILION for value in bits), BLUE],
            text=[_signed(value) for value in (*bits, total)],
            textposition="outside",
            cliponaxis=False,
            customdata=[*values, ""],
            hovertemplate=translate("{name}: {value}", name="%{y}", value="%{text}") + "%{customdata}<extra></extra>",
        )
    )
    figure.add_vline(x=threshold, line={"color": GREY, "width": 2, "dash": "dash"}, layer="below")
    figure.update_yaxes(autorange="reversed", showgrid=False)
    low, high = min([*sums, 0]), max([*sums, 0])
    figure.update_xaxes(title=translate("cumulative match weight in bits"), **_bits(low, high, 10))
    figure.update_xaxes(range=[low - 0.16 * (high - low), high + 0.12 * (high - low)])
    figure.update_layout(height=200 + 40 * (len(labels) + 1))
    title = translate(
        "One person typed in two ways: two records with a match weight of {bits} bits", bits=_signed(total)
    )
    counted = translate("Bits that each comparison adds or subtracts; dashed line: the threshold")
    return finish(figure, title, counted, source)


def _places(labels: list[str]) -> tuple[list[float], float]:
    """Return the positions of labels below one another, and the end of the last; a second line takes 0.6 rows."""
    heights = [1 + 0.6 * text.count("<br>") for text in labels]
    ends = list(accumulate(heights, initial=0.0))
    return [round(start + (height - 1) / 2, 2) for start, height in zip(ends, heights, strict=False)], ends[-1]


def _comparison_label(comparison: str) -> str:
    return label(_COMPARISONS.get(comparison, comparison))


def _shown(masked: str) -> str:
    """Translate the words of a masked value that replace what is hidden."""
    return masked.replace("[hidden]", translate("[hidden]")).replace("blank", translate("blank"))


def _share(value: float) -> str:
    """Format a share with three decimals, since thresholds move it little."""
    return f"{number(100 * value, 3)}{percent_sign()}"


def _bits(low: float, high: float, step: int) -> dict[str, object]:
    """Return axis ticks with a sign, except on zero."""
    ticks = range(math.ceil(low / step) * step, math.floor(high / step) * step + 1, step)
    return {"tickvals": list(ticks), "ticktext": [f"{'+' if n > 0 else MINUS if n else ''}{abs(n)}" for n in ticks]}


def _signed(bits: float) -> str:
    """Format a weight with its sign."""
    rounded = round(bits, 1)
    return f"{'+' if rounded > 0 else MINUS if rounded < 0 else ''}{number(abs(rounded), 1)}"
