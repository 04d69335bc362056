"""The main job: make the leak if it is missing, ask it every question, run the notebooks, write the report."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from toolkit.leak import open_leak
from toolkit.report.answers import ANSWERS, Answer, Result, shown_path
from toolkit.report.data_sets import data_set_folder
from toolkit.report.notebooks import find_notebooks, run_notebook
from toolkit.report.page import index_page
from toolkit.report.writing import write_text
from toolkit.scenario import Scenario
from toolkit.synth.generate import GenerateOptions, generate

__all__ = ["Investigation", "Progress", "investigate"]

Progress = Callable[[str, int, int], None]
"""Told the name of a step, how much of it is done, and of how much."""


@dataclass(frozen=True, slots=True)
class Investigation:
    """What was written: the report's page, and the numbers on it."""

    name: str
    index: Path
    results: tuple[Result, ...]


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
) -> Investigation:
    """Write `reports/<data set>/`: `index.html`, `results.json` and one page a notebook.

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
    answers = _ask(made.path, threads, memory_limit, tell)
    results = tuple(result for answer in answers for result in answer.results)
    write_text(folder / "results.json", json.dumps([asdict(result) for result in results], indent=2) + "\n")
    parameters = {"leak_path": shown_path(made.path.resolve()), "memory_limit": memory_limit, "threads": threads}
    pages = []
    for notebook in notebooks:
        page = f"notebooks/{notebook.stem}.html"
        step = f"Notebook {notebook.stem}"
        tell(step, 0, 1)
        pages.append((page, run_notebook(notebook, folder / page, parameters)))
        tell(step, 1, 1)
    command = f"toolkit investigate --scenario {shlex.quote(scenario.name)} --rows {rows} --seed {seed}"
    index = folder / "index.html"
    write_text(index, index_page(made.path.name, made.manifest, answers, pages, command))
    return Investigation(made.path.name, index, results)


def _ask(path: Path, threads: int, memory_limit: str, tell: Progress) -> list[Answer]:
    """Every question in turn, each on a leak opened for it and closed after it."""
    answers = []
    for name, ask in ANSWERS.items():
        tell(f"Asking: {name}", 0, 1)
        with open_leak(path, memory_limit=memory_limit, threads=threads) as leak:
            answers.append(ask(leak))
        tell(f"Asking: {name}", 1, 1)
    return answers
