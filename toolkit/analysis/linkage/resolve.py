"""Which records are about one person: any table in, one cluster a person out."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl

from toolkit.analysis.linkage import blocking, clusters, normalise, tables
from toolkit.analysis.linkage.model import Model, initial_model
from toolkit.analysis.linkage.queries import number
from toolkit.analysis.linkage.scoring import Scorer
from toolkit.analysis.linkage.training import train, training_uids
from toolkit.errors import InputError

__all__ = ["STEPS", "SWEEP", "Linkage", "link", "link_lines", "resolve"]

STEPS = ("read", "normalise", "group copies", "block", "train", "score", "cluster", "check from within", "name")
"""The steps of a linkage, in order, as told to `progress`."""

THRESHOLD = 0.0
"""Weight (log2 of the odds) from which a pair is taken for one person: more likely than not."""

SWEEP = 6
"""How far (in bits) the threshold is moved either way to see what it changes."""

_PAIRS_A_CHUNK = 5_000_000
_WHOLE = 500_000
"""Up to so many records the addresses of all are read at once."""

Progress = Callable[[str, int, int], None]
"""Called with the name of the step that begins, its number from 0, and how many there are."""


@dataclass(frozen=True, slots=True)
class Linkage:
    """What a linkage found.

    `clusters`: one row a record, the id and `person_cluster`.  `model` and `threshold`: what decided.  `missing` and
    `blank`: the fields that the table lacks, and those that it has and leaves blank.  `counts`: the size of each
    step.  `sweep`: one row a threshold, `threshold` and `people`.  `pairs`, when kept: one row a compared pair of
    representatives, `id_l`, `id_r` and `weight`.
    """

    clusters: pl.DataFrame
    model: Model
    threshold: float
    missing: tuple[str, ...]
    blank: tuple[str, ...]
    counts: dict[str, int]
    sweep: pl.DataFrame
    pairs: pl.DataFrame | None = None


def resolve(records: Any, *, id_column: str = "record_id", columns: Mapping[str, str] | None = None, **options: Any) -> pl.DataFrame:
    """Which records are about one person.

    `records` is any table (Polars, Arrow, pandas, Ibis, DuckDB) or the path of a Parquet or CSV file, one row a
    record, with an id that does not repeat in `id_column` and any subset of the columns `tables.FIELDS`; `columns`
    maps those names to foreign ones.  The options are those of `link`.

    Returns one row a record in the order of its id: the id, and `person_cluster`, the smallest id of the records
    that are about the same person.
    """
    return link(records, id_column=id_column, columns=columns, **options).clusters


def link(
    records: Any,
    *,
    id_column: str = "record_id",
    columns: Mapping[str, str] | None = None,
    model: Model | None = None,
    threshold: float = THRESHOLD,
    seed: int = 1,
    threads: int | None = None,
    memory_limit: str | None = None,
    keep_pairs: bool = False,
    progress: Progress | None = None,
) -> Linkage:
    """As `resolve`, with all that was learned on the way.

    With `model` nothing is trained.  `threads` and `memory_limit` ("3GB") are given to DuckDB, which spills to a
    temporary directory.  `keep_pairs` keeps every compared pair with its weight, for `evaluation`.  The same records, seed and model give the same clusters with any number of threads.

    Raises `InputError` for a table that cannot be linked (`tables.read`) and when memory does not suffice.
    """
    def read(con: duckdb.DuckDBPyConnection) -> tables.Presence:
        return tables.read(con, records, id_column, columns)

    return _link(read, model, threshold, seed, threads, memory_limit, keep_pairs, progress)


def link_lines(
    files: Sequence[Path],
    *,
    model: Model | None = None,
    threshold: float = THRESHOLD,
    seed: int = 1,
    threads: int | None = None,
    memory_limit: str | None = None,
    keep_pairs: bool = False,
    progress: Progress | None = None,
) -> Linkage:
    """As `link`, of the lines of a leak in these Parquet files: lines with one record id are one record."""

    def read(con: duckdb.DuckDBPyConnection) -> tables.Presence:
        return tables.read_lines(con, files)

    return _link(read, model, threshold, seed, threads, memory_limit, keep_pairs, progress)


def _link(
    read: Callable[[duckdb.DuckDBPyConnection], tables.Presence],
    model: Model | None,
    threshold: float,
    seed: int,
    threads: int | None,
    memory_limit: str | None,
    keep_pairs: bool,
    progress: Progress | None,
) -> Linkage:
    tell = _Teller(progress)
    with _workspace(threads, memory_limit) as con, _memory_explained(memory_limit):
        tell("read")
        presence = read(con)
        tell("normalise")
        normalise.normalise(con, presence.rows)
        tell("group copies")
        representatives = _group_copies(con)
        normalise.count_bearers(con)
        whole = representatives <= _WHOLE
        if whole:
            normalise.complete(con)
        tell("block")
        blocking.candidate_pairs(con, "records" if whole else "identities", representatives)
        if not whole:
            paired = "SELECT uid_l FROM pairs UNION SELECT uid_r FROM pairs"
            normalise.complete(con, f"{paired} UNION {training_uids(representatives, seed)}")
        tell("train")
        if model is None:
            model = train(con, initial_model(presence.fields, representatives), representatives, seed)
        tell("score")
        scorer = Scorer(con, model)
        _score(con, scorer, None if keep_pairs else threshold - SWEEP)
        tell("cluster")
        label = _connected(con, presence.rows, threshold)
        tell("check from within")
        label = _checked(con, scorer, label, threshold)
        tell("name")
        sweep = _swept(con, label, threshold)
        named = _named(con, label, presence.id_column)
        return Linkage(
            clusters=named,
            model=model,
            threshold=threshold,
            missing=presence.missing,
            blank=presence.blank,
            counts={
                "records": presence.rows,
                "representatives": representatives,
                "pairs compared": number(con, "SELECT count(*) FROM pairs"),
                "pairs linked": number(con, f"SELECT count(*) FROM scored WHERE weight >= {threshold}"),
                "people": named["person_cluster"].n_unique(),
            },
            sweep=sweep,
            pairs=_kept_pairs(con) if keep_pairs else None,
        )


class _Teller:
    """Tells the listener, if there is one, which step begins."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress

    def __call__(self, step: str) -> None:
        if self._progress is not None:
            self._progress(step, STEPS.index(step), len(STEPS))


@contextmanager
def _workspace(threads: int | None, memory_limit: str | None) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB database in memory, which spills to a temporary directory that goes with it."""
    directory = tempfile.mkdtemp(prefix="linkage-")
    config: dict[str, Any] = {
        "temp_directory": directory,
        "preserve_insertion_order": False,
        "autoinstall_known_extensions": False,
    }
    if threads is not None:
        config["threads"] = threads
    if memory_limit is not None:
        config["memory_limit"] = memory_limit
    try:
        con = duckdb.connect(":memory:", config=config)
        con.execute("SET enable_progress_bar = false")
        try:
            yield con
        finally:
            con.close()
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def _memory_explained(memory_limit: str | None) -> Iterator[None]:
    try:
        yield
    except (duckdb.OutOfMemoryException, MemoryError) as error:
        allowed = memory_limit or "the default memory limit"
        raise InputError(
            f"The linkage does not fit into {allowed} ({str(error).splitlines()[0]}): raise `memory_limit`, or lower `threads`."
        ) from None


_SAME = "last, birth, first, sex, dob, nir, mobile, email, postal"


def _group_copies(con: duckdb.DuckDBPyConnection) -> int:
    """Keep one record of those that agree on names, birth date, postal code and all else; `copies` says which stands for which.

    Hashes only tell which records may have a copy; the columns themselves decide.
    """
    con.execute(
        f"""
        CREATE TABLE copies AS
        WITH hashed AS MATERIALIZED (
            SELECT uid, hash({_SAME}) AS h FROM identities
            WHERE last IS NOT NULL AND first IS NOT NULL AND dob IS NOT NULL AND postal IS NOT NULL
        ),
        several AS (SELECT h FROM hashed GROUP BY h HAVING count(*) > 1),
        alike AS (SELECT * FROM identities WHERE uid IN (SELECT uid FROM hashed SEMI JOIN several USING (h))),
        grouped AS (SELECT uid, min(uid) OVER (PARTITION BY {_SAME}) AS representative FROM alike)
        SELECT uid, representative FROM grouped WHERE uid <> representative
        """
    )
    con.execute("DELETE FROM identities WHERE uid IN (SELECT uid FROM copies)")
    return number(con, "SELECT count(*) FROM identities")


def _score(con: duckdb.DuckDBPyConnection, scorer: Scorer, at_least: float | None) -> None:
    """The table `scored`: the pairs with their weights, scored a few million at a time."""
    con.execute("CREATE TABLE scored (uid_l INTEGER, uid_r INTEGER, weight DOUBLE)")
    chunks = -(-number(con, "SELECT count(*) FROM pairs") // _PAIRS_A_CHUNK)
    for chunk in range(chunks):
        scorer.score(f"SELECT uid_l, uid_r FROM pairs WHERE uid_l % {chunks} = {chunk}", "scored", at_least)


def _edges(con: duckdb.DuckDBPyConnection, query: str) -> tuple[clusters.Ids, clusters.Ids, clusters.Weights]:
    columns = con.execute(query).fetchnumpy()
    return columns["uid_l"].astype(np.int64), columns["uid_r"].astype(np.int64), columns["weight"].astype(np.float64)


def _connected(con: duckdb.DuckDBPyConnection, rows: int, threshold: float) -> clusters.Ids:
    left, right, _ = _edges(con, f"SELECT * FROM scored WHERE weight >= {threshold}")
    return clusters.components(rows, left, right)


def _checked(con: duckdb.DuckDBPyConnection, scorer: Scorer, label: clusters.Ids, threshold: float) -> clusters.Ids:
    """The labels after all pairs inside components of three records or more have been scored and looked at."""
    sizes = np.bincount(label, minlength=len(label))
    members = np.flatnonzero(sizes[label] > 2)
    con.register("members", pl.DataFrame({"uid": members, "component": label[members]}).to_arrow())
    con.execute("CREATE TABLE grouped AS SELECT uid::INTEGER AS uid, component::INTEGER AS component FROM members")
    con.unregister("members")
    con.execute("CREATE TABLE inside (uid_l INTEGER, uid_r INTEGER, weight DOUBLE)")
    scorer.score(
        "SELECT l.uid AS uid_l, r.uid AS uid_r FROM grouped l JOIN grouped r ON l.component = r.component AND l.uid < r.uid", "inside"
    )
    return clusters.split_incoherent(label, *_edges(con, "SELECT * FROM inside ORDER BY uid_l, uid_r"), threshold)


def _swept(con: duckdb.DuckDBPyConnection, label: clusters.Ids, threshold: float) -> pl.DataFrame:
    """How many people other thresholds would find: stricter ones part the clusters, laxer ones join them."""
    left, right, weight = _edges(con, f"SELECT * FROM scored WHERE weight >= {threshold - SWEEP} ORDER BY uid_l, uid_r")
    copies = number(con, "SELECT count(*) FROM copies")
    shifts = [float(shift) for shift in range(-SWEEP, SWEEP + 1)]
    people = [clusters.people_at(label, left, right, weight, threshold, threshold + shift) - copies for shift in shifts]
    return pl.DataFrame({"threshold": [threshold + shift for shift in shifts], "people": people})


def _kept_pairs(con: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    return con.sql(
        """
        SELECT l.id AS id_l, r.id AS id_r, weight
        FROM scored JOIN ids l ON l.uid = uid_l JOIN ids r ON r.uid = uid_r ORDER BY uid_l, uid_r
        """
    ).pl()


def _named(con: duckdb.DuckDBPyConnection, label: clusters.Ids, id_column: str) -> pl.DataFrame:
    """One row a record: its id and the smallest id of its cluster, copies with the record that stood for them."""
    copies = con.execute("SELECT uid, representative FROM copies").fetchnumpy()
    label[copies["uid"]] = label[copies["representative"]]
    ids = con.sql("SELECT id FROM ids ORDER BY uid").pl()["id"]
    smallest = np.full(len(label), len(label), dtype=np.int64)
    np.minimum.at(smallest, label, np.arange(len(label), dtype=np.int64))
    return pl.DataFrame({id_column: ids, "person_cluster": ids.gather(smallest[label])})
