"""The main job: make the leak if it is missing, ask it every question, run the notebooks, write the report."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from toolkit.dataset import open_leak
from toolkit.i18n import current_language
from toolkit.questions import shown_path
from toolkit.report import INDEX, Findings, NotebookPage, command, find_notebooks, run_notebook, write_report
from toolkit.run._asking import Progress, ask_everything
from toolkit.run._cross_check import check_against_second_count
from toolkit.run._ro_crate import NAME as CRATE
from toolkit.run._ro_crate import write_crate
from toolkit.run._run_manifest import make_record, write_record
from toolkit.run._steps import MAKING, SECOND_COUNT, WRITING, notebook_step
from toolkit.scenario import Scenario, load_scenario
from toolkit.synth import GenerateOptions, data_set_folder, generate

__all__ = ["Progress", "investigate"]


def investigate(
    scenario: Scenario | str,
    seed: int,
    rows: int | None = None,
    out: Path | None = None,
    reports: Path = Path("reports"),
    *,
    threads: int = 2,
    memory_limit: str = "3GB",
    progress: Progress | None = None,
) -> tuple[Findings, Path]:
    """Write `reports/<data set>/`, and return what was found and the path of its `index.html`.

    The report is written in the language that is spoken (`toolkit.i18n.speaking`).
    `rows` is the scenario's own size unless given; `out` is where the data set is, or is made when it is missing.
    `scenario` may be named, or be the path of its file: the command that the report shows then says so.
    `memory_limit` is the engine's in each step; notebooks run in processes of their own. What is computed is kept in
    the data set's folder `derived`, and what a notebook shows in its page: no question is asked twice, and a run that
    was interrupted goes on where it stopped. Files are written aside and renamed, `index.html` last; that of an
    earlier run goes before a notebook's page is another, so that old and new never stand side by side. The steps that
    `progress` is told of are those of `toolkit.run._steps`.
    Raises the errors of `load_scenario`, `generate` and `open_leak`, and `ReportError` when a notebook fails.
    """
    tell = progress or (lambda _step, _done, _total: None)
    given = scenario.name if isinstance(scenario, Scenario) else scenario
    scenario = scenario if isinstance(scenario, Scenario) else load_scenario(scenario)
    notebooks = find_notebooks()
    rows = scenario.sizes.lines if rows is None else rows
    leak_path = out or data_set_folder(scenario.name, rows, seed)
    made = generate(scenario, seed, rows, leak_path, GenerateOptions(threads=threads), partial(tell, MAKING))
    tell(MAKING, rows, rows)
    folder = reports / made.path.name
    opened = partial(open_leak, made.path, memory_limit=memory_limit, threads=threads)
    answers, ledger = ask_everything(opened, tell)
    tell(SECOND_COUNT, 0, 1)
    counted_twice = check_against_second_count(made.path, answers)
    tell(SECOND_COUNT, 1, 1)
    parameters = {"leak_path": shown_path(made.path.resolve()), "memory_limit": memory_limit, "threads": threads}
    findings = Findings(
        made.path.name,
        made.path,
        made.manifest,
        answers,
        ledger,
        _run(notebooks, folder, parameters, made.manifest["content_hash"], tell),
        {"scenario": scenario.name, "rows": rows, "seed": seed, "memory_limit": memory_limit, "threads": threads}
        | {"language": current_language()},
        command(given, rows, seed, out),
    )
    tell(WRITING, 0, 1)
    record = make_record(findings, scenario, counted_twice)
    write_record(folder, record)
    index = write_report(folder, findings)
    write_crate(folder, findings, record)
    tell(WRITING, 1, 1)
    return findings, index


def _run(
    notebooks: Sequence[Path], folder: Path, parameters: dict[str, Any], content: str, tell: Progress
) -> tuple[NotebookPage, ...]:
    """Every notebook as a page below the report's folder; those that an earlier run made are left as they are.

    The page and the description that an earlier run made of the whole are removed: they are written last.
    """
    for last in (INDEX, CRATE):
        (folder / last).unlink(missing_ok=True)
    pages = []
    for notebook in notebooks:
        address = f"notebooks/{notebook.stem}.html"
        tell(notebook_step(notebook.stem), 0, 1)
        title = run_notebook(notebook, folder / address, parameters, content)
        pages.append(NotebookPage(notebook.stem, address, title))
        tell(notebook_step(notebook.stem), 1, 1)
    return tuple(pages)
