"""Pictures: what they show is what the table says, and they stay small, sourced and told apart by everybody."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import plotly.graph_objects as go
import polars as pl
import pytest

from toolkit import charts
from toolkit.analysis import counts, duplicates, public_figures
from toolkit.charts import look
from toolkit.leak import Leak

SOURCE = "nine lines by hand"
CATEGORIES = pl.DataFrame({"category": ["violence", "serious_illness"], "lines": [1, 2], "share": [1 / 9, 2 / 9]})
PRACTICES = pl.DataFrame({"practice_id": [1, 2, 3], "flagged": [1, 0, 0], "lines": [4, 3, 0]})


def both_keys(leak: Leak) -> pl.DataFrame:
    """People by number of practices, by two keys."""
    return pl.concat([duplicates.practices_per_person(leak, key) for key in duplicates.EXACT_KEYS])


PICTURES: dict[str, Callable[[Leak], go.Figure]] = {
    "counts_overview": lambda leak: charts.counts_overview(counts.overview(leak), SOURCE),
    "completeness": lambda leak: charts.completeness(counts.completeness(leak), SOURCE),
    "lines_by_year": lambda leak: charts.lines_by_year(counts.by_year(leak), SOURCE),
    "lines_by_practice": lambda leak: charts.lines_by_practice(counts.by_practice(leak), SOURCE),
    "people_by_practices": lambda leak: charts.people_by_practices(both_keys(leak), SOURCE),
    "public_figures_tiers": lambda leak: charts.public_figures_tiers(public_figures.tiers(leak), SOURCE),
    "comments_by_category": lambda _: charts.comments_by_category(CATEGORIES, SOURCE),
    "comments_by_practice": lambda _: charts.comments_by_practice(PRACTICES, SOURCE),
}


def test_every_picture_is_tested() -> None:
    """No picture is made that these tests do not look at."""
    assert {name for name in charts.__all__ if name.islower()} == set(PICTURES)


@pytest.mark.parametrize("name", PICTURES)
def test_every_picture_has_title_source_and_units(name: str, leak: Leak) -> None:
    """A picture states its finding, what is counted, where it comes from, and the unit of an axis."""
    figure = PICTURES[name](leak)

    finding, *counted = figure.layout.title.text.split("</b><br>")
    assert len(finding) > len("<b>") + 20
    assert 1 == len(counted)
    assert f"Source: {SOURCE}" in [annotation.text for annotation in figure.layout.annotations]
    assert figure.layout.xaxis.title.text or figure.layout.yaxis.title.text


@pytest.mark.parametrize("name", PICTURES)
def test_every_picture_is_small(name: str, leak: Leak) -> None:
    """What is drawn was counted before: no picture holds more than a few hundred points."""
    figure = PICTURES[name](leak)

    assert 300 > sum(len(trace.x) for trace in figure.data)


@pytest.mark.parametrize("name", PICTURES)
def test_every_picture_has_the_shared_look(name: str, leak: Leak) -> None:
    """Every picture wears the shared template, whose thousands are parted by a thin space."""
    figure = PICTURES[name](leak)

    assert charts.TEMPLATE.layout.colorway == figure.layout.template.layout.colorway
    assert ".\u202f" == figure.layout.template.layout.separators


def test_overview_titles_lines_records_and_people(leak: Leak) -> None:
    """The title says the numbers of the table, and the bar of repeated lines starts where the records end."""
    figure = PICTURES["counts_overview"](leak)

    assert (
        "<b>9 lines are 8 records, and 3 to 6 people, by the key that tells them apart</b>" in figure.layout.title.text
    )
    (bars,) = figure.data
    assert (9, 1, 8, 6, 5, 4, 3) == tuple(bars.x)
    assert (0, 8, 0, 0, 0, 0, 0) == tuple(bars.base)


def test_histogram_counts_every_practice_once() -> None:
    """The bars of the histogram add up to the practices, also for the largest, on the last edge."""
    table = pl.DataFrame({"lines": range(1, 1151)})
    (bars,) = charts.lines_by_practice(table, SOURCE).data

    assert 1150 == sum(bars.y)


def test_largest_tenth_is_told() -> None:
    """Of ten practices, the one with 91 of 100 lines holds 91 % of them."""
    figure = charts.lines_by_practice(pl.DataFrame({"lines": [1] * 9 + [91]}), SOURCE)

    assert "The largest tenth of the 10 practices hold 91.0\u202f% of the lines" in figure.layout.title.text


def test_people_of_two_keys_are_two_traces(leak: Leak) -> None:
    """Each key has its points, and the title says between which shares they put the answer."""
    figure = PICTURES["people_by_practices"](leak)

    assert [(1, 2), (2, 2)] == [tuple(trace.y) for trace in figure.data]
    assert "50.0\u202f% to 66.7\u202f% of the people stand at two practices" in figure.layout.title.text


def test_figures_below_the_axis_keep_their_number(leak: Leak) -> None:
    """An expectation too small for a logarithmic axis is drawn at its foot and told in its label."""
    figure = PICTURES["public_figures_tiers"](leak)
    expected = next(trace for trace in figure.data if trace.name == "expected by chance")

    assert ("2.4", "1.6", "0.0043", "0.0006") == tuple(expected.text)
    assert 0.1 == min(expected.x)


def test_categories_are_sorted_with_the_largest_on_top(leak: Leak) -> None:
    """Bars run from the largest category, on top, down, with lines and share beside each."""
    (bars,) = PICTURES["comments_by_category"](leak).data

    assert ("violence", "serious illness") == tuple(bars.y)
    assert ("1 (11.1\u202f%)", "2 (22.2\u202f%)") == tuple(bars.text)


def test_practices_without_lines_have_no_share(leak: Leak) -> None:
    """A practice without lines is not drawn, and the mark is the share among all lines."""
    figure = PICTURES["comments_by_practice"](leak)

    assert 2 == sum(figure.data[0].y)
    assert "all lines 14.3\u202f%" in [annotation.text for annotation in figure.layout.annotations]


def test_nothing_found_is_a_picture_too() -> None:
    """An empty table of categories gives a picture that says so."""
    figure = charts.comments_by_category(CATEGORIES.clear(), SOURCE)

    assert "No sensitive comment found" in figure.layout.title.text


def test_numbers_are_parted_by_thin_spaces() -> None:
    """Thousands are parted in titles as on axes, and small shares keep a digit that says something."""
    assert ["22\u202f000\u202f000", "0"] == [look.number(value) for value in (22_000_000, 0)]
    assert ["100\u202f%", "17.2\u202f%", "1.13\u202f%", "under 0.01\u202f%", "0\u202f%"] == [
        look.percent(share) for share in (1.0, 0.172, 0.0113, 0.00004, 0.0)
    ]


def test_pages_of_pictures_load_nothing(leak: Leak, tmp_path: Path) -> None:
    """A figure written with plotly.js inside asks the network for nothing."""
    page = tmp_path / "page.html"
    PICTURES["lines_by_year"](leak).write_html(page, include_plotlyjs=True)

    assert "<script src=" not in page.read_text(encoding="utf-8")
