"""Where data sets lie: the folder that `toolkit generate` fills and the notebooks look in."""

from __future__ import annotations

from pathlib import Path

from toolkit.scenario import DEFAULT_SCENARIO, load_scenario

__all__ = ["DATA", "data_set_folder", "default_leak", "project_root"]

DATA = Path("data") / "synthetic"
"""The folder of data sets, below the project's root."""

_SMALL = 200_000


def data_set_folder(scenario: str, rows: int, seed: int) -> Path:
    """The folder that `toolkit generate` uses unless told: data/synthetic/<scenario>-<rows>-<seed>."""
    return DATA / f"{scenario}-{rows}-{seed}"


def project_root() -> Path:
    """The nearest folder, from the working directory upwards, that has data sets; else the working directory."""
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if (folder / DATA).is_dir()), here)


def default_leak() -> Path:
    """The newest finished data set under data/synthetic; where there is none, one of 200,000 lines is made.

    Looks in the working directory and its parents, so that a notebook finds what was made from the project's root.
    Raises `DataSetError` when a data set cannot be made there.
    """
    folder = project_root() / DATA
    manifests = sorted(folder.glob("*/manifest.json"), key=lambda file: (file.stat().st_mtime_ns, file.parent.name))
    if manifests:
        return manifests[-1].parent
    from toolkit.synth.generate import generate

    out = project_root() / data_set_folder(DEFAULT_SCENARIO, _SMALL, 1)
    return generate(load_scenario(), 1, _SMALL, out).path
