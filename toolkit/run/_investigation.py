"""The main job: make or open a data set, answer every question, run the notebooks, write the report."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from toolkit.dataset import SYNTHETIC
from toolkit.i18n import current_language
from toolkit.progress import Progress, no_progress
from toolkit.questions import shown_path
from toolkit.report import (
    INDEX,
    Findings,
    NotebookPage,
    command_to_investigate,
    command_to_make,
    find_notebooks,
    run_notebook,
    write_report,
)
from toolkit.run._pipeline import DataSet, Settings, answer_questions, make_data_set, missing_digests, open_data_set
from toolkit.run._ro_crate import NAME as CRATE
from toolkit.run._ro_crate import write_crate
from toolkit.run._run_manifest import make_record, write_record
from toolkit.run._steps import WRITE, notebook_step
from toolkit.scenario import Scenario, load_scenario
from toolkit.synth import data_set_folder

__all__ = ["investigate", "investigate_data_set"]

_REPORTS = Path("reports")


def investigate(
    scenario: Scenario | str,
    seed: int,
    rows: int | None = None,
    out: Path | None = None,
    reports: Path = _REPORTS,
    *,
    threads: int = 2,
    memory_limit: str = "3GB",
    progress: Progress | None = None,
) -> tuple[Findings, Path]:
    """Make the synthetic data set of a scenario where it is missing, and write `reports/<data set>/`.

    Returns the findings and the path of the report's `index.html`. `scenario` is its name, or the path of its file;
    `rows` is the scenario's own size unless given; `out` is the folder of the data set.
    Raises the errors of `load_scenario` and `generate`, and those of `investigate_data_set`.
    """
    given = scenario.name if isinstance(scenario, Scenario) else scenario
    scenario = scenario if isinstance(scenario, Scenario) else load_scenario(scenario)
    rows = scenario.sizes.lines if rows is None else rows
    settings, report_progress = Settings(threads, memory_limit), progress or no_progress
    folder = out or data_set_folder(scenario.name, rows, seed)
    data_set = make_data_set(scenario, seed, rows, folder, settings, report_progress)
    return _report(data_set, command_to_make(given, rows, seed, out), reports, settings, report_progress, scenario)


def investigate_data_set(
    path: Path,
    reports: Path = _REPORTS,
    *,
    threads: int = 2,
    memory_limit: str = "3GB",
    progress: Progress | None = None,
) -> tuple[Findings, Path]:
    """Answer every question about the data set in the folder `path`, of either origin, and write its report.

    Returns the findings and the path of the report's `index.html`, in the current language. What is computed is cached
    in the folder `derived` of the data set, and what a notebook shows in its page: nothing is computed twice, and an
    interrupted run resumes. Files are written aside and renamed, `index.html` last; that of an earlier run is removed
    before a notebook's page changes, so that old and new never mix.
    Raises the errors of `open_leak`, and `ReportError` when a notebook fails, when the second count differs, or when
    the report would show text of a record.
    """
    settings, report_progress = Settings(threads, memory_limit), progress or no_progress
    return _report(open_data_set(path), command_to_investigate(path), reports, settings, report_progress)


def _report(
    data_set: DataSet,
    command: str,
    reports: Path,
    settings: Settings,
    progress: Progress,
    scenario: Scenario | None = None,
) -> tuple[Findings, Path]:
    notebooks = find_notebooks()
    path, manifest = data_set.path, data_set.manifest
    folder = reports / path.resolve().name
    digests = missing_digests(data_set)
    answered = answer_questions(path, settings, progress)
    parameters: dict[str, Any] = {"leak_path": shown_path(path.resolve())}
    parameters |= {"memory_limit": settings.memory_limit, "threads": settings.threads}
    pages = _run_notebooks(notebooks, folder, parameters, manifest.get("content_hash"), progress)
    findings = Findings(
        name=path.resolve().name,
        leak_path=path,
        manifest=manifest,
        answers=answered.answers,
        notebooks=pages,
        threads=settings.threads,
        memory_limit=settings.memory_limit,
        language=current_language(),
        command=command,
    )
    progress(WRITE, 0, 1)
    record = make_record(
        findings, scenario if manifest["origin"] == SYNTHETIC else None, answered.counted_twice, digests
    )
    write_record(folder, record)
    index = write_report(folder, findings)
    write_crate(folder, findings, record)
    progress(WRITE, 1, 1)
    return findings, index


def _run_notebooks(
    notebooks: Sequence[Path], folder: Path, parameters: dict[str, Any], content: str | None, progress: Progress
) -> tuple[NotebookPage, ...]:
    """Run every notebook and write its page; a page that an earlier run made from the same is left as it is.

    The page and the crate of an earlier run are removed first: they are written last.
    """
    for last in (INDEX, CRATE):
        (folder / last).unlink(missing_ok=True)
    pages = []
    for notebook in notebooks:
        address = f"notebooks/{notebook.stem}.html"
        progress(notebook_step(notebook.stem), 0, 1)
        title = run_notebook(notebook, folder / address, parameters, content)
        pages.append(NotebookPage(notebook.stem, address, title))
        progress(notebook_step(notebook.stem), 1, 1)
    return tuple(pages)
