"""Results with their denominators, notebook pages that load nothing, the default data set, the main job."""

from __future__ import annotations

import copy
import json
import os
import re
import shlex
from dataclasses import replace
from pathlib import Path

import nbformat
import plotly.graph_objects as go
import plotly.io
import polars as pl
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from plotly.offline import get_plotlyjs

from toolkit._io import write_text
from toolkit.analysis._keys import KEYS
from toolkit.cli import main
from toolkit.dataset import open_leak
from toolkit.errors import ReportError, WriteError
from toolkit.i18n import use_language
from toolkit.notebook import _default_leak as data_sets
from toolkit.notebook._tables import readable
from toolkit.questions import Answer, Meaning, Result, format_result, of_people, questions
from toolkit.report import find_notebooks, run_notebook, to_page
from toolkit.run import _investigation as investigation
from toolkit.scenario import load_scenario

MINIMUM_IDS = {
    "lines",
    "records",
    "repeated_lines",
    "people_by_nir",
    "people_by_names_birth_date",
    "sensitive_lines",
    "sensitive_records",
    "sensitive_people",
    "sensitive_share_of_lines",
    "flagged_lines",
    "figures_by_name",
    "figures_by_name_birth_year",
    "figures_by_name_birth_date",
    "figures_by_name_birth_date_place",
    "people_at_several_practices_by_nir",
    "people_at_several_practices_by_birth_identity",
}
RESULT = Result("cats", 1234, "cats", 20_000, "animals", 0.0617, "animals that meow", command="toolkit cats zoo")


# --- Results ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def answers(small_answers: dict[str, Answer]) -> dict[str, Answer]:
    """The answers of the small leak, by question."""
    return small_answers


@pytest.fixture(scope="session")
def results(answers: dict[str, Answer]) -> dict[str, Result]:
    """All results of the small leak, by id."""
    return {result.id: result for answer in answers.values() for result in answer.results}


def test_documented_results_are_there(answers: dict[str, Answer], results: dict[str, Result]) -> None:
    """The documented ids are among the results, and no id is used twice."""
    assert set() == MINIMUM_IDS - set(results)
    assert len(results) == sum(len(answer.results) for answer in answers.values())


def test_people_are_the_same_people_throughout(results: dict[str, Result]) -> None:
    """People with a sensitive comment and people at several practices have the linked people as denominator."""
    assert results["people"].value == results["sensitive_people"].denominator
    assert results["people"].value == results["people_at_several_practices"].denominator


def test_results_agree_with_the_lines(results: dict[str, Result], small_leak: Path) -> None:
    """Numbers of lines, records and social security numbers are those that Polars counts in the files."""
    lines = pl.read_parquet(small_leak / "lines" / "*.parquet")
    comments = lines["administrative_comment"].drop_nulls().str.strip_chars()

    expected = {
        "lines": lines.height,
        "records": lines["record_id"].n_unique(),
        "repeated_lines": lines.height - lines["record_id"].n_unique(),
        "people_by_nir": lines["nir"].drop_nulls().n_unique(),
        "commented_lines": (comments != "").sum(),
    }

    assert expected == {name: results[name].value for name in expected}


def test_results_are_complete(results: dict[str, Result]) -> None:
    """Each number has a unit, a denominator and a definition; its share follows from them; it lies in its interval."""
    for result in results.values():
        assert all((result.unit, result.denominator, result.denominator_unit, result.definition, result.command))
        if result.share is not None and not result.id.startswith("hits_"):
            assert result.value / result.denominator == pytest.approx(result.share)
        if result.low is not None and result.high is not None:
            # What is expected is a fraction, and the cases around it are whole numbers.
            slack = 0.5 if result.id.startswith("chance_hits") else 0
            assert result.low - slack <= result.value <= result.high + slack


@pytest.mark.parametrize("name", [question.name for question in questions() if question.as_json is None])
def test_command_reproduces_the_number(
    name: str, answers: dict[str, Answer], capsys: pytest.CaptureFixture[str]
) -> None:
    """The command beside a result prints the same result."""
    (command,) = {result.command for result in answers[name].results}

    main(shlex.split(command)[1:])

    again = {result["id"]: result["value"] for result in json.loads(capsys.readouterr().out)["results"]}
    assert {result.id: result.value for result in answers[name].results} == again


def test_share_of_comments_is_an_estimate_near_the_truth(results: dict[str, Result], small_leak: Path) -> None:
    """The estimate has an interval and lies near the truth; the hits of the scan have no interval."""
    headline = results["sensitive_share_of_lines"]
    true = pl.read_parquet(small_leak / "truth" / "lines" / "*.parquet")["comment_sensitive"].mean()

    assert headline.low is not None
    assert headline.high is not None
    assert headline.low < headline.value < headline.high
    # One 95% interval in twenty misses the truth, so the interval itself is no test.
    assert pytest.approx(true, rel=0.1) == headline.value
    assert headline.definition.startswith("estimate (3,000 lines drawn with seed 1, labelled by the planted truth)")
    assert results["flagged_lines"].low is None


# --- Words ------------------------------------------------------------------------------------------------------------


def test_result_format_result() -> None:
    """A result is shown with separators, a percent sign, and its interval where it has one."""
    census = format_result(RESULT)
    estimate = format_result(replace(RESULT, low=1200, high=1300))

    assert ("1,234", "cats", "20,000 animals", "6.2%", "animals that meow") == census
    assert "animals that meow (95% interval: 1,200 to 1,300)" == estimate.meaning


def test_result_in_french() -> None:
    """In French a result has French numbers, units and definitions, also where a definition is made of parts."""
    people = of_people("people with records at two or more practices", KEYS["nir"].definition)
    with use_language("fr"):
        texts = format_result(replace(RESULT, unit="people", denominator_unit="records", definition=people))

    assert ("1\u202f234", "personnes", "20\u202f000 dossiers", "6,2\u202f%") == texts[:4]
    assert (
        "personnes ayant des dossiers dans au moins deux cabinets\u202f; une personne, c’est\u00a0: même numéro de "
        "sécurité sociale, tel que saisi"
    ) == texts.meaning


def test_meaning_can_be_translated_after_a_copy() -> None:
    """A meaning is a string of English text, and a copy of it can still be translated."""
    meaning = Meaning("{n} lines of {whole}", n=1_234, whole="people")

    again = copy.deepcopy(meaning)

    assert "1,234 lines of people" == meaning == again
    with use_language("fr"):
        assert "1\u202f234 lines of personnes" == Meaning.translated(again)


@pytest.mark.parametrize(("value", "text"), [(0.04711, "0.047"), (5.66, "5.7"), (212.6, "213"), (0.0, "0"), (7, "7")])
def test_small_expected_numbers_keep_their_digits(value: float, text: str) -> None:
    """Expected numbers of hits are fractions: the smaller the number, the more digits are shown."""
    assert text == format_result(replace(RESULT, value=value)).number


def test_readable_table() -> None:
    """A readable table has separators, percent signs, plain headings, and dashes for what is missing."""
    table = pl.DataFrame({"people_found": [1234567, None], "share": [0.0113, None], "year": [2025, 2024]})

    html = readable(table, "People", "Counted whole.").as_raw_html()

    assert all(text in html for text in ("1,234,567", "1.13%", "people found", ">2025<", "–", "Counted whole."))


def test_readable_table_shows_codes_as_words() -> None:
    """A code of a quantity or a kind is shown as words; the name of a column is shown as it is typed in code."""
    table = pl.DataFrame({"quantity": ["repeated_lines", None], "column": ["birth_date", "last_name"]})

    html = readable(table, "People").as_raw_html()

    assert all(text in html for text in (">repeated lines<", ">birth_date<"))
    assert "repeated_lines" not in html


# --- Pages ------------------------------------------------------------------------------------------------------------


def test_page_of_a_notebook_draws_its_figures_and_loads_nothing() -> None:
    """Figures are drawn by the one plotly.js inside the page, with an alternative text; links go to pages."""
    figure = go.Figure(go.Bar(x=[1], y=[2]), layout={"title": {"text": "<b>Two cats</b>"}})
    data = {"application/vnd.plotly.v1+json": json.loads(plotly.io.to_json(figure))}
    shown = [new_output("display_data", data=data) for _ in range(2)]
    notebook = new_notebook(
        cells=[new_markdown_cell("# Cats\n\n[next](01_dogs.ipynb)"), new_code_cell("figure", outputs=shown)]
    )

    page = to_page(notebook, "Cats")

    assert 1 == page.count(get_plotlyjs())
    rest = page.replace(get_plotlyjs(), "")
    assert 2 == rest.count("Plotly.newPlot(")
    assert 'aria-label="Two cats"' in rest
    assert 'href="01_dogs.html"' in rest
    assert [] == re.findall(r"<script[^>]+src|<link[^>]+href|cdn|unpkg", rest)


def test_page_without_figures_needs_no_plotly() -> None:
    """The page of a notebook without figures stays small."""
    assert len(to_page(new_notebook(cells=[new_markdown_cell("# Words")]), "Words")) < 1_000_000


def test_failing_cell_is_one_clear_error(tmp_path: Path) -> None:
    """The error of a failing notebook names the notebook, the cell and the kind of error, not its text, which may quote
    a line.
    """
    notebook = new_notebook(cells=[new_code_cell("assert 1 == 2, 'one is not two'")])
    nbformat.write(notebook, tmp_path / "07_wrong.ipynb")

    with pytest.raises(ReportError, match=r"07_wrong\.ipynb failed in cell 0 \(AssertionError\)"):
        run_notebook(tmp_path / "07_wrong.ipynb", tmp_path / "page.html", {})

    assert not (tmp_path / "page.html").exists()


def test_failed_write_keeps_the_earlier_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write that fails leaves the earlier file untouched."""
    page = tmp_path / "reports" / "index.html"
    write_text(page, "before")

    def full(self: Path, *_: object, **__: object) -> int:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(WriteError, match="No space left"):
        write_text(page, "after")

    assert "before" == page.read_text(encoding="utf-8")


# --- Data sets --------------------------------------------------------------------------------------------------------


def test_default_leak_is_the_newest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From a folder below the project's root, the data set finished last is found; unfinished ones are ignored."""
    for age, name in enumerate(["old", "new"]):
        manifest = tmp_path / "data" / "synthetic" / name / "manifest.json"
        manifest.parent.mkdir(parents=True)
        manifest.write_text("{}", encoding="utf-8")
        os.utime(manifest, (age, age))
    (tmp_path / "data" / "synthetic" / "unfinished").mkdir()
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")

    assert tmp_path / "data" / "synthetic" / "new" == data_sets.default_leak()


def test_default_leak_is_made_where_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without any data set a small one is made, and found again the next time."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(data_sets, "_SMALL", 1_000)

    made = data_sets.default_leak()

    assert tmp_path / "data" / "synthetic" / "mlm-2026-1000-1" == made
    assert made == data_sets.default_leak()
    with open_leak(made) as leak:
        assert 1_000 == leak.lines.count().execute()


# --- The main job -----------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_investigation_writes_a_report(
    small_leak: Path, results: dict[str, Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The main job writes the page, the results and one page per notebook, reports its steps, and leaves no partial
    files.
    """
    start = find_notebooks()[:1]
    monkeypatch.setattr(investigation, "find_notebooks", lambda: start)
    steps: list[tuple[str, int, int]] = []

    found, index = investigation.investigate(
        load_scenario(),
        1,
        20_000,
        small_leak,
        tmp_path,
        memory_limit="1GB",
        progress=lambda step, made, total: steps.append((step, made, total)),
    )

    written = {path.relative_to(tmp_path / "small").as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    written_results = json.loads((tmp_path / "small" / "results.json").read_text(encoding="utf-8"))
    assert {"index.html", "results.json", "run.json", "notebooks/00_start_here.html"} <= written
    assert "tables/counts_overview.csv" in written
    assert not [name for name in written if "partial" in name]
    assert tmp_path / "small" / "index.html" == index
    assert set(results) == {result.id for result in found.results}
    assert {name: result.value for name, result in results.items()} == {
        entry["id"]: entry["value"] for entry in written_results
    }
    assert {"id", "value", "unit", "denominator", "definition", "low", "high", "command"} <= set(written_results[0])
    assert 'href="notebooks/00_start_here.html"' in index.read_text(encoding="utf-8")
    assert ("Making the leak", 20_000, 20_000) in steps
    assert all(
        (step, 1, 1) in steps for step in ("Answering: counts", "Answering: duplicates", "Notebook 00_start_here")
    )
