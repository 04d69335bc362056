"""The cache of answers that take long: in the folder `derived` of their data set, computed once.

The command line, the report and every notebook are separate processes that need the same answers. An answer of a
function decorated with `cached` is computed by the first of them and read by the others. Where a leak was opened with
`cache=False`, or its folder cannot be written, an answer is cached in memory while the leak is open.

The name of an entry depends on the content and the capabilities of the data set, the engine, the code that computes the
answer, the versions of the libraries that matter, and the arguments. Entries of other code for the same function are
removed. The folder holds personal data, only its owner can read it, and it may be deleted at any time. An entry that
cannot be read is computed again. Files are Arrow and JSON, not Parquet: a Parquet file would look like a part of the
data set.
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

__all__ = ["DECIDING", "cached", "entry", "load", "store"]

_FOLDER = "derived"
_FACTS = "facts.json"
DECIDING = ("duckdb", "ibis-framework", "numpy", "polars", "pyarrow", "scikit-learn", "scipy", "splink", "sqlglot")
"""Libraries on which an answer may depend: their arithmetic, or order of rows, could change a number."""

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")


def cached(
    compute: Callable[Concatenate[Leak, Arguments], Answer],
) -> Callable[Concatenate[Leak, Arguments], Answer]:
    """Cache the answers of a function of a leak.

    For answers that depend only on the content of the leak and on the arguments, take seconds at full size, are the
    same each time, and are far smaller than the leak. The return annotation must be made of what `_cached_values`
    supports. Arguments are tables, plain values, or dataclasses of these.
    """
    name = f"{compute.__module__.removeprefix('toolkit.').replace('._', '.')}.{compute.__name__}"
    signature = inspect.signature(compute)

    @functools.wraps(compute)
    def answer(leak: Leak, /, *args: Arguments.args, **kwargs: Arguments.kwargs) -> Answer:
        bound = signature.bind(leak, *args, **kwargs)
        bound.apply_defaults()
        libraries = {library: version(library) for library in DECIDING}
        engine = [leak.engine, version("pyspark") if leak.engine == "spark" else ""]
        depends_on = {
            "engine": engine,
            "libraries": libraries,
            "arguments": _identity([*bound.arguments.values()][1:]),
        }
        where = entry(leak, name, code_digest(compute.__module__), depends_on)
        found = load(leak, where, get_type_hints(compute)["return"])
        if found is None:
            found = compute(leak, *args, **kwargs)
            store(leak, where, found)
        return found

    return answer


def load(leak: Leak, where: Path, kind: type[Answer]) -> Answer | None:
    """Return the answer of the annotated type `kind` in the entry `where`; None where there is none."""
    if where.name in leak.memory_cache:
        held: Answer = leak.memory_cache[where.name]
        return held
    return _read(where, kind) if leak.uses_cache else None


def store(leak: Leak, where: Path, answer: object) -> None:
    """Store an answer in the entry `where`, or in memory where nothing may or can be written.

    Raises `TypeError` for an answer of a type that cannot be cached.
    """
    if not (leak.uses_cache and _write(where, answer)):
        leak.memory_cache[where.name] = answer


def entry(leak: Leak, name: str, code: str, depends_on: Mapping[str, object]) -> Path:
    """Return the path of the entry for an answer, whether it exists or not.

    `code` is the digest of the code that computes it, `depends_on` what else it depends on besides the leak.
    """
    found = leak.capabilities
    holds = [sorted(found.columns), found.truth, found.register, found.practices, found.practitioners]
    everything = {"content": leak.manifest.get("content_hash") or _fingerprint(leak), "holds": holds, **depends_on}
    digest = hashlib.sha256(json.dumps(everything, sort_keys=True).encode()).hexdigest()[:12]
    return leak.path / _FOLDER / f"{name}-{code}-{digest}"


def _read(where: Path, kind: type[Answer]) -> Answer | None:
    """Return the answer of the annotated type `kind` in the entry `where`; None where none can be read."""
    try:
        facts = json.loads((where / _FACTS).read_text(encoding="utf-8"))
        tables = {file.stem: pl.read_ipc(file) for file in where.glob("*.arrow")}
        return cast(Answer, put_together(kind, facts, tables))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, pl.exceptions.PolarsError):
        return None


def _write(where: Path, answer: object) -> bool:
    """Write an answer to the entry `where`, under a temporary name that is then renamed; return whether that worked.

    Raises `TypeError` for an answer of a type that cannot be cached.
    """
    facts, tables = take_apart(answer)
    try:
        make_folder(where.parent)
        # A folder that is there could not be read, or another process was faster and holds the same.
        with replacing_folder(where) as partial:
            for name, table in tables.items():
                table.write_ipc(partial / f"{name}.arrow", compression="zstd")
            (partial / _FACTS).write_text(json.dumps(facts), encoding="utf-8")
        _remove_other_code(where)
    except (OSError, WriteError, pl.exceptions.PolarsError):
        return False
    return True


def _fingerprint(leak: Leak) -> list[list[object]]:
    """Return what identifies the content of a data set without a content hash: names, sizes and times of its files."""
    files = [leak.path / entry["path"] for entry in leak.manifest["files"]]
    return [[file.name, file.stat().st_size, file.stat().st_mtime_ns] for file in sorted(files)]


def _identity(arguments: Sequence[object]) -> list[object]:
    """Return what identifies the arguments of an answer."""
    facts, tables = take_apart(arguments)
    # Stable within one version of Polars, which is a part of the name.
    rows = {name: hashlib.sha256(table.hash_rows().to_numpy().tobytes()).hexdigest() for name, table in tables.items()}
    return [facts, rows, {name: str(table.schema) for name, table in tables.items()}]


def _remove_other_code(where: Path) -> None:
    """Remove the entries of other code for the same function."""
    current = where.name.rsplit("-", 1)[0]
    function = current.rsplit("-", 1)[0]
    for other in where.parent.glob(f"{function}-*"):
        if not other.name.startswith(f"{current}-"):
            shutil.rmtree(other, ignore_errors=True)
