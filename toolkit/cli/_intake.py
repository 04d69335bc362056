"""The commands `intake` and `intake-…`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from toolkit.cli._options import JsonOption, ThreadsOption
from toolkit.cli._output import new_console, new_table, print_json
from toolkit.cli._progress import Steps
from toolkit.errors import InputError

__all__ = ["intake"]

_PATHS = Annotated[
    list[Path], typer.Argument(metavar="PATH...", help="Files, archives or folders as they were received.")
]
_RECIPE = Annotated[
    Path | None, typer.Option(metavar="FILE", help="A recipe: mapping and choices, as intake writes it.")
]
_PASSWORDS = Annotated[
    Path | None, typer.Option("--password-file", metavar="FILE", help="Passwords of archives, one a line.")
]
_EXPANSION = Annotated[
    int, typer.Option("--max-expansion", metavar="N", help="Bytes that may come out of one byte of an archive.")
]


def intake(
    paths: _PATHS,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="The data set to write: empty or new.")],
    recipe: _RECIPE = None,
    password_file: _PASSWORDS = None,
    max_expansion: _EXPANSION = 200,
    threads: ThreadsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Read a dump as it was received into a data set, and account for every unit of it."""
    from toolkit.intake import IntakeOptions
    from toolkit.intake import intake as read_files

    options = IntakeOptions(recipe, _passwords(password_file), max_expansion, threads or 2)
    with Steps() as steps:
        account = read_files(paths, out, options, steps)
    if as_json:
        print_json({"path": str(out), **account})
        return
    table = new_table("What became of every unit", "Source", "Unit", "Total", "Read", "Repaired", "Rejected", "Other")
    for source in account["sources"]:
        rows = [source.get(kind, 0) for kind in ("rows_read", "rows_repaired", "rows_rejected")]
        table.add_row(
            source["source"],
            source["unit"],
            *(f"{number:,}" for number in (source["total"], *rows, source["total"] - sum(rows))),
        )
    console = new_console()
    console.print(table)
    for finding in account["findings"]:
        console.print(f"{finding['code']}: {finding['text']}", markup=False)
    console.print(f"{out}: {account['rows']:,} rows.", markup=False)


def _passwords(path: Path | None) -> tuple[str, ...]:
    if path is None:
        return ()
    try:
        return tuple(line for line in path.read_text(encoding="utf-8").splitlines() if line)
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"The password file {path} cannot be read ({error}).") from None
