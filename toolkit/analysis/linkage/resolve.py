"""Probabilistic record linkage of any table: assign each record to a cluster, one cluster per person."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypedDict, Unpack

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa

from toolkit.analysis.linkage._blocking import candidate_pairs
from toolkit.analysis.linkage._clusters import Ids, Weights, components, people_at, smallest_of, split_incoherent
from toolkit.analysis.linkage._input_table import Presence, read, read_lines
from toolkit.analysis.linkage._model import Model, initial_model
from toolkit.analysis.linkage._pair_scoring import Scorer
from toolkit.analysis.linkage._placeholders import group_copies, separate_placeholders
from toolkit.analysis.linkage._sql import number
from toolkit.analysis.linkage._training import train, training_uids
from toolkit.analysis.linkage._workspace import Checkpoints, workspace
from toolkit.analysis.linkage.normalise import complete, count_names, normalise
from toolkit.progress import Progress, no_progress

__all__ = [
    "STEPS",
    "SWEEP",
    "THRESHOLD",
    "Linkage",
    "Options",
    "Progress",
    "compared_tables",
    "link",
    "link_lines",
    "resolve",
]

_log = logging.getLogger(__name__)

STEPS = ("read", "normalise", "group copies", "block", "train", "score", "cluster", "check clusters", "name clusters")
"""The steps of a linkage, in order, as passed to `progress`."""

THRESHOLD = 0.0
"""The match weight (log2 of the odds) from which a pair is linked: one person is more likely than two."""
SWEEP = 6
"""How many bits lower and higher the threshold is varied, to show what it changes."""

_PAIRS_A_CHUNK = 5_000_000
_ADDRESSES_BEFORE_BLOCKING = 500_000
"""Up to this many records, the addresses of all are normalised before blocking."""


class Options(TypedDict, total=False):
    """Options of a linkage."""

    model: Model
    """A trained model to use; without it, a model is trained on the records."""
    threshold: float
    """The match weight in bits from which a pair is linked; default `THRESHOLD`."""
    seed: int
    """The seed of the training samples; default 1."""
    threads: int
    """The number of threads of DuckDB; default all cores."""
    memory_limit: str
    """The memory limit of DuckDB (such as "3GB"); above it, DuckDB spills to a temporary directory."""
    keep_pairs: bool
    """Whether to keep every compared pair with its weight, for the evaluation."""
    progress: Progress
    """A function that is called at the start and at the end of each step, see `toolkit.progress`."""
    checkpoint_folder: Path
    """A folder for checkpoints, from which an interrupted linkage of the same records with the same options resumes.
    It holds personal data; the caller must delete it."""


@dataclass(frozen=True, slots=True)
class Linkage:
    """The result of a linkage.

    `clusters`: one row per record, the id and `person_cluster`. `model` and `threshold`: those used. `missing` and
    `blank`: the fields that the table lacks, and those that it has but are blank. `counts`: the number of records,
    pairs and people after each step. `sweep`: one row per threshold, `threshold` and `people`. `checked`: one row per
    size of connected component, from three representatives up, `size`, `components`, and how many of these the check of
    the clusters has `split`. `copies`: one row per exact copy of another record, `id` and `representative`, the record
    that was compared in its place. `placeholders`: the ids of the placeholder records (test entries and records without
    any name, birth date or number); each is a cluster by itself and does not count as a person. `pairs`, if kept: one
    row per compared pair of representatives, `id_l`, `id_r` and `weight`.
    """

    clusters: pl.DataFrame
    model: Model
    threshold: float
    missing: tuple[str, ...]
    blank: tuple[str, ...]
    counts: dict[str, int]
    sweep: pl.DataFrame
    checked: pl.DataFrame
    copies: pl.DataFrame
    placeholders: pl.Series
    pairs: pl.DataFrame | None = None


def resolve(
    records: object,
    *,
    id_column: str = "record_id",
    columns: Mapping[str, str] | None = None,
    **options: Unpack[Options],
) -> pl.DataFrame:
    """Assign each record of a table to a person, by probabilistic record linkage.

    `records` is any table (Polars, Arrow, pandas, Ibis, DuckDB) or the path of a Parquet or CSV file. It has one row
    per record, a unique id in `id_column`, and any of the columns `_input_table.FIELDS`; `columns` maps these names to
    the names in the table. Fields that are missing are not compared, and the logger of this module warns about them.
    The options are those of `Options`.

    Returns one row per record in the order of the ids: the id, and `person_cluster`, the smallest id of the records of
    the same person.
    """
    found = link(records, id_column=id_column, columns=columns, **options)
    if found.missing:
        _log.warning("These fields are missing from the table and were not compared: %s.", ", ".join(found.missing))
    return found.clusters


def link(
    records: object,
    *,
    id_column: str = "record_id",
    columns: Mapping[str, str] | None = None,
    **options: Unpack[Options],
) -> Linkage:
    """Do the same as `resolve`, and return the model, the counts and the other results of the linkage as well.

    The same records, seed and model give the same clusters with any number of threads.

    Raises `InputError` for a table that cannot be linked (see `_input_table.read`) and when there is not enough memory.
    """
    return _link(lambda con: read(con, records, id_column, columns), options)


def link_lines(lines: str, fields: Collection[str], **options: Unpack[Options]) -> Linkage:
    """Do the same as `link` for the lines of a leak; lines with the same record id are one record.

    `lines` is a DuckDB query for them (`Leak.lines_in_duckdb`), `fields` the columns that hold at least one value.
    """
    return _link(lambda con: read_lines(con, lines, fields), options)


def compared_tables(
    records: object, *, id_column: str = "record_id", columns: Mapping[str, str] | None = None
) -> dict[str, pa.Table]:
    """Return the tables that another engine needs to score the pairs.

    They are `ids`, `records`, `pairs`, `frequency_last` and `frequency_first`.
    """
    names = ("ids", "records", "pairs", "frequency_last", "frequency_first")
    with workspace() as con:
        _prepare(con, read(con, records, id_column, columns), _StepReporter(None), seed=1)
        return {name: con.sql(f"FROM {name}").to_arrow_table() for name in names}


def _link(read_into: Callable[[duckdb.DuckDBPyConnection], Presence], options: Options) -> Linkage:
    report_step = _StepReporter(options.get("progress"))
    seed, threshold = options.get("seed", 1), options.get("threshold", THRESHOLD)
    keep_pairs, folder = options.get("keep_pairs", False), options.get("checkpoint_folder")
    with workspace(options.get("threads"), options.get("memory_limit"), folder) as con:
        checkpoints = Checkpoints(con, folder)
        presence, representatives = _read_and_block(con, checkpoints, read_into, report_step, seed)
        report_step("train")
        model = options.get("model") or _trained(con, checkpoints, presence, representatives, seed)
        report_step("score")
        scorer = Scorer(con, model)
        _score(con, checkpoints, scorer, None if keep_pairs else threshold - SWEEP)
        report_step("cluster")
        label = _connect(con, presence.rows, threshold)
        report_step("check clusters")
        connected, label = label, _check_clusters(con, scorer, label, threshold)
        report_step("name clusters")
        ids = con.sql("FROM ids SELECT uid, id").pl().sort("uid")["id"]
        placeholders = ids.gather(con.sql("FROM placeholders ORDER BY uid").pl()["uid"]).rename("id")
        sweep = _sweep(con, label, threshold, len(placeholders))
        checked = _split_by_size(connected, label)
        copies = con.sql("FROM copies ORDER BY uid").pl()
        smallest = _with_copies(label, copies)
        counts = {
            "records": presence.rows,
            "placeholder records": len(placeholders),
            "representatives": representatives,
            "pairs compared": number(con, "SELECT count(*) FROM pairs"),
            "pairs linked": number(con, f"SELECT count(*) FROM scored WHERE weight >= {threshold}"),
            "people": int(np.count_nonzero(smallest == np.arange(len(smallest)))) - len(placeholders),
        }
        pairs = _kept_pairs(con, ids) if keep_pairs else None
    report_step.end()
    named = pl.DataFrame({presence.id_column: ids, "person_cluster": ids.gather(smallest)})
    copies = copies.select(id=ids.gather(copies["uid"]), representative=ids.gather(copies["representative"]))
    return Linkage(
        named, model, threshold, presence.missing, presence.blank, counts, sweep, checked, copies, placeholders, pairs
    )


_BLOCKED_TABLES = ("ids", "placeholders", "copies", "frequency_last", "frequency_first", "records", "pairs")


def _read_and_block(
    con: duckdb.DuckDBPyConnection,
    checkpoints: Checkpoints,
    read_into: Callable[[duckdb.DuckDBPyConnection], Presence],
    report_step: _StepReporter,
    seed: int,
) -> tuple[Presence, int]:
    """Create the tables to compare, or restore them, and return the fields and the number of representatives."""
    done = checkpoints.metadata("block")
    if done is not None:
        report_step("block")
        checkpoints.restore(*_BLOCKED_TABLES)
        return Presence.from_dict(done["presence"]), done["representatives"]
    report_step("read")
    presence = read_into(con)
    representatives = _prepare(con, presence, report_step, seed)
    checkpoints.save("block", {"presence": asdict(presence), "representatives": representatives}, *_BLOCKED_TABLES)
    return presence, representatives


def _trained(
    con: duckdb.DuckDBPyConnection, checkpoints: Checkpoints, presence: Presence, representatives: int, seed: int
) -> Model:
    """Train the model on the records, or restore it."""
    done = checkpoints.metadata("train")
    if done is not None:
        return Model.from_dict(done)
    model = train(con, initial_model(presence.fields, representatives), representatives, seed)
    checkpoints.save("train", asdict(model))
    return model


def _prepare(con: duckdb.DuckDBPyConnection, presence: Presence, report_step: _StepReporter, seed: int) -> int:
    """Create `records` and `pairs` from the view `raw`, and return the number of representatives."""
    report_step("normalise")
    normalise(con, presence.rows)
    separate_placeholders(con, presence.fields)
    report_step("group copies")
    representatives = group_copies(con)
    count_names(con)
    report_step("block")
    if representatives <= _ADDRESSES_BEFORE_BLOCKING:
        complete(con)
        candidate_pairs(con, "records", representatives)
    else:
        candidate_pairs(con, "identities", representatives)
        paired = "SELECT uid_l FROM pairs UNION SELECT uid_r FROM pairs"
        complete(con, f"{paired} UNION {training_uids(representatives, seed)}")
    con.execute("DROP TABLE identities")
    return representatives


class _StepReporter:
    """Reports each step as it begins, and its end when the next one begins or all are done."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress or no_progress
        self._current: str | None = None

    def __call__(self, step: str) -> None:
        self.end()
        self._progress(step, 0, 1)
        self._current = step

    def end(self) -> None:
        """Report the end of the current step."""
        if self._current is not None:
            self._progress(self._current, 1, 1)
            self._current = None


def _score(con: duckdb.DuckDBPyConnection, checkpoints: Checkpoints, scorer: Scorer, at_least: float | None) -> None:
    """Create the table `scored`, the pairs with their weights, a few million pairs at a time."""
    con.execute("CREATE TABLE scored (uid_l INTEGER, uid_r INTEGER, weight DOUBLE)")
    chunks = -(-number(con, "SELECT count(*) FROM pairs") // _PAIRS_A_CHUNK)
    for chunk in range(chunks):
        part = f"scored_{chunk}"
        if checkpoints.metadata(part) is not None:
            checkpoints.restore(part)
        else:
            scorer.score(f"SELECT uid_l, uid_r FROM pairs WHERE uid_l % {chunks} = {chunk}", part, at_least)
            checkpoints.save(part, {}, part)
        con.execute(f"INSERT INTO scored FROM {part}; DROP TABLE {part}")


def _edges(con: duckdb.DuckDBPyConnection, query: str) -> tuple[Ids, Ids, Weights]:
    columns = con.execute(query).fetchnumpy()
    return columns["uid_l"].astype(np.int64), columns["uid_r"].astype(np.int64), columns["weight"].astype(np.float64)


def _connect(con: duckdb.DuckDBPyConnection, rows: int, threshold: float) -> Ids:
    left, right, _ = _edges(con, f"SELECT * FROM scored WHERE weight >= {threshold}")
    return components(rows, left, right)


def _check_clusters(con: duckdb.DuckDBPyConnection, scorer: Scorer, label: Ids, threshold: float) -> Ids:
    """Score all pairs inside components of three or more records, and return the labels after the check."""
    sizes = np.bincount(label, minlength=len(label))
    members = np.flatnonzero(sizes[label] > 2)
    con.register("members", pl.DataFrame({"uid": members, "component": label[members]}).to_arrow())
    con.execute("CREATE TABLE grouped AS SELECT uid::INTEGER AS uid, component::INTEGER AS component FROM members")
    con.unregister("members")
    scorer.score(
        "SELECT l.uid AS uid_l, r.uid AS uid_r "
        "FROM grouped l JOIN grouped r ON l.component = r.component AND l.uid < r.uid",
        "inside",
    )
    return split_incoherent(label, *_edges(con, "SELECT * FROM inside ORDER BY uid_l, uid_r"), threshold)


def _split_by_size(connected: Ids, label: Ids) -> pl.DataFrame:
    """Count the connected components of three or more records, and how many were split, by size."""
    sizes = np.bincount(connected, minlength=len(connected))
    was_split = np.zeros(len(connected), dtype=np.bool_)
    was_split[connected[label != connected]] = True
    names = np.flatnonzero(sizes > 2)
    table = pl.DataFrame({"size": sizes[names], "split": was_split[names]})
    return table.group_by("size").agg(pl.len().alias("components"), pl.col("split").sum()).sort("size")


def _sweep(con: duckdb.DuckDBPyConnection, label: Ids, threshold: float, placeholders: int) -> pl.DataFrame:
    """Return the number of people at other thresholds: higher ones split the clusters, lower ones join them."""
    left, right, weight = _edges(con, f"SELECT * FROM scored WHERE weight >= {threshold - SWEEP} ORDER BY uid_l, uid_r")
    others = number(con, "SELECT count(*) FROM copies") + placeholders
    shifts = [float(shift) for shift in range(-SWEEP, SWEEP + 1)]
    people = [people_at(label, left, right, weight, threshold, threshold + shift) - others for shift in shifts]
    return pl.DataFrame({"threshold": [threshold + shift for shift in shifts], "people": people})


def _with_copies(label: Ids, copies: pl.DataFrame) -> Ids:
    """Return the smallest record of each cluster, where copies belong to the cluster of their representative."""
    complete_label = label.copy()
    complete_label[copies["uid"].to_numpy()] = label[copies["representative"].to_numpy()]
    return smallest_of(complete_label)


def _kept_pairs(con: duckdb.DuckDBPyConnection, ids: pl.Series) -> pl.DataFrame:
    scored: pl.DataFrame = con.sql("FROM scored ORDER BY uid_l, uid_r").pl()
    return scored.select(id_l=ids.gather(scored["uid_l"]), id_r=ids.gather(scored["uid_r"]), weight="weight")
