"""Chart of numbers that were computed on several leaks, which differ only in their seed."""

from __future__ import annotations

from collections.abc import Iterator

import plotly.graph_objects as go
import polars as pl
from plotly.subplots import make_subplots

from toolkit.charts._theme import BLUE, GREY, INK, VERMILION, finish, in_percent, percent_axis, real, small, wrapped
from toolkit.i18n import number, percent_sign, translate

__all__ = ["spread_over_seeds"]

_ROW = 62
_SPREAD = 0.56
"""Share of a row's height that the marks of its seeds take."""


def spread_over_seeds(values: pl.DataFrame, source: str) -> go.Figure:
    """Draw how much each number varies between leaks: one mark per seed, with its interval where it has one.

    `values` has one row per number and seed: `label` (of the number), `seed`, `value`, `low`, `high` (null without an
    interval) and `planted` (the true value, null where it is not known). Numbers with a true value are drawn as their
    difference from it, in percent, in one colour where the interval contains it and another where it does not. The
    others are drawn as the difference from their own mean.
    """
    rows_with_base = values.with_columns(base=pl.coalesce("planted", pl.col("value").mean().over("label")))
    against = rows_with_base.filter(pl.col("planted").is_not_null())
    around = rows_with_base.filter(pl.col("planted").is_null())
    parts = [part for part in (against, around) if not part.is_empty()]
    rows = [part["label"].n_unique() for part in parts]
    figure = make_subplots(len(parts), 1, row_heights=[row / sum(rows) for row in rows], vertical_spacing=_gap(rows))
    for place, part in enumerate(parts, 1):
        for trace in _against_truth(part) if part is against else _around_mean(part):
            figure.add_trace(trace, place, 1)
        _lay_out(figure, part, place, planted=part is against)
    seeds = values["seed"].n_unique()
    figure.update_layout(height=170 + _ROW * sum(rows) + 70 * len(rows))
    counted = translate("{seeds} leaks generated with different seeds; one mark per leak", seeds=number(seeds))
    return finish(figure, _title(against), counted, source)


def _title(against: pl.DataFrame) -> str:
    ends = against.drop_nulls(["low", "high"])
    if ends.is_empty():
        return translate("How much each number varies between leaks")
    holds = ends.filter(pl.col("planted").is_between("low", "high")).height
    return translate(
        "{holds} of {intervals} intervals contain the true value", holds=number(holds), intervals=number(ends.height)
    )


def _gap(rows: list[int]) -> float:
    """Return the space for the axis title between two parts, as a share of the height."""
    return 90 / (_ROW * sum(rows) + 70 * len(rows)) if len(rows) > 1 else 0.0


def _against_truth(part: pl.DataFrame) -> Iterator[go.Scatter]:
    has_ends = pl.col("low").is_not_null() & pl.col("high").is_not_null()
    holds = pl.col("planted").is_between("low", "high")
    kinds = (
        (has_ends & holds, BLUE, "circle", translate("interval contains the true value")),
        (has_ends & ~holds, VERMILION, "diamond", translate("interval misses it")),
        (~has_ends, INK, "circle", translate("no interval")),
    )
    for chosen, colour, symbol, name in kinds:
        yield _marks(part, chosen, colour, symbol, name)


def _around_mean(part: pl.DataFrame) -> Iterator[go.Scatter]:
    yield _marks(part, pl.lit(value=True), GREY, "circle", translate("exact count, relative to the mean"))


def _marks(part: pl.DataFrame, chosen: pl.Expr, colour: str, symbol: str, name: str) -> go.Scatter:
    """Draw one mark per row, at its relative difference from the base; seeds are below one another."""
    placed = _placed(part).filter(chosen)
    base = pl.col("base")
    away = placed.select(
        value=pl.col("value") / base - 1,
        up=(pl.col("high") - pl.col("value")) / base,
        down=(pl.col("value") - pl.col("low")) / base,
    )
    ends = {"array": in_percent(away["up"]), "arrayminus": in_percent(away["down"]), "thickness": 1.5, "width": 0}
    return go.Scatter(
        x=in_percent(away["value"]),
        y=placed["place"].to_list(),
        mode="markers",
        name=name,
        showlegend=not placed.is_empty(),
        marker={"color": colour, "symbol": symbol, "size": 8},
        error_x={"type": "data", "symmetric": False, **ends} if placed["low"].count() else None,
        customdata=[
            translate("seed {seed}: {value}", seed=str(seed), value=small(value) if value >= 1 else number(value, 5))
            for seed, value in placed.select("seed", "value").iter_rows()
        ],
        hovertemplate="%{customdata} (%{x:+.2f}" + percent_sign() + ")<extra></extra>",
    )


def _placed(part: pl.DataFrame) -> pl.DataFrame:
    """Add `place`, the vertical position: the row of the number, and within it the seeds in order."""
    labels = part["label"].unique(maintain_order=True).to_list()
    seeds = sorted(part["seed"].unique().to_list())
    step = _SPREAD / max(1, len(seeds) - 1)
    within = pl.col("seed").replace_strict({seed: (at - (len(seeds) - 1) / 2) * step for at, seed in enumerate(seeds)})
    row = pl.col("label").replace_strict({label: float(at) for at, label in enumerate(labels)})
    return part.with_columns(place=row + within.cast(pl.Float64))


def _lay_out(figure: go.Figure, part: pl.DataFrame, place: int, *, planted: bool) -> None:
    labels = part["label"].unique(maintain_order=True).to_list()
    figure.update_yaxes(
        tickvals=list(range(len(labels))),
        ticktext=[wrapped(label) for label in labels],
        range=[len(labels) - 0.5, -0.5],
        showgrid=False,
        row=place,
        col=1,
    )
    title = (
        translate("difference from the true value") if planted else translate("difference from the mean over the seeds")
    )
    figure.update_xaxes(**percent_axis(title), range=_range(part), row=place, col=1)
    figure.add_vline(x=0, line={"color": INK, "width": 1, "dash": "dot"}, row=place, col=1)


def _range(part: pl.DataFrame) -> list[float]:
    """Return a range symmetric around zero, so that the true value is in the middle."""
    away = part.select(
        pl.max_horizontal((pl.col(end) / pl.col("base") - 1).abs() for end in ("value", "low", "high")).max()
    )
    reach = max(0.1, 110 * real(away.item()))
    return [-reach, reach]
