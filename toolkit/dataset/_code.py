"""A digest of the code that computes an answer: a module and every module of the toolkit that it imports.

Docstrings and comments do not count: a module is hashed as its syntax tree without them, so that better wording keeps
what was cached. Data files count: those in the folders beside a module that are not packages themselves.
"""

from __future__ import annotations

import ast
import hashlib
import sys
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path

__all__ = ["code_digest", "source_digest"]

_ROOT = Path(__file__).resolve().parents[1]
_PACKAGE = _ROOT.name
_LOADED = time.time()
"""When this process imported the code: a file that changed later does not hold the code that runs."""


@cache
def code_digest(module: str, within: str = _PACKAGE) -> str:
    """Return a short digest of `module` and of all that it imports from the package `within`, data files included.

    Where a file changed after this process started, the digest is one that no other process has.
    """
    files = sorted({file for name in _closure(module, within) for file in _files_of(name)})
    parts = [f"{_name(file)}:{source_digest(file)}" for file in files]
    if any(file.stat().st_mtime > _LOADED for file in files):
        parts.append(f"changed while running: {_LOADED!r}")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def source_digest(file: Path) -> str:
    """Return the SHA-256 of a file: of a Python file its syntax tree without docstrings, of any other its bytes."""
    content = file.read_bytes()
    if file.suffix == ".py":
        content = ast.dump(_without_docstrings(ast.parse(content))).encode()
    return hashlib.sha256(content).hexdigest()


def _without_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            # A string that is a statement of its own is a docstring, or a description of the name above it.
            node.body = [each for each in body if not _is_text(each)]  # type: ignore[attr-defined]
    return tree


def _is_text(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def _closure(module: str, within: str) -> set[str]:
    """Return the names of the modules that `module` imports, directly or not, and its own."""
    found: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name not in found and (name == module or f"{name}.".startswith(f"{within}.")):
            found.add(name)
            waiting += _imports(name)
    return found


def _imports(module: str) -> Iterator[str]:
    """Yield the modules of the toolkit that a module imports anywhere, also inside functions."""
    for node in ast.walk(ast.parse(_file_of(module).read_bytes())):
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        # The root package imports its names lazily: importing from it imports what is named, not all of it.
        yield from (name for name in names if name.startswith(f"{_PACKAGE}.") and _exists(name))


def _exists(module: str) -> bool:
    return _file_of(module).is_file()


def _file_of(module: str) -> Path:
    if not f"{module}.".startswith(f"{_PACKAGE}."):
        return Path(sys.modules[module].__file__ or "")  # a question from another package
    place = _ROOT.joinpath(*module.split(".")[1:])
    return place / "__init__.py" if (place / "__init__.py").is_file() else place.with_suffix(".py")


def _name(file: Path) -> str:
    return file.relative_to(_ROOT).as_posix() if file.is_relative_to(_ROOT) else file.name


def _files_of(module: str) -> Iterator[Path]:
    """Yield the file of a module, and the data files in folders beside it."""
    file = _file_of(module)
    yield file
    if file.parent == _ROOT or not file.is_relative_to(_ROOT):
        return
    for folder in file.parent.iterdir():
        if folder.is_dir() and folder.name != "__pycache__" and not (folder / "__init__.py").is_file():
            yield from (data for data in folder.rglob("*") if data.is_file())
