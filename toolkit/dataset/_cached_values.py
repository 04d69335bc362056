"""Convert an answer to tables, each for a file of its own, and one JSON value for all else; and back.

An answer is a table, or a dataclass, named tuple, tuple or dictionary of tables, arrays, dates, numbers and strings.
The annotated type decides how to build it again; the files name no class. Arguments are converted the same way, to
identify them; there a function is represented by its name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date
from types import NoneType, UnionType
from typing import Any, TypeAlias, Union, get_args, get_origin, get_type_hints

import numpy as np
import polars as pl

__all__ = ["put_together", "take_apart"]

Facts: TypeAlias = Any
"""Any JSON value."""
Kind: TypeAlias = Any
"""The annotated type of an answer."""


def take_apart(answer: object) -> tuple[Facts, dict[str, pl.DataFrame]]:
    """Return an answer as a JSON value in which a table is represented by its name, and the tables by name.

    Raises `TypeError` for a type that cannot be cached.
    """
    tables: dict[str, pl.DataFrame] = {}
    return _facts(answer, "table", tables), tables


def _facts(value: object, name: str, tables: dict[str, pl.DataFrame]) -> Facts:  # noqa: PLR0911 (one per kind of value)
    if isinstance(value, pl.DataFrame):
        tables[name] = value
        return name
    if isinstance(value, (pl.Series, np.ndarray)):
        tables[name] = pl.DataFrame({"value": value})
        return name
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, date):
        return value.isoformat()
    parts = _parts(value)
    if parts is not None:
        return {key: _facts(part, key if name == "table" else f"{name}.{key}", tables) for key, part in parts.items()}
    if isinstance(value, (list, tuple)):
        return [_facts(part, f"{name}.{place}", tables) for place, part in enumerate(value)]
    if callable(value):
        return f"{value.__module__}.{getattr(value, '__qualname__', value)}"
    raise TypeError(f"an answer with a {type(value).__name__} in it cannot be cached")


def _parts(value: object) -> Mapping[str, object] | None:
    """Return the named parts of a value; None where it has none."""
    if isinstance(value, Mapping):
        return value
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    names: tuple[str, ...] | None = getattr(value, "_fields", None)
    return None if names is None else {name: getattr(value, name) for name in names}


def put_together(  # noqa: PLR0911 (one per kind of value)
    kind: Kind, facts: Facts, tables: Mapping[str, pl.DataFrame]
) -> object:
    """Return the answer of the annotated type `kind`, from the result of `take_apart`.

    Raises `KeyError`, `TypeError`, `ValueError` or `AttributeError` when they do not match.
    """
    origin: Kind = get_origin(kind)
    outer = kind if origin is None else origin
    inner = get_args(kind)
    if outer in (Union, UnionType):
        held = [part for part in inner if part is not NoneType]
        return None if facts is None else put_together(held[0], facts, tables)
    if outer is pl.DataFrame:
        return tables[facts]
    if outer is pl.Series:
        return tables[facts].to_series()
    if outer is np.ndarray:
        return tables[facts].to_series().to_numpy(writable=True)
    if outer is date:
        return date.fromisoformat(facts)
    if outer is tuple:
        kinds = inner[:1] * len(facts) if inner[1:] == (...,) else inner
        return tuple(put_together(part, fact, tables) for part, fact in zip(kinds, facts, strict=True))
    if outer in (list, Sequence):
        return [put_together(inner[0], fact, tables) for fact in facts]
    if outer in (dict, Mapping):
        return {key: put_together(inner[1], fact, tables) for key, fact in facts.items()}
    if is_dataclass(outer) or hasattr(outer, "_fields"):
        hints = get_type_hints(outer)
        return outer(**{name: put_together(hints[name], fact, tables) for name, fact in facts.items()})
    return facts
