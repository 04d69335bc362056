"""A finished linkage, kept in the folder `derived` of its data set: linked once, whoever asks.

The name of what is kept says what it depends on: the code of the linkage and of the libraries that decide, the
content of the lines, and the options that change the answer.  When the code changes, what the old one left is
removed.  Files are Arrow and JSON, not Parquet: a Parquet file in a data set would be taken for a part of the leak.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

import polars as pl

from toolkit.analysis.linkage.model import Model
from toolkit.analysis.linkage.resolve import THRESHOLD, Linkage, Options
from toolkit.leak import Leak

__all__ = ["load", "place", "save", "unfinished"]

_FOLDER = "derived"
_DECIDING = ("duckdb", "numpy", "scipy", "splink")
"""Libraries on which the clusters depend."""
_FRAMES = ("clusters", "sweep", "checked", "copies", "pairs")
_OWNER_ONLY, _OWNER_FILE = 0o700, 0o600


def place(leak: Leak, options: Options) -> Path:
    """Where the linkage of this leak with these options is kept, or would be."""
    model = options.get("model")
    decides = {
        "content": leak.manifest.get("content_hash") or _fingerprint(leak),
        "model": None if model is None else asdict(model),
        "threshold": options.get("threshold", THRESHOLD),
        "seed": None if model is not None else options.get("seed", 1),
    }
    return leak.path / _FOLDER / f"people-{_code()}-{_digest(json.dumps(decides, sort_keys=True).encode())}"


def _code() -> str:
    """A digest of the code of the linkage, of its word lists, and of the versions of the libraries that decide."""
    folder = Path(__file__).parent
    sources = sorted([*folder.glob("*.py"), *folder.glob("data/*")])
    versions = "".join(f"{name} {version(name)} " for name in _DECIDING)
    return _digest(versions.encode(), *(source.read_bytes() for source in sources))


def _digest(*parts: bytes) -> str:
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:12]


def _fingerprint(leak: Leak) -> list[list[object]]:
    """What stands for the content of a data set whose manifest does not tell a hash: names, sizes and times."""
    files = sorted((leak.path / "lines").glob("*.parquet"))
    return [[file.name, file.stat().st_size, file.stat().st_mtime_ns] for file in files]


def load(where: Path) -> tuple[Linkage, dict[str, pl.DataFrame]] | None:
    """The linkage kept at `where`, with the tables counted from it; none when there is none that can be read."""
    try:
        facts = json.loads((where / "facts.json").read_text(encoding="utf-8"))
        frames = {file.stem: pl.read_ipc(file) for file in where.glob("*.arrow")}
        linkage = Linkage(
            **{name: frames.pop(name) for name in _FRAMES},
            nobody=frames.pop("nobody")["id"],
            model=Model.from_facts(facts["model"]),
            threshold=facts["threshold"],
            missing=tuple(facts["missing"]),
            blank=tuple(facts["blank"]),
            counts=facts["counts"],
        )
    except (OSError, ValueError, KeyError, TypeError, pl.exceptions.PolarsError):
        return None
    return linkage, frames


@contextmanager
def unfinished(where: Path) -> Iterator[Path | None]:
    """The folder in which the linkage to be kept at `where` keeps its finished steps; none where nothing can be.

    It stays when the linkage is interrupted, and goes when it ends.
    """
    folder = where.with_name(f"{where.name}.unfinished")
    try:
        folder.parent.mkdir(mode=_OWNER_ONLY, exist_ok=True)
        folder.mkdir(mode=_OWNER_ONLY, exist_ok=True)
    except OSError:
        yield None
        return
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def save(where: Path, folder: Path | None, linkage: Linkage, counted: Mapping[str, pl.DataFrame]) -> None:
    """Keep a linkage at `where`, written aside in `folder` and renamed; nothing without a folder, or on a full disk."""
    if folder is None:
        return
    aside = folder / "finished"
    shutil.rmtree(aside, ignore_errors=True)
    facts = {
        "model": asdict(linkage.model),
        "threshold": linkage.threshold,
        "missing": linkage.missing,
        "blank": linkage.blank,
        "counts": linkage.counts,
    }
    frames = {name: getattr(linkage, name) for name in _FRAMES} | dict(counted)
    try:
        aside.mkdir(mode=_OWNER_ONLY)
        for name, frame in (frames | {"nobody": linkage.nobody.to_frame("id")}).items():
            frame.write_ipc(aside / f"{name}.arrow", compression="zstd")
        (aside / "facts.json").write_text(json.dumps(facts), encoding="utf-8")
        for file in aside.iterdir():
            file.chmod(_OWNER_FILE)
        shutil.rmtree(where, ignore_errors=True)
        aside.rename(where)
        _forget_older_code(where)
    except OSError:
        shutil.rmtree(aside, ignore_errors=True)


def _forget_older_code(where: Path) -> None:
    """Remove what an older version of the code left in the same folder."""
    current = where.name.rsplit("-", 1)[0]
    for other in where.parent.glob("people-*"):
        if not other.name.startswith(f"{current}-"):
            shutil.rmtree(other, ignore_errors=True)
