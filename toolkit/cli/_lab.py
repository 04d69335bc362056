"""The command `lab`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from toolkit.cli._output import new_console

__all__ = ["lab"]


def lab(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Folder for the notebooks; made if it is missing.")
    ] = Path("notebooks"),
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Print the address instead of opening a browser.")
    ] = False,
) -> None:
    """Copy the notebooks to a folder and open them in JupyterLab, which listens on this computer only."""
    from toolkit.notebook import copy_notebooks, start_lab

    copied = copy_notebooks(folder)
    console = new_console()
    if copied.written:
        console.print(f"{len(copied.written)} files copied to {escape(str(folder))}.")
    if copied.kept:
        console.print(
            f"Kept, because they differ from the originals: {escape(', '.join(copied.kept))}. "
            "Delete one and run this again to get the original."
        )
    start_lab(folder, browser=not no_browser)
