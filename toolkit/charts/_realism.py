"""Charts of the marks of a real patient base, one for each table of `toolkit.realism.profiles`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import plotly.graph_objects as go
import polars as pl

from toolkit.charts._theme import BLUE, ORANGE, finish, in_percent, percent_axis, real, reference_line, share_of, whole
from toolkit.i18n import number, translate

__all__ = ["REALISM_CHARTS", "realism_chart"]

_LOCKDOWN = date(2020, 3, 16)
_SATURDAY = 6
_WIDE = 19
"""The last twentieth of a share."""


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A figure, its title and what was counted."""

    figure: go.Figure
    title: str
    counted: str


def realism_chart(name: str, table: pl.DataFrame, source: str) -> go.Figure:
    """Draw one table of `toolkit.realism.profiles`, by its name; hidden counts have no bar.

    Raises `KeyError` for a name that is not in `REALISM_CHARTS`.
    """
    drawn = REALISM_CHARTS[name](table)
    return finish(drawn.figure, drawn.title, drawn.counted, source)


def _bars(names: list[str], shares: list[float | None], label: str, colour: str = BLUE) -> go.Bar:
    return go.Bar(x=names, y=in_percent(shares), name=label, marker_color=colour)


def _percent_figure(traces: list[go.Bar], across: str, up: str) -> go.Figure:
    figure = go.Figure(traces)
    figure.update_xaxes(title=across, type="category", showgrid=False)
    figure.update_yaxes(**percent_axis(up), rangemode="tozero")
    return figure


def _weekdays(table: pl.DataFrame) -> _Drawn:
    names = [
        translate("Monday"), translate("Tuesday"), translate("Wednesday"), translate("Thursday"), translate("Friday"),
        translate("Saturday"), translate("Sunday"),
    ]  # fmt: skip
    rows = table.sort("weekday")
    labels = [names[day - 1] for day in rows["weekday"]]
    created, changed = whole(rows["created"].sum()), whole(rows["changed"].sum())
    figure = _percent_figure(
        [
            _bars(labels, (rows["created"] / created).to_list(), translate("created")),
            _bars(labels, (rows["changed"] / changed).to_list(), translate("last changed"), ORANGE),
        ],
        translate("day of the week"),
        translate("share of the records"),
    )
    weekend = whole(rows.filter(pl.col("weekday") >= _SATURDAY)["created"].sum())
    title = translate("{share} of the records were created at a weekend", share=share_of(weekend, created))
    return _Drawn(figure, title, translate("{n} records, by day of the week", n=number(created)))


def _weeks(table: pl.DataFrame) -> _Drawn:
    rows = table.sort("week")
    figure = go.Figure(go.Scatter(x=rows["week"].to_list(), y=rows["created"].to_list(), mode="lines", line_color=BLUE))
    figure.update_xaxes(title=translate("week"))
    figure.update_yaxes(title=translate("records created"), tickformat=",d", rangemode="tozero")
    reference_line(figure, _LOCKDOWN, translate("first lockdown"))
    spring = (pl.col("week") >= pl.date(2020, 3, 16)) & (pl.col("week") <= pl.date(2020, 5, 4))
    before = (pl.col("week") >= pl.date(2019, 3, 18)) & (pl.col("week") <= pl.date(2019, 5, 6))
    now, then = whole(rows.filter(spring)["created"].sum()), whole(rows.filter(before)["created"].sum())
    title = translate("Records created by week, 2019 to 2021")
    if then:
        title = translate("Spring 2020 has {share} of the new records of spring 2019", share=share_of(now, then))
    return _Drawn(figure, title, translate("{n} records, by week", n=number(whole(rows["created"].sum()))))


def _births(table: pl.DataFrame) -> _Drawn:
    rows = table.drop_nulls().sort("decade")
    labels = [translate("{decade}s", decade=decade) for decade in rows["decade"]]
    figure = _percent_figure(
        [_bars(labels, (rows["weekend"] / rows["births"]).to_list(), translate("born at a weekend"))],
        translate("decade of birth"),
        translate("share of the people"),
    )
    late = rows.filter(pl.col("decade") >= 1990)
    weekend, births = whole(late["weekend"].sum()), whole(late["births"].sum())
    title = translate("Births at weekends, by decade")
    if births:
        title = translate(
            "{share} of those born since 1990 were born at a weekend; two days of seven are 28.6%",
            share=share_of(weekend, births),
        )
    counted = translate("{n} people born in France, by decade", n=number(whole(rows["births"].sum())))
    return _Drawn(figure, title, counted)


def _every_twentieth(table: pl.DataFrame) -> pl.DataFrame:
    """Return the rows with those of twentieths in between that nobody has."""
    every = pl.DataFrame({"twentieth": range(whole(table["twentieth"].max()) + 1)}, schema={"twentieth": pl.Int32})
    return every.join(table, on="twentieth", how="left", maintain_order="left").fill_null(0)


def _styles(table: pl.DataFrame) -> _Drawn:
    rows = _every_twentieth(table)
    labels = [translate("{low} to {high}%", low=5 * part, high=5 * part + 5) for part in rows["twentieth"]]
    figure = go.Figure(go.Bar(x=labels, y=rows["practices"].to_list(), marker_color=BLUE))
    figure.update_xaxes(title=translate("records with the name in capitals"), type="category", showgrid=False)
    figure.update_yaxes(title=translate("practices"), tickformat=",d")
    practices = whole(rows["practices"].sum())
    extreme = rows.filter((pl.col("twentieth") == 0) | (pl.col("twentieth") >= _WIDE - 1))
    title = translate(
        "{share} of the practices type under 5% or over 90% of the names in capitals",
        share=share_of(whole(extreme["practices"].sum()), practices),
    )
    return _Drawn(figure, title, translate("{n} practices", n=number(practices)))


def _contact(table: pl.DataFrame) -> _Drawn:
    rows = table.drop_nulls().sort("age")
    labels = [translate("{first} to {last}", first=age, last=age + 9) for age in rows["age"]]
    figure = _percent_figure(
        [
            _bars(labels, (rows["email"] / rows["records"]).to_list(), translate("e-mail address")),
            _bars(labels, (rows["landline"] / rows["records"]).to_list(), translate("landline"), ORANGE),
        ],
        translate("age in years"),
        translate("share of the records"),
    )
    first, last = rows.head(1), rows.filter(pl.col("age") == 80)
    title = translate("E-mail addresses and landlines by age")
    if len(last):
        title = translate(
            "{young} of the records have an e-mail address at {first} to {end} years, {old} at 80 to 89",
            young=share_of(whole(first["email"][0]), whole(first["records"][0])),
            first=whole(first["age"][0]),
            end=whole(first["age"][0]) + 9,
            old=share_of(whole(last["email"][0]), whole(last["records"][0])),
        )
    return _Drawn(figure, title, translate("{n} records, by age", n=number(whole(rows["records"].sum()))))


def _places(table: pl.DataFrame) -> _Drawn:
    rows = _every_twentieth(table)
    labels = [translate("{low} to {high}%", low=5 * part, high=5 * part + 5) for part in rows["twentieth"]]
    figure = go.Figure(go.Bar(x=labels, y=rows["postal_codes"].to_list(), marker_color=BLUE))
    figure.update_xaxes(title=translate("people on file, of the inhabitants"), type="category", showgrid=False)
    figure.update_yaxes(title=translate("postal codes"), tickformat=",d")
    full = rows.filter(pl.col("twentieth") >= 20)
    people = whole(rows["people"].sum())
    title = translate(
        "{share} of the people live where more are on file than live there",
        share=share_of(whole(full["people"].sum()), people),
    )
    counted = translate("{n} postal codes", n=number(whole(rows["postal_codes"].sum())))
    return _Drawn(figure, title, counted)


def _distances(table: pl.DataFrame) -> _Drawn:
    rows = table.drop_nulls().sort("km")
    every = whole(rows["records"].sum())
    last = whole(rows["km"].max())
    labels = [
        translate("{km} and over", km=km) if km == last else translate("{low} to {high}", low=km, high=km + 5)
        for km in rows["km"]
    ]
    figure = _percent_figure(
        [_bars(labels, (rows["records"] / every).to_list(), translate("records"))],
        translate("km between home and practice"),
        translate("share of the records"),
    )
    near = whole(rows.filter(pl.col("km") < 10)["records"].sum())
    title = translate("{share} of the records are of people within 10 km", share=share_of(near, every))
    return _Drawn(figure, title, translate("{n} records with a known place", n=number(every)))


def _openings(table: pl.DataFrame) -> _Drawn:
    rows = table.drop_nulls().sort("month")
    pupils, adults = whole(rows["pupils"].sum()), whole(rows["adults"].sum())
    names = _months()
    labels = [names[month - 1] for month in rows["month"]]
    figure = _percent_figure(
        [
            _bars(labels, (rows["adults"] / adults).to_list(), translate("opened at 25 to 60 years")),
            _bars(labels, (rows["pupils"] / pupils).to_list(), translate("opened at 6 to 15 years"), ORANGE),
        ],
        translate("month"),
        translate("share of the records"),
    )
    autumn = rows.filter(pl.col("month").is_in([9, 10]))
    title = translate(
        "{share} of the records of school children were opened in September or October",
        share=share_of(real(autumn["pupils"].sum()), pupils),
    )
    return _Drawn(figure, title, translate("{n} records", n=number(pupils + adults)))


def _months() -> list[str]:
    return [
        translate("January"), translate("February"), translate("March"), translate("April"), translate("May"),
        translate("June"), translate("July"), translate("August"), translate("September"), translate("October"),
        translate("November"), translate("December"),
    ]  # fmt: skip


REALISM_CHARTS: dict[str, Callable[[pl.DataFrame], _Drawn]] = {
    "weekdays": _weekdays,
    "weeks": _weeks,
    "births": _births,
    "styles": _styles,
    "contact": _contact,
    "places": _places,
    "distances": _distances,
    "openings": _openings,
}
"""How each table is drawn, by its name."""
