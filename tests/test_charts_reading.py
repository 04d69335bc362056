"""How pictures are read: in French, on a page as narrow as a telephone, and by those who cannot see them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import plotly.graph_objects as go
import pytest

from tests.pictures import (
    NOTHING,
    PICTURES,
    SOURCE,
)
from toolkit import charts, schema
from toolkit import i18n as language
from toolkit.analysis import counts, public_figures
from toolkit.analysis._keys import KEYS
from toolkit.analysis.linkage._comparisons import COMPARISONS
from toolkit.charts import _theme as look
from toolkit.dataset._leak import Leak
from toolkit.i18n import use_language
from toolkit.synth import _error_model as typist


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0, "0"), (0.0006, "0,0006"), (0.016, "0,016"), (0.5, "0,5"), (5.9, "5,9"), (212.4, "212"), (22e6, "22 000 000")],
)
def test_small_expectations_keep_the_digits_that_tell(value: float, expected: str) -> None:
    """An expectation below one keeps two digits, however small it is, and a large one none after the mark."""
    with use_language("fr"):
        assert expected.replace(" ", "\u202f") == look.small(value)


class Recorder(dict[str, str]):
    """A catalogue that remembers what it was asked for and did not have."""

    def __init__(self, entries: dict[str, str]) -> None:
        super().__init__(entries)
        self.missed: set[str] = set()

    def get(self, text: str, default: str = "") -> str:  # type: ignore[override]
        """As a dictionary does."""
        if text not in self:
            self.missed.add(text)
        return super().get(text, default)


def texts(value: object) -> Iterator[str]:
    """Every text somewhere in the JSON of a figure."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from texts(part)


@pytest.mark.parametrize("name", PICTURES)
def test_every_picture_speaks_french(name: str, leak: Leak, monkeypatch: pytest.MonkeyPatch) -> None:
    """In French every text of a picture is in the catalogue, and numbers have its comma and its narrow spaces."""
    french = Recorder(language.catalogue("fr"))
    monkeypatch.setattr(language, "catalogue", lambda _: french)

    with use_language("fr"):
        figure = PICTURES[name](leak)

    assert set() == french.missed
    assert ",\u202f" == figure.layout.separators
    told = json.loads(figure.to_json())
    del told["layout"]["template"]
    english_numbers = re.compile(r"[1-9]\d{0,2},\d{3}(?![\d\u202f])|\d\.\d|\d %|\d%")
    formats = re.compile(r"%\{.*?\}|rgba?\(.*?\)|<span.*?>")
    assert [] == [text for text in texts(told) if english_numbers.search(formats.sub("", text))]


def shown(figure: go.Figure) -> Iterator[str]:
    """What a reader may read: titles, names, labels, what is said at the pointer."""
    yield from (figure.layout.meta["title"], figure.layout.meta["counted"])
    yield from (note.text for note in figure.layout.annotations)
    for axis in (figure.layout.xaxis, figure.layout.yaxis):
        yield from (axis.title.text or "", *(axis.ticktext or ()))
    for trace in figure.data:
        yield from (trace.name or "", trace.hovertemplate or "")
        for side in (trace.x, trace.y, trace.text, trace.customdata):
            yield from (text for text in ([side] if isinstance(side, str) else side or ()) if isinstance(text, str))


@pytest.mark.parametrize("name", [*PICTURES, *NOTHING])
def test_no_text_stays_english(name: str, leak: Leak) -> None:
    """What has words is said differently in French, but for names of places and words that are the same in both."""

    def draw() -> go.Figure:
        return NOTHING[name]() if name in NOTHING else PICTURES[name](leak)

    english = set(shown(draw()))
    with use_language("fr"):
        french = set(shown(draw()))

    alike = {text for text, told in language.catalogue("fr").items() if text == told}
    alike |= set(counts.inhabitants()["name"]) | {"\u202f%"}
    formats = re.compile(r"%\{.*?\}|<.*?>")
    words = {text for text in english & french if re.search(r"[A-Za-z]{3}", formats.sub("", text))}
    assert set() == words - alike


@pytest.mark.parametrize("name", PICTURES)
def test_language_changes_words_and_no_number(name: str, leak: Leak) -> None:
    """What is drawn, and in which order, is the same in both languages."""
    english = PICTURES[name](leak)
    with use_language("fr"):
        french = PICTURES[name](leak)

    def drawn(figure: go.Figure) -> list[list[object]]:
        sides = [side for trace in figure.data for side in (trace.x, trace.y) if side is not None]
        return [[value for value in side if not isinstance(value, str)] for side in sides]

    assert drawn(english) == drawn(french)
    assert english.layout.title.text != french.layout.title.text


@pytest.mark.parametrize("name", PICTURES)
def test_every_picture_has_a_text_for_those_who_cannot_see_it(name: str, leak: Leak) -> None:
    """The text begins with the finding, says what is counted, stays short, and holds no mark-up."""
    meta = PICTURES[name](leak).layout.meta

    assert meta["alt"].startswith(meta["title"])
    assert meta["counted"] in meta["alt"]
    assert 1200 > len(meta["alt"])
    assert "<" not in meta["alt"]
    assert SOURCE == meta["source"]


def test_text_for_those_who_cannot_see_tells_the_values(leak: Leak) -> None:
    """Labelled marks are told with their values, and what is beyond a dozen is counted."""
    assert (
        PICTURES["repeats"](leak)
        .layout.meta["alt"]
        .endswith("lines exported twice: 2 (66.7\u202f%); placeholder records: 1 (33.3\u202f%).")
    )
    assert "and 7 more." in PICTURES["completeness"](leak).layout.meta["alt"]


@pytest.mark.parametrize("name", PICTURES)
def test_a_page_tells_title_and_source_itself(name: str, leak: Leak) -> None:
    """For a page, title and source are taken off and the height is less by their room; the marks stay."""
    figure = PICTURES[name](leak)
    page = charts.for_page(figure)

    assert page.layout.title.text is None
    assert f"Source: {SOURCE}" not in [annotation.text for annotation in page.layout.annotations]
    assert figure.layout.title.text
    assert figure.layout.meta == page.layout.meta
    marks, marks_on_page = (one.layout.height - one.layout.margin.t - one.layout.margin.b for one in (figure, page))
    assert marks <= marks_on_page


def test_on_a_page_names_stand_above_the_bars(leak: Leak) -> None:
    """Names of bars leave the whole width to the bars: each stands above its own, in words that are not cut."""
    page = charts.for_page(PICTURES["counts_overview"](leak))

    assert page.layout.yaxis.showticklabels is False
    named = {note.y: note.text for note in page.layout.annotations}
    assert set(page.data[0].y) == set(named)
    assert "<b>people</b> by social security number" in named.values()


def test_text_of_a_bar_is_never_left_out() -> None:
    """A bar of no length carries its text beside it, others within where there is room, in the ink that reads best."""
    text = look.bar_text([5, 0], [look.BLUE, look.ORANGE])

    assert ["auto", "outside"] == text["textposition"]
    assert ["white", look.INK] == text["insidetextfont"]["color"]


@pytest.mark.parametrize("colour", [look.BLUE, look.ORANGE, look.GREEN, look.SKY, look.VERMILION, look.GREY])
def test_ink_is_the_one_with_more_contrast(colour: str) -> None:
    """Of white and dark ink, the one chosen has the greater contrast ratio of WCAG."""

    def luminance(code: str) -> float:
        parts = [int(code[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    white, dark = 1.05 / (luminance(colour) + 0.05), (luminance(colour) + 0.05) / (luminance(look.INK) + 0.05)
    assert ("white" if white > dark else look.INK) == look.ink_on(colour)


def labels_of_tables() -> Iterator[str]:
    """Names that real tables bring and the fixtures above do not: every one may stand on an axis."""
    yield from schema.CATEGORIES
    yield from schema.LINES.names
    yield from KEYS
    yield from typist.CATALOGUE
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
    """Whatever category, column, key, typing error or degree of agreement a table holds has its French name."""
    french = language.catalogue("fr")
    english = {name: look.label(name) for name in labels_of_tables()}

    assert [] == [name for name, told in english.items() if told not in french]
