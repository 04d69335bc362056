"""What is printed: tables for people, JSON for machines."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from toolkit.questions import Result

__all__ = ["new_console", "new_table", "print_counts", "print_json", "print_results"]


def new_console() -> Console:
    """Standard output, as wide as a file needs when it is none of a terminal's."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=160)


def new_table(title: str, *columns: str) -> Table:
    """An empty table, with its numbers to the right."""
    table = Table(title=escape(title), title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    numbers = {"Examined", "Offending", "Rows", "Files", "MB", "Number", "Share"}
    for column in columns:
        table.add_column(column, justify="right" if column in numbers else "left", no_wrap=column in numbers)
    return table


def print_results(title: str, results: Sequence[Result]) -> None:
    """One row a number, with what it counts."""
    from toolkit.questions import in_words

    table = new_table(title, "Number", "Of what", "Out of", "Share", "What it means")
    for result in results:
        table.add_row(*(escape(text) for text in in_words(result)))
    new_console().print(table)


def print_counts(planted: dict[str, int]) -> None:
    """One row a number that the maker planted."""
    table = new_table("What was made", "Number", "Of what")
    for name, count in planted.items():
        table.add_row(f"{count:,}", name.replace("_", " "))
    new_console().print(table)


def print_json(content: object) -> None:
    """Indented JSON, letters as they are."""
    typer.echo(json.dumps(content, ensure_ascii=False, indent=2, default=str))
