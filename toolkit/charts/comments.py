"""Pictures of the comments: what they reveal, and who writes it."""

from __future__ import annotations

import plotly.graph_objects as go
import polars as pl

from toolkit.charts.look import BLUE, finish, histogram, mark, number, percent, real, whole

__all__ = ["comments_by_category", "comments_by_practice"]


def comments_by_category(table: pl.DataFrame, source: str) -> go.Figure:
    """What sensitive comments reveal: bars from a table of `category`, `lines`, `share` (of all lines)."""
    part = table.sort("lines", "category", descending=[False, True])
    labels = [category.replace("_", " ") for category in part["category"]]
    figure = go.Figure(
        go.Bar(
            y=labels,
            x=part["lines"].to_list(),
            orientation="h",
            marker_color=BLUE,
            text=[
                f"{number(lines)} ({percent(share)})" for lines, share in zip(part["lines"], part["share"], strict=True)
            ],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{y}: %{text}<extra></extra>",
        )
    )
    figure.update_yaxes(showgrid=False)
    figure.update_xaxes(title="lines", tickformat=",d", range=[0, whole(part["lines"].max()) * 1.2], nticks=7)
    figure.update_layout(height=180 + 32 * max(6, part.height))
    title = "No sensitive comment found"
    if labels:
        title = f"{labels[-1].capitalize()} is what sensitive comments reveal most often"
    return finish(figure, title, "Lines whose comment falls in the category, and their share of all lines", source)


def comments_by_practice(table: pl.DataFrame, source: str) -> go.Figure:
    """How practices differ in their habit of noting: a histogram from a table of `practice_id`, `flagged`, `lines`."""
    part = table.filter(pl.col("lines") > 0)
    shares = part["flagged"] / part["lines"]
    overall = real(part["flagged"].sum()) / max(1, whole(part["lines"].sum()))
    figure = histogram(shares, "practices", ".2%")
    mark(figure, overall, f"all lines {percent(overall)}")
    figure.update_xaxes(title="share of the practice's lines with a sensitive comment")
    figure.update_xaxes(tickformat=".1%", rangemode="tozero")
    low, high = (percent(real(shares.quantile(q, interpolation="linear"))) for q in (0.1, 0.9))
    title = f"Eight practices in ten note something sensitive on {low} to {high} of their lines"
    return finish(figure, title, f"{number(part.height)} practices by their share of such lines", source)
