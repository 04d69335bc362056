"""Blocking: choose the pairs of records to compare, those that share at least one blocking key.

Keys that find the same kind of pair form a family, in tiers from loose to tight. The loosest tier within a budget of
pairs is used, so that a small table is compared widely and a table of 22 million lines tightly. A value that more than
`_LARGEST_BLOCK` records share is skipped: it does not identify a person, and it would add more pairs than all other
values together.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import duckdb

from toolkit.analysis.linkage._sql import first_row, number

__all__ = ["FAMILIES", "Family", "candidate_pairs"]

_LARGEST_BLOCK = 400
_WIDE_UP_TO = 1_000_000
_WIDE_BUDGET = 500_000
_COUNTED_IN_FULL = 300_000
"""Up to this many records, count the pairs of a key; above it, estimate them from every n-th record."""

_DAY = "born // 10000, least(born // 100 % 100, born % 100), greatest(born // 100 % 100, born % 100)"
"""The year, then day and month in ascending order: the same value when day and month were swapped."""
_YEAR, _MONTH, _DAY_OF_YEAR = "born // 10000", "born // 100", "born % 10000"
_GIVEN = "split_part(first, ' ', 1)"
_REGION = "left(postal, 2)"
"""The departement; Corsica counts as one region, and so do the overseas departements."""

Key = tuple[tuple[str, ...], ...]
"""Alternatives whose values are compared with each other: a record has one value for each, so that the birth name of
one record can match the name in use of another. An alternative is a tuple of expressions that must all agree."""


@dataclass(frozen=True, slots=True)
class Family:
    """Keys that find the same kind of pair, in tiers from loose to tight."""

    name: str
    tiers: tuple[tuple[Key, ...], ...]


def _either_order(surname: str) -> str:
    """Surname and first name as one value that does not depend on which box each was typed in."""
    return f"xor(hash({surname}), hash({_GIVEN}))"


_EITHER_ORDER: Key = ((_either_order("last"),), (_either_order("birth"),))


def _with(key: Key, *more: str) -> Key:
    return tuple((*alternative, *more) for alternative in key)


FAMILIES = (
    Family("same number", ((((("nir",)),),),)),
    Family(
        "same birth date",
        (
            (((_DAY,),),),
            (((_DAY, "left(first, 1)"),), ((_DAY, "left(last, 2)"), (_DAY, "left(birth, 2)"))),
            (((_DAY, _GIVEN, _REGION),), ((_DAY, "last"), (_DAY, "birth"))),
            (((_DAY, _GIVEN, _REGION),), ((_DAY, "last", "left(first, 1)"), (_DAY, "birth", "left(first, 1)"))),
        ),
    ),
    Family("same names", ((_EITHER_ORDER,), (_with(_EITHER_ORDER, _REGION),), (_with(_EITHER_ORDER, "postal"),))),
    # For records in which both a name and the birth date were mistyped.
    Family(
        "one name and a part of the birth date",
        (
            ((("last", _YEAR), ("birth", _YEAR)), (("last", _DAY_OF_YEAR), ("birth", _DAY_OF_YEAR)),
             ((_GIVEN, "left(last, 2)", _YEAR),), ((_GIVEN, "left(last, 2)", _DAY_OF_YEAR),)),
            (),
        ),
    ),
    Family("same mobile", (((("mobile",),),), ((("mobile", "left(first, 1)"),),))),
    Family("same mailbox", (((("mailbox",),),), ((("mailbox", "left(first, 1)"),),))),
    Family(
        "same dwelling",
        (
            ((("address", "postal"),), (("address", "city"),), (("landline", _GIVEN),),
             (("last", "postal"), ("birth", "postal")),
             ((_GIVEN, "postal"),), (("last", "city"),), ((_GIVEN, "city"),), (("postal", _MONTH),),
             (("address", _GIVEN),), (("address", _YEAR),)),
            ((("address", "postal"),), (("landline", _GIVEN),), ((_GIVEN, "postal", _YEAR),)),
            ((("address", "postal", _GIVEN),), (("landline", _GIVEN),)),
        ),
    ),
)  # fmt: skip
_KEY_COLUMNS = frozenset(
    ("nir", "born", "last", "birth", "first", "mobile", "mailbox", "address", "postal", "city", "landline")
)


def candidate_pairs(con: duckdb.DuckDBPyConnection, table: str, rows: int) -> None:
    """Make the table `pairs` (`uid_l` < `uid_r`, one row per pair to compare) from `table`, which has `rows` records.

    Keys on columns that are missing or entirely blank are skipped.
    """
    columns = [name for name, *_ in con.execute(f"DESCRIBE {table}").fetchall()]
    counts = first_row(con, f"SELECT {', '.join(f'count({name})' for name in columns)} FROM {table}")
    filled = {name for name, count in zip(columns, counts, strict=True) if count}
    step = max(1, rows // _COUNTED_IN_FULL)
    con.execute(f"CREATE OR REPLACE TABLE every_nth AS FROM {table} WHERE uid % {step} = 0")
    con.execute("CREATE TABLE blocked (uid_l INTEGER, uid_r INTEGER)")
    for family in FAMILIES:
        for key in _affordable(con, rows, step, family, filled):
            con.execute(
                f"""
                INSERT INTO blocked
                WITH keyed AS MATERIALIZED ({_keyed(table, key)}),
                blocks AS (SELECT k FROM keyed GROUP BY k HAVING count(*) BETWEEN 2 AND {_LARGEST_BLOCK}),
                kept AS MATERIALIZED (SELECT uid, k FROM keyed SEMI JOIN blocks USING (k))
                SELECT l.uid, r.uid FROM kept l JOIN kept r ON l.k = r.k AND l.uid < r.uid
                """
            )
    con.execute("CREATE OR REPLACE TABLE pairs AS SELECT DISTINCT uid_l, uid_r FROM blocked")
    con.execute("DROP TABLE blocked; DROP TABLE every_nth")


def _keyed(table: str, key: Key) -> str:
    """Return the SQL for the uid and value of every alternative whose columns are all filled.

    A hash collision costs one more comparison and changes no result.
    """
    return " UNION ALL ".join(
        f"SELECT uid, hash({', '.join(parts)}) AS k FROM {table} "
        f"WHERE {' AND '.join(f'{column} IS NOT NULL' for column in sorted(_columns(parts)))}"
        for parts in key
    )


def _affordable(con: duckdb.DuckDBPyConnection, rows: int, step: int, family: Family, filled: set[str]) -> list[Key]:
    """Return the loosest tier whose keys each stay within the budget of pairs, or the tightest tier if none does."""
    budget = _WIDE_BUDGET if rows <= _WIDE_UP_TO else rows // 6
    keys: list[Key] = []
    for tier in family.tiers:
        keys = [useful for key in tier if (useful := tuple(parts for parts in key if _columns(parts) <= filled))]
        if all(_estimated_pairs(con, step, key) <= budget for key in keys):
            break
    return keys


def _columns(parts: tuple[str, ...]) -> set[str]:
    """Return the columns that these expressions read."""
    return {word for part in parts for word in re.findall(r"[a-z]+", part)} & _KEY_COLUMNS


def _estimated_pairs(con: duckdb.DuckDBPyConnection, step: int, key: Key) -> int:
    """Estimate how many pairs share a value of `key`, from `every_nth`, which holds one of every `step` records."""
    pairs = number(
        con,
        f"""
        SELECT coalesce(sum(n * (n - 1) // 2), 0)::BIGINT
        FROM (SELECT count(*) AS n FROM ({_keyed("every_nth", key)}) GROUP BY k)
        WHERE n <= {_LARGEST_BLOCK}
        """,
    )
    return pairs * step * step
