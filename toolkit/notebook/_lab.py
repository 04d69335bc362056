"""Copy the notebooks that came with the toolkit, and start JupyterLab on the copies."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from toolkit._io import write_bytes
from toolkit._platform import is_root

__all__ = ["CopiedNotebooks", "copy_notebooks", "start_lab"]

_SETTINGS = ".jupyter"
_ADDRESS = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class CopiedNotebooks:
    """The names of the files that `copy_notebooks` wrote, and of those it left alone because they differ."""

    written: tuple[str, ...]
    kept: tuple[str, ...]


def copy_notebooks(folder: Path) -> CopiedNotebooks:
    """Copy the notebooks and the settings of JupyterLab to `folder`, which is made if it is missing.

    A file that is there with other content is kept: it was edited or run, or came with another version.
    Raises `ReportError` when the toolkit has no notebooks, and `WriteError` when a file cannot be written.
    """
    from toolkit.report import supplied_notebooks

    notebooks = supplied_notebooks()
    source = notebooks[0].parent
    settings = sorted(path for path in (source / _SETTINGS).rglob("*") if path.is_file() and path.suffix != ".pyc")
    written, kept = [], []
    for file in (*notebooks, *settings):
        name = file.relative_to(source)
        target, content = folder / name, file.read_bytes()
        if not target.exists():
            write_bytes(target, content, private=False)
            written.append(name.as_posix())
        elif not target.is_file() or target.read_bytes() != content:
            kept.append(name.as_posix())
    return CopiedNotebooks(tuple(written), tuple(kept))


def start_lab(folder: Path, *, browser: bool = True) -> None:
    """Run JupyterLab on `folder` with the settings copied there, on this computer only, until it is stopped."""
    from jupyterlab.labapp import main

    os.environ["JUPYTER_CONFIG_PATH"] = os.fspath((folder / _SETTINGS).resolve())
    # Given here too: a setting of the command line wins over one in a file of the user's.
    options = [os.fspath(folder), f"--ServerApp.ip={_ADDRESS}"]
    options += [] if browser else ["--no-browser"]
    options += ["--allow-root"] if is_root() else []
    main(options)
