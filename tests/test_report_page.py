"""The report's page and the files below it: numbers that link to their cells, two languages, pictures, small counts."""

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
from toolkit.dataset._leak import open_leak
from toolkit.i18n import catalogue, use_language
from toolkit.questions._notebook_cells import CELLS, LEDGER, VERDICTS, address
from toolkit.questions._wording import in_words
from toolkit.report import _page as report_page
from toolkit.report._chart_set import draw
from toolkit.report._exports import exported, shown
from toolkit.report._findings import Findings
from toolkit.report._image_export import write_stills
from toolkit.report._notebooks import find_notebooks
from toolkit.report._page import write_report
from toolkit.report._rendering import render
from toolkit.report._sections import PARTS
from toolkit.report._view import _again, view

ENGLISH = re.compile(r"\b(the|of|and|with|is|are|by|from|which|people|lines|records|out)\b", flags=re.IGNORECASE)


@pytest.fixture(scope="session")
def report(small_findings: Findings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the small leak's report, in English, with pictures where there is a browser."""
    return write_report(tmp_path_factory.mktemp("report"), small_findings).parent


@pytest.fixture(scope="session")
def page(report: Path) -> str:
    """Its page, without the library that draws."""
    return _text(report / "index.html")


def _text(path: Path) -> str:
    from plotly.offline import get_plotlyjs

    return path.read_text(encoding="utf-8").replace(get_plotlyjs(), "")


def _drawn(findings: Findings) -> str:
    """The page without files beside it."""
    from plotly.offline import get_plotlyjs

    return render(view(findings, draw(findings), list(exported(findings)), {})).replace(get_plotlyjs(), "")


def _visible(page: str) -> str:
    """What a reader of the page in its own language reads: no script, no style, nothing that is marked as English."""
    page = re.sub(r"<(script|style|code)\b.*?</\1>", " ", page, flags=re.DOTALL)
    page = re.sub(r'<(a)\b[^>]*\blang="en".*?</\1>', " ", page, flags=re.DOTALL)
    told = " ".join(re.findall(r'(?:alt|title|aria-label|content)="([^"]*)"', page))
    return unescape(re.sub(r"<[^>]+>", " ", page) + told)


# --- Numbers and their cells ------------------------------------------------------------------------------------------


def test_every_number_has_a_cell_that_is_stored(small_findings: Findings) -> None:
    """Each result, and the ledger, is made by a cell that exists in the stored notebook."""
    stored = {
        path.stem: {cell.id for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"}
        for path in find_notebooks()
    }

    cells = {CELLS[result.id] for result in small_findings.results} | set(CELLS.values()) | {LEDGER, VERDICTS}

    assert [] == sorted(cell for cell in cells if cell.id not in stored[cell.notebook])


def test_every_number_of_the_page_links_to_its_cell(page: str, small_findings: Findings) -> None:
    """The full tables hold every number, each as a link to the cell that made it."""
    linked = defaultdict(set)
    for place, number in re.findall(r'<a class="n" href="([^"]+)"[^>]*>([^<]+)</a>', page):
        linked[place].add(unescape(number))

    missing = [
        result.id
        for result in small_findings.results
        if in_words(result).number not in linked[address(CELLS[result.id])]
    ]

    assert [] == missing


def test_page_tells_denominators_intervals_and_that_all_is_invented(page: str, small_findings: Findings) -> None:
    """A headline number stands with what it is out of and its interval, and the page says what it proves."""
    people = next(result for result in small_findings.results if result.id == "sensitive_people")

    told = " ".join(_visible(page).split())

    assert f"Out of {people.denominator:,} linked people" in told
    assert f"95% interval: {people.low:,.0f} to {people.high:,.0f} people" in told
    assert "Everything in this leak is invented." in told
    assert "no number here says anything about a real leak" in told
    assert "toolkit investigate" in page


def test_ledger_has_every_claim_with_its_verdict(page: str, small_findings: Findings) -> None:
    """Each claim stands on the page with its verdict as a word and a sign."""
    rows = dict(re.findall(r'<tr role="row" id="claim-(\w+)">(.*?)</tr>', page, flags=re.DOTALL))
    signs = {"consistent": "●", "contradicted": "✕", "depends": "◆", "cannot": "○"}

    assert small_findings.claims["id"].to_list() == list(rows)
    for row in small_findings.claims.iter_rows(named=True):
        assert row["verdict"] in rows[row["id"]]
        assert signs[row["verdict"].split()[0]] in rows[row["id"]]


def test_page_escapes_names_and_loads_nothing(page: str) -> None:
    """Titles are text, whatever stands in them; no script, style, font or picture is fetched."""
    assert "Notebook &lt;01_counts&gt;" in page
    assert "<01_counts>" not in page
    assert [] == re.findall(r"(?:src|href)=\"https?:|@import|url\((?!data:)", page)


def test_page_is_built_for_every_reader(page: str) -> None:
    """One title, headings in order, landmarks, captions, scopes, and a text for each picture that has numbers."""
    headings = [int(level) for level in re.findall(r"<h(\d)", page)]

    assert 1 == headings.count(1)
    assert all(after - before <= 1 for before, after in pairwise(headings))
    assert all(page.count(f"<{landmark}") == 1 for landmark in ("header", "main", "footer"))
    assert page.count("<table") == page.count("<caption")
    assert [] == re.findall(r"<th(?![^>]*scope=)(?!ead)[^>]*>", page)
    assert all(re.search(r"\d", alt) for alt in re.findall(r'role="img" aria-label="([^"]*)"', page))
    assert '<html lang="en">' in page


def test_page_without_a_judged_sample_tells_hits(small_findings: Findings) -> None:
    """Where nobody judged a sample, the headline is of hits, and says that they are no estimate."""
    answer = small_findings.answers["comments"]
    hits = tuple(result for result in answer.results if not result.id.startswith(("sensitive", "scan")))
    tables = {name: answer.tables[name] for name in ("totals", "categories")}
    unjudged = {**small_findings.answers, "comments": type(answer)(answer.question, hits, tables)}

    told = _visible(_drawn(replace(small_findings, answers=unjudged)))

    assert "These are hits, not an estimate" in told


# --- Languages --------------------------------------------------------------------------------------------------------


def test_french_page_leaves_nothing_in_english(
    small_leak: Path, small_findings: Findings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every sentence said while a French report is written has a translation, and no English word is left to read."""
    missing = record_missing(monkeypatch)
    with use_language("fr"):
        with open_leak(small_leak, threads=2) as opened:
            ledger = claims.check(opened)
        page = _drawn(replace(small_findings, claims=ledger))

    # What was published in words is in French already, and a chart says it again.
    assert set() == missing - set(ledger["published"])
    assert [] == ENGLISH.findall(_visible(page))
    assert '<html lang="fr">' in page
    assert "20\u202f000 lignes" in _visible(page)


def test_every_text_of_the_page_is_in_the_catalogue() -> None:
    """Texts that this leak does not bring up, such as those of a part without numbers, are translated as well."""
    told = catalogue("fr")
    texts = [
        text for part in PARTS.values() for text in (part.heading, *part.numbers.values(), *part.method, *part.limits)
    ]

    assert [] == [text for text in (*texts, *claims.VERDICTS) if text not in told]


def test_every_claim_is_told_in_french() -> None:
    """The ledger that comes with the toolkit has each of its texts in French; names of outlets may stay."""
    names = ("sentence", "claimant", "told", "definition", "denominator", "why", "caveat")

    untold = [
        (claim.id, name)
        for claim in claims.load_ledger().claims
        for name in names
        if getattr(claim, name) and not getattr(claim.fr, name)
    ]

    assert [] == untold


def test_results_keep_ids_and_numbers_in_every_language(
    report: Path, small_findings: Findings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`results.json` has one entry a number, and only the words in it change with the language."""
    monkeypatch.setattr(report_page, "write_stills", lambda _charts, _folder: False)
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


def test_tables_are_given_away_as_the_page_names_them(report: Path, page: str) -> None:
    """Each CSV file that the page links to is there and no other, in UTF-8, without lists, with its rows."""
    linked = set(re.findall(r'href="tables/([\w.]+)"', page))

    assert linked == {path.name for path in (report / "tables").iterdir()}
    assert {"lines", "records"} <= set(pl.read_csv(report / "tables" / "counts_overview.csv")["quantity"])


def test_tables_hold_no_small_counts_of_people(small_findings: Findings) -> None:
    """A count of fewer than ten people is not given away, nor one from which it could be computed, key by key."""
    answer = small_findings.answers["duplicates"]
    counted = {"practices": [1, 2, 3], "people": [900, 80, 4], "lines": [950, 200, 15], "share": [0.9, 0.09, 0.01]}
    few = pl.concat([pl.DataFrame({"key": [key] * 3, **counted}) for key in ("nir", "birth_identity")])
    told = {**small_findings.answers, "duplicates": replace(answer, tables={"practices_per_person": few})}

    by_name = {export.name: export.table for export in exported(replace(small_findings, answers=told))}

    given = by_name["duplicates_practices_per_person"]
    assert [900, None, None] * 2 == given["people"].to_list()
    assert [0.9, None, None] * 2 == given["share"].to_list()
    assert not any("duplicates_waterfall" in name for name in by_name)


def test_charts_show_no_count_that_the_tables_hide(small_findings: Findings) -> None:
    """Years and departements whose counts are null in the files have no bar and no number at the pointer."""
    answer = small_findings.answers["counts"]
    few = pl.when(pl.col("departement_code") == "75").then(7).otherwise(pl.max_horizontal("records", 10))
    planted = answer.tables["by_departement"].with_columns(
        practices=1, records=few, records_per_1000=few.cast(pl.Float64)
    )
    told_few = replace(answer, tables={**answer.tables, "by_departement": planted})
    findings = replace(small_findings, answers={**small_findings.answers, "counts": told_few})

    tables = {export.name: export.table for export in exported(findings)}
    charts = {chart.name: chart.figure for chart in draw(findings)}
    places = tables["counts_by_departement"].filter(pl.col("practices") > 0)
    texts = [shape.text for shape in charts["departement_map"].data if isinstance(shape.text, str)]
    told = dict(text.split("<br>", 1) for text in texts)

    bars = {bar.name: list(bar.y) for bar in charts["lines_by_year"].data}
    hidden = places.filter(pl.col("records_per_1000").is_null() & pl.col("name").is_not_null())

    years = tables["counts_by_year"]
    assert {"created": years["created"].to_list(), "last changed": years["updated"].to_list()} == bars
    assert "Paris" in hidden["name"]
    assert hidden.height > 1
    assert {"too few to show"} == {told[f"<b>{name}</b>"] for name in hidden["name"]}


def test_tables_without_a_plan_are_not_shown(small_findings: Findings) -> None:
    """Every table of the answers has a plan, and one that has none is left out rather than shown whole."""
    for part, answer in small_findings.answers.items():
        assert set(answer.tables) == set(shown(part, answer.tables))

    few = pl.DataFrame({"shared": [3], "people_a": [20], "people_b": [30]})
    told = shown("duplicates", {"copied_bases": few, "nobody planned this": few})

    assert [{"shared": None, "people_a": 20, "people_b": 30}] == told["copied_bases"].rows(named=True)
    assert ["copied_bases"] == list(told)


def test_no_folder_above_the_data_set_is_told(report: Path, page: str, small_leak: Path) -> None:
    """A data set outside the working directory is told by its name: where it lies may say who works there."""
    numbers = (report / "results.json").read_text(encoding="utf-8")

    assert f"toolkit counts {small_leak.name} --json" in numbers
    assert f"toolkit verify-synthetic {small_leak.name}" in page
    assert str(small_leak.parent) not in numbers + page


def test_pictures_are_those_of_the_page(report: Path, page: str) -> None:
    """With a browser each chart is there as PNG and SVG, named as on the page, and inside the page for paper."""
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
    """Two runs write the same SVG, letter for letter, although the library names its parts at random."""
    if shutil.which("chromium") is None:
        pytest.skip("Chromium is not installed")
    charts = draw(small_findings)

    write_stills(charts, tmp_path)

    names = [f"{chart.name}.svg" for chart in charts]
    different = [name for name in names if (report / "charts" / name).read_bytes() != (tmp_path / name).read_bytes()]
    assert [] == different


def test_report_without_a_browser_says_so(
    small_findings: Findings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no browser is found the page says so in one sentence, older pictures go, and the charts draw themselves."""
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
def test_picture_that_fails_leaves_none(
    failure: BaseException, small_findings: Findings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a picture cannot be drawn, or the browser is lost, the others go as well: no link leads nowhere."""
    import kaleido

    def fail(asked: list[dict[str, Any]], **_: object) -> None:
        asked[0]["path"].write_text("<svg/>", encoding="utf-8")
        raise failure

    monkeypatch.setattr(kaleido, "write_fig_from_object_sync", fail)

    assert not write_stills(draw(small_findings)[:2], tmp_path)
    assert [] == list(tmp_path.iterdir())


def test_page_tells_how_to_run_it_again(small_findings: Findings) -> None:
    """The commands that make the report again, compare it with its record, and prove the leak invented."""
    first, second, third = _again(small_findings)

    assert small_findings.command == first
    assert f"toolkit rerun reports/{small_findings.name}/run.json" == second
    assert third.startswith("toolkit verify-synthetic ")


# --- In a browser -----------------------------------------------------------------------------------------------------


@pytest.mark.browser
def test_page_in_a_browser(report: Path) -> None:
    """On a telephone and on a desk every chart draws, nothing is fetched, no script fails, and nothing overflows."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("Chromium is not installed")
    index = (report / "index.html").as_uri()
    asked: list[str] = []
    failed: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for width in (390, 1280):
            tab = browser.new_page(viewport={"width": width, "height": 800})
            tab.on("request", lambda request: asked.append(request.url))
            tab.on("pageerror", lambda error: failed.append(str(error)))
            tab.on("console", lambda said: failed.append(said.text) if said.type == "error" else None)
            tab.goto(index)

            assert tab.locator(".plot .main-svg").count() >= tab.locator(".plot").count() > 0
            assert tab.locator("h1").is_visible()
            assert width == tab.evaluate("document.documentElement.scrollWidth")
            assert 2 == tab.evaluate("performance.getEntriesByType('paint').length")
        browser.close()

    assert {index} == {url for url in asked if not url.startswith("data:")}
    assert [] == failed
