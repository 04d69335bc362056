"""An investigation that is interrupted goes on where it stopped, and asks nothing twice."""

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
from toolkit.report import _notebooks as notebooks
from toolkit.report._command import command
from toolkit.report._findings import Findings
from toolkit.report._notebooks import run_notebook
from toolkit.run import _investigation as investigation
from toolkit.run._steps import expected_seconds
from toolkit.scenario import load_scenario

PARAMETERS = {"leak_path": "here", "threads": 1}


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    """A notebook that says one thing."""
    cells = [nbformat.v4.new_markdown_cell("# One & only"), nbformat.v4.new_code_cell("1 + 1")]
    path = tmp_path / "00_only.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The notebooks that were run, each as it is: no kernel is started."""
    ran: list[str] = []

    def execute(notebook: Path, executed: Path, *_told: object, **_options: object) -> None:
        ran.append(notebook.name)
        executed.write_bytes(notebook.read_bytes())

    monkeypatch.setattr(papermill, "execute_notebook", execute)
    return ran


def test_a_page_that_was_made_is_left(notebook: Path, runs: list[str], tmp_path: Path) -> None:
    """The same notebook with the same parameters, data and code is run once; its page tells the title."""
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


def _page_of_a_stranger(_notebook: Path, page: Path, _patch: pytest.MonkeyPatch) -> None:
    page.write_bytes(b"\xff\xfe no page of ours")


@pytest.mark.parametrize("change", [_other_source, _other_code, _no_page, _page_of_a_stranger])
def test_what_changed_is_run_again(
    notebook: Path,
    runs: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[Path, Path, pytest.MonkeyPatch], None],
) -> None:
    """Another notebook, another version of the code, or a page that is not that of this run: it runs."""
    page = tmp_path / "page.html"
    run_notebook(notebook, page, PARAMETERS, "content")
    change(notebook, page, monkeypatch)
    run_notebook(notebook, page, PARAMETERS, "content")

    assert 2 == len(runs)


@pytest.mark.parametrize("told", [({**PARAMETERS, "threads": 2}, "content"), (PARAMETERS, "other"), (PARAMETERS, None)])
def test_other_data_is_run_again(
    notebook: Path, runs: list[str], tmp_path: Path, told: tuple[dict[str, Any], str | None]
) -> None:
    """Other parameters or another content run the notebook; without a content nothing is taken for done."""
    page = tmp_path / "page.html"
    run_notebook(notebook, page, PARAMETERS, "content")
    run_notebook(notebook, page, *told)

    assert 2 == len(runs)


def test_another_language_runs_nothing_again(notebook: Path, runs: list[str], tmp_path: Path) -> None:
    """A notebook is in English whatever the language of the report, so its page stays."""
    page = tmp_path / "page.html"
    run_notebook(notebook, page, PARAMETERS, "content")
    with use_language("fr"):
        run_notebook(notebook, page, PARAMETERS, "content")

    assert 1 == len(runs)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            PapermillExecutionError(3, 1, "", "ValueError", "Zoé Durand", []),
            r"failed in cell 3 \(ValueError\): open it",
        ),
        (DeadKernelError("Kernel died"), "most likely for want of memory: lower --memory-limit"),
    ],
)
def test_notebook_that_fails_is_one_sentence(
    notebook: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, said: str
) -> None:
    """The notebook, the cell and the kind of the error are told, never its text, which may quote a line."""

    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(papermill, "execute_notebook", fail)

    with pytest.raises(ReportError, match=rf"^Notebook 00_only\.ipynb .*{said}") as caught:
        run_notebook(notebook, tmp_path / "page.html", PARAMETERS)

    assert "Durand" not in str(caught.value)
    assert not (tmp_path / "page.html").exists()


def test_last_page_goes_before_the_first_notebook(notebook: Path, runs: list[str], tmp_path: Path) -> None:
    """The page and the description of an earlier run never stand beside notebooks of another."""
    old = [tmp_path / "index.html", tmp_path / "ro-crate-metadata.json"]
    for file in old:
        file.write_text("before", encoding="utf-8")

    def tell(_step: str, done: int, _total: int) -> None:
        if done == 0:
            assert not any(file.exists() for file in old)

    investigation._run([notebook], tmp_path, PARAMETERS, "content", tell)

    assert ["00_only.ipynb"] == runs


def test_command_names_what_was_given() -> None:
    """Scenario and folder stand in the command as they were given, safe to paste; the language where it is another."""
    plain = command("mlm-2026", 1_000, 7)
    with use_language("fr"):
        full = command("my plan.toml", 1_000, 7, Path("a [1]"))

    assert "toolkit investigate --scenario mlm-2026 --rows 1000 --seed 7" == plain
    assert plain.replace("mlm-2026", "plan.toml") == command("/somebody/plan.toml", 1_000, 7)
    assert "toolkit investigate --scenario 'my plan.toml' --rows 1000 --seed 7 --out 'a [1]' --lang fr" == full


@pytest.mark.slow
def test_an_interrupted_investigation_goes_on(
    notebook: Path, runs: list[str], small_leak: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Interrupted between two notebooks, the second run links nothing again and runs the second notebook alone."""
    second = tmp_path / "01_second.ipynb"
    second.write_bytes(notebook.read_bytes())
    monkeypatch.setattr(investigation, "find_notebooks", lambda: [notebook, second])
    heard: list[str] = []

    def investigate(until: str) -> None:
        def tell(step: str, done: int, _total: int) -> None:
            heard.append(step)
            if step == until and done == 0:
                raise KeyboardInterrupt

        heard.clear()
        with pytest.raises(KeyboardInterrupt):
            investigation.investigate(
                load_scenario(), 1, 20_000, small_leak, tmp_path / "reports", memory_limit="1GB", progress=tell
            )

    investigate(until="Notebook 01_second")
    before = [*runs]
    investigate(until="Writing the report")
    plan = list(expected_seconds(20_000, [notebook.stem, second.stem]))

    assert ["00_only.ipynb"] == before
    assert ["00_only.ipynb", "01_second.ipynb"] == runs
    assert [step for step in plan if not step.startswith("Linking")] == list(dict.fromkeys(heard))


def test_the_summary_is_short(small_findings: Findings, capsys: pytest.CaptureFixture[str]) -> None:
    """The headline numbers with their intervals and denominators, how the claims fared, and what took how long."""
    taken = {"Making the leak": 4.0, "Linking: read": 30.0, "Linking: score": 31.0, "Asking: counts": 2.0}

    print_summary(small_findings, taken)

    printed = capsys.readouterr().out
    results = {result.id: result for result in small_findings.results}
    lines = printed.splitlines()
    people = next(line for line in lines if "people, by record linkage" in line)
    assert f"{round(results['people'].value):,}" in people
    assert f"{results['people'].low:,.0f} to {results['people'].high:,.0f}" in people
    assert f"{results['people'].denominator:,} records" in people
    assert f"{small_findings.claims.height} published claims: " in printed
    assert "1:07 in all: making the leak 0:04, linking the records 1:01, asking the questions 0:02." in printed
    assert len(lines) < 20
