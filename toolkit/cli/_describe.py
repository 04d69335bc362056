"""The command that says what a data set holds."""

from __future__ import annotations

from rich.markup import escape

from toolkit.cli._options import DirectoryArgument, JsonOption
from toolkit.cli._output import new_console, new_table, print_json

__all__ = ["describe"]


def describe(directory: DirectoryArgument, as_json: JsonOption = False) -> None:
    """Say what a data set holds: where it comes from, its tables and their columns."""
    from toolkit.dataset import describe as description_of
    from toolkit.dataset import open_leak

    with open_leak(directory) as leak:
        description = description_of(leak)
    if as_json:
        print_json(description)
        return
    console = new_console()
    console.print(f"[bold]{escape(description['title'])}[/]")
    console.print(f"Synthetic: {escape(description['notice'])}.")
    console.print(
        f"Scenario {description['scenario']}, seed {description['seed']}, copied on {description['copied_on']}, "
        f"content hash {description['content_hash'][:12]}."
    )
    tables = new_table("Tables", "Table", "One row is", "Rows", "Files", "MB")
    for table in description["tables"]:
        size = f"{table['bytes'] / 1e6:,.1f}"
        tables.add_row(table["name"], table["row"], f"{table['rows']:,}", f"{table['files']:,}", size)
    columns = new_table("Columns of lines", "Column", "Type", "How personal", "Meaning")
    for column in description["columns"]:
        columns.add_row(column["name"], column["type"], column["personal"].replace("_", " "), column["meaning"])
    console.print(tables, columns)
