"""Naive keys: what is taken for a human being when nothing but equality is used.

Every key errs in both directions. It counts too many people where one person was typed in two ways, too few where
two people share it, and it does not see those whose fields are blank. `duplicates` and `counts` say what each key
finds; no key says how many people there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from toolkit.analysis.folding import fold

__all__ = ["KEYS", "Key"]


@dataclass(frozen=True, slots=True)
class Key:
    """A way to tell people apart: its name, what it compares in words, and its parts as expressions."""

    name: str
    definition: str
    parts: Callable[[ir.Table], dict[str, ir.Value]]

    def groups(self, lines: ir.Table, *by: str) -> ir.Table:
        """One row a value of the key (and of the columns `by`): its parts, and `lines`, on which every part is filled.

        The lines without key are told by counting, not by a filter: a filter on what is computed would have engines
        compute it twice.
        """
        parts = self.parts(lines)
        narrow = lines.select(*by, **parts)
        groups = narrow.group_by([*by, *parts]).aggregate(lines=narrow.count(where=_filled(narrow, parts)))
        return groups.filter(groups.lines > 0)

    def seen(self, lines: ir.Table, *others: str) -> ir.Table:
        """One row a line, with the `others` columns, the parts, and `has_key`: whether every part is filled."""
        parts = self.parts(lines)
        narrow = lines.select(*others, **parts)
        return narrow.mutate(has_key=_filled(narrow, parts))


def _filled(table: ir.Table, parts: Iterable[str]) -> ir.BooleanValue:
    return ibis.and_(*(table[part].notnull() for part in parts))


def _nir(lines: ir.Table) -> dict[str, ir.Value]:
    return {"key_nir": lines.nir.nullif("")}


def _birth_identity(lines: ir.Table) -> dict[str, ir.Value]:
    return {
        "key_birth_name": fold(lines.birth_name),
        "key_first_name": fold(lines.first_name),
        "key_birth_date": lines.birth_date,
        "key_sex": lines.sex,
    }


def _use_name(lines: ir.Table) -> dict[str, ir.Value]:
    return {
        "key_last_name": lines.last_name.nullif(""),
        "key_first_name": lines.first_name.nullif(""),
        "key_birth_date": lines.birth_date,
    }


def _folded_use_name(lines: ir.Table) -> dict[str, ir.Value]:
    return {
        "key_last_name": fold(lines.last_name),
        "key_first_name": fold(lines.first_name),
        "key_birth_date": lines.birth_date,
    }


KEYS = {
    key.name: key
    for key in (
        Key("nir", "same social security number, as typed", _nir),
        Key("birth_identity", "same birth name and first name (folded), birth date and sex", _birth_identity),
        Key("folded_use_name", "same last name and first name (folded) and birth date", _folded_use_name),
        Key("use_name", "same last name, first name and birth date, letter for letter", _use_name),
    )
}
"""The keys, by name."""
