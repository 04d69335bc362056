"""Which records are about one person: any table in, one cluster a person out."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import polars as pl

from toolkit.analysis.linkage import blocking, clusters, normalise, tables
from toolkit.analysis.linkage.model import Model, initial_model
from toolkit.analysis.linkage.queries import number
from toolkit.analysis.linkage.scoring import Scorer
from toolkit.analysis.linkage.training import train
from toolkit.errors import InputError

__all__ = ["STEPS", "Linkage", "link", "resolve"]

STEPS = ("read", "normalise", "group copies", "train", "block", "score", "cluster", "check from within", "name")
"""The steps of a linkage, in order, as told to `progress`."""

THRESHOLD = 0.0
"""Weight (log2 of the odds) from which a pair is taken for one person: more likely than not."""

_PAIRS_A_CHUNK = 5_000_000
_WHOLE = 500_000
"""Up to so many records the addresses of all are read at once."""

Progress = Callable[[str, int, int], None]
"""Called with the name of the step that begins, its number from 0, and how many there are."""


@dataclass(frozen=True, slots=True)
class Linkage:
    """What a linkage found: the clusters, the model that scored, what could not be compared, and the sizes of each step."""

    clusters: pl.DataFrame
    model: Model
    missing: tuple[str, ...]
    blank: tuple[str, ...]
    counts: dict[str, int]


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
    progress: Progress | None = None,
) -> Linkage:
    """As `resolve`, with all that was learned on the way.

    With `model` nothing is trained.  `threads` and `memory_limit` ("3GB") are given to DuckDB, which spills to a
    temporary directory.  The same records, seed and model give the same clusters with any number of threads.

    Raises `InputError` for a table that cannot be linked (`tables.read`) and when memory does not suffice.
    """
    tell = _Teller(progress)
    with _workspace(threads, memory_limit) as con, _memory_explained(memory_limit):
        tell("read")
        presence = tables.read(con, records, id_column, columns)
        tell("normalise")
        normalise.normalise(con, presence.rows)
        tell("group copies")
        representatives = _group_copies(con)
        normalise.count_bearers(con)
        whole = representatives <= _WHOLE
        if whole:
            normalise.complete(con)
        tell("train")
        if model is None:
            model = train(con, initial_model(presence.fields, representatives), representatives, seed, homes="records" if whole else "identities")
        tell("block")
        blocking.candidate_pairs(con, "records" if whole else "identities", representatives)
        if not whole:
            normalise.complete(con, "SELECT uid_l FROM pairs UNION SELECT uid_r FROM pairs")
        tell("score")
        scorer = Scorer(con, model)
        _score(con, scorer, threshold)
        tell("cluster")
        label = _connected(con, presence.rows)
        tell("check from within")
        label = _checked(con, scorer, label, threshold)
        tell("name")
        named = _named(con, label, id_column)
        counts = {
            "records": presence.rows,
            "representatives": representatives,
            "pairs compared": number(con, "SELECT count(*) FROM pairs"),
            "pairs linked": number(con, "SELECT count(*) FROM linked"),
            "people": named["person_cluster"].n_unique(),
        }
    return Linkage(named, model, presence.missing, presence.blank, counts)


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
    config: dict[str, Any] = {"temp_directory": directory, "preserve_insertion_order": False}
    if threads is not None:
        config["threads"] = threads
    if memory_limit is not None:
        config["memory_limit"] = memory_limit
    try:
        con = duckdb.connect(":memory:", config=config)
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


def _score(con: duckdb.DuckDBPyConnection, scorer: Scorer, threshold: float) -> None:
    """The table `linked`: the pairs at or above the threshold, scored a few million at a time."""
    con.execute("CREATE TABLE linked (uid_l INTEGER, uid_r INTEGER, weight DOUBLE)")
    chunks = -(-number(con, "SELECT count(*) FROM pairs") // _PAIRS_A_CHUNK)
    for chunk in range(chunks):
        scorer.score(f"SELECT uid_l, uid_r FROM pairs WHERE uid_l % {chunks} = {chunk}", "linked", at_least=threshold)


def _connected(con: duckdb.DuckDBPyConnection, rows: int) -> clusters.Ids:
    edges = con.execute("SELECT uid_l, uid_r FROM linked").fetchnumpy()
    return clusters.components(rows, edges["uid_l"].astype(np.int64), edges["uid_r"].astype(np.int64))


def _checked(con: duckdb.DuckDBPyConnection, scorer: Scorer, label: clusters.Ids, threshold: float) -> clusters.Ids:
    """The labels after all pairs inside components of three records or more have been scored and looked at."""
    sizes = np.bincount(label, minlength=len(label))
    members = np.flatnonzero(sizes[label] > 2)
    con.register("grouped_arrow", pl.DataFrame({"uid": members, "component": label[members]}).to_arrow())
    con.execute("CREATE OR REPLACE TABLE grouped AS SELECT uid::INTEGER AS uid, component::INTEGER AS component FROM grouped_arrow")
    con.unregister("grouped_arrow")
    con.execute("CREATE OR REPLACE TABLE inside (uid_l INTEGER, uid_r INTEGER, weight DOUBLE)")
    scorer.score(
        "SELECT l.uid AS uid_l, r.uid AS uid_r FROM grouped l JOIN grouped r ON l.component = r.component AND l.uid < r.uid", "inside"
    )
    pairs = con.execute("SELECT uid_l, uid_r, weight FROM inside ORDER BY uid_l, uid_r").fetchnumpy()
    return clusters.split_incoherent(
        label, pairs["uid_l"].astype(np.int64), pairs["uid_r"].astype(np.int64), pairs["weight"], threshold
    )


def _named(con: duckdb.DuckDBPyConnection, label: clusters.Ids, id_column: str) -> pl.DataFrame:
    """One row a record: its id and the smallest id of its cluster, copies with the record that stood for them."""
    copies = con.execute("SELECT uid, representative FROM copies").fetchnumpy()
    label[copies["uid"]] = label[copies["representative"]]
    ids = con.sql("SELECT id FROM ids ORDER BY uid").pl()["id"]
    smallest = np.full(len(label), len(label), dtype=np.int64)
    np.minimum.at(smallest, label, np.arange(len(label), dtype=np.int64))
    return pl.DataFrame({id_column: ids, "person_cluster": ids.gather(smallest[label])})
