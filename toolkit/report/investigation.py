"""The main job: make the leak if it is missing, ask it every question, run the notebooks, write the report."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from functools import partial
from pathlib import Path

import polars as pl

from toolkit import claims
from toolkit.leak import open_leak
from toolkit.report.answers import ANSWERS, Answer, shown_path
from toolkit.report.data_sets import data_set_folder
from toolkit.report.findings import Findings, NotebookPage
from toolkit.report.notebooks import find_notebooks, run_notebook
from toolkit.report.page import write_report
from toolkit.scenario import Scenario
from toolkit.synth.generate import GenerateOptions, generate

__all__ = ["Progress", "investigate"]

Progress = Callable[[str, int, int], None]
"""Told the name of a step, how much of it is done, and of how much."""


def investigate(
    scenario: Scenario,
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

    `rows` is the scenario's own size unless given; `out` is where the data set is, or is made when it is missing.
    `memory_limit` is the engine's in each step; steps follow one another and leave nothing open, notebooks run in
    processes of their own. Files are written aside and renamed, `index.html` last.
    Raises the errors of `generate` and `open_leak`, and `ReportError` when a notebook fails.
    """
    tell = progress or (lambda _step, _done, _total: None)
    notebooks = find_notebooks()
    rows = scenario.sizes.lines if rows is None else rows
    leak_path = out or data_set_folder(scenario.name, rows, seed)
    made = generate(scenario, seed, rows, leak_path, GenerateOptions(threads=threads), partial(tell, "Making the leak"))
    tell("Making the leak", rows, rows)
    folder = reports / made.path.name
    answers, ledger = _ask(made.path, threads, memory_limit, tell)
    parameters = {"leak_path": shown_path(made.path.resolve()), "memory_limit": memory_limit, "threads": threads}
    pages = []
    for notebook in notebooks:
        address = f"notebooks/{notebook.stem}.html"
        step = f"Notebook {notebook.stem}"
        tell(step, 0, 1)
        pages.append(NotebookPage(notebook.stem, address, run_notebook(notebook, folder / address, parameters)))
        tell(step, 1, 1)
    findings = Findings(
        made.path.name,
        made.path,
        made.manifest,
        answers,
        ledger,
        tuple(pages),
        {"scenario": scenario.name, "rows": rows, "seed": seed, "memory_limit": memory_limit, "threads": threads},
        f"toolkit investigate --scenario {shlex.quote(scenario.name)} --rows {rows} --seed {seed}",
    )
    return findings, write_report(folder, findings)


def _ask(path: Path, threads: int, memory_limit: str, tell: Progress) -> tuple[dict[str, Answer], pl.DataFrame]:
    """Every question in turn, then the claims, each on a leak opened for it and closed after it."""
    answers = {}
    for name, ask in ANSWERS.items():
        tell(f"Asking: {name}", 0, 1)
        with open_leak(path, memory_limit=memory_limit, threads=threads) as leak:
            answers[name] = ask(leak)
        tell(f"Asking: {name}", 1, 1)
    tell("Asking: claims", 0, 1)
    with open_leak(path, memory_limit=memory_limit, threads=threads) as leak:
        ledger = claims.check(leak)
    tell("Asking: claims", 1, 1)
    return answers, ledger
