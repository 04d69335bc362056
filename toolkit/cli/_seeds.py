"""The spread over seeds: `investigate --seeds`."""

from __future__ import annotations

import os
from pathlib import Path

from rich.markup import escape

from toolkit.cli._output import new_console, new_table, print_json
from toolkit.cli._progress import Job

__all__ = ["investigate_seeds"]


def investigate_seeds(
    scenario: str,
    seeds: str,
    rows: int,
    reports: Path,
    *,
    threads: int,
    memory_limit: str,
    keep_data: bool,
    as_json: bool,
) -> None:
    """Answer the questions on leaks of several seeds, write the report, and print the spread of the numbers."""
    from toolkit.run import expected_seconds, headings, over_seeds, parse_seeds, seed_step, spread_rows, write_study

    asked = parse_seeds(seeds)
    each = sum(expected_seconds(rows, ()).values())
    with Job({seed_step(seed): each for seed in asked}) as job:
        study = over_seeds(
            scenario,
            asked,
            rows,
            reports,
            threads=threads,
            memory_limit=memory_limit,
            keep_data=keep_data,
            progress=job,
        )
        page = write_study(study)
    if as_json:
        print_json({"report": os.fspath(page), "seeds": asked, "numbers": study.spread.to_dicts()})
        return
    console = new_console()
    table = new_table(f"{len(asked)} seeds, {rows:,} lines each", *headings())
    for place, column in enumerate(table.columns):
        column.justify, column.no_wrap = ("right", True) if place else ("left", False)
    for row in spread_rows(study.spread):
        table.add_row(*map(escape, row))
    console.print(table)
    there = len(asked) - len(study.done)
    console.print(f"{len(study.done)} seeds run, {there} reused; every number is in spread.csv.")
    console.print(f"The report: [bold]{escape(os.fspath(page))}[/]")
