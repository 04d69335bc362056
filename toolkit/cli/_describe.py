"""The command `describe`."""

from __future__ import annotations

from typing import Any

from rich.markup import escape

from toolkit.cli._options import DirectoryArgument, JsonOption
from toolkit.cli._output import new_console, new_table, print_json

__all__ = ["describe"]


def describe(directory: DirectoryArgument, as_json: JsonOption = False) -> None:
    """Describe a data set: where it comes from, its tables, their columns, and the questions it can answer."""
    from toolkit.dataset import describe as describe_leak
    from toolkit.dataset import open_leak
    from toolkit.questions import questions

    with open_leak(directory) as leak:
        description = describe_leak(leak)
        reasons = {question.name: question.missing(leak, {}) for question in questions()}
    description["questions"] = [
        {"name": name, "answerable": reason is None, "reason": reason} for name, reason in reasons.items()
    ]
    if as_json:
        print_json(description)
    else:
        _print(description)


def _print(description: dict[str, Any]) -> None:
    console = new_console()
    console.print(f"[bold]{escape(description['title'] or description['path'])}[/]")
    console.print(escape(description["notice"]))
    facts = {
        "Scenario": description["scenario"],
        "Seed": description["seed"],
        "Copied on": description["copied_on"],
        "Content hash": (description["content_hash"] or "")[:12] or None,
    }
    known = [f"{name} {value}" for name, value in facts.items() if value is not None]
    console.print(escape(", ".join(known) or "Nothing is recorded of how it was made.") + ("." if known else ""))
    tables = new_table("Tables", "Table", "One row is", "Rows", "Files", "MB")
    for table in description["tables"]:
        size = f"{table['bytes'] / 1e6:,.1f}"
        tables.add_row(table["name"], table["row"], f"{table['rows']:,}", f"{table['files']:,}", size)
    columns = new_table("Columns of lines", "Column", "Type", "How personal", "Filled", "Meaning")
    for column in description["columns"]:
        filled = "yes" if column["filled"] else "no"
        columns.add_row(column["name"], column["type"], column["personal"].replace("_", " "), filled, column["meaning"])
    asked = new_table("Questions", "Question", "Answerable")
    for question in description["questions"]:
        asked.add_row(question["name"], "yes" if question["answerable"] else escape(f"no: {question['reason']}"))
    console.print(tables, columns, asked)
