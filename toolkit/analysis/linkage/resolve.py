"""Which records are about one person: any table in, one cluster a person out."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypedDict, Unpack

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa

from toolkit.analysis.linkage import _blocking as blocking
from toolkit.analysis.linkage import _clusters as clusters
from toolkit.analysis.linkage import _input_table as tables
from toolkit.analysis.linkage import _placeholders as entries
from toolkit.analysis.linkage import normalise
from toolkit.analysis.linkage._model import Model, initial_model
from toolkit.analysis.linkage._pair_scoring import Scorer
from toolkit.analysis.linkage._sql import number
from toolkit.analysis.linkage._training import train, training_uids
from toolkit.analysis.linkage._workspace import KeptSteps, workspace

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


class Options(TypedDict, total=False):
    """What may be said of how to link, all of it optional."""

    model: Model
    """A trained model; with it nothing is learned."""
    threshold: float
    """Weight in bits from which a pair is one person; `THRESHOLD` unless told."""
    seed: int
    """Of the samples that the model learns from; 1 unless told."""
    threads: int
    """Of DuckDB; all cores unless told."""
    memory_limit: str
    """Of DuckDB ("3GB"), which spills to a temporary directory."""
    keep_pairs: bool
    """Keep every compared pair with its weight, for `evaluation`."""
    progress: Progress
    """Hears of each step as it begins."""
    keep_in: Path
    """Folder in which finished steps are kept: an interrupted linkage of the same records with the same options goes
    on from them.  It holds personal data, and is the caller's to remove."""


@dataclass(frozen=True, slots=True)
class Linkage:
    """What a linkage found.

    `clusters`: one row a record, the id and `person_cluster`.  `model` and `threshold`: what decided.  `missing` and
    `blank`: the fields that the table lacks, and those that it has and leaves blank.  `counts`: the size of each
    step.  `sweep`: one row a threshold, `threshold` and `people`.  `checked`: one row a size of connected component,
    from three representatives up, `size`, `components`, and how many of them the check from within has `split`.
    `copies`: one row a record that says the same as another, `id` and `representative`, the record that was compared
    in its place.  `nobody`: the ids of the records on which no name, no birth date and no number is left once
    placeholders are taken away (test entries); each is a cluster by itself and is not counted among the people.
    `pairs`, when kept: one row a compared pair of representatives, `id_l`, `id_r` and `weight`.
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
    nobody: pl.Series
    pairs: pl.DataFrame | None = None


def resolve(
    records: object,
    *,
    id_column: str = "record_id",
    columns: Mapping[str, str] | None = None,
    **options: Unpack[Options],
) -> pl.DataFrame:
    """Which records are about one person.

    `records` is any table (Polars, Arrow, pandas, Ibis, DuckDB) or the path of a Parquet or CSV file, one row a
    record, with an id that does not repeat in `id_column` and any subset of the columns `tables.FIELDS`; `columns`
    maps those names to foreign ones.  Comparisons whose columns are missing are left out, and a warning of the
    logger of this module names them.  The options are those of `link`.

    Returns one row a record in the order of its id: the id, and `person_cluster`, the smallest id of the records
    that are about the same person.
    """
    found = link(records, id_column=id_column, columns=columns, **options)
    if found.missing:
        _log.warning("Compared without %s, which the table does not have.", ", ".join(found.missing))
    return found.clusters


def link(
    records: object,
    *,
    id_column: str = "record_id",
    columns: Mapping[str, str] | None = None,
    **options: Unpack[Options],
) -> Linkage:
    """As `resolve`, with all that was learned on the way.

    The same records, seed and model give the same clusters with any number of threads.

    Raises `InputError` for a table that cannot be linked (`tables.read`) and when memory does not suffice.
    """
    return _link(lambda con: tables.read(con, records, id_column, columns), options)


def link_lines(files: Sequence[Path], **options: Unpack[Options]) -> Linkage:
    """As `link`, of the lines of a leak in these Parquet files: lines with one record id are one record."""
    return _link(lambda con: tables.read_lines(con, files), options)


def compared_tables(
    records: object, *, id_column: str = "record_id", columns: Mapping[str, str] | None = None
) -> dict[str, pa.Table]:
    """What a linkage compares, for another engine to score: `ids`, `records`, `pairs`, two `frequency_` tables."""
    names = ("ids", "records", "pairs", "frequency_last", "frequency_first")
    with workspace() as con:
        _prepare(con, tables.read(con, records, id_column, columns), _Teller(None), seed=1)
        return {name: con.sql(f"FROM {name}").to_arrow_table() for name in names}


def _link(read: Callable[[duckdb.DuckDBPyConnection], tables.Presence], options: Options) -> Linkage:
    tell = _Teller(options.get("progress"))
    seed, threshold = options.get("seed", 1), options.get("threshold", THRESHOLD)
    keep_pairs, folder = options.get("keep_pairs", False), options.get("keep_in")
    with workspace(options.get("threads"), options.get("memory_limit"), folder) as con:
        kept = KeptSteps(con, folder)
        presence, representatives = _compared(con, kept, read, tell, seed)
        tell("train")
        model = options.get("model") or _trained(con, kept, presence, representatives, seed)
        tell("score")
        scorer = Scorer(con, model)
        _score(con, kept, scorer, None if keep_pairs else threshold - SWEEP)
        tell("cluster")
        label = _connected(con, presence.rows, threshold)
        tell("check from within")
        connected, label = label, _checked(con, scorer, label, threshold)
        tell("name")
        ids = con.sql("FROM ids SELECT uid, id").pl().sort("uid")["id"]
        nobody = ids.gather(con.sql("FROM nobody ORDER BY uid").pl()["uid"]).rename("id")
        sweep = _swept(con, label, threshold, len(nobody))
        checked = _told_apart(connected, label)
        copies = con.sql("FROM copies ORDER BY uid").pl()
        smallest = _with_copies(label, copies)
        counts = {
            "records": presence.rows,
            "entries of nobody": len(nobody),
            "representatives": representatives,
            "pairs compared": number(con, "SELECT count(*) FROM pairs"),
            "pairs linked": number(con, f"SELECT count(*) FROM scored WHERE weight >= {threshold}"),
            "people": int(np.count_nonzero(smallest == np.arange(len(smallest)))) - len(nobody),
        }
        pairs = _kept_pairs(con, ids) if keep_pairs else None
    named = pl.DataFrame({presence.id_column: ids, "person_cluster": ids.gather(smallest)})
    copies = copies.select(id=ids.gather(copies["uid"]), representative=ids.gather(copies["representative"]))
    return Linkage(
        named, model, threshold, presence.missing, presence.blank, counts, sweep, checked, copies, nobody, pairs
    )


_COMPARED = ("ids", "nobody", "copies", "frequency_last", "frequency_first", "records", "pairs")


def _compared(
    con: duckdb.DuckDBPyConnection,
    kept: KeptSteps,
    read: Callable[[duckdb.DuckDBPyConnection], tables.Presence],
    tell: _Teller,
    seed: int,
) -> tuple[tables.Presence, int]:
    """What there is to compare, and how many representatives: made now, or as an interrupted linkage left it."""
    done = kept.facts("block")
    if done is not None:
        tell("block")
        kept.restore(*_COMPARED)
        return tables.Presence.from_facts(done["presence"]), done["representatives"]
    tell("read")
    presence = read(con)
    representatives = _prepare(con, presence, tell, seed)
    kept.keep("block", {"presence": asdict(presence), "representatives": representatives}, *_COMPARED)
    return presence, representatives


def _trained(
    con: duckdb.DuckDBPyConnection, kept: KeptSteps, presence: tables.Presence, representatives: int, seed: int
) -> Model:
    """The model learned from the records: now, or by an interrupted linkage."""
    done = kept.facts("train")
    if done is not None:
        return Model.from_facts(done)
    model = train(con, initial_model(presence.fields, representatives), representatives, seed)
    kept.keep("train", asdict(model))
    return model


def _prepare(con: duckdb.DuckDBPyConnection, presence: tables.Presence, tell: _Teller, seed: int) -> int:
    """Make `records` and `pairs` of what was read; returns how many representatives there are."""
    tell("normalise")
    normalise.normalise(con, presence.rows)
    entries.set_nobody_apart(con, presence.fields)
    tell("group copies")
    representatives = entries.group_copies(con)
    normalise.count_bearers(con)
    tell("block")
    if representatives <= _WHOLE:
        normalise.complete(con)
        blocking.candidate_pairs(con, "records", representatives)
    else:
        blocking.candidate_pairs(con, "identities", representatives)
        paired = "SELECT uid_l FROM pairs UNION SELECT uid_r FROM pairs"
        normalise.complete(con, f"{paired} UNION {training_uids(representatives, seed)}")
    con.execute("DROP TABLE identities")
    return representatives


class _Teller:
    """Tells the listener, if there is one, which step begins."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress

    def __call__(self, step: str) -> None:
        if self._progress is not None:
            self._progress(step, STEPS.index(step), len(STEPS))


def _score(con: duckdb.DuckDBPyConnection, kept: KeptSteps, scorer: Scorer, at_least: float | None) -> None:
    """The table `scored`: the pairs with their weights, scored a few million at a time."""
    con.execute("CREATE TABLE scored (uid_l INTEGER, uid_r INTEGER, weight DOUBLE)")
    chunks = -(-number(con, "SELECT count(*) FROM pairs") // _PAIRS_A_CHUNK)
    for chunk in range(chunks):
        part = f"scored_{chunk}"
        if kept.facts(part) is not None:
            kept.restore(part)
        else:
            scorer.score(f"SELECT uid_l, uid_r FROM pairs WHERE uid_l % {chunks} = {chunk}", part, at_least)
            kept.keep(part, {}, part)
        con.execute(f"INSERT INTO scored FROM {part}; DROP TABLE {part}")


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
    scorer.score(
        "SELECT l.uid AS uid_l, r.uid AS uid_r "
        "FROM grouped l JOIN grouped r ON l.component = r.component AND l.uid < r.uid",
        "inside",
    )
    return clusters.split_incoherent(label, *_edges(con, "SELECT * FROM inside ORDER BY uid_l, uid_r"), threshold)


def _told_apart(connected: clusters.Ids, label: clusters.Ids) -> pl.DataFrame:
    """Of the connected components of three records or more, by size, how many were split."""
    sizes = np.bincount(connected, minlength=len(connected))
    parted = np.zeros(len(connected), dtype=np.bool_)
    parted[connected[label != connected]] = True
    names = np.flatnonzero(sizes > 2)
    table = pl.DataFrame({"size": sizes[names], "split": parted[names]})
    return table.group_by("size").agg(pl.len().alias("components"), pl.col("split").sum()).sort("size")


def _swept(con: duckdb.DuckDBPyConnection, label: clusters.Ids, threshold: float, nobody: int) -> pl.DataFrame:
    """How many people other thresholds would find: stricter ones part the clusters, laxer ones join them."""
    left, right, weight = _edges(con, f"SELECT * FROM scored WHERE weight >= {threshold - SWEEP} ORDER BY uid_l, uid_r")
    others = number(con, "SELECT count(*) FROM copies") + nobody
    shifts = [float(shift) for shift in range(-SWEEP, SWEEP + 1)]
    people = [clusters.people_at(label, left, right, weight, threshold, threshold + shift) - others for shift in shifts]
    return pl.DataFrame({"threshold": [threshold + shift for shift in shifts], "people": people})


def _with_copies(label: clusters.Ids, copies: pl.DataFrame) -> clusters.Ids:
    """For each record the smallest of its cluster, copies with the record that stood for them."""
    whole = label.copy()
    whole[copies["uid"].to_numpy()] = label[copies["representative"].to_numpy()]
    return clusters.smallest_of(whole)


def _kept_pairs(con: duckdb.DuckDBPyConnection, ids: pl.Series) -> pl.DataFrame:
    scored: pl.DataFrame = con.sql("FROM scored ORDER BY uid_l, uid_r").pl()
    return scored.select(id_l=ids.gather(scored["uid_l"]), id_r=ids.gather(scored["uid_r"]), weight="weight")
