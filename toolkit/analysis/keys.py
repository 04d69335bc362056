"""Naive keys: what is taken for a human being when nothing but equality is used.

Every key errs in both directions. It counts too many people where one person was typed in two ways, too few where
two people share it, and it does not see those whose fields are blank. `duplicates` and `counts` say what each key
finds; no key says how many people there are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from toolkit.analysis.identities import identities
from toolkit.leak import Leak

__all__ = ["KEYS", "Key"]


@dataclass(frozen=True, slots=True)
class Key:
    """A way to tell people apart: its name, what it compares in words, the table it reads, and its parts there."""

    name: str
    definition: str
    source: Callable[[Leak], ir.Table]
    columns: tuple[str, ...]

    def groups(self, leak: Leak, *by: str) -> ir.Table:
        """One row a value of the key (and of the columns `by`): its parts, and `lines` that carry it."""
        seen = self.seen(leak, *by)
        parts = [name for name in seen.columns if name not in (*by, "has_key")]
        return seen.filter(seen.has_key).group_by([*by, *parts]).aggregate(lines=ibis._.count())

    def seen(self, leak: Leak, *others: str) -> ir.Table:
        """One row a line, with the `others` columns, the parts, and `has_key`: whether every part is filled."""
        source = self.source(leak)
        parts = {f"key_{name}": source[name] for name in self.columns}
        parts = {name: part.nullif("") if part.type().is_string() else part for name, part in parts.items()}
        narrow = source.select(*others, **parts)
        return narrow.mutate(has_key=ibis.and_(*(narrow[part].notnull() for part in parts)))


def _lines(leak: Leak) -> ir.Table:
    return leak.lines


KEYS = {
    key.name: key
    for key in (
        Key("nir", "same social security number, as typed", _lines, ("nir",)),
        Key(
            "birth_identity",
            "same birth name and first name (folded), birth date and sex",
            identities,
            ("birth_name", "first_name", "birth_date", "sex"),
        ),
        Key(
            "folded_use_name",
            "same last name and first name (folded) and birth date",
            identities,
            ("last_name", "first_name", "birth_date"),
        ),
        Key(
            "use_name",
            "same last name, first name and birth date, letter for letter",
            _lines,
            ("last_name", "first_name", "birth_date"),
        ),
    )
}
"""The keys, by name."""
