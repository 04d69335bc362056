"""The number of people in a leak: the waterfall from lines to people, and the range over other thresholds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Unpack

import duckdb
import polars as pl

from toolkit._io import replacing
from toolkit.analysis.linkage._checkpoints import Counted, entry, load, unfinished
from toolkit.analysis.linkage._practice_overlap import shared_by_visits
from toolkit.analysis.linkage._practices_per_person import visits_of
from toolkit.analysis.linkage._workspace import workspace
from toolkit.analysis.linkage.resolve import STEPS, Linkage, Options, link_lines
from toolkit.dataset import Leak, cache, collect
from toolkit.progress import no_progress

__all__ = ["PEOPLE_STEPS", "People", "count_people", "write_clusters"]

PEOPLE_STEPS = (*STEPS, "count repeats")
"""The steps of `count_people`, in order, as passed to `progress`."""

_MEMORY = "4GB"


@dataclass(frozen=True, slots=True)
class People:
    """The number of people, and how it was computed.

    `people`: the number at the threshold; `low` and `high`: the numbers at a threshold six bits (odds of 64 to 1) lower
    and higher. `waterfall`: one row per step from lines to people, `step`, `n`, `rule`. `repeats`: one row per reason
    why there are more lines than people, `kind`, `n`; the `n` add up to the difference. `practices`: one row per number
    of practices, `practices`, `people`, `records`. `sharing`: one row per pair of practices with patients in common,
    with the columns of `_practice_overlap.shared_patients`. `linkage`: the clusters, the model and the rest.
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
    """Count the people in a leak by probabilistic record linkage; options as for `link`.

    Linking millions of lines takes minutes, so the result is cached in the folder `derived` of the data set. The name
    of the cache entry depends on the content of the lines, the code of the linkage, and the options that can change the
    result, so that the command line, the report and the notebook link only once. An interrupted run leaves checkpoints
    there and resumes from them. The folder holds personal data, only its owner can read it, and it may be deleted at
    any time. If it cannot be written, or the leak was opened with `cache=False`, the result stays in memory while the
    leak is open. Threads, memory limit and `progress` default to those of the leak.

    Raises `InputError` when there is not enough memory, and when another process is linking the same data set.
    """
    settings: Options = {"memory_limit": leak.memory_limit or _MEMORY, **options, "keep_pairs": True}
    if leak.threads is not None:
        settings = {"threads": leak.threads, **settings}
    progress = settings.get("progress") or leak.progress or no_progress
    settings = {**settings, "progress": progress}
    where = entry(leak, settings)
    if (found := load(leak, where)) is not None:
        return _people(found)
    with unfinished(leak, where) as folder:
        if folder is not None:
            settings = {**settings, "checkpoint_folder": folder}
        linkage = link_lines(leak.lines_in_duckdb(), leak.capabilities.columns, **settings)
        progress(PEOPLE_STEPS[-1], 0, 1)
        counted = Counted(linkage, _tables(leak, linkage, settings))
        progress(PEOPLE_STEPS[-1], 1, 1)
        cache.store(leak, where, counted)
    return _people(counted)


def _people(counted: Counted) -> People:
    """Build the result from the linkage and the tables counted from it."""
    linkage, tables = counted.linkage, counted.tables
    swept, counts = linkage.sweep["people"], linkage.counts
    lines, distinct = tables["lines"].row(0)
    steps = (
        ("lines", lines, "every line of the dump"),
        ("distinct lines", distinct, "lines that differ in anything but their position"),
        ("record ids", counts["records"], "lines with different record ids"),
        (
            "records without placeholders",
            counts["records"] - counts["placeholder records"],
            "records that still have a name, a birth date or a number once test entries and placeholders are removed",
        ),
        (
            "exact identities",
            counts["representatives"],
            (
                "records that differ, after folding, in names, birth date, sex, social security number, mobile, "
                "e-mail or postal code; a record with a blank name, birth date or postal code counts on its own"
            ),
        ),
        ("linked people", counts["people"], "records that the linkage model assigns to different people"),
    )
    waterfall = pl.DataFrame(steps, schema=["step", "n", "rule"], orient="row")
    repeats = _repeats(tables["visits"], lines, counts)
    practices = tables["visits"].select("practices", "people", "records")
    low, people, high = swept[0], counts["people"], swept[-1]
    return People(people, low, high, waterfall, repeats, practices, tables["sharing"], linkage)


def _repeats(visits: pl.DataFrame, lines: int, counts: dict[str, int]) -> pl.DataFrame:
    """Count why there are more lines than people: one row per kind, `kind`, `n`."""
    of = {name: int(visits[name].sum()) for name in ("records", "practitioners", "in_practices", "departements")}
    kinds = (
        ("lines exported twice", lines - counts["records"]),
        ("placeholder records", counts["placeholder records"]),
        ("records of one person with one practitioner", of["records"] - of["practitioners"]),
        ("records of one person with colleagues in one practice", of["practitioners"] - of["in_practices"]),
        ("records of one person in practices of one departement", of["in_practices"] - of["departements"]),
        ("records of one person in other departements", of["departements"] - counts["people"]),
    )
    return pl.DataFrame(kinds, schema=["kind", "n"], orient="row")


def _tables(leak: Leak, linkage: Linkage, options: Options) -> dict[str, pl.DataFrame]:
    """Return the tables that are counted from the lines and the linkage.

    `lines`: the number of lines and of distinct lines. `visits`: one row per number of practices, with the people who
    have records at that many, and the total of their records, practitioners, practices and departements. `sharing`: as
    in `shared_patients`.
    """
    with workspace(options.get("threads"), options.get("memory_limit")) as con:
        con.execute(_LINES.format(lines=leak.lines_in_duckdb()))
        con.register("listed", _practices(leak).to_arrow())
        con.execute(_BASES)
        found = visits_of(con, linkage.clusters, linkage.placeholders)
        return {
            "lines": _distinct_lines(con, found.repeated),
            "visits": found.by_practices,
            "sharing": shared_by_visits(found.visits, con.sql("FROM bases").pl()),
        }


_LINES = """
CREATE VIEW lines AS
SELECT * REPLACE (coalesce(practice_id, -1) AS practice_id, coalesce(practitioner_id, -1) AS practitioner_id)
FROM ({lines})
"""
"""Lines without a practice or practitioner count as those of one that is unknown."""
_BASES = """
CREATE VIEW bases AS
SELECT practice_id, coalesce(departement_code, '') AS departement_code
FROM (SELECT DISTINCT practice_id FROM lines) LEFT JOIN listed USING (practice_id)
"""


def _practices(leak: Leak) -> pl.DataFrame:
    """Return the listed practices with their departements, one row each; none where there is no such table."""
    if leak.capabilities.practices:
        return collect(leak.practices.select("practice_id", "departement_code"), "practice_id")
    return pl.DataFrame(schema={"practice_id": pl.Int64, "departement_code": pl.String})


def _distinct_lines(con: duckdb.DuckDBPyConnection, repeated: pl.DataFrame) -> pl.DataFrame:
    """Count lines and distinct lines; only lines with the same record id can be equal."""
    columns = [name for name, *_ in con.execute("DESCRIBE lines").fetchall() if name not in {"line_id", "record_id"}]
    con.register("repeated", repeated.to_arrow())
    found: pl.DataFrame = con.sql(
        f"""
        WITH spellings AS (
            SELECT record_id, hash({", ".join(columns)}) AS content, count(*) AS n
            FROM lines SEMI JOIN repeated USING (record_id) GROUP BY ALL
        ),
        counted AS (SELECT count(*) AS lines FROM lines)
        SELECT lines, lines - coalesce((SELECT sum(n - 1)::BIGINT FROM spellings), 0) AS distinct_lines FROM counted
        """
    ).pl()
    return found


def write_clusters(people: People, path: Path) -> None:
    """Write one row per record, `record_id` and `person_cluster`, to the Parquet file `path`.

    `person_cluster` is the smallest record id of the person; a placeholder record is a cluster by itself. The
    file is readable by its owner only. Raises `WriteError` when it cannot be written.
    """
    with replacing(path) as partial:
        people.linkage.clusters.write_parquet(partial)
