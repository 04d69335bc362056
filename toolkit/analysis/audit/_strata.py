"""Assign every line of a leak to one of five strata by how likely its comment is to be sensitive.

A was called sensitive; B was hit by the scan and then qualified out; C is the twentieth of the remaining comments that
an n-gram model ranks first; D is the rest; E is blank. Strata only reduce the number of lines to read: however good the
scan and the model are, a sample drawn from all strata gives an unbiased share.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeAlias

import ibis
import ibis.expr.types as ir
import polars as pl

from toolkit.analysis import comments
from toolkit.analysis._keys import Key
from toolkit.analysis.audit._estimates import BLANK, FLAGGED, MEANINGS, REST
from toolkit.analysis.comments import FOLDER, NgramModel, train_on_scan
from toolkit.dataset import Leak, collect, share, source_digest
from toolkit.dataset.cache import cached
from toolkit.errors import InputError

__all__ = ["People", "Strata", "annotated", "rules_digest", "strata"]

People: TypeAlias = pl.DataFrame | ir.Table | Key
"""The person of each record: a table with one row per record (`record_id`, `person_cluster`), or an exact key."""

_DATA = FOLDER.parent / "data"
_TEXT = "administrative_comment"
_TOP = 0.05
"""The share of the comments without a hit that goes to C."""


@dataclass(frozen=True, slots=True)
class Strata:
    """The strata of a leak, with every line in exactly one.

    - texts: one row per distinct comment that is not blank: text (its number), administrative_comment, lines, stratum;
    - sizes: one row per stratum: stratum, meaning, texts, lines;
    - totals, the denominators: all lines, comments (lines that are not blank), records, and people where they are
      known;
    - lines: one row per line that is not blank: line_id, record_id, text, stratum, and person where people are known
      (the smallest id among their records with a comment; null for placeholder records); a table of the leak's engine,
      usable while the leak is open;
    - rules: the `rules_digest` at the time.
    """

    texts: pl.DataFrame
    sizes: pl.DataFrame
    totals: Mapping[str, int]
    lines: ir.Table
    rules: str


def strata(
    leak: Leak, *, texts: pl.DataFrame | None = None, model: NgramModel | None = None, people: People | None = None
) -> Strata:
    """Assign the lines of a leak to strata.

    Pass the result of `comments.read_texts` as `texts` to save the time of classifying again. `model` ranks the
    comments for C; by default it is trained on the results of the scan (`comments.train_on_scan`). `people` is one of
    `KEYS`, or a table with one row per record of this leak, as `duplicates.resolve` returns it. A record that is not in
    the table is a person of its own; one whose `person_cluster` is null is a placeholder record and not a person.
    """
    texts = comments.read_texts(leak) if texts is None else texts
    placed = _placed_by_scan(leak, texts) if model is None else _Placed(_place(texts, model), rules_digest(model))
    # The cache identifies an answer by its arguments, and an Ibis expression cannot be one of them.
    find_lines = _lines_in_strata if isinstance(people, ir.Table) else _cached_lines_in_strata
    # The overview has the denominators, and is in the cache of nearly every leak.
    denominators = dict(comments.overview(leak, texts).totals.select("denominator_unit", "denominator").iter_rows())
    totals = {
        "lines": denominators["lines"],
        "records": denominators["records"],
        "comments": denominators["commented lines"],
    }
    lines, number_of_people = find_lines(leak, placed.texts, people, totals["records"])
    if number_of_people is not None:
        totals["people"] = number_of_people
    return Strata(placed.texts, _sizes(placed.texts, totals["lines"]), totals, _register(leak, lines), placed.rules)


class _Placed(NamedTuple):
    """The stratum of each text, as in `Strata`, and the digest of the rules."""

    texts: pl.DataFrame
    rules: str


class _Lines(NamedTuple):
    """The lines of `Strata`, and the number of all people where they are known."""

    lines: pl.DataFrame
    people: int | None


@cached
def _placed_by_scan(_leak: Leak, texts: pl.DataFrame) -> _Placed:
    """Place the texts with an n-gram model that is trained on the results of the scan."""
    model = train_on_scan(texts)
    return _Placed(_place(texts, model), rules_digest(model))


def _lines_in_strata(leak: Leak, placed: pl.DataFrame, people: People | None, records: int) -> _Lines:
    """Return the lines that are not blank with their strata, and with their people where these are known."""
    strata_of_texts = _register(leak, placed.select(_TEXT, "text", "stratum"))
    commented = leak.lines.select("line_id", "record_id", _TEXT).inner_join(strata_of_texts, _TEXT).drop(_TEXT)
    lines = collect(commented, "line_id")
    if people is None:
        return _Lines(lines, None)
    people_of_records, number = _people(leak, people, lines.select("record_id"), records)
    return _Lines(_with_people(lines, people_of_records), number)


_cached_lines_in_strata = cached(_lines_in_strata)


def rules_digest(model: NgramModel) -> str:
    """Return a hash of the rules: the lexicon and other data, the code, and the training data of the n-gram model.

    Published with a sample, it proves that nothing was tuned after the draw.
    """
    code = Path(comments.__file__).parent.glob("*.py")
    files = [file for folder in (FOLDER, _DATA) for file in folder.rglob("*") if file.is_file()] + list(code)
    digest = hashlib.sha256(f"n-gram model:{model.training_digest}\n".encode())
    for file in sorted(files, key=lambda file: (file.parent.name, file.name)):
        digest.update(f"{file.name}:{source_digest(file)}\n".encode())
    return digest.hexdigest()


def _place(texts: pl.DataFrame, model: NgramModel) -> pl.DataFrame:
    """Return the stratum of each text that is not blank, one row per text, sorted by text and numbered in `text`."""
    numbered = texts.sort(_TEXT).with_row_index("text").with_columns(pl.col("text").cast(pl.Int64))
    unflagged = numbered.filter(~pl.col("sensitive"))
    scored = unflagged.select("text", "lines", hit=pl.col("found") != "nothing", score=model.score(unflagged[_TEXT]))
    # Ties are ordered by text. Sorting by the numbers of the texts is many times faster than by the texts.
    ranked = scored.filter(~pl.col("hit")).sort("score", "text", descending=[True, False])
    # A text goes to C while the texts before it have fewer lines than its share, so C has at least one.
    before = pl.col("lines").cum_sum() - pl.col("lines")
    top = before < _TOP * pl.col("lines").sum()
    parts = [
        numbered.filter("sensitive").select("text", stratum=pl.lit(FLAGGED)),
        scored.filter("hit").select("text", stratum=pl.lit("B")),
        ranked.select("text", stratum=pl.when(top).then(pl.lit("C")).otherwise(pl.lit(REST))),
    ]
    return numbered.select("text", _TEXT, "lines").with_columns(pl.concat(parts).sort("text")["stratum"])


def _people(leak: Leak, people: People, commented: pl.DataFrame, records: int) -> tuple[pl.DataFrame, int]:
    """Return the person of each record with a comment (`record_id` and identifying columns), and the number of people.

    Only the records with a comment are collected from the engine.
    """
    if isinstance(people, Key):
        seen = people.seen(leak, "record_id")
        without_key = seen.filter(~seen.has_key).aggregate(n=ibis._.record_id.nunique())
        groups = people.groups(leak).aggregate(n=ibis._.count())
        number = sum(int(collect(counted, "n").item()) for counted in (without_key, groups))
        keyed = seen.filter(seen.has_key).drop("has_key").semi_join(_register(leak, commented), "record_id").distinct()
        return collect(keyed, keyed.columns).unique("record_id", keep="first", maintain_order=True), number
    missing = [column for column in ("record_id", "person_cluster") if column not in people.columns]
    if missing:
        raise InputError(
            f"These columns were not found: {', '.join(missing)}; the table has {', '.join(people.columns)}."
        )
    clusters = people.select("record_id", "person_cluster")
    if isinstance(clusters, pl.DataFrame):
        persons, known = (clusters[column].drop_nulls().n_unique() for column in ("person_cluster", "record_id"))
        return clusters.join(commented, on="record_id", how="semi"), persons + records - known
    counted = clusters.aggregate(people=clusters.person_cluster.nunique(), records=clusters.record_id.nunique())
    row = collect(counted, "people").row(0, named=True)
    wanted = clusters.semi_join(_register(leak, commented), "record_id")
    return collect(wanted, "record_id"), row["people"] + records - row["records"]


def _register(leak: Leak, table: pl.DataFrame) -> ir.Table:
    # Spark does not support string views.
    return leak.register_table(table.to_arrow(compat_level=pl.CompatLevel.oldest()))


def _with_people(lines: pl.DataFrame, people_of_records: pl.DataFrame) -> pl.DataFrame:
    """Add `person` to the lines: null for placeholder records, the record itself where it is not in the table.

    A person is identified by the smallest of its records here, so its id differs from that of any single record.
    """
    identifying = [name for name in people_of_records.columns if name != "record_id"]
    is_person = pl.all_horizontal(pl.col(identifying).is_not_null())
    first = pl.when(is_person).then(pl.col("record_id").min().over(identifying))
    persons = people_of_records.select("record_id", person=first, listed=pl.lit(value=True))
    joined = lines.join(persons, on="record_id", how="left", maintain_order="left")
    return joined.select(lines.columns, person=pl.when("listed").then("person").otherwise("record_id"))


def _sizes(placed: pl.DataFrame, lines: int) -> pl.DataFrame:
    counted = placed.group_by("stratum").agg(texts=pl.len().cast(pl.Int64), lines=pl.col("lines").sum())
    blank = pl.DataFrame({"stratum": [BLANK], "texts": [0], "lines": [lines - int(placed["lines"].sum())]})
    every = pl.DataFrame({"stratum": list(MEANINGS), "meaning": list(MEANINGS.values())})
    return every.join(pl.concat([counted, blank]), on="stratum", how="left", maintain_order="left").with_columns(
        pl.col("texts", "lines").fill_null(0)
    )


def annotated(planned: Strata) -> pl.DataFrame:
    """Count the lines, records and people with any comment, sensitive or not.

    One row per unit: `unit`, `annotated`, `denominator`, `share`. All lines are counted, so there is no interval. A
    report of "patients with a comment" gives these numbers, which are many times those of sensitive comments.
    """
    lines = planned.lines
    counts = {"lines": lines.count(), "records": lines.record_id.nunique()}
    if "person" in lines.columns:
        counts["people"] = lines.person.nunique()
    row = collect(lines.aggregate(**counts), "lines").row(0, named=True)
    rows = [(unit, row[unit], planned.totals[unit]) for unit in counts]
    table = pl.DataFrame(rows, schema=["unit", "annotated", "denominator"], orient="row")
    return table.with_columns(share("annotated", "denominator").alias("share"))
