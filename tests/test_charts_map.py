"""The map by departement: every departement once, darker where there are more records, hidden counts hatched."""

from __future__ import annotations

import re

import plotly.graph_objects as go
import polars as pl

from tests.chart_examples import (
    CHARTS,
    DEPARTEMENTS,
    SOURCE,
    outlines,
)
from toolkit import charts
from toolkit.analysis import counts
from toolkit.dataset._leak import Leak


def classes(figure: go.Figure) -> dict[str, tuple[str, str]]:
    """Return each departement of a map, by name, with its legend entry and its pattern."""
    shapes = outlines(figure)
    return {re.findall("<b>(.*?)</b>", shape.text)[0]: (shape.legendgroup, shape.fillpattern.shape) for shape in shapes}


def test_map_has_every_departement_of_the_reference_once() -> None:
    """The outlines are the 101 departements of the table of inhabitants, with the same names."""
    shown = classes(charts.departement_map(DEPARTEMENTS, SOURCE))

    assert set(counts.inhabitants()["name"]) == set(shown)
    assert 101 == len(shown)


def test_map_separates_few_records_from_none(leak: Leak) -> None:
    """Nine records are hatched, no practice is plain grey; the legend and the hover text name both."""
    figure = CHARTS["departement_map"](leak)
    shown = classes(figure)

    assert ("no practice", "") == shown["Ain"]
    assert ("too few to show", "/") == shown["Aisne"]
    assert {"no practice", "too few to show"} < {trace.name for trace in figure.data}
    assert not any(">9 " in trace.text for trace in figure.data if isinstance(trace.text, str))


def test_map_is_darker_where_there_is_more() -> None:
    """Five classes of about as many departements, from the lightest to the darkest, in the order of the rates."""
    table = DEPARTEMENTS.with_columns(practices=1, records=1000, records_per_1000=pl.int_range(1, pl.len() + 1))
    shown = classes(charts.departement_map(table, SOURCE))

    entries_in_order = [shown[name][0] for name in table["name"]]
    assert ["under 21", "21 to 41", "41 to 61", "61 to 81", "81 or more"] == list(dict.fromkeys(entries_in_order))
    assert [20, 20, 20, 20, 21] == [entries_in_order.count(entry) for entry in dict.fromkeys(entries_in_order)]
    figure = charts.departement_map(table, SOURCE)
    fills = {shape.legendgroup: shape.fillcolor for shape in outlines(figure)}
    entries = {trace.name: trace.marker.color for trace in figure.data if trace.type == "bar"}
    assert fills == entries
    light = [sum(int(fills[entry][at : at + 2], 16) for at in (1, 3, 5)) for entry in dict.fromkeys(entries_in_order)]
    assert sorted(set(light), reverse=True) == light


def test_map_title_names_the_most_against_the_country() -> None:
    """The title has the highest rate with its departement, and the rate of the whole country."""
    table = DEPARTEMENTS.with_columns(records=10, records_per_1000=1.0, inhabitants=10_000)
    table = table.with_columns(
        records_per_1000=pl.when(pl.col("name") == "Gers").then(7.5).otherwise(pl.col("records_per_1000")),
        practices=1,
    )
    title = charts.departement_map(table, SOURCE).layout.meta["title"]

    assert title.startswith("Gers has the most records per 1,000 inhabitants: 7.5, ")
    assert title.endswith("1.0 in France as a whole")


def test_map_of_hidden_counts_keeps_them_out_of_the_rate() -> None:
    """A departement with a hidden count is hatched, and its inhabitants are not in the rates of the title."""
    table = DEPARTEMENTS.with_columns(records=10, records_per_1000=1.0, inhabitants=10_000, practices=1)
    hidden = pl.col("name") == "Gers"
    table = table.with_columns(pl.when(~hidden).then(pl.col("records", "records_per_1000")).name.keep())
    figure = charts.departement_map(table, SOURCE)

    assert ("too few to show", "/") == classes(figure)["Gers"]
    assert figure.layout.meta["title"].endswith("1.0 in all departements with enough to show")


def test_map_of_an_empty_leak_says_so() -> None:
    """Where no departement has ten records, the title says so."""
    table = DEPARTEMENTS.with_columns(records=0, records_per_1000=0.0, practices=0)
    figure = charts.departement_map(table, SOURCE)

    assert "No departement has enough records to show" == figure.layout.meta["title"]
    assert {"no practice"} == {entry for entry, _ in classes(figure).values()}
