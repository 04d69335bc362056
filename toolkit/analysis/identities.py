"""Names folded once: each spelling in the leak gets a number, and spellings that fold alike get the same one.

Folding costs about a microsecond a text and a leak types each name thousands of times, so distinct spellings are
folded, numbered in the order of what they fold to, and the lines carry the numbers. Grouping and joining numbers is
then many times cheaper than grouping and joining names. Each table is computed once while the leak is open.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from toolkit.analysis.folding import fold
from toolkit.leak import Leak

__all__ = ["first_names", "identities", "surnames"]


def identities(leak: Leak) -> ir.Table:
    """One row a line: `record_id`, `practice_id`, `birth_date`, `sex`, and `last_name`, `birth_name`, `first_name`.

    The names are numbers (`code` of `surnames` and `first_names`), null where the name folds to nothing.
    """
    return leak.derived("identities", _identities)


def surnames(leak: Leak) -> ir.Table:
    """One row a spelling of a last or birth name: `spelling`, `folded`, `code` (the same for what folds alike)."""
    return leak.derived("surnames", lambda own: _numbered(own, "surnames", "last_name", "birth_name"))


def first_names(leak: Leak) -> ir.Table:
    """One row a spelling of a first name: `spelling`, `folded`, `code`."""
    return leak.derived("first_names", lambda own: _numbered(own, "first_names", "first_name"))


def _numbered(leak: Leak, name: str, *columns: str) -> ir.Table:
    spellings = ibis.union(*(leak.lines.select(spelling=column) for column in columns)).distinct()
    # Computed at once: engines would put the long folding in place of its name, and fold four times.
    folded = leak.derived(f"{name}_folded", lambda _: spellings.mutate(folded=fold(spellings.spelling)))
    known = folded.filter(folded.folded.notnull())
    return known.mutate(code=ibis.dense_rank().over(order_by=known.folded).cast("int32"))


def _identities(leak: Leak) -> ir.Table:
    typed = leak.lines.select("record_id", "practice_id", "birth_date", "sex", *_LISTS)
    for column, numbered in _LISTS.items():
        # Named after the column: last and birth names join the same list, and engines must tell the two apart.
        codes = numbered(leak).select(**{column: "spelling", f"{column}_code": "code"})
        typed = typed.left_join(codes, column).drop(column, f"{column}_right").rename({column: f"{column}_code"})
    return typed


_LISTS = {"last_name": surnames, "birth_name": surnames, "first_name": first_names}
