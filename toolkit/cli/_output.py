"""Output: tables for people, JSON for machines."""

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
    """Return a console on standard output, wide enough for a file where it is not a terminal."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=160)


def new_table(title: str, *columns: str) -> Table:
    """Return an empty table, with numbers aligned to the right."""
    table = Table(title=escape(title), title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    numbers = {"Examined", "Offending", "Rows", "Files", "MB", "Number", "Share"}
    for column in columns:
        table.add_column(column, justify="right" if column in numbers else "left", no_wrap=column in numbers)
    return table


def print_results(title: str, results: Sequence[Result]) -> None:
    """Print one row per number, with its definition."""
    from toolkit.questions import format_result

    table = new_table(title, "Number", "Unit", "Denominator", "Share", "Definition")
    for result in results:
        table.add_row(*(escape(text) for text in format_result(result)))
    new_console().print(table)


def print_counts(planted: dict[str, int]) -> None:
    """Print one row per planted number."""
    table = new_table("Generated", "Number", "Unit")
    for name, count in planted.items():
        table.add_row(f"{count:,}", name.replace("_", " "))
    new_console().print(table)


def print_json(content: object) -> None:
    """Print indented JSON, letters as they are."""
    typer.echo(json.dumps(content, ensure_ascii=False, indent=2, default=str))
