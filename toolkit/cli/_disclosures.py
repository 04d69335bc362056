"""The command `disclosures`."""

from __future__ import annotations

from rich.markup import escape

from toolkit.cli._options import DirectoryArgument, JsonOption
from toolkit.cli._output import new_console, new_table, print_json

__all__ = ["disclosures"]


def disclosures(directory: DirectoryArgument, as_json: JsonOption = False) -> None:
    """Print the access log of a data set: who saw personal values in clear, when, which, and why; oldest first."""
    from toolkit.privacy import read_disclosures

    log = read_disclosures(directory)
    if as_json:
        print_json({"data_set": directory.resolve().name, "disclosures": log.to_dicts()})
        return
    if log.is_empty():
        new_console().print("No personal value has been shown in clear: the log is empty.")
        return
    table = new_table(
        f"Shown in clear from {directory.resolve().name}", "When", "Who", "Rows", "Columns", "What", "Why"
    )
    for entry in log.iter_rows(named=True):
        columns = ", ".join(entry["columns"])
        words = (entry["when"], entry["who"], f"{entry['rows']:,}", columns, entry["what"], entry["why"])
        table.add_row(*(escape(word) for word in words))
    new_console().print(table)
