"""Answers that take long, kept in the folder `derived` of their data set: computed once, whoever asks.

The command line, the report and every notebook are processes of their own that ask the same questions. A question that
is marked with `kept` is answered by the first and read by the others. Where a leak was opened with `keep=False`, or its
folder cannot be written, an answer is remembered as long as the leak is open.

The name of what is kept says what it depends on: the content of the data set, the engine, the code of the analyst, the
versions of the libraries that decide, and the arguments. What other code has left of the same question is removed. The
folder holds what the leak holds, for its owner alone to read, and may be removed at any time. What cannot be read is
computed again. Files are Arrow and JSON, not Parquet: a Parquet file in a data set would be taken for a part of the
leak.
"""

from __future__ import annotations

import functools
import hashlib
import inspect
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar, cast, get_type_hints

import polars as pl

from toolkit._io import make_folder, replacing_folder
from toolkit.dataset._cached_values import put_together, take_apart
from toolkit.dataset._code import code_digest
from toolkit.dataset._leak import Leak
from toolkit.errors import WriteError

__all__ = ["DECIDING", "digest", "kept", "place", "recall", "remember"]

_FOLDER = "derived"
_FACTS = "facts.json"
DECIDING = ("duckdb", "ibis-framework", "numpy", "polars", "pyarrow", "scikit-learn", "scipy", "splink", "sqlglot")
"""Libraries on which an answer may depend: whose arithmetic, or order of rows, could move a number."""

Told = ParamSpec("Told")
Answer = TypeVar("Answer")


def kept(ask: Callable[Concatenate[Leak, Told], Answer]) -> Callable[Concatenate[Leak, Told], Answer]:
    """Mark a question whose answer about a leak is kept beside it.

    What may be kept: an answer that depends on the content of the leak and on the arguments alone, takes seconds at
    full size, is the same each time, and is far smaller than the leak. It is made of what `kept_values` knows, and
    annotated so. Arguments are tables, plain values, or dataclasses of these.
    """
    question = f"{ask.__module__.removeprefix('toolkit.').replace('._', '.')}.{ask.__name__}"
    shape = inspect.signature(ask)

    @functools.wraps(ask)
    def answered(leak: Leak, /, *told: Told.args, **named: Told.kwargs) -> Answer:
        bound = shape.bind(leak, *told, **named)
        bound.apply_defaults()
        libraries = {name: version(name) for name in DECIDING}
        engine = [leak.engine, version("pyspark") if leak.engine == "spark" else ""]
        decides = {"engine": engine, "libraries": libraries, "told": _identity([*bound.arguments.values()][1:])}
        where = place(leak, question, code_digest(ask.__module__), decides)
        found = recall(leak, where, get_type_hints(ask)["return"])
        if found is None:
            found = ask(leak, *told, **named)
            remember(leak, where, found)
        return found

    return answered


def recall(leak: Leak, where: Path, kind: type[Answer]) -> Answer | None:
    """The answer of the annotated type `kind` that is kept at `where`, or remembered; none where there is none."""
    if where.name in leak.memory_cache:
        held: Answer = leak.memory_cache[where.name]
        return held
    return _read(where, kind) if leak.uses_cache else None


def remember(leak: Leak, where: Path, answer: object) -> None:
    """Keep an answer at `where`, or in memory where nothing may or can be written.

    Raises `TypeError` for an answer made of what cannot be kept.
    """
    if not (leak.uses_cache and _write(where, answer)):
        leak.memory_cache[where.name] = answer


def place(leak: Leak, question: str, code: str, decides: Mapping[str, object]) -> Path:
    """Where the answer to a question about this leak is kept, or would be.

    `code` stands for the code that answers, `decides` for what it is told.
    """
    whole = {"content": leak.manifest.get("content_hash") or _fingerprint(leak), **decides}
    told = digest(json.dumps(whole, sort_keys=True).encode())
    return leak.path / _FOLDER / f"{question}-{code}-{told}"


def digest(*parts: bytes) -> str:
    """A short name for some bytes."""
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:12]


def _read(where: Path, kind: type[Answer]) -> Answer | None:
    """The answer of the annotated type `kind` that is kept at `where`; none when there is none that can be read."""
    try:
        facts = json.loads((where / _FACTS).read_text(encoding="utf-8"))
        tables = {file.stem: pl.read_ipc(file) for file in where.glob("*.arrow")}
        return cast(Answer, put_together(kind, facts, tables))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, pl.exceptions.PolarsError):
        return None


def _write(where: Path, answer: object) -> bool:
    """Keep an answer at `where`, written aside and renamed; whether it could be written.

    Raises `TypeError` for an answer made of what cannot be kept.
    """
    facts, tables = take_apart(answer)
    try:
        make_folder(where.parent)
        # A folder that is there could not be read, or another process was faster and holds the same.
        with replacing_folder(where) as partial:
            for name, table in tables.items():
                table.write_ipc(partial / f"{name}.arrow", compression="zstd")
            (partial / _FACTS).write_text(json.dumps(facts), encoding="utf-8")
        _forget_other_code(where)
    except (OSError, WriteError, pl.exceptions.PolarsError):
        return False
    return True


def _fingerprint(leak: Leak) -> list[list[object]]:
    """What stands for the content of a data set whose manifest tells no hash: names, sizes and times of its files."""
    files = [leak.path / entry["path"] for entry in leak.manifest["files"]]
    return [[file.name, file.stat().st_size, file.stat().st_mtime_ns] for file in sorted(files)]


def _identity(told: Sequence[object]) -> list[object]:
    """What stands for arguments in the name of an answer."""
    facts, tables = take_apart(told)
    # Stable within one version of Polars, which is a part of the name.
    rows = {name: hashlib.sha256(table.hash_rows().to_numpy().tobytes()).hexdigest() for name, table in tables.items()}
    return [facts, rows, {name: str(table.schema) for name, table in tables.items()}]


def _forget_other_code(where: Path) -> None:
    """Remove what other code has left of the same question."""
    current = where.name.rsplit("-", 1)[0]
    question = current.rsplit("-", 1)[0]
    for other in where.parent.glob(f"{question}-*"):
        if not other.name.startswith(f"{current}-"):
            shutil.rmtree(other, ignore_errors=True)
