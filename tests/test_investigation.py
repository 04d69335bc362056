"""An interrupted investigation resumes where it stopped and computes nothing twice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import papermill
import pytest
from nbclient.exceptions import DeadKernelError
from papermill import PapermillExecutionError

from toolkit.cli._summary import print_summary
from toolkit.errors import ReportError
from toolkit.i18n import use_language
from toolkit.report import Findings, command_to_make, run_notebook
from toolkit.report import _notebooks as notebooks
from toolkit.run import _investigation as investigation
from toolkit.run import expected_seconds
from toolkit.scenario import load_scenario

PARAMETERS = {"leak_path": "here", "threads": 1}


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    """Return a notebook with one title and one cell of code."""
    cells = [nbformat.v4.new_markdown_cell("# One & only"), nbformat.v4.new_code_cell("1 + 1")]
    path = tmp_path / "00_only.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the list of the notebooks that were run; no kernel is started, and their cells are left as they are."""
    ran: list[str] = []

    def execute(notebook: Path, executed: Path, *_arguments: object, **_options: object) -> None:
        ran.append(notebook.name)
        executed.write_bytes(notebook.read_bytes())

    monkeypatch.setattr(papermill, "execute_notebook", execute)
    return ran


def test_page_of_an_earlier_run_is_reused(notebook: Path, runs: list[str], tmp_path: Path) -> None:
    """The same notebook with the same parameters, data and code is run once; the title is read from its page."""
    page = tmp_path / "page.html"
    first = run_notebook(notebook, page, PARAMETERS, "content")
    made = page.stat().st_mtime_ns
    second = run_notebook(notebook, page, PARAMETERS, "content")

    assert ["00_only.ipynb"] == runs
    assert "One & only" == first == second
    assert made == page.stat().st_mtime_ns


def _other_source(notebook: Path, _page: Path, _patch: pytest.MonkeyPatch) -> None:
    notebook.write_text(notebook.read_text().replace("1 + 1", "1 + 2"))


def _other_code(_notebook: Path, _page: Path, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(notebooks, "_code", lambda: b"other")


def _no_page(_notebook: Path, page: Path, _patch: pytest.MonkeyPatch) -> None:
    page.unlink()


def _foreign_page(_notebook: Path, page: Path, _patch: pytest.MonkeyPatch) -> None:
    page.write_bytes(b"\xff\xfe another page")


@pytest.mark.parametrize("change", [_other_source, _other_code, _no_page, _foreign_page])
def test_notebook_runs_again_after_a_change(
    notebook: Path,
    runs: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[Path, Path, pytest.MonkeyPatch], None],
) -> None:
    """The notebook runs again when its source or the code changed, and when its page is missing or foreign."""
    page = tmp_path / "page.html"
    run_notebook(notebook, page, PARAMETERS, "content")
    change(notebook, page, monkeypatch)
    run_notebook(notebook, page, PARAMETERS, "content")

    assert 2 == len(runs)


@pytest.mark.parametrize(
    "changed", [({**PARAMETERS, "threads": 2}, "content"), (PARAMETERS, "other"), (PARAMETERS, None)]
)
def test_notebook_runs_again_on_other_data(
    notebook: Path, runs: list[str], tmp_path: Path, changed: tuple[dict[str, Any], str | None]
) -> None:
    """Other parameters or another content hash run the notebook again; without a content hash it always runs."""
    page = tmp_path / "page.html"
    run_notebook(notebook, page, PARAMETERS, "content")
    run_notebook(notebook, page, *changed)

    assert 2 == len(runs)


def test_page_of_a_notebook_is_reused_in_another_language(notebook: Path, runs: list[str], tmp_path: Path) -> None:
    """A notebook is in English in every report, so its page is reused."""
    page = tmp_path / "page.html"
    run_notebook(notebook, page, PARAMETERS, "content")
    with use_language("fr"):
        run_notebook(notebook, page, PARAMETERS, "content")

    assert 1 == len(runs)


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (
            PapermillExecutionError(3, 1, "", "ValueError", "Zoé Durand", []),
            r"failed in cell 3 \(ValueError\): open it",
        ),
        (DeadKernelError("Kernel died"), "probably because the machine ran out of memory: lower --memory-limit"),
    ],
)
def test_notebook_that_fails_is_one_sentence(
    notebook: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, message: str
) -> None:
    """The message names the notebook, the cell and the kind of the error, never its text, which may quote a line."""

    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(papermill, "execute_notebook", fail)

    with pytest.raises(ReportError, match=rf"^Notebook 00_only\.ipynb .*{message}") as caught:
        run_notebook(notebook, tmp_path / "page.html", PARAMETERS)

    assert "Durand" not in str(caught.value)
    assert not (tmp_path / "page.html").exists()


def test_old_page_is_removed_before_the_first_notebook(notebook: Path, runs: list[str], tmp_path: Path) -> None:
    """The page and the crate of an earlier run are removed before a notebook runs."""
    old = [tmp_path / "index.html", tmp_path / "ro-crate-metadata.json"]
    for file in old:
        file.write_text("before", encoding="utf-8")

    def progress(_step: str, done: int, _total: int) -> None:
        if done == 0:
            assert not any(file.exists() for file in old)

    investigation._run_notebooks([notebook], tmp_path, PARAMETERS, "content", progress)

    assert ["00_only.ipynb"] == runs


def test_command_to_make_a_leak() -> None:
    """Scenario and folder are quoted in the command as they were given; the language is there where it is not
    English.
    """
    plain = command_to_make("mlm-2026", 1_000, 7)
    with use_language("fr"):
        full = command_to_make("my plan.toml", 1_000, 7, Path("a [1]"))

    assert "toolkit investigate --scenario mlm-2026 --rows 1000 --seed 7" == plain
    assert plain.replace("mlm-2026", "plan.toml") == command_to_make("/somebody/plan.toml", 1_000, 7)
    assert "toolkit investigate --scenario 'my plan.toml' --rows 1000 --seed 7 --out 'a [1]' --lang fr" == full


@pytest.mark.slow
def test_interrupted_investigation_resumes(
    notebook: Path, runs: list[str], small_leak: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After an interruption between two notebooks, the second run links nothing again and runs the second notebook
    only.
    """
    second = tmp_path / "01_second.ipynb"
    second.write_bytes(notebook.read_bytes())
    monkeypatch.setattr(investigation, "find_notebooks", lambda: [notebook, second])
    steps: list[str] = []

    def investigate(until: str) -> None:
        def progress(step: str, done: int, _total: int) -> None:
            steps.append(step)
            if step == until and done == 0:
                raise KeyboardInterrupt

        steps.clear()
        with pytest.raises(KeyboardInterrupt):
            investigation.investigate(
                load_scenario(), 1, 20_000, small_leak, tmp_path / "reports", memory_limit="1GB", progress=progress
            )

    investigate(until="Notebook 01_second")
    before = [*runs]
    investigate(until="Writing the report")
    expected = list(expected_seconds(20_000, [notebook.stem, second.stem]))

    assert ["00_only.ipynb"] == before
    assert ["00_only.ipynb", "01_second.ipynb"] == runs
    assert [step for step in expected if not step.startswith("Linking")] == list(dict.fromkeys(steps))


def test_summary_is_short(small_findings: Findings, capsys: pytest.CaptureFixture[str]) -> None:
    """The summary has the main numbers with intervals and denominators, the verdicts of the claims, and the times."""
    taken = {"Making the leak": 4.0, "Linking: read": 30.0, "Linking: score": 31.0, "Answering: counts": 2.0}

    print_summary(small_findings, taken)

    printed = capsys.readouterr().out
    results = {result.id: result for result in small_findings.results}
    lines = printed.splitlines()
    people = next(line for line in lines if "people, by record linkage" in line)
    assert f"{round(results['people'].value):,}" in people
    assert f"{results['people'].low:,.0f} to {results['people'].high:,.0f}" in people
    assert f"{results['people'].denominator:,} records" in people
    consistent = results["claims_consistent"]
    assert any(f"of {consistent.denominator} published claims" in line for line in lines)
    assert any("published claims contradicted" in line for line in lines)
    assert "Total time 1:07: making the leak 0:04, linking the records 1:01, answering 0:02." in printed
    assert len(lines) < 20
