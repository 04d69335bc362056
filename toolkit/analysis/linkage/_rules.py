"""Deterministic linkage rules, for comparison with the probabilistic linkage.

Each rule assigns records to the same person when they agree on every part of its key. The linkage does not use the
rules. Each is scored alone against the truth, to show what a simple method misses and confuses.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import duckdb
import polars as pl

from toolkit.analysis.linkage import normalise
from toolkit.analysis.linkage._input_table import Presence, read, read_lines
from toolkit.analysis.linkage._sql import first_row, number
from toolkit.analysis.linkage._workspace import workspace

__all__ = ["RULES", "Rule", "score_rules", "score_rules_on_lines"]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: its name, its meaning in words, and the columns of `identities` that must be filled and equal."""

    name: str
    meaning: str
    key: tuple[str, ...]


RULES = (
    Rule("nir", "same social security number", ("nir",)),
    Rule(
        "own_nir",
        "same social security number, which fits the birth date and sex of both",
        ("CASE WHEN nir_state = 2 THEN nir END",),
    ),
    Rule(
        "birth_identity",
        "same birth name (name in use where blank), first name and birth date",
        ("coalesce(birth, last)", "first", "born"),
    ),
    Rule("use_identity", "same name in use, first name and birth date", ("last", "first", "born")),
    Rule("identity_and_sex", "same name in use, first name, birth date and sex", ("last", "first", "born", "sex")),
    Rule("first_name_and_mobile", "same first name and mobile", ("first", "mobile")),
    Rule("first_name_and_mailbox", "same first name and e-mail address", ("first", "mailbox")),
    Rule("mobile", "same mobile", ("mobile",)),
    Rule("names_and_postal_code", "same name in use, first name and postal code", ("last", "first", "postal")),
)
"""The rules, from those that rarely confuse two people to those that often do."""


def score_rules(
    records: object, truth: pl.DataFrame, *, id_column: str = "record_id", columns: Mapping[str, str] | None = None
) -> pl.DataFrame:
    """Compute the precision and recall of each rule alone: one row per rule, in the order of `RULES`.

    `records` and `columns` as for `resolve`; `truth` has the id and `person_id`, null for placeholder records.
    Columns: `rule`, `meaning`, `applicable` (records whose key is filled), `pairs` (linked by the rule), `precision`
    (of those pairs), `recall` (of all pairs of one person).
    """
    known = truth.select(pl.col(id_column).alias("id"), "person_id")
    return _scored(lambda con: read(con, records, id_column, columns), known)


def score_rules_on_lines(
    lines: str,
    fields: Collection[str],
    truth: pl.DataFrame,
    threads: int | None = None,
    memory_limit: str | None = None,
) -> pl.DataFrame:
    """Do the same as `score_rules` for the lines of a leak; lines with the same record id are one record.

    `lines` and `fields` as for `link_lines`.
    """
    known = truth.select(pl.col("record_id").alias("id"), "person_id")
    return _scored(lambda con: read_lines(con, lines, fields), known, threads, memory_limit)


def _scored(
    read_into: Callable[[duckdb.DuckDBPyConnection], Presence],
    known: pl.DataFrame,
    threads: int | None = None,
    memory_limit: str | None = None,
) -> pl.DataFrame:
    with workspace(threads, memory_limit) as con:
        presence = read_into(con)
        normalise.normalise(con, presence.rows)
        con.register("known", known.drop_nulls().to_arrow())
        con.execute(
            """
            CREATE TABLE evaluated AS
            SELECT identities.*, person_id FROM identities JOIN ids USING (uid) JOIN known USING (id);
            DROP TABLE identities
            """
        )
        same = number(con, f"SELECT {_PAIRS} FROM (SELECT count(*) AS n FROM evaluated GROUP BY person_id)")
        rows = [_score(con, rule, same) for rule in RULES]
    named = [(rule.name, rule.meaning, *row) for rule, row in zip(RULES, rows, strict=True)]
    return pl.DataFrame(named, schema=["rule", "meaning", "applicable", "pairs", "precision", "recall"], orient="row")


def _score(con: duckdb.DuckDBPyConnection, rule: Rule, same: int) -> tuple[int, int, float | None, float | None]:
    """Return, for the table `evaluated`: records with a key, linked pairs, and their precision and recall.

    `same` is the number of pairs of one person. Keys are grouped by their hash; a collision adds a few pairs to
    millions.
    """
    filled = " AND ".join(f"({part}) IS NOT NULL" for part in rule.key)
    applicable, together, correct = first_row(
        con,
        f"""
        WITH cells AS (
            SELECT hash({", ".join(rule.key)}) AS k, person_id, count(*) AS n FROM evaluated WHERE {filled} GROUP BY ALL
        ),
        keys AS (SELECT sum(n)::BIGINT AS n, {_PAIRS} AS correct FROM cells GROUP BY k)
        SELECT coalesce(sum(n), 0)::BIGINT, {_PAIRS}, coalesce(sum(correct), 0)::BIGINT FROM keys
        """,
    )
    return applicable, together, correct / together if together else None, correct / same if same else None


_PAIRS = "coalesce(sum(n * (n - 1) // 2), 0)::BIGINT"
"""SQL for the number of pairs in groups of size `n`."""
