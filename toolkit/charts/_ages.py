"""Chart of the people by age."""

from __future__ import annotations

from itertools import pairwise

import plotly.graph_objects as go
import polars as pl

from toolkit.charts._theme import BLUE, ORANGE, finish, in_percent, percent_axis, share_of, whole
from toolkit.i18n import number, translate

__all__ = ["people_by_age"]

_ADULT = 18


def people_by_age(table: pl.DataFrame, source: str) -> go.Figure:
    """Draw the share of people in each age group, children in another colour, from `count_ages`; hidden have no bar."""
    colours = [ORANGE if age < _ADULT else BLUE for age in table["first_age"]]
    shares = in_percent(table["share"].to_list())
    texts = ["" if n is None else number(n) for n in table["people"].to_list()]
    names = _names(table["first_age"].to_list())
    figure = go.Figure(
        go.Bar(
            x=names,
            y=shares,
            marker_color=colours,
            text=texts,
            textposition="outside",  # millions are wider than a bar
            cliponaxis=False,
            hovertemplate=translate("{group} years: {n} people", group="%{x}", n="%{text}") + "<extra></extra>",
        )
    )
    figure.update_xaxes(title=translate("age in years"), type="category", showgrid=False)
    figure.update_yaxes(**percent_axis(translate("share of the people")), rangemode="tozero")
    dated = whole(table["dated"].max())
    children = table.filter(pl.col("first_age") < _ADULT)["people"]
    title = translate("People by age")
    if not children.has_nulls():
        title = translate("{share} of the people are children", share=share_of(int(children.sum()), dated))
    counted = translate("{people} people with a plausible birth date, by age group", people=number(dated))
    if table["people"].has_nulls():
        counted = translate("{counted}; groups with too few to show have no bar", counted=counted)
    return finish(figure, title, counted, source)


def _names(first_ages: list[int]) -> list[str]:
    """Return the names of the groups in the current language; the last one is open."""
    closed = [translate("{first} to {last}", first=first, last=after - 1) for first, after in pairwise(first_ages)]
    return [*closed, translate("{first} and over", first=first_ages[-1])]
