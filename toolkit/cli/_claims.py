"""The command `claims`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from toolkit.cli._options import DirectoryArgument, EngineOption, JsonOption, MemoryOption, ThreadsOption
from toolkit.cli._output import new_console, new_table, print_json
from toolkit.cli._progress import Steps

if TYPE_CHECKING:
    import polars as pl

__all__ = ["claims"]


def claims(
    directory: DirectoryArgument,
    file: Annotated[
        Path | None,
        typer.Option(
            "--claims", metavar="FILE", help="TOML file of claims.", show_default="those published in February 2026"
        ),
    ] = None,
    engine: EngineOption = "duckdb",
    threads: ThreadsOption = None,
    memory_limit: MemoryOption = None,
    as_json: JsonOption = False,
) -> None:
    """What was published, and what does the leak say of it? One verdict a claim, and why.

    On an invented leak this proves the method and nothing of the real one.
    """
    from toolkit.claims import as_records, check, load_ledger
    from toolkit.dataset import open_leak

    title = load_ledger(file).title
    with open_leak(directory, engine, memory_limit=memory_limit, threads=threads) as leak, Steps() as steps:
        leak.progress = steps.begin
        checked = check(leak, file)
    if as_json:
        print_json(as_records(checked))
    else:
        _print(title, checked)


def _print(title: str, checked: pl.DataFrame) -> None:
    """One row a claim, as a reader wants it."""
    from toolkit.claims import in_words

    table = new_table(title, "Claim", "Published", "Measured", "Verdict", "Why")
    for row in checked.iter_rows(named=True):
        words = ["" if row[end] is None else in_words(row[end], row["unit"]) for end in ("measured", "low", "high")]
        between = "" if len(set(words)) == 1 else f" ({words[1]} to {words[2]})"
        cells = (
            f"{row['sentence']} ({row['claimant']})",
            row["published"] + _to_scale(row),
            words[0] + between,
            row["verdict"],
            row["why"],
        )
        table.add_row(*(escape(cell) for cell in cells), end_section=True)
    console = new_console()
    console.print(table)
    console.print("Consistent is not proven: the data could have said no, and did not.")


def _to_scale(row: dict[str, Any]) -> str:
    """What a published count comes to in a data set made to another scale."""
    from toolkit.claims import in_words

    if row["scale"] == 1 or row["published_low"] is None:
        return ""
    ends = dict.fromkeys(
        round(row[end] * row["scale"]) for end in ("published_low", "published_high") if row[end] is not None
    )
    return f" (to scale: {' to '.join(in_words(end, row['unit']) for end in ends)})"
