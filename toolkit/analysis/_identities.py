"""Numbers in place of names: one number per spelling, and one number per folded name.

A leak repeats each name thousands of times, and folding takes about a microsecond per text. So only the distinct
spellings are folded and numbered, and the lines hold the numbers. Grouping and joining numbers is much faster than
grouping and joining names. Each table is computed once while the leak is open.
"""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from toolkit.analysis._folding import fold
from toolkit.dataset import Leak

__all__ = ["identities"]


def identities(leak: Leak) -> ir.Table:
    """Return one row per line: `record_id`, `practice_id`, `birth_date`, and numbers in place of texts.

    `last_name`, `birth_name` and `first_name` are equal for texts that fold to the same name, and null for texts that
    fold to nothing. `typed_last_name`, `typed_first_name` and `sex` are equal for identical texts, and null for blanks.
    """
    return leak.materialize("identities", _identities)


def _identities(leak: Leak) -> ir.Table:
    lines = _lines(leak)
    surnames, first_names = _names(leak, "last_name", "birth_name"), _names(leak, "first_name")
    lines = _numbered(lines, "last_name", surnames, last_name="folded", typed_last_name="typed")
    lines = _numbered(lines, "birth_name", surnames, birth_name="folded")
    lines = _numbered(lines, "first_name", first_names, first_name="folded", typed_first_name="typed")
    sexes = _spellings(leak, "sex")
    lines = _numbered(lines, "sex", sexes.mutate(typed=_number([sexes.spelling])), sex="typed")
    birth_name = ibis.ifelse(lines.birth_name_kept, lines.last_name, lines.birth_name)
    return lines.mutate(birth_name=birth_name).drop("birth_name_kept")


def _lines(leak: Leak) -> ir.Table:
    """Return the columns of the lines; a birth name equal to the last name (most are) needs no look-up of its own."""
    columns = ("record_id", "practice_id", "birth_date", "last_name", "first_name", "sex")
    return leak.lines.select(
        *columns,
        birth_name=leak.lines.birth_name.nullif(leak.lines.last_name),
        birth_name_kept=leak.lines.birth_name == leak.lines.last_name,
    )


def _numbered(lines: ir.Table, column: str, spellings: ir.Table, **numbers: str) -> ir.Table:
    """Replace a text column of the lines by the numbers of its spellings."""
    # Named after the column, because last and birth names join the same list and the names must not collide.
    listed = spellings.select(**{column: "spelling"}, **{f"{name}_number": number for name, number in numbers.items()})
    joined = lines.left_join(listed, column).drop(column, f"{column}_right")
    return joined.rename({name: f"{name}_number" for name in numbers})


def _names(leak: Leak, *columns: str) -> ir.Table:
    """Return one row per spelling: `spelling`, `typed` (its number), `folded` (the number of its folded name)."""
    list_name = "_".join(columns)
    typed = _spellings(leak, *columns)
    # Stored as a table, because engines would otherwise inline the long expression and fold several times.
    known = leak.materialize(f"{list_name}_folds", lambda _: typed.mutate(fold=fold(typed.spelling)))
    folded = ibis.dense_rank().over(order_by=known.fold.asc(nulls_first=False)).cast("int32")
    numbered = known.select(
        "spelling",
        typed=_number([known.fold.asc(nulls_first=False), known.spelling]),
        folded=ibis.cases((known.fold.notnull(), folded)),
    )
    return leak.materialize(f"{list_name}_numbers", lambda _: numbered)


def _spellings(leak: Leak, *columns: str) -> ir.Table:
    """Return one row per distinct text of the columns: `spelling`."""
    lines = _lines(leak)
    first, *others = (lines.select(spelling=column) for column in columns)
    texts = ibis.union(first, *others).distinct() if others else first.distinct()
    return texts.filter(texts.spelling != "")


def _number(order_by: Sequence[ir.Value]) -> ir.IntegerColumn:
    return ibis.row_number().over(order_by=order_by).cast("int32")
