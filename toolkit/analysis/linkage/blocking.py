"""Which pairs are worth comparing: records that share at least one key.

A key is an expression over `records`, null where it says nothing.  Each family of keys goes from the loosest to the
tightest: the loosest that stays within a budget of pairs serves, so that a small table is compared widely and one
of 22 million lines tightly.  A block larger than `_LARGEST_BLOCK` is passed over: such a value identifies nobody,
and its square of pairs would cost more than all others.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from toolkit.analysis.linkage.queries import number

__all__ = ["FAMILIES", "Family", "candidate_pairs"]

_LARGEST_BLOCK = 400
_BUDGET_PER_RECORD = 3
_BUDGET_FLOOR = 4_000_000

_DAY = "(left(dob, 4) || least(right(dob, 2), dob[5:6]) || greatest(right(dob, 2), dob[5:6]))"
_GIVEN = "split_part(first, ' ', 1)"


@dataclass(frozen=True, slots=True)
class Family:
    """Keys that look for the same kind of pair, from loose to tight; each key may be several expressions."""

    name: str
    keys: tuple[tuple[str, ...], ...]


FAMILIES = (
    Family("same number", (("nir",),)),
    Family(
        "same birth date",
        (
            (_DAY,),
            (f"{_DAY} || left(first, 1)", f"{_DAY} || left(last, 1)"),
            (f"{_DAY} || {_GIVEN} || departement", f"{_DAY} || left(last, 4)", f"{_DAY} || left(birth, 4)"),
            (f"{_DAY} || {_GIVEN} || departement", f"{_DAY} || last", f"{_DAY} || coalesce(birth, last)"),
        ),
    ),
    Family(
        "same names",
        (
            (f"last || ',' || {_GIVEN}", f"birth || ',' || {_GIVEN}", "least(last, first) || ',' || greatest(last, first)"),
            (f"last || ',' || {_GIVEN} || departement", f"coalesce(birth, last) || ',' || {_GIVEN} || departement"),
            (f"last || ',' || {_GIVEN} || postal",),
        ),
    ),
    Family("same mobile", (("mobile",), ("mobile || left(first, 1)",))),
    Family("same mailbox", (("email",), ("email || left(first, 1)",))),
    Family("same landline and first name", ((f"landline || {_GIVEN}",),)),
    Family(
        "same first name at one address",
        ((f"{_GIVEN} || postal", f"address || {_GIVEN}", "address || left(dob, 4)", "address || last"), (f"{_GIVEN} || postal || left(dob, 4)",), (f"{_GIVEN} || postal || address",)),
    ),
)  # fmt: skip


def candidate_pairs(con: duckdb.DuckDBPyConnection, rows: int) -> list[str]:
    """Make the table `pairs` (`uid_l` < `uid_r`, one row a pair worth comparing) and name the keys that were used."""
    budget = max(_BUDGET_FLOOR, _BUDGET_PER_RECORD * rows)
    used = [key for family in FAMILIES for key in _affordable(con, family, budget)]
    con.execute("CREATE TABLE blocked (uid_l INTEGER, uid_r INTEGER)")
    for key in used:
        con.execute(
            f"""
            INSERT INTO blocked
            WITH keyed AS MATERIALIZED (SELECT uid, {key} AS k FROM records WHERE k IS NOT NULL),
            blocks AS (SELECT k FROM keyed GROUP BY k HAVING count(*) BETWEEN 2 AND {_LARGEST_BLOCK}),
            kept AS MATERIALIZED (SELECT uid, k FROM keyed SEMI JOIN blocks USING (k))
            SELECT l.uid, r.uid FROM kept l JOIN kept r ON l.k = r.k AND l.uid < r.uid
            """
        )
    con.execute("CREATE TABLE pairs AS SELECT DISTINCT uid_l, uid_r FROM blocked")
    con.execute("DROP TABLE blocked")
    return used


def _affordable(con: duckdb.DuckDBPyConnection, family: Family, budget: int) -> tuple[str, ...]:
    for keys in family.keys:
        if sum(_count_pairs(con, key) for key in keys) <= budget:
            return keys
    return family.keys[-1]


def _count_pairs(con: duckdb.DuckDBPyConnection, key: str) -> int:
    return number(
        con,
        f"""
        SELECT coalesce(sum(n * (n - 1) // 2), 0)::BIGINT
        FROM (SELECT count(*) AS n FROM records WHERE {key} IS NOT NULL GROUP BY {key}) WHERE n <= {_LARGEST_BLOCK}
        """,
    )
