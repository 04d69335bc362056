"""Records that are not compared: placeholder records, and exact copies of another record."""

from __future__ import annotations

from collections.abc import Collection

import duckdb

from toolkit.analysis.linkage._sql import number

__all__ = ["group_copies", "separate_placeholders"]

_SAME = "last, birth, first, sex, born, nir, mobile, mailbox, postal"
_UNDATED = "born IS NULL AND nir IS NULL"
_NAME_ONLY = f"{_UNDATED} AND mobile IS NULL AND mailbox IS NULL"
_EMPTY_NAME_FROM = 3
"""A name on at least this many records without other details, and on no others, counts as a placeholder."""


def separate_placeholders(con: duckdb.DuckDBPyConnection, fields: Collection[str]) -> None:
    """Move placeholder records (blank records and test entries) from `identities` to the table `placeholders`.

    A record is a placeholder if it has no name, birth date or number, or if it has nothing but a name that appears on
    several records and always without other details. The name of a person appears with a birth date or a telephone
    on at least some records.
    """
    has_names_and_date = {"last_name", "first_name", "birth_date"} <= set(fields)
    con.execute(
        f"""
        CREATE TABLE placeholders AS
        WITH undated AS (FROM identities WHERE {_UNDATED} AND {has_names_and_date}),
        name_only AS (SELECT uid, last, first FROM undated WHERE {_NAME_ONLY}),
        repeated AS (
            SELECT last, first FROM name_only WHERE last IS NOT NULL AND first IS NOT NULL
            GROUP BY ALL HAVING count(*) >= {_EMPTY_NAME_FROM}
        ),
        with_details AS (
            SELECT DISTINCT last, first FROM identities JOIN repeated USING (last, first) WHERE NOT ({_NAME_ONLY})
        )
        SELECT uid FROM undated WHERE coalesce(last, birth, first) IS NULL
        UNION SELECT uid FROM name_only JOIN (FROM repeated ANTI JOIN with_details USING (last, first)) USING (last,
        first)
        """
    )
    con.execute("DELETE FROM identities WHERE uid IN (SELECT uid FROM placeholders)")


def group_copies(con: duckdb.DuckDBPyConnection) -> int:
    """Keep one record of those with equal identity columns, list the others in `copies`, and return how many are left.

    `copies` has one row per removed record, `uid` and `representative`. The hash only narrows the search; the columns
    themselves are compared.
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
