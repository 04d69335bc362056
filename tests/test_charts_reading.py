"""Charts for readers: in French, on narrow pages, and as a text alternative."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import plotly.graph_objects as go
import pytest

from tests.chart_examples import (
    CHARTS,
    NOTHING,
    SOURCE,
)
from tests.missing_translations import record_missing
from toolkit import charts, schema
from toolkit.analysis import counts, public_figures
from toolkit.analysis._keys import KEYS
from toolkit.analysis.linkage._comparisons import COMPARISONS
from toolkit.charts import _theme
from toolkit.dataset._leak import Leak
from toolkit.i18n import catalogue, use_language
from toolkit.synth import _error_model


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0, "0"), (0.0006, "0,0006"), (0.016, "0,016"), (0.5, "0,5"), (5.9, "5,9"), (212.4, "212"), (22e6, "22 000 000")],
)
def test_small_expected_numbers_keep_two_digits(value: float, expected: str) -> None:
    """A number below one has two significant digits, however small it is; a large one has no decimals."""
    with use_language("fr"):
        assert expected.replace(" ", "\u202f") == _theme.small(value)


def texts(value: object) -> Iterator[str]:
    """Yield every text in the JSON of a figure."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from texts(part)


@pytest.mark.parametrize("name", CHARTS)
def test_every_chart_is_translated(name: str, leak: Leak, monkeypatch: pytest.MonkeyPatch) -> None:
    """In French every text of a chart is in the catalogue, and numbers have its comma and narrow spaces."""
    missing = record_missing(monkeypatch)

    with use_language("fr"):
        figure = CHARTS[name](leak)

    assert set() == missing
    assert ",\u202f" == figure.layout.separators
    content = json.loads(figure.to_json())
    del content["layout"]["template"]
    english_numbers = re.compile(r"[1-9]\d{0,2},\d{3}(?![\d\u202f])|\d\.\d|\d %|\d%")
    formats = re.compile(r"%\{.*?\}|rgba?\(.*?\)|<span.*?>")
    assert [] == [text for text in texts(content) if english_numbers.search(formats.sub("", text))]


def shown(figure: go.Figure) -> Iterator[str]:
    """Yield what a reader can read: titles, names, labels, hover texts."""
    yield from (figure.layout.meta["title"], figure.layout.meta["counted"])
    yield from (note.text for note in figure.layout.annotations)
    for axis in (figure.layout.xaxis, figure.layout.yaxis):
        yield from (axis.title.text or "", *(axis.ticktext or ()))
    for trace in figure.data:
        yield from (trace.name or "", trace.hovertemplate or "")
        for side in (trace.x, trace.y, trace.text, trace.customdata):
            yield from (text for text in ([side] if isinstance(side, str) else side or ()) if isinstance(text, str))


@pytest.mark.parametrize("name", [*CHARTS, *NOTHING])
def test_no_text_stays_english(name: str, leak: Leak) -> None:
    """Every text with words differs in French, except names of places and words that are the same in both."""

    def draw() -> go.Figure:
        return NOTHING[name]() if name in NOTHING else CHARTS[name](leak)

    english = set(shown(draw()))
    with use_language("fr"):
        french = set(shown(draw()))

    alike = {text for text, translated in catalogue("fr").items() if text == translated}
    alike |= set(counts.inhabitants()["name"]) | {"\u202f%"}
    formats = re.compile(r"%\{.*?\}|<.*?>")
    words = {text for text in (formats.sub("", text) for text in english & french) if re.search(r"[A-Za-z]{3}", text)}
    assert set() == words - alike


@pytest.mark.parametrize("name", CHARTS)
def test_language_changes_words_and_no_number(name: str, leak: Leak) -> None:
    """Values and their order are the same in both languages."""
    english = CHARTS[name](leak)
    with use_language("fr"):
        french = CHARTS[name](leak)

    def drawn(figure: go.Figure) -> list[list[object]]:
        sides = [side for trace in figure.data for side in (trace.x, trace.y) if side is not None]
        return [[value for value in side if not isinstance(value, str)] for side in sides]

    assert drawn(english) == drawn(french)
    assert english.layout.title.text != french.layout.title.text


@pytest.mark.parametrize("name", CHARTS)
def test_every_chart_has_an_alt_text(name: str, leak: Leak) -> None:
    """The alt text starts with the title, has what is counted, is short, and has no mark-up."""
    meta = CHARTS[name](leak).layout.meta

    assert meta["alt"].startswith(meta["title"])
    assert meta["counted"] in meta["alt"]
    assert 1200 > len(meta["alt"])
    assert "<" not in meta["alt"]
    assert SOURCE == meta["source"]


def test_alt_text_has_the_values(leak: Leak) -> None:
    """Labelled points are listed with their values, up to twelve; the rest is counted."""
    assert (
        CHARTS["repeats"](leak)
        .layout.meta["alt"]
        .endswith("lines exported twice: 2 (66.7%); placeholder records: 1 (33.3%).")
    )
    assert "and 7 more." in CHARTS["completeness"](leak).layout.meta["alt"]


@pytest.mark.parametrize("name", CHARTS)
def test_chart_for_a_page_has_no_title_and_source(name: str, leak: Leak) -> None:
    """For a page, title and source are removed with their space; the plot is not smaller."""
    figure = CHARTS[name](leak)
    page = charts.for_page(figure)

    assert page.layout.title.text is None
    assert f"Source: {SOURCE}" not in [annotation.text for annotation in page.layout.annotations]
    assert figure.layout.title.text
    assert figure.layout.meta == page.layout.meta
    marks, marks_on_page = (one.layout.height - one.layout.margin.t - one.layout.margin.b for one in (figure, page))
    assert marks <= marks_on_page


def test_names_are_above_the_bars_on_a_page(leak: Leak) -> None:
    """Each name is above its bar, uncut, so that the bars have the full width."""
    page = charts.for_page(CHARTS["counts_overview"](leak))

    assert page.layout.yaxis.showticklabels is False
    named = {note.y: note.text for note in page.layout.annotations}
    assert set(page.data[0].y) == set(named)
    assert "<b>people</b> by social security number" in named.values()


def test_text_of_a_bar_is_never_left_out() -> None:
    """A bar of length zero has its text beside it; others have it inside where there is room, in a readable colour."""
    text = _theme.bar_text([5, 0], [_theme.BLUE, _theme.ORANGE])

    assert ["auto", "outside"] == text["textposition"]
    assert ["white", _theme.INK] == text["insidetextfont"]["color"]


@pytest.mark.parametrize(
    "colour", [_theme.BLUE, _theme.ORANGE, _theme.GREEN, _theme.SKY, _theme.VERMILION, _theme.GREY]
)
def test_text_colour_has_the_greater_contrast(colour: str) -> None:
    """Of white and dark, the text colour has the greater WCAG contrast ratio."""

    def luminance(code: str) -> float:
        parts = [int(code[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    white, dark = 1.05 / (luminance(colour) + 0.05), (luminance(colour) + 0.05) / (luminance(_theme.INK) + 0.05)
    assert ("white" if white > dark else _theme.INK) == _theme.ink_on(colour)


def labels_of_tables() -> Iterator[str]:
    """Yield the names that can be on an axis and are not in the example tables."""
    yield from schema.CATEGORIES
    yield from schema.LINES.names
    yield from KEYS
    yield from _error_model.CATALOGUE
    yield from public_figures.TIERS.values()
    yield from (
        "lines",
        "distinct lines",
        "record ids",
        "records without placeholders",
        "exact identities",
        "linked people",
    )
    for comparison in COMPARISONS:
        yield comparison.name
        yield from (level.name for level in comparison.levels)


def test_labels_of_tables_are_translated() -> None:
    """Every category, column, key, typing error and level of agreement of a table has a French label."""
    french = catalogue("fr")
    english = {name: _theme.label(name) for name in labels_of_tables()}

    assert [] == [name for name, text in english.items() if text not in french]
