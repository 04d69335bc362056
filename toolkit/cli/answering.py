"""How a question is asked and its answer printed: the same for every command that asks one."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from toolkit.cli.printing import print_json, print_results

__all__ = ["answer"]


def answer(
    name: str, directory: Path, engine: str, threads: int | None, memory_limit: str | None, as_json: bool
) -> None:
    """Ask one question and print its answer."""
    from toolkit.leak import open_leak
    from toolkit.report.answers import ANSWERS

    with open_leak(directory, engine, memory_limit=memory_limit, threads=threads) as leak:
        answer = ANSWERS[name](leak)
    if as_json:
        tables = {table: rows.to_dicts() for table, rows in answer.tables.items()}
        print_json({"data_set": leak.name, "results": [asdict(result) for result in answer.results], **tables})
    else:
        print_results(answer.question, answer.results)
