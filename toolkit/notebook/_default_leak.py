"""The data set that a notebook opens by default."""

from __future__ import annotations

from pathlib import Path

from toolkit.scenario import DEFAULT_SCENARIO, load_scenario
from toolkit.synth import DATA, data_set_folder

__all__ = ["default_leak", "project_root"]

_SMALL = 200_000


def project_root() -> Path:
    """Return the nearest folder, from the working directory upwards, with data sets; else the working directory."""
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if (folder / DATA).is_dir()), here)


def default_leak() -> Path:
    """Return the newest finished data set under data/synthetic; generate one of 200,000 lines if there is none.

    Searches the working directory and its parents, so that notebooks find data sets in the root folder of the project.
    Raises `DataSetError` when a data set cannot be generated there.
    """
    folder = project_root() / DATA
    manifests = sorted(folder.glob("*/manifest.json"), key=lambda file: (file.stat().st_mtime_ns, file.parent.name))
    if manifests:
        return manifests[-1].parent
    from toolkit.synth import generate

    out = project_root() / data_set_folder(DEFAULT_SCENARIO, _SMALL, 1)
    return generate(load_scenario(), 1, _SMALL, out).path
