"""Every line of a leak in one of five strata, by how likely its comment is to be sensitive, before anybody reads one.

A was called sensitive; B was hit by the scan and then qualified out; C is the twentieth of the remaining comments that
comes first in a second reader's order; D is the rest; E is blank. The strata only spare work: whatever the readers
are worth, a sample drawn from all of them gives a share without bias.
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
from toolkit.analysis.comments import FOLDER, SecondReader, train_on_scan
from toolkit.dataset import Leak, collect, share, source_digest
from toolkit.dataset.cache import kept
from toolkit.errors import InputError

__all__ = ["People", "Strata", "annotated", "rules_digest", "strata"]

People: TypeAlias = pl.DataFrame | ir.Table | Key
"""Who is a person: a table with one row a record (`record_id`, `person_cluster`), or one of the exact keys."""

_DATA = FOLDER.parent / "data"
_TEXT = "administrative_comment"
_TOP = 0.05
"""The part of the comments that were not hit which goes to C."""


@dataclass(frozen=True, slots=True)
class Strata:
    """Every line of a leak in exactly one stratum.

    - texts: one row a distinct comment that is not blank: text (its number), administrative_comment, lines, stratum;
    - sizes: one row a stratum: stratum, meaning, texts, lines;
    - totals, the denominators: all lines, comments (lines that are not blank), records, and people where they are
      known;
    - lines: one row a line that is not blank: line_id, record_id, text, stratum, and person where people are known (the
      smallest id among their records with a comment; null for nobody); a table of the leak's engine, as long as the
      leak is open;
    - rules: `rules_digest` when they were made.
    """

    texts: pl.DataFrame
    sizes: pl.DataFrame
    totals: Mapping[str, int]
    lines: ir.Table
    rules: str


def strata(
    leak: Leak, *, texts: pl.DataFrame | None = None, second: SecondReader | None = None, people: People | None = None
) -> Strata:
    """Which lines may hide sensitive comments, by how likely that is?

    `texts` spares a second reading when `comments.read_texts` was called before. `second` fills C; unless
    given, one is trained on what the scan said (`comments.train_on_scan`). `people` is one of `keys.KEYS`, or a table
    with one row a record of this leak, as `duplicates.resolve` gives it; a record that it leaves out stands alone, and
    one whose `person_cluster` is null is nobody's and counts as no person.
    """
    read = comments.read_texts(leak) if texts is None else texts
    placed = _placed_by_scan(leak, read) if second is None else _Placed(_place(read, second), rules_digest(second))
    # An expression has no name under which what it says could be kept.
    put = _lines_in_strata if isinstance(people, ir.Table) else _kept_lines_in_strata
    # The denominators are those of the overview, which is asked of nearly every leak anyhow.
    told = comments.overview(leak, read).totals.select("denominator_unit", "denominator")
    whole = dict(told.iter_rows())
    totals = {"lines": whole["lines"], "records": whole["records"], "comments": whole["commented lines"]}
    lines, human = put(leak, placed.texts, people, totals["records"])
    if human is not None:
        totals["people"] = human
    return Strata(placed.texts, _sizes(placed.texts, totals["lines"]), totals, _lend(leak, lines), placed.rules)


class _Placed(NamedTuple):
    """The stratum of each text, as in `Strata`, and the rules that placed it."""

    texts: pl.DataFrame
    rules: str


class _Lines(NamedTuple):
    """The lines of `Strata`, and how many people there are in all, where they are known."""

    lines: pl.DataFrame
    people: int | None


@kept
def _placed_by_scan(_leak: Leak, read: pl.DataFrame) -> _Placed:
    """The texts placed by a second reader that is trained on what the scan said of them."""
    second = train_on_scan(read)
    return _Placed(_place(read, second), rules_digest(second))


def _lines_in_strata(leak: Leak, placed: pl.DataFrame, people: People | None, records: int) -> _Lines:
    """The lines that are not blank, each in the stratum of its text, with the people where they are known."""
    where = _lend(leak, placed.select(_TEXT, "text", "stratum"))
    commented = leak.lines.select("line_id", "record_id", _TEXT).inner_join(where, _TEXT).drop(_TEXT)
    lines = collect(commented, "line_id")
    if people is None:
        return _Lines(lines, None)
    told, whole = _people(leak, people, lines.select("record_id"), records)
    return _Lines(_with_people(lines, told), whole)


_kept_lines_in_strata = kept(_lines_in_strata)


def rules_digest(second: SecondReader) -> str:
    """A hash of the rules: the lexicon and other data of the reader, its code, and what the second reader was taught.

    Published with a sample, it proves that nothing was tuned after the draw.
    """
    code = Path(comments.__file__).parent.glob("*.py")
    files = [file for folder in (FOLDER, _DATA) for file in folder.rglob("*") if file.is_file()] + list(code)
    digest = hashlib.sha256(f"second reader:{second.taught}\n".encode())
    for file in sorted(files, key=lambda file: (file.parent.name, file.name)):
        digest.update(f"{file.name}:{source_digest(file)}\n".encode())
    return digest.hexdigest()


def _place(read: pl.DataFrame, second: SecondReader) -> pl.DataFrame:
    """The stratum of each text that is not blank, one row a text in the order of the texts, numbered in `text`."""
    numbered = read.sort(_TEXT).with_row_index("text").with_columns(pl.col("text").cast(pl.Int64))
    quiet = numbered.filter(~pl.col("sensitive"))
    looked = quiet.select("text", "lines", hit=pl.col("found") != "nothing", score=second.score(quiet[_TEXT]))
    # In the order of the texts where scores are equal: their numbers are sorted many times faster than they are.
    ranked = looked.filter(~pl.col("hit")).sort("score", "text", descending=[True, False])
    # A text goes to C while those before it hold less than C's part: C is never empty where there is one.
    before = pl.col("lines").cum_sum() - pl.col("lines")
    top = before < _TOP * pl.col("lines").sum()
    parts = [
        numbered.filter("sensitive").select("text", stratum=pl.lit(FLAGGED)),
        looked.filter("hit").select("text", stratum=pl.lit("B")),
        ranked.select("text", stratum=pl.when(top).then(pl.lit("C")).otherwise(pl.lit(REST))),
    ]
    return numbered.select("text", _TEXT, "lines").with_columns(pl.concat(parts).sort("text")["stratum"])


def _people(leak: Leak, people: People, commented: pl.DataFrame, records: int) -> tuple[pl.DataFrame, int]:
    """Whose the records with a comment are, `record_id` and what names the person, and how many people there are.

    Only the people of these records leave the engine.
    """
    if isinstance(people, Key):
        seen = people.seen(leak, "record_id")
        alone = seen.filter(~seen.has_key).aggregate(n=ibis._.record_id.nunique())
        groups = people.groups(leak).aggregate(n=ibis._.count())
        whole = sum(int(collect(counted, "n").item()) for counted in (alone, groups))
        keyed = seen.filter(seen.has_key).drop("has_key").semi_join(_lend(leak, commented), "record_id").distinct()
        return collect(keyed, keyed.columns).unique("record_id", keep="first", maintain_order=True), whole
    missing = [column for column in ("record_id", "person_cluster") if column not in people.columns]
    if missing:
        raise InputError(
            f"These columns were not found: {', '.join(missing)}; the table has {', '.join(people.columns)}."
        )
    clusters = people.select("record_id", "person_cluster")
    if isinstance(clusters, pl.DataFrame):
        named, known = (clusters[column].drop_nulls().n_unique() for column in ("person_cluster", "record_id"))
        return clusters.join(commented, on="record_id", how="semi"), named + records - known
    counted = clusters.aggregate(people=clusters.person_cluster.nunique(), records=clusters.record_id.nunique())
    row = collect(counted, "people").row(0, named=True)
    told = clusters.semi_join(_lend(leak, commented), "record_id")
    return collect(told, "record_id"), row["people"] + records - row["records"]


def _lend(leak: Leak, table: pl.DataFrame) -> ir.Table:
    # Spark knows no string views.
    return leak.lend(table.to_arrow(compat_level=pl.CompatLevel.oldest()))


def _with_people(lines: pl.DataFrame, told: pl.DataFrame) -> pl.DataFrame:
    """The lines with `person`: told by the record where it is left out, null where it is told to be nobody's.

    A person is the smallest of its records here, which no record that stands alone can be.
    """
    named = [name for name in told.columns if name != "record_id"]
    somebody = pl.all_horizontal(pl.col(named).is_not_null())
    first = pl.when(somebody).then(pl.col("record_id").min().over(named))
    persons = told.select("record_id", person=first, told=pl.lit(value=True))
    joined = lines.join(persons, on="record_id", how="left", maintain_order="left")
    return joined.select(lines.columns, person=pl.when("told").then("person").otherwise("record_id"))


def _sizes(placed: pl.DataFrame, lines: int) -> pl.DataFrame:
    counted = placed.group_by("stratum").agg(texts=pl.len().cast(pl.Int64), lines=pl.col("lines").sum())
    blank = pl.DataFrame({"stratum": [BLANK], "texts": [0], "lines": [lines - int(placed["lines"].sum())]})
    every = pl.DataFrame({"stratum": list(MEANINGS), "meaning": list(MEANINGS.values())})
    return every.join(pl.concat([counted, blank]), on="stratum", how="left", maintain_order="left").with_columns(
        pl.col("texts", "lines").fill_null(0)
    )


def annotated(planned: Strata) -> pl.DataFrame:
    """How many lines, records and people have a comment at all, sensitive or not?

    One row a unit: `unit`, `annotated`, `denominator`, `share`. Counted whole, so no interval belongs to it. It is what
    a report of "patients with a comment" counts, and many times the sensitive ones.
    """
    lines = planned.lines
    counts = {"lines": lines.count(), "records": lines.record_id.nunique()}
    if "person" in lines.columns:
        counts["people"] = lines.person.nunique()
    row = collect(lines.aggregate(**counts), "lines").row(0, named=True)
    rows = [(unit, row[unit], planned.totals[unit]) for unit in counts]
    table = pl.DataFrame(rows, schema=["unit", "annotated", "denominator"], orient="row")
    return table.with_columns(share("annotated", "denominator").alias("share"))
