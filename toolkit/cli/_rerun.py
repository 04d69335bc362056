"""The command `rerun`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from toolkit.cli._options import JsonOption, memory_size
from toolkit.cli._output import new_console, new_table, print_json
from toolkit.cli._progress import Job

if TYPE_CHECKING:
    from toolkit.run import Change, Comparison, Rerun

__all__ = ["rerun"]


def rerun(
    record: Annotated[Path, typer.Argument(metavar="RECORD", help="The run.json of a report.", show_default=False)],
    out: Annotated[
        Path | None,
        typer.Option(
            help="Directory of the data set, which is made there if it is missing.",
            show_default="data/synthetic/<scenario>-<rows>-<seed>",
        ),
    ] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="Threads to use.", show_default="the record's")] = None,
    memory_limit: Annotated[
        str | None,
        typer.Option(
            parser=memory_size, metavar="SIZE", help="Memory for the engine in each step.", show_default="the record's"
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Repeat a run from its record, and compare every number and table with the recorded ones.

    A missing synthetic leak is made again, every question is answered again, and the report is left as it is. Ends with
    1 where anything differs.
    """
    from toolkit.run import expected_seconds, read_record
    from toolkit.run import rerun as run

    read = read_record(record)
    with Job(expected_seconds(read.rows, (), generate=read.scenario is not None)) as job:
        found = run(read, out, threads=threads, memory_limit=memory_limit, progress=job)
    if as_json:
        print_json(_as_json(record, found))
    else:
        _print(record, found)
    raise typer.Exit(0 if found.equal else 1)


def _as_json(record: Path, found: Rerun) -> dict[str, Any]:
    both = [number for number in found.numbers if number.was and number.now]
    return {
        "record": os.fspath(record),
        "data_set": os.fspath(found.path),
        "made_again": found.made,
        "equal": found.equal,
        "numbers_compared": len(both),
        "tables_compared": found.tables_compared,
        "counted_twice": found.counted_twice,
        "numbers": [
            {
                "id": number.id,
                "differing": number.differing,
                "was": number.was and {field: getattr(number.was, field) for field in number.differing},
                "is": number.now and {field: getattr(number.now, field) for field in number.differing},
                "relative_difference": number.relative,
            }
            for number in both
            if not number.equal
        ],
        "only_in_the_record": [number.id for number in found.numbers if number.now is None],
        "only_now": [number.id for number in found.numbers if number.was is None],
        "tables": _changes(found.tables),
        "data": _changes(found.data),
        "may_explain": _changes(found.changes),
    }


def _changes(changes: tuple[Change, ...]) -> list[dict[str, str]]:
    return [{"what": change.what, "was": change.was, "is": change.now} for change in changes]


def _print(record: Path, found: Rerun) -> None:
    """Print every number, then what else differs, then possible causes, and the verdict last."""
    console = new_console()
    made = "made again" if found.made else "already there"
    console.print(f"{escape(os.fspath(record))}, on [bold]{escape(os.fspath(found.path))}[/] ({made})\n")
    table = new_table("Every number, recorded and now", "Name", "Recorded", "Now", "Difference")
    for column in table.columns[1:3]:
        column.justify = "right"
    for number in found.numbers:
        table.add_row(*_row(number), style=None if number.equal or number.was is None else "bold red")
    console.print(table)
    for title, changes in (
        ("Tables that differ", found.tables),
        ("The data set differs", found.data),
        ("Changes without effect" if found.equal else "Possible causes", found.changes),
    ):
        if changes:
            listed = new_table(title, "What", "Recorded", "Now")
            for change in changes:
                listed.add_row(*(escape(_short(text)) for text in (change.what, change.was, change.now)))
            console.print(listed)
    console.print(_verdict(found))


def _row(number: Comparison) -> tuple[str, str, str, str]:
    was, now = number.was, number.now
    if was is None or now is None:
        side = "only in the record" if now is None else "new"
        return number.id, _value(was.value if was else None), _value(now.value if now else None), side
    if number.equal:
        return number.id, _value(was.value), _value(now.value), "equal"
    if number.differing == ("value",) or number.relative:
        difference = "from 0" if number.relative is None else f"{number.relative:+.3%}"
        return number.id, _value(was.value), _value(now.value), difference
    field = number.differing[0]
    difference = f"{', '.join(number.differing)}: {_value(getattr(was, field))}, now {_value(getattr(now, field))}"
    return number.id, _value(was.value), _value(now.value), difference


def _value(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, int) else f"{value:,.10g}"


def _short(text: str) -> str:
    """Return the first characters of a digest, and any other text whole."""
    return f"{text[:12]}…" if len(text) == 64 else text


def _verdict(found: Rerun) -> str:
    compared = sum(number.was is not None and number.now is not None for number in found.numbers)
    new = sum(number.was is None for number in found.numbers)
    both = f"{compared} numbers and {found.tables_compared} tables"
    again = f"A second program counted {found.counted_twice} numbers again, with the same results."
    added = f" This version has {new} more numbers." if new else ""
    if found.equal:
        return f"[bold green]Reproduced[/]: all {both} match.{added} {again}"
    faults = sum(not number.equal for number in found.numbers if number.was is not None)
    data = "the data set differs" if found.data else "the data set is the same"
    differing = f"{faults} numbers and {len(found.tables)} tables differ"
    return f"[bold red]Not reproduced[/]: of {both}, {differing}; {data}.{added} {again}"
