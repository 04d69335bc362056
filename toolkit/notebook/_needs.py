"""Cells that a data set does not allow: skipped in notebooks, with one line that gives the reason.

A cell that begins with `needs(leak, "truth")` runs only where the data set has what it names. In a notebook it is
skipped otherwise, the reason is shown once, and cells that use the names it would have defined are skipped too. Outside
of a notebook `needs` raises `MissingError`.
"""

from __future__ import annotations

import ast
import dis
from types import CodeType

from toolkit import schema
from toolkit.dataset import Leak
from toolkit.errors import InputError, MissingError, ToolkitError
from toolkit.questions import find_question, questions
from toolkit.report import SKIPPED

__all__ = ["install", "needs", "why_not"]

_TABLES = {
    "truth": "truth, which only a synthetic data set has",
    "register": "register of public figures",
    "practices": "table of practices",
    "practitioners": "table of practitioners",
}


def needs(leak: Leak, *names: str) -> None:
    """Raise `MissingError` where the data set lacks something that a notebook's cell needs.

    `names` are tables ("truth", "register", "practices", "practitioners"), columns of the lines ("nir"), the names of
    questions ("duplicates"), or "synthetic". Several columns joined by "|" mean any one of them.
    Raises `InputError` for a name that is none of these.
    """
    reason = why_not(leak, *names)
    if reason is not None:
        raise MissingError(reason)


def why_not(leak: Leak, *names: str) -> str | None:
    """Return what the data set lacks of `names`, as a phrase; None where it has all of them."""
    for name in names:
        if name == "synthetic":
            if not leak.is_synthetic:
                return "the data set is not synthetic"
        elif name in _TABLES:
            if not getattr(leak.capabilities, name):
                return f"the data set has no {_TABLES[name]}"
        elif name in {question.name for question in questions()}:
            if (reason := find_question(name).missing(leak, {})) is not None:
                return reason
        elif set(columns := name.split("|")) <= set(schema.LINES.names):
            if not any(leak.capabilities.has(column) for column in columns):
                return f"the data set has no values of {' or '.join(columns)}"
        else:
            raise InputError(f"{name!r} is no table, column or question: see toolkit.needs.")
    return None


class _SkipUnmet(ast.NodeTransformer):
    """Empties the cells that the open data set does not allow, before IPython runs them."""

    def __init__(self, namespace: dict[str, object]) -> None:
        self._namespace = namespace
        self._undefined: set[str] = set()
        self._shown: str | None = None

    def visit_Module(self, node: ast.Module) -> ast.Module:
        reason = self._reason(node)
        read, defined = _names(node)
        if reason is None and not read & self._undefined:
            self._undefined -= defined
            self._shown = None
            return node
        self._undefined |= defined
        if reason is None or reason == self._shown:
            return ast.Module([], node.type_ignores)
        self._shown = reason
        return ast.parse(f"__import__('IPython').display.Markdown({f'{SKIPPED} {reason}.*'!r})")

    def _reason(self, cell: ast.Module) -> str | None:
        """Return why the cell cannot run; None where it can, or does not begin with `needs`."""
        call = cell.body[0].value if cell.body and isinstance(cell.body[0], ast.Expr) else None
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name) or call.func.id != "needs":
            return None
        leak, *names = call.args
        given = self._namespace.get(leak.id) if isinstance(leak, ast.Name) else None
        wanted = [name.value for name in names if isinstance(name, ast.Constant) and isinstance(name.value, str)]
        if not isinstance(given, Leak) or len(wanted) != len(names):
            return None
        try:
            return why_not(given, *wanted)
        except ToolkitError:
            # The cell runs and raises it: IPython drops a transformer that raises.
            return None


def _names(cell: ast.Module) -> tuple[set[str], set[str]]:
    """Return the names that a cell reads before it defines them, and those it defines."""
    try:
        code = compile(cell, "<cell>", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    except SyntaxError:
        return set(), set()
    read: set[str] = set()
    defined: set[str] = set()
    # Bytecode has the order of reading and writing, imports and definitions included, and leaves local names out.
    for step in dis.get_instructions(code):
        if step.opname == "STORE_NAME":
            defined.add(step.argval)
        elif step.opname == "LOAD_NAME":
            read |= {step.argval} - defined
        elif isinstance(step.argval, CodeType):
            read |= _globals(step.argval) - defined
    return read, defined


def _globals(code: CodeType) -> set[str]:
    """Return the names of the module that a function, a class or a comprehension reads."""
    read = set()
    for step in dis.get_instructions(code):
        if step.opname.startswith("LOAD_GLOBAL") or step.opname == "LOAD_NAME":
            read.add(step.argval)
        elif isinstance(step.argval, CodeType):
            read |= _globals(step.argval)
    return read


def install() -> None:
    """Skip the cells that a data set does not allow, in the notebook that is running; do nothing outside of one."""
    try:
        from IPython import get_ipython
    except ImportError:
        return
    shell = get_ipython()
    if shell is not None and not any(isinstance(each, _SkipUnmet) for each in shell.ast_transformers):
        shell.ast_transformers.append(_SkipUnmet(shell.user_ns))
