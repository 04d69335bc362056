"""How many people are behind the lines of a leak: the waterfall, and the interval that the threshold leaves open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Unpack

import duckdb
import polars as pl

from toolkit._io import replacing
from toolkit.analysis.linkage._checkpoints import Counted, place, recall, unfinished
from toolkit.analysis.linkage._input_table import parquet
from toolkit.analysis.linkage._practice_overlap import shared_by_visits
from toolkit.analysis.linkage._practices_per_person import visits_of
from toolkit.analysis.linkage._workspace import workspace
from toolkit.analysis.linkage.resolve import STEPS, Linkage, Options, link_lines
from toolkit.dataset import Leak
from toolkit.dataset.cache import remember

__all__ = ["PEOPLE_STEPS", "People", "count_people", "write_clusters"]

PEOPLE_STEPS = (*STEPS, "count repeats")
"""The steps of `count_people`, in order, as told to `progress`."""

_MEMORY = "4GB"


@dataclass(frozen=True, slots=True)
class People:
    """How many people, and how the number came about.

    `people`: how many at the threshold; `low` and `high`: with a threshold six bits (odds of 64 to 1) laxer or
    stricter.  `waterfall`: one row a step from lines to people, `step`, `n`, `rule`.  `repeats`: one row a kind of
    repeat, `kind`, `n`, which together are what the lines have more than the people.  `practices`: one row a number
    of practices, `practices`, `people`, `records`.  `sharing`: one row a pair of practices that share somebody, as
    `sharing.shared_patients` has it.  `linkage`: clusters, model and all else.
    """

    people: int
    low: int
    high: int
    waterfall: pl.DataFrame
    repeats: pl.DataFrame
    practices: pl.DataFrame
    sharing: pl.DataFrame
    linkage: Linkage


def count_people(leak: Leak, **options: Unpack[Options]) -> People:
    """How many people are in a leak, from its lines to its people, step by step; options as for `link`.

    Linking millions of lines takes minutes, so the answer is kept in the data set's folder `derived`, under a name
    made of the content of the lines, the code of the linkage, and the options that decide: the command line, the
    report and the notebook link once.  An interrupted run leaves its finished steps there, and goes on from them.
    The folder holds what the leak holds, for its owner alone to read, and may be removed at any time.  Where it
    cannot be written, or the leak was opened with `keep=False`, the answer is remembered as long as the leak is open.
    Threads, memory and `progress` are the leak's own unless told.

    Raises `InputError` when memory does not suffice, and when another process links the same data set.
    """
    told: Options = {"memory_limit": leak.memory_limit or _MEMORY, **options, "keep_pairs": True}
    if leak.threads is not None:
        told = {"threads": leak.threads, **told}
    progress = told.get("progress") or leak.progress
    where = place(leak, told)
    if (found := recall(leak, where)) is not None:
        return _people(found)
    with unfinished(leak, where) as folder:
        if folder is not None:
            told = {**told, "keep_in": folder}
        if progress is not None:
            told = {**told, "progress": progress}
        linkage = link_lines(_files(leak), **told)
        if progress is not None:
            progress(PEOPLE_STEPS[-1], len(PEOPLE_STEPS) - 1, len(PEOPLE_STEPS))
        counted = Counted(linkage, _tables(leak, linkage, told))
        remember(leak, where, counted)
    return _people(counted)


def _files(leak: Leak) -> Sequence[Path]:
    return sorted((leak.path / "lines").glob("*.parquet"))


def _people(counted: Counted) -> People:
    """The answer, put together from what was linked and what was counted."""
    linkage, tables = counted.linkage, counted.tables
    swept, counts = linkage.sweep["people"], linkage.counts
    lines, distinct = tables["lines"].row(0)
    steps = (
        ("lines", lines, "every line of the dump"),
        ("distinct lines", distinct, "lines that differ in anything but their position"),
        ("record ids", counts["records"], "lines with different record ids"),
        (
            "records of somebody",
            counts["records"] - counts["entries of nobody"],
            "records on which a name, a birth date or a number is left when test entries and placeholders are away",
        ),
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
    repeats = _repeats(tables["visits"], lines, counts)
    practices = tables["visits"].select("practices", "people", "records")
    low, people, high = swept[0], counts["people"], swept[-1]
    return People(people, low, high, waterfall, repeats, practices, tables["sharing"], linkage)


def _repeats(visits: pl.DataFrame, lines: int, counts: dict[str, int]) -> pl.DataFrame:
    """What makes lines more than people, by kind: each visit of a level is there once, the others repeat it."""
    of = {name: int(visits[name].sum()) for name in ("records", "practitioners", "in_practices", "departements")}
    kinds = (
        ("lines exported twice", lines - counts["records"]),
        ("entries of nobody", counts["entries of nobody"]),
        ("records of one person with one practitioner", of["records"] - of["practitioners"]),
        ("records of one person with colleagues in one practice", of["practitioners"] - of["in_practices"]),
        ("records of one person in practices of one departement", of["in_practices"] - of["departements"]),
        ("records of one person in other departements", of["departements"] - counts["people"]),
    )
    return pl.DataFrame(kinds, schema=["kind", "n"], orient="row")


def _tables(leak: Leak, linkage: Linkage, options: Options) -> dict[str, pl.DataFrame]:
    """What is counted from the lines once the people are known.

    `lines`: how many, and how many distinct ones.  `visits`: one row a number of practices, with how many people
    stand at so many, and how many records, practitioners, practices and departements they have in all.  `sharing`:
    `shared_patients`.
    """
    bases = parquet([leak.path / "practices.parquet"])
    with workspace(options.get("threads"), options.get("memory_limit")) as con:
        con.execute(f"CREATE VIEW lines AS FROM {parquet(_files(leak))}")
        con.execute(f"CREATE VIEW bases AS SELECT practice_id, departement_code FROM {bases}")
        found = visits_of(con, linkage.clusters, linkage.nobody)
        return {
            "lines": _distinct_lines(con, found.repeated),
            "visits": found.by_practices,
            "sharing": shared_by_visits(found.visits, con.sql("FROM bases").pl()),
        }


def _distinct_lines(con: duckdb.DuckDBPyConnection, repeated: pl.DataFrame) -> pl.DataFrame:
    """Lines, and distinct lines: only those that share a record id need to be compared."""
    columns = [name for name, *_ in con.execute("DESCRIBE lines").fetchall() if name not in {"line_id", "record_id"}]
    con.register("repeated", repeated.to_arrow())
    found: pl.DataFrame = con.sql(
        f"""
        WITH spellings AS (
            SELECT record_id, hash({", ".join(columns)}) AS said, count(*) AS n
            FROM lines SEMI JOIN repeated USING (record_id) GROUP BY ALL
        ),
        counted AS (SELECT count(*) AS lines FROM lines)
        SELECT lines, lines - coalesce((SELECT sum(n - 1)::BIGINT FROM spellings), 0) AS distinct_lines FROM counted
        """
    ).pl()
    return found


def write_clusters(people: People, path: Path) -> None:
    """Write one row a record, `record_id` and `person_cluster`, to the Parquet file `path`.

    `person_cluster` is the smallest record id of the person; an entry of nobody is a cluster by itself.  The file is
    readable by its owner alone.  Raises `WriteError` when it cannot be written.
    """
    with replacing(path) as partial:
        people.linkage.clusters.write_parquet(partial)
