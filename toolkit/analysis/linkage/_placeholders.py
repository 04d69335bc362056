"""Entries that are not compared: those of nobody, and those that say the same as another."""

from __future__ import annotations

from collections.abc import Collection

import duckdb

from toolkit.analysis.linkage._sql import number

__all__ = ["group_copies", "set_nobody_apart"]

_SAME = "last, birth, first, sex, born, nir, mobile, mailbox, postal"
_UNDATED = "born IS NULL AND nir IS NULL"
_SAYS_NOTHING = f"{_UNDATED} AND mobile IS NULL AND mailbox IS NULL"
_EMPTY_NAME_FROM = 3
"""Entries of one name that say nothing else, from which the name is taken for one that nobody bears."""


def set_nobody_apart(con: duckdb.DuckDBPyConnection, fields: Collection[str]) -> None:
    """Move to `nobody` the records that name nobody: blank ones and test entries.

    An entry is nobody's when no name, birth date or number is left on it, and when its names are typed again and
    again without anything beside them: names that people bear come with a birth date or a telephone now and then.
    """
    told = {"last_name", "first_name", "birth_date"} <= set(fields)
    con.execute(
        f"""
        CREATE TABLE nobody AS
        WITH undated AS (FROM identities WHERE {_UNDATED} AND {told}),
        silent AS (SELECT uid, last, first FROM undated WHERE {_SAYS_NOTHING}),
        repeated AS (
            SELECT last, first FROM silent WHERE last IS NOT NULL AND first IS NOT NULL
            GROUP BY ALL HAVING count(*) >= {_EMPTY_NAME_FROM}
        ),
        borne AS (
            SELECT DISTINCT last, first FROM identities JOIN repeated USING (last, first) WHERE NOT ({_SAYS_NOTHING})
        )
        SELECT uid FROM undated WHERE coalesce(last, birth, first) IS NULL
        UNION SELECT uid FROM silent JOIN (FROM repeated ANTI JOIN borne USING (last, first)) USING (last, first)
        """
    )
    con.execute("DELETE FROM identities WHERE uid IN (SELECT uid FROM nobody)")


def group_copies(con: duckdb.DuckDBPyConnection) -> int:
    """Keep one record of those that agree on all that names a person; `copies` says which stands for which.

    Hashes only tell which records may have a copy; the columns themselves decide.
    """
    con.execute(
        f"""
        CREATE TABLE copies AS
        WITH hashed AS MATERIALIZED (
            SELECT uid, hash({_SAME}) AS h FROM identities
            WHERE last IS NOT NULL AND first IS NOT NULL AND born IS NOT NULL AND postal IS NOT NULL
        ),
        several AS (SELECT h FROM hashed GROUP BY h HAVING count(*) > 1),
        alike AS (SELECT * FROM identities WHERE uid IN (SELECT uid FROM hashed SEMI JOIN several USING (h))),
        grouped AS (SELECT uid, min(uid) OVER (PARTITION BY {_SAME}) AS representative FROM alike)
        SELECT uid, representative FROM grouped WHERE uid <> representative
        """
    )
    con.execute("DELETE FROM identities WHERE uid IN (SELECT uid FROM copies)")
    return number(con, "SELECT count(*) FROM identities")
