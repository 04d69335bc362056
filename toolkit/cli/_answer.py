"""How a question is asked and its answer printed: the same for every command that asks one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit.cli._output import print_json, print_results
from toolkit.cli._progress import Steps

if TYPE_CHECKING:
    from toolkit.dataset import Leak
    from toolkit.questions import Answer

__all__ = ["answer", "print_answer"]


def answer(
    name: str, directory: Path, engine: str, threads: int | None, memory_limit: str | None, as_json: bool
) -> None:
    """Ask one question and print its answer."""
    from toolkit.questions import ANSWERS

    print_answer(name, ANSWERS[name], directory, engine, threads, memory_limit, as_json)


def print_answer(
    name: str,
    ask: Callable[[Leak], Answer],
    directory: Path,
    engine: str,
    threads: int | None,
    memory_limit: str | None,
    as_json: bool,
) -> None:
    """Open the leak, ask it, and print what it answers; in tables, counts of fewer than ten people are null.

    Where records must be linked for it, a bar shows each step.
    """
    from toolkit.dataset import open_leak
    from toolkit.report import shown

    with open_leak(directory, engine, memory_limit=memory_limit, threads=threads) as leak, Steps() as steps:
        leak.progress = steps.begin
        answer = ask(leak)
    if as_json:
        tables = {table: rows.to_dicts() for table, rows in shown(name, answer.tables).items()}
        print_json({"data_set": leak.name, "results": [asdict(result) for result in answer.results], **tables})
    else:
        print_results(answer.question, answer.results)
