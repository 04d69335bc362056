"""The pipeline of every run: make or open a data set, answer the questions, count again.

`investigate`, `rerun` and the spread over seeds are built from these steps.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from toolkit._io import file_digest
from toolkit.dataset import Leak, open_leak
from toolkit.progress import Progress
from toolkit.questions import Answer, ask, questions
from toolkit.run._cross_check import cross_check
from toolkit.run._steps import CROSS_CHECK, GENERATE, answer_step, linkage_step
from toolkit.scenario import Scenario
from toolkit.synth import GenerateOptions, generate

__all__ = ["Answered", "DataSet", "Settings", "answer_questions", "make_data_set", "missing_digests", "open_data_set"]


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run may use: threads, and the memory limit of the engine in each step. No number depends on them."""

    threads: int = 2
    memory_limit: str = "3GB"


@dataclass(frozen=True, slots=True)
class DataSet:
    """The data set of a run: its folder, its manifest, and whether this run made it."""

    path: Path
    manifest: dict[str, Any]
    made: bool


@dataclass(frozen=True, slots=True)
class Answered:
    """The answers by the name of their question, and the names of the numbers that a second program confirmed."""

    answers: dict[str, Answer]
    counted_twice: tuple[str, ...]


def make_data_set(
    scenario: Scenario, seed: int, rows: int, out: Path, settings: Settings, progress: Progress
) -> DataSet:
    """Make a synthetic data set in `out` where it is missing. Raises the errors of `generate`."""
    options = GenerateOptions(threads=settings.threads)
    made = generate(scenario, seed, rows, out, options, partial(progress, GENERATE))
    progress(GENERATE, rows, rows)
    return DataSet(made.path, open_data_set(made.path).manifest, bool(made.lines_written))


def open_data_set(path: Path) -> DataSet:
    """Return the data set in the folder `path`. Raises the errors of `open_leak`."""
    with open_leak(path) as leak:
        return DataSet(path, leak.manifest, made=False)


def missing_digests(data_set: DataSet) -> dict[str, str]:
    """Return the SHA-256 of each file whose manifest has none, by the path in the manifest."""
    files = [file["path"] for file in data_set.manifest["files"] if file.get("sha256") is None]
    return {path: file_digest(data_set.path / path) for path in files}


def answer_questions(
    data_set: Path,
    settings: Settings,
    progress: Progress,
    *,
    options: Mapping[str, Mapping[str, Any]] | None = None,
    cache: bool = True,
) -> Answered:
    """Answer every question about a data set, and count again what a second program counts too.

    `options` are those of the questions by name; a question that is not in it gets those of an investigation. The
    records are linked first, while memory is free. With `cache=False` nothing is read from cached answers.
    Raises the errors of `open_leak`, and `ReportError` where the second count differs.
    """
    answers: dict[str, Answer] = {}
    with open_leak(data_set, cache=cache, memory_limit=settings.memory_limit, threads=settings.threads) as leak:
        chosen = {question.name: _options(question.name, leak, options) for question in questions()}
        _link(leak, chosen, progress)
        for question in questions():
            step = answer_step(question.name)
            progress(step, 0, 1)
            answers[question.name] = ask(question, leak, **chosen[question.name])
            progress(step, 1, 1)
    progress(CROSS_CHECK, 0, 1)
    confirmed = cross_check(data_set, answers)
    progress(CROSS_CHECK, 1, 1)
    return Answered(answers, confirmed)


def _options(name: str, leak: Leak, given: Mapping[str, Mapping[str, Any]] | None) -> dict[str, Any]:
    if given is not None and name in given:
        return dict(given[name])
    return next(question for question in questions() if question.name == name).investigation(leak)


def _link(leak: Leak, options: Mapping[str, Mapping[str, Any]], progress: Progress) -> None:
    """Link the records, where an answerable question needs it; a cached linkage reports no step."""
    from toolkit.analysis.duplicates import count_people
    from toolkit.questions import find_question

    if find_question("duplicates").missing(leak, {}) is not None:
        return
    if any(question.links and question.missing(leak, options[question.name]) is None for question in questions()):
        count_people(leak, progress=lambda step, done, total: progress(linkage_step(step), done, total))
