"""Exact keys: count as one person all the lines that are equal in some fields.

Every key has errors in both directions. It counts too many people if one person was typed in two ways, and too few if
two people share the key, and it misses people whose fields are blank. So no key gives the true number of people.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from toolkit.analysis._identities import identities
from toolkit.dataset import Leak

__all__ = ["EXACT_KEYS", "KEYS", "Key", "people_by_practices"]


@dataclass(frozen=True, slots=True)
class Key:
    """An exact key: its name, its definition in words, the table it reads, and its columns in that table."""

    name: str
    definition: str
    source: Callable[[Leak], ir.Table]
    columns: tuple[str, ...]

    def groups(self, leak: Leak, *by: str) -> ir.Table:
        """Return one row per value of the key (and of the columns `by`): its parts, and its number of `lines`."""
        lines = self.seen(leak, *by)
        parts = [name for name in lines.columns if name not in (*by, "has_key")]
        return lines.filter(lines.has_key).group_by([*by, *parts]).aggregate(lines=ibis._.count())

    def seen(self, leak: Leak, *others: str) -> ir.Table:
        """Return one row per line: the columns `others`, the parts, and `has_key` (whether every part is filled)."""
        source = self.source(leak)
        parts = {f"key_{name}": source[name] for name in self.columns}
        parts = {name: part.nullif("") if part.type().is_string() else part for name, part in parts.items()}
        narrow = source.select(*others, **parts)
        return narrow.mutate(has_key=ibis.and_(*(narrow[part].notnull() for part in parts)))


def people_by_practices(leak: Leak, key: Key) -> ir.Table:
    """Count people, by `key`, by their number of practices; computed once while the leak is open.

    One row per number of practices: `practices`, `people` with records at that many, and their `lines`. The query uses
    plain groupings: counting distinct practices inside millions of groups takes far more memory.
    """
    return leak.materialize(f"practices_per_person_{key.name}", lambda own: _people_by_practices(own, key))


def _people_by_practices(leak: Leak, key: Key) -> ir.Table:
    at_practice = key.groups(leak, "practice_id")
    parts = [name for name in at_practice.columns if name not in ("practice_id", "lines")]
    people = at_practice.group_by(parts).aggregate(practices=ibis._.count(), lines=ibis._.lines.sum())
    return people.group_by("practices").aggregate(people=ibis._.count(), lines=ibis._.lines.sum())


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
            identities,
            ("typed_last_name", "typed_first_name", "birth_date"),
        ),
    )
}
"""The keys, by name."""

EXACT_KEYS = (KEYS["nir"], KEYS["birth_identity"])
"""The keys of `duplicates`: the first is filled for fewer people but rarely shared, the second for nearly everyone."""
