"""How many people are behind the lines of a leak: the waterfall, and the interval that the threshold leaves open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Unpack

import duckdb
import polars as pl

from toolkit.analysis.linkage.resolve import Linkage, Options, link_lines
from toolkit.analysis.linkage.tables import parquet
from toolkit.leak import Leak

__all__ = ["People", "count_people"]


@dataclass(frozen=True, slots=True)
class People:
    """How many people, and how the number came about.

    `waterfall`: one row a step, `step`, `n`, `rule`.  `low` and `high`: the number of people with a threshold six
    bits (odds of 64 to 1) stricter or laxer; `people`: at the threshold itself.  `repeats`: one row a kind of repeat,
    `kind` and `n`.  `linkage`: clusters, model and all else.
    """

    people: int
    low: int
    high: int
    waterfall: pl.DataFrame
    repeats: pl.DataFrame
    linkage: Linkage


def count_people(leak: Leak, **options: Unpack[Options]) -> People:
    """How many people are in a leak, from its lines to its people, step by step; options as for `link`.

    Raises `InputError` when memory does not suffice.
    """
    files = sorted((leak.path / "lines").glob("*.parquet"))
    linkage = link_lines(files, **options)
    swept = linkage.sweep["people"]
    lines, distinct, repeats = _repeats(files, linkage.clusters)
    counts = linkage.counts
    steps = (
        ("lines", lines, "every line of the dump"),
        ("distinct lines", distinct, "lines that differ in anything but their position"),
        ("record ids", counts["records"], "lines with different record ids"),
        (
            "exact identities",
            counts["representatives"],
            (
                "records that differ, after folding, in names, birth date, sex, social security number, mobile, "
                "e-mail or postal code; where names, birth date or postal code are blank a record stands for itself"
            ),
        ),
        ("linked people", counts["people"], "records that the model takes for different people"),
    )
    waterfall = pl.DataFrame(steps, schema=["step", "n", "rule"], orient="row")
    return People(counts["people"], swept[0], swept[-1], waterfall, repeats, linkage)


def _repeats(files: Sequence[Path], clusters: pl.DataFrame) -> tuple[int, int, pl.DataFrame]:
    """Lines, distinct lines, and what makes lines more than people: repeated lines, records in and across practices."""
    with duckdb.connect(config={"preserve_insertion_order": False}) as con:
        con.execute(f"CREATE VIEW lines AS FROM {parquet(files)}")
        con.register("clusters", clusters.to_arrow())
        columns = [
            name for name, *_ in con.execute("DESCRIBE lines").fetchall() if name not in {"line_id", "record_id"}
        ]
        # Hashes are compared within one record id only, where two that differ do not collide by chance.
        distinct = f"SELECT count(*) FROM (SELECT DISTINCT record_id, hash({', '.join(columns)}) FROM lines)"
        rows = con.execute(
            f"""
            WITH records AS (SELECT DISTINCT record_id, practice_id FROM lines),
            visits AS (
                SELECT person_cluster, practice_id, count(*) AS n
                FROM records JOIN clusters USING (record_id) GROUP BY ALL
            ),
            people AS (SELECT person_cluster, count(*) AS practices, sum(n) AS records FROM visits GROUP BY ALL)
            SELECT (SELECT count(*) FROM lines), ({distinct}), (SELECT count(*) FROM records),
                sum(records)::BIGINT, sum(practices)::BIGINT, count(*) FROM people
            """
        ).fetchall()
    lines, distinct_lines, records, _, visits, people = rows[0]
    repeats = pl.DataFrame(
        {
            "kind": [
                "lines exported twice",
                "records of one person in one practice",
                "records of one person in other practices",
            ],
            "n": [lines - records, records - visits, visits - people],
        }
    )
    return lines, distinct_lines, repeats
