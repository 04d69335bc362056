"""The page of the report and its files: links to notebook cells, two languages, pictures, small counts."""

from __future__ import annotations

import json
import re
import shutil
from asyncio import CancelledError
from collections import defaultdict
from dataclasses import replace
from html import unescape
from itertools import pairwise
from pathlib import Path
from typing import Any

import nbformat
import polars as pl
import pytest
from kaleido.errors import JavascriptError, KaleidoError

from tests.missing_translations import record_missing
from toolkit import claims
from toolkit.dataset import open_leak
from toolkit.i18n import catalogue, use_language
from toolkit.privacy import notice
from toolkit.questions import Answer, Question, ask, find_question, format_result, questions, shown_tables
from toolkit.report import Findings, draw, find_notebooks, render, write_images, write_report
from toolkit.report import _page as report_page
from toolkit.report._cell_links import cell_address
from toolkit.report._exports import exports
from toolkit.report._view import _commands, page_content

ENGLISH = re.compile(r"\b(the|of|and|with|is|are|by|from|which|people|lines|records|out)\b", flags=re.IGNORECASE)


@pytest.fixture(scope="session")
def report(small_findings: Findings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the small leak's report, in English, with pictures where there is a browser."""
    return write_report(tmp_path_factory.mktemp("report"), small_findings).parent


@pytest.fixture(scope="session")
def page(report: Path) -> str:
    """The page of that report, without the drawing library."""
    return _text(report / "index.html")


def _text(path: Path) -> str:
    from plotly.offline import get_plotlyjs

    return path.read_text(encoding="utf-8").replace(get_plotlyjs(), "")


def _drawn(findings: Findings) -> str:
    """Return the page of findings, without writing files."""
    from plotly.offline import get_plotlyjs

    content = page_content(findings, draw(findings), list(exports(findings)), {})
    return render("index.html.j2", content).replace(get_plotlyjs(), "")


def _visible(page: str) -> str:
    """Return the text that a reader sees, without scripts, styles and what is marked as English."""
    page = re.sub(r"<(script|style|code)\b.*?</\1>", " ", page, flags=re.DOTALL)
    page = re.sub(r'<(a)\b[^>]*\blang="en".*?</\1>', " ", page, flags=re.DOTALL)
    attributes = " ".join(re.findall(r'(?:alt|title|aria-label|content)="([^"]*)"', page))
    return unescape(re.sub(r"<[^>]+>", " ", page) + attributes)


# --- Numbers and their cells ------------------------------------------------------------------------------------------


def _results(findings: Findings) -> list[tuple[Question, Any]]:
    """Return every result with its question."""
    return [(question, result) for question, answer in findings.answered for result in answer.results]


def test_every_number_has_a_cell_that_is_stored(small_findings: Findings) -> None:
    """Each result, and the detail table of the claims, has a cell of code that exists in the stored notebook."""
    stored = {
        path.stem: {cell.id for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"}
        for path in find_notebooks()
    }

    without = [result.id for question, result in _results(small_findings) if question.cell(result.id) is None]
    cells = {question.cell(name) for question in questions() for name in question.cells}

    assert [] == without
    assert find_question("claims").cell("detail") in cells
    assert [] == [cell for cell in cells if cell is None or cell.id not in stored[cell.notebook]]


def test_every_number_of_the_page_links_to_its_cell(page: str, small_findings: Findings) -> None:
    """The tables of all numbers hold every number as a link to the cell that shows it."""
    linked = defaultdict(set)
    for place, number in re.findall(r'<a class="n" href="([^"]+)"[^>]*>([^<]+)</a>', page):
        linked[place].add(unescape(number))

    missing = [
        result.id
        for question, result in _results(small_findings)
        for cell in [question.cell(result.id)]
        if cell is None or format_result(result).number not in linked[cell_address(cell)]
    ]

    assert [] == missing


def test_page_shows_denominators_intervals_and_the_notice(page: str, small_findings: Findings) -> None:
    """A headline number has its denominator and its interval, and the page states that the data are synthetic."""
    people = next(result for result in small_findings.results if result.id == "sensitive_people")

    text = " ".join(_visible(page).split())

    assert f"Out of {people.denominator:,} linked people" in text
    assert f"95% interval: {people.low:,.0f} to {people.high:,.0f} people" in text
    assert notice("synthetic") in text
    assert "no number here is a finding about the real leak" in text
    assert "toolkit investigate" in page


def test_page_has_every_claim_with_its_verdict(page: str, small_findings: Findings) -> None:
    """Each claim is on the page with its verdict as a word and a sign."""
    rows = dict(re.findall(r'<tr role="row" id="claims-(\w+)">(.*?)</tr>', page, flags=re.DOTALL))
    signs = {"consistent": "●", "contradicted": "✕", "depends": "◆", "cannot": "○"}

    checked = small_findings.answers["claims"].tables["claims"]
    assert checked["id"].to_list() == list(rows)
    for row in checked.iter_rows(named=True):
        assert row["verdict"] in rows[row["id"]]
        assert signs[row["verdict"].split()[0]] in rows[row["id"]]


def test_page_escapes_names_and_loads_nothing(page: str) -> None:
    """Titles are escaped; no script, style, font or picture is fetched."""
    assert "Notebook &lt;01_counts&gt;" in page
    assert "<01_counts>" not in page
    assert [] == re.findall(r"(?:src|href)=\"https?:|@import|url\((?!data:)", page)


def test_page_is_accessible(page: str) -> None:
    """The page has one title, headings in order, landmarks, captions, scopes, and alternative texts with numbers."""
    headings = [int(level) for level in re.findall(r"<h(\d)", page)]

    assert 1 == headings.count(1)
    assert all(after - before <= 1 for before, after in pairwise(headings))
    assert all(page.count(f"<{landmark}") == 1 for landmark in ("header", "main", "footer"))
    assert page.count("<table") == page.count("<caption")
    assert [] == re.findall(r"<th(?![^>]*scope=)(?!ead)[^>]*>", page)
    assert all(re.search(r"\d", alt) for alt in re.findall(r'role="img" aria-label="([^"]*)"', page))
    assert '<html lang="en">' in page


def test_page_without_a_labelled_sample_shows_hits(small_findings: Findings) -> None:
    """Without a labelled sample, the headline has the hits of the scan and states that they are no estimate."""
    answer = small_findings.answers["comments"]
    hits = tuple(result for result in answer.results if not result.id.startswith(("sensitive", "scan")))
    tables = {name: answer.tables[name] for name in ("totals", "categories")}
    unlabelled = {**small_findings.answers, "comments": Answer(hits, tables)}

    text = _visible(_drawn(replace(small_findings, answers=unlabelled)))

    assert "These are hits, not an estimate" in text


# --- Languages --------------------------------------------------------------------------------------------------------


def test_french_page_leaves_nothing_in_english(
    small_leak: Path, small_findings: Findings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every sentence of a French report has a translation, and no English word is left on its page."""
    missing = record_missing(monkeypatch)
    with use_language("fr"):
        with open_leak(small_leak, threads=2) as opened:
            checked = ask(find_question("claims"), opened)
        page = _drawn(replace(small_findings, answers={**small_findings.answers, "claims": checked}))

    # What was published in words is in French already, and a chart repeats it.
    assert set() == missing - set(checked.tables["claims"]["published"])
    assert [] == ENGLISH.findall(_visible(page))
    assert '<html lang="fr">' in page
    assert "20\u202f000 lignes" in _visible(page)


def test_every_text_of_the_page_is_in_the_catalogue() -> None:
    """Texts that this leak does not need, such as those of a question without an answer, are translated as well."""
    translated = catalogue("fr")
    texts = [text for question in questions() for text in _texts(question)]

    assert [] == [text for text in (*texts, *claims.VERDICTS) if text not in translated]


def _texts(question: Question) -> list[str]:
    """Return the sentences of a question that a report may show."""
    section = question.section
    headlines = [text for headline in question.headlines for text in (headline.finding, headline.basis)]
    titles = [plan.title for plan in question.tables.values() if plan.file]
    return [
        question.title, *question.labels.values(), *section.method, *section.limits, *section.limits_synthetic,
        *headlines, *titles,
    ]  # fmt: skip


def test_every_claim_is_translated() -> None:
    """The claims of the toolkit have each of their texts in French; names of outlets may stay."""
    names = ("sentence", "claimant", "published_as", "definition", "denominator", "why", "caveat")

    untranslated = [
        (claim.id, name)
        for claim in claims.load_ledger().claims
        for name in names
        if getattr(claim, name) and not getattr(claim.fr, name)
    ]

    assert [] == untranslated


def test_results_keep_ids_and_numbers_in_every_language(
    report: Path, small_findings: Findings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`results.json` has one entry per number, and only its texts change with the language."""
    monkeypatch.setattr(report_page, "write_images", lambda _charts, _folder: False)
    with use_language("fr"):
        write_report(tmp_path, small_findings)
    english, french = (
        json.loads((folder / "results.json").read_text(encoding="utf-8")) for folder in (report, tmp_path)
    )
    numbers = ("id", "value", "denominator", "share", "low", "high", "command")

    assert len(small_findings.results) == len(english)
    for one, other in zip(english, french, strict=True):
        assert [one[name] for name in numbers] == [other[name] for name in numbers]
        assert one["definition"] != other["definition"]


# --- Files ------------------------------------------------------------------------------------------------------------


def test_tables_are_those_that_the_page_links_to(report: Path, page: str) -> None:
    """The folder holds the CSV files that the page links to, and no other."""
    linked = set(re.findall(r'href="tables/([\w.]+)"', page))

    assert linked == {path.name for path in (report / "tables").iterdir()}
    assert {"lines", "records"} <= set(pl.read_csv(report / "tables" / "counts_overview.csv")["quantity"])


def test_tables_hold_no_small_counts_of_people(small_findings: Findings) -> None:
    """Counts of fewer than ten people are hidden, and so are counts from which they could be computed, key by key."""
    answer = small_findings.answers["duplicates"]
    counted = {"practices": [1, 2, 3], "people": [900, 80, 4], "lines": [950, 200, 15], "share": [0.9, 0.09, 0.01]}
    few = pl.concat([pl.DataFrame({"key": [key] * 3, **counted}) for key in ("nir", "birth_identity")])
    answers = {**small_findings.answers, "duplicates": replace(answer, tables={"practices_per_person": few})}

    by_name = {export.name: export.table for export in exports(replace(small_findings, answers=answers))}

    written = by_name["duplicates_practices_per_person"]
    assert [900, None, None] * 2 == written["people"].to_list()
    assert [0.9, None, None] * 2 == written["share"].to_list()
    assert not any("duplicates_waterfall" in name for name in by_name)


def test_charts_show_no_count_that_the_tables_hide(small_findings: Findings) -> None:
    """Years and departements whose counts are null in the files have no bar and no number at the pointer."""
    answer = small_findings.answers["counts"]
    few = pl.when(pl.col("departement_code") == "75").then(7).otherwise(pl.max_horizontal("records", 10))
    planted = answer.tables["by_departement"].with_columns(
        practices=1, records=few, records_per_1000=few.cast(pl.Float64)
    )
    with_few = replace(answer, tables={**answer.tables, "by_departement": planted})
    findings = replace(small_findings, answers={**small_findings.answers, "counts": with_few})

    tables = {export.name: export.table for export in exports(findings)}
    charts = {chart.name: chart.figure for chart in draw(findings)}
    places = tables["counts_by_departement"].filter(pl.col("practices") > 0)
    texts = [shape.text for shape in charts["departement_map"].data if isinstance(shape.text, str)]
    shown = dict(text.split("<br>", 1) for text in texts)

    bars = {bar.name: list(bar.y) for bar in charts["lines_by_year"].data}
    hidden = places.filter(pl.col("records_per_1000").is_null() & pl.col("name").is_not_null())

    years = tables["counts_by_year"]
    assert {"created": years["created"].to_list(), "last changed": years["updated"].to_list()} == bars
    assert "Paris" in hidden["name"]
    assert hidden.height > 1
    assert {"too few to show"} == {shown[f"<b>{name}</b>"] for name in hidden["name"]}


def test_tables_without_a_plan_are_not_shown(small_findings: Findings) -> None:
    """Every table of the answers has a plan; a table without one is left out."""
    for question, answer in small_findings.answered:
        assert set(answer.tables) == set(shown_tables(question, answer.tables))

    few = pl.DataFrame({"shared": [3], "people_a": [20], "people_b": [30]})
    shown = shown_tables(find_question("duplicates"), {"copied_bases": few, "not planned": few})

    assert [{"shared": None, "people_a": 20, "people_b": 30}] == shown["copied_bases"].rows(named=True)
    assert ["copied_bases"] == list(shown)


def test_report_shows_no_folder_above_the_data_set(report: Path, page: str, small_leak: Path) -> None:
    """A data set outside the working directory is shown by its name, since its path may identify its owner."""
    numbers = (report / "results.json").read_text(encoding="utf-8")

    assert f"toolkit counts {small_leak.name} --json" in numbers
    assert f"toolkit verify-synthetic {small_leak.name}" in page
    assert str(small_leak.parent) not in numbers + page


def test_pictures_are_those_of_the_page(report: Path, page: str) -> None:
    """With a browser each chart is a PNG and an SVG file, named as on the page, and embedded in the page for print."""
    if shutil.which("chromium") is None:
        pytest.skip("Chromium is not installed")
    names = set(re.findall(r'id="chart-(\w+)"', page))

    assert len(names) >= 8
    assert {f"{name}.{kind}" for name in names for kind in ("png", "svg")} == {
        path.name for path in (report / "charts").iterdir()
    }
    assert len(names) == page.count("data:image/svg+xml;base64,")


@pytest.mark.browser
def test_pictures_are_the_same_in_each_run(report: Path, small_findings: Findings, tmp_path: Path) -> None:
    """Two runs write the same bytes of each SVG, although the library gives its parts random names."""
    if shutil.which("chromium") is None:
        pytest.skip("Chromium is not installed")
    charts = draw(small_findings)

    write_images(charts, tmp_path)

    names = [f"{chart.name}.svg" for chart in charts]
    different = [name for name in names if (report / "charts" / name).read_bytes() != (tmp_path / name).read_bytes()]
    assert [] == different


def test_report_without_a_browser(small_findings: Findings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a browser the page states so in one sentence, older pictures are removed, and the page draws its
    charts.
    """
    import kaleido
    from kaleido.errors import ChromeNotFoundError

    def missing(*_: object, **__: object) -> None:
        raise ChromeNotFoundError

    monkeypatch.setattr(kaleido, "write_fig_from_object_sync", missing)
    (tmp_path / "charts").mkdir()
    (tmp_path / "charts" / "old.svg").write_text("<svg/>", encoding="utf-8")

    page = _text(write_report(tmp_path, small_findings))

    assert "No Chrome or Chromium that starts was found" in page
    assert "data:image" not in page
    assert 'data-chart="counts_overview"' in page
    assert [] == list((tmp_path / "charts").iterdir())


@pytest.mark.parametrize("failure", [KaleidoError(1, "no such trace"), JavascriptError("null"), CancelledError()])
def test_failed_picture_leaves_no_pictures(
    failure: BaseException, small_findings: Findings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a picture cannot be drawn, or the browser is lost, the other pictures are removed too."""
    import kaleido

    def fail(wanted: list[dict[str, Any]], **_: object) -> None:
        wanted[0]["path"].write_text("<svg/>", encoding="utf-8")
        raise failure

    monkeypatch.setattr(kaleido, "write_fig_from_object_sync", fail)

    assert not write_images(draw(small_findings)[:2], tmp_path)
    assert [] == list(tmp_path.iterdir())


def test_page_has_the_commands_to_reproduce_it(small_findings: Findings) -> None:
    """The commands make the report again, compare it with its record, and verify that the leak is synthetic."""
    first, second, third = _commands(small_findings)

    assert small_findings.command == first
    assert f"toolkit rerun reports/{small_findings.name}/run.json" == second
    assert third.startswith("toolkit verify-synthetic ")


# --- In a browser -----------------------------------------------------------------------------------------------------


@pytest.mark.browser
def test_page_in_a_browser(report: Path) -> None:
    """At the widths of a telephone and a desktop every chart draws, nothing is fetched, and nothing overflows."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("Chromium is not installed")
    index = (report / "index.html").as_uri()
    requested: list[str] = []
    failed: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for width in (390, 1280):
            tab = browser.new_page(viewport={"width": width, "height": 800})
            tab.on("request", lambda request: requested.append(request.url))
            tab.on("pageerror", lambda error: failed.append(str(error)))
            tab.on("console", lambda message: failed.append(message.text) if message.type == "error" else None)
            tab.goto(index)

            assert tab.locator(".plot .main-svg").count() >= tab.locator(".plot").count() > 0
            assert tab.locator("h1").is_visible()
            assert width == tab.evaluate("document.documentElement.scrollWidth")
            assert 2 == tab.evaluate("performance.getEntriesByType('paint').length")
        browser.close()

    assert {index} == {url for url in requested if not url.startswith("data:")}
    assert [] == failed
