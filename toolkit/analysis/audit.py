"""An honest share: a sample of lines that people read, and what it says of the whole leak.

A count of hits is no share: the scan misses some comments and takes others for what they are not. So every line of the
dump is put in one stratum (`strata`), lines of each are drawn by a published seed (`draw`), a reviewer judges them
(`toolkit.labelling`, or on invented data the truth: `label`), and `estimate` gives the shares with intervals. Two
reviewers are compared by `kappa`. `coverage` repeats all of it with the truth as reviewer, to see whether the intervals
hold what they promise.

Freeze the rules before drawing, and never tune them on an audit sample: a sample that taught the scan cannot judge it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import ibis
import ibis.expr.types as ir
import polars as pl

from toolkit.analysis import comments
from toolkit.analysis.audit_estimates import (
    ANSWERS,
    BLANK,
    FLAGGED,
    MEANINGS,
    REST,
    Agreement,
    Estimate,
    Sample,
    allocate,
    coverage_of,
    estimate,
    kappa,
)
from toolkit.analysis.comments.folding import fold
from toolkit.analysis.comments.lexicon import FOLDER, load_lexicon
from toolkit.analysis.comments.ranking import Ranker
from toolkit.analysis.comments.scan import find_entries
from toolkit.analysis.results import collect
from toolkit.errors import InputError
from toolkit.leak import Leak

__all__ = [
    "ANSWERS",
    "FLOOR",
    "SIZE",
    "Agreement",
    "Estimate",
    "Sample",
    "Strata",
    "coverage",
    "draw",
    "estimate",
    "kappa",
    "label",
    "rules_digest",
    "strata",
]

SIZE = 3_000
"""Lines in a sample, unless told: two reviewers read them in a few days."""
FLOOR = 1_000
"""Lines of D in a sample, at the least: finding none in 1,000 still allows three in a thousand."""

_TEXT = "administrative_comment"
_TOP = 0.05
"""The part of the comments that were not hit which goes to C."""
_BATCH = 200_000


@dataclass(frozen=True, slots=True)
class Strata:
    """Every line of a leak in exactly one stratum.

    - texts: one row a distinct comment that is not blank: administrative_comment, lines, stratum;
    - sizes: one row a stratum: stratum, meaning, texts, lines, comments (lines that are not blank), records (that have
      a line in it; a record may have lines in two);
    - totals: all lines, comments, records, and people where a key was given: the denominators;
    - lines: one row a line that is not blank: line_id, record_id, administrative_comment, stratum, and person where a
      key was given; an expression, as long as the leak is large;
    - rules: `rules_digest` when they were made.
    """

    texts: pl.DataFrame
    sizes: pl.DataFrame
    totals: Mapping[str, int]
    lines: ir.Table
    rules: str


def strata(
    leak: Leak,
    *,
    texts: pl.DataFrame | None = None,
    ranker: Ranker | None = None,
    people: pl.DataFrame | ir.Table | None = None,
) -> Strata:
    """Which lines may hide sensitive comments, by how likely that is?

    A was called sensitive; B was hit by the scan and then qualified out; C is the twentieth of the remaining comments
    that comes first in the second reader's order; D is the rest; E is blank. Without a `ranker` (of
    `comments.ranking.train`), the longest texts that stand on one line alone come first: stock phrases are harmless,
    and long notes have more room for a word the lexicon lacks.

    `texts` spares a second reading when `comments.read_texts` was called before. `people` has one row a record:
    `record_id` and `person_cluster`, as `duplicates.resolve` gives them; a record it leaves out stands alone.
    """
    read = comments.read_texts(leak) if texts is None else texts
    placed = _place(read, ranker)
    lines = leak.lines if people is None else _with_people(leak, people)
    blank = lines[_TEXT].isnull() | (lines[_TEXT].strip() == "")
    columns = ["line_id", "record_id", _TEXT, *(["person"] if people is not None else [])]
    where = ibis.memtable(placed.select(_TEXT, "stratum"))
    commented = lines.filter(~blank).select(*columns).inner_join(where, _TEXT).select(*columns, "stratum")
    counted = {"lines": lines.count(), "records": lines.record_id.nunique(), "comments": (~blank).sum().coalesce(0)}
    if people is not None:
        counted["people"] = lines.person.nunique()
    totals = collect(lines.aggregate(**counted), "lines").row(0, named=True)
    blank_records = int(collect(lines.filter(blank).aggregate(n=lines.record_id.nunique()), "n").item())
    return Strata(placed, _sizes(placed, commented, totals, blank_records), totals, commented, rules_digest())


def draw(planned: Strata, size: int = SIZE, seed: int = 1, *, floor: int = FLOOR) -> Sample:
    """Which lines should be read? `size` lines, by Neyman allocation with at least `floor` of them from D.

    In each stratum the lines with the smallest SHA-256 of "seed:line_id" are taken: whoever has the leak and the seed
    draws the same ones, on any engine. They are read in the order of that hash, which mixes the strata.
    Raises `InputError` when `size` is below the floors.
    """
    lines = dict(planned.sizes.select("stratum", "lines").iter_rows())
    read = allocate(lines, size, floor)
    sizes = planned.sizes.with_columns(sampled=pl.col("stratum").replace_strict(read, default=0, return_dtype=pl.Int64))
    drawn = _smallest(planned.lines, seed, lines, read).with_columns(unit=pl.col("line_id").first().over(_TEXT))
    units = drawn.select("line_id", "unit", "stratum", _TEXT)
    kin = []
    for per, column, own in (("records", "record_id", "record_lines"), ("people", "person", "person_lines")):
        if column in drawn.columns:
            same, other = _kin(planned.lines, drawn, column)
            units = units.join(same.rename({"lines": own}), on="line_id", maintain_order="left")
            kin.append(other.with_columns(per=pl.lit(per)))
    return Sample(units, _numbered(pl.concat(kin), units), sizes, planned.totals, seed, planned.rules)


def label(
    sample: Sample, leak: Leak, *, reviewer: str = "truth", error_rate: float = 0.0, seed: int = 1
) -> pl.DataFrame:
    """What does the truth say of each comment of the sample? For invented data, where it can play the reviewer.

    One row a comment: `unit`, `answer` ("sensitive" or "not"), `categories` (list of str). With an `error_rate` it is
    wrong about that part of the comments, chosen by SHA-256 of "mistake:seed:unit": two seeds make two reviewers.
    Raises `InputError` for any other reviewer (people fill in `toolkit.labelling.LabellingSheet`), or for a rate that
    is none.
    """
    if reviewer != "truth":
        raise InputError(
            f"There is no reviewer {reviewer!r} on hand, only 'truth': "
            "a person fills in toolkit.labelling.LabellingSheet, whose `labels` take the place of these."
        )
    if not 0 <= error_rate <= 1:
        raise InputError(f"An error rate of {error_rate} is not between 0 and 1: give for example 0.02.")
    units = sample.to_judge(sample.units["unit"].to_list()).select("unit")
    truth = leak.truth.select("line_id", "comment_sensitive", "comment_category")
    known = collect(truth.semi_join(ibis.memtable(units.select(line_id="unit")), "line_id"), "line_id")
    # Not the key of `draw`: the lines drawn are those whose numbers there are small.
    wrong = [_fraction(f"mistake:{seed}:{unit}") < error_rate for unit in units["unit"]]
    sensitive = pl.col("comment_sensitive") != pl.col("wrong")
    told = pl.col("comment_category").fill_null("").str.split("|").list.filter(pl.element() != "")
    labels = (
        units.with_columns(wrong=pl.Series(wrong, dtype=pl.Boolean))
        .join(known, left_on="unit", right_on="line_id", how="left", maintain_order="left")
        .select(
            "unit",
            answer=pl.when(sensitive).then(pl.lit("sensitive")).otherwise(pl.lit("not")),
            categories=pl.when(sensitive).then(told).otherwise(pl.lit([], dtype=pl.List(pl.String))),
        )
    )
    found = labels.filter(pl.col("answer") == "sensitive")["unit"].to_list()
    return labels.join(sample.to_judge(found), on="unit", how="semi", maintain_order="left")


def coverage(
    leak: Leak, planned: Strata | None = None, *, seeds: int = 200, size: int = SIZE, floor: int = FLOOR
) -> pl.DataFrame:
    """How often does the interval of an audit hold the true share? Of a nominal 95 %, it should be near 95 %.

    The audit is repeated with sampling seeds 1 to `seeds`, the truth as reviewer; the leak is read once. Columns as
    `audit_estimates.coverage_of` gives them: one row for the share of lines, one for the recall of the scan.
    """
    planned = strata(leak) if planned is None else planned
    lines = dict(planned.sizes.select("stratum", "lines").iter_rows())
    truth = leak.truth.filter(leak.truth.comment_sensitive).select("line_id")
    met = planned.lines.semi_join(truth, "line_id").group_by("stratum").aggregate(n=ibis._.count())
    sensitive = dict.fromkeys(MEANINGS, 0) | dict(collect(met, "stratum").iter_rows())
    return coverage_of(lines, sensitive, seeds, size, floor)


def rules_digest() -> str:
    """A hash of the rules: the lexicon's files, and the code that reads them.

    Published with a sample, it proves that nothing was tuned after the draw.
    """
    files = [file for file in FOLDER.iterdir() if file.is_file()] + list(Path(comments.__file__).parent.glob("*.py"))
    digest = hashlib.sha256()
    for file in sorted(files, key=lambda file: file.name):
        digest.update(f"{file.name}:{hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


def _place(read: pl.DataFrame, ranker: Ranker | None) -> pl.DataFrame:
    """The stratum of each text that is not blank, one row a text in the order of the texts."""
    quiet = read.filter(~pl.col("sensitive")).select(_TEXT, "lines")
    hit = quiet.join(_hit(quiet[_TEXT]), on=_TEXT, how="semi")
    ranked = _ranked(quiet.join(hit, on=_TEXT, how="anti"), ranker)
    # A text goes to C while those before it hold less than C's part: C is never empty where there is one.
    before = pl.col("lines").cum_sum() - pl.col("lines")
    top = ranked.filter(before < _TOP * pl.col("lines").sum())
    parts = {
        FLAGGED: read.filter("sensitive").select(_TEXT, "lines"),
        "B": hit,
        "C": top,
        REST: ranked.join(top, on=_TEXT, how="anti"),
    }
    return pl.concat([part.with_columns(stratum=pl.lit(name)) for name, part in parts.items()]).sort(_TEXT)


def _hit(texts: pl.Series) -> pl.DataFrame:
    """Which texts hold a complete entry of the lexicon, whatever the words around it say? One row a text."""
    lexicon = load_lexicon()
    found = []
    for at in range(0, len(texts), _BATCH):
        batch = texts.slice(at, _BATCH).to_frame().with_row_index("text").with_columns(folded=fold(pl.col(_TEXT)))
        hits = find_entries(batch.select("text", "folded"), lexicon)
        found.append(batch.join(hits, on="text", how="semi").select(_TEXT))
    return pl.concat([texts.clear().to_frame(), *found])


def _ranked(texts: pl.DataFrame, ranker: Ranker | None) -> pl.DataFrame:
    """Texts that were not hit, most suspicious first; the text itself settles ties."""
    if ranker is not None:
        scored = texts.with_columns(score=ranker.score(texts[_TEXT]))
        return scored.sort("score", _TEXT, descending=[True, False]).drop("score")
    stock = pl.col("lines") > 1
    return texts.sort(stock, pl.col(_TEXT).str.len_chars(), _TEXT, descending=[False, True, False])


def _with_people(leak: Leak, people: pl.DataFrame | ir.Table) -> ir.Table:
    """The lines with `person`: the cluster of their record, or the record itself where it has none."""
    missing = [column for column in ("record_id", "person_cluster") if column not in people.columns]
    if missing:
        raise InputError(
            f"These columns were not found: {', '.join(missing)}; the table has {', '.join(people.columns)}."
        )
    clusters = ibis.memtable(people) if isinstance(people, pl.DataFrame) else people
    lines = leak.lines.select("line_id", "record_id", _TEXT)
    joined = lines.left_join(clusters.select("record_id", "person_cluster"), "record_id")
    cluster, record = joined.person_cluster.cast("string"), joined.record_id.cast("string")
    person = ibis.cases(
        (joined.person_cluster.notnull(), ibis.literal("c") + cluster), else_=ibis.literal("r") + record
    )
    return joined.select("line_id", "record_id", _TEXT, person=person)


def _sizes(placed: pl.DataFrame, commented: ir.Table, totals: Mapping[str, int], blank_records: int) -> pl.DataFrame:
    counted = placed.group_by("stratum").agg(texts=pl.len().cast(pl.Int64), comments=pl.col("lines").sum())
    by_stratum = commented.group_by("stratum").aggregate(records=commented.record_id.nunique())
    blank = totals["lines"] - totals["comments"]
    return (
        pl.DataFrame({"stratum": list(MEANINGS), "meaning": list(MEANINGS.values())})
        .join(counted, on="stratum", how="left", maintain_order="left")
        .join(collect(by_stratum, "stratum"), on="stratum", how="left", maintain_order="left")
        .with_columns(pl.col("texts", "comments", "records").fill_null(0))
        .with_columns(
            lines=pl.when(pl.col("stratum") == BLANK).then(blank).otherwise("comments"),
            records=pl.when(pl.col("stratum") == BLANK).then(blank_records).otherwise("records"),
        )
        .select("stratum", "meaning", "texts", "lines", "comments", "records")
    )


def _smallest(lines: ir.Table, seed: int, held: Mapping[str, int], read: Mapping[str, int]) -> pl.DataFrame:
    """In each stratum, the lines with the smallest keys, as many as are to be read; all in the order of their keys.

    Keys are uniform, so those under a cut far enough above the wanted share hold them all, and only these leave the
    engine: with ten standard deviations to spare, less than one draw in 10^15 would come short.
    """
    key = (ibis.literal(f"{seed}:") + lines.line_id.cast("string")).hexdigest("sha256")
    cuts = [(lines.stratum == name, _cut(wanted, held[name])) for name, wanted in read.items()]
    near = lines.mutate(key=key, cut=ibis.cases(*cuts, else_="")).filter(ibis._.key < ibis._.cut).drop("cut")
    drawn = collect(near, "key")
    wanted = pl.col("stratum").replace_strict(dict(read), return_dtype=pl.Int64)
    return drawn.filter(pl.int_range(pl.len()).over("stratum") < wanted)


def _cut(wanted: int, held: int) -> str:
    """The hexadecimal number under which the smallest `wanted` of `held` uniform keys lie."""
    if not wanted:
        return ""
    share = (wanted + 10 * wanted**0.5 + 50) / held
    return "g" if share >= 1 else f"{int(share * 2**48):012x}"


def _kin(lines: ir.Table, drawn: pl.DataFrame, column: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The comments of the record or person of each drawn line: those that are the same as the line's, and others.

    The first has `line_id` and `lines`; the second `line_id`, the comment, `first` (line of it) and `lines`.
    """
    wanted = ibis.memtable(drawn.select(column).unique(maintain_order=True))
    around = lines.semi_join(wanted, column).group_by(column, other=_TEXT)
    told = collect(around.aggregate(first=ibis._.line_id.min(), lines=ibis._.count()), "first")
    all_kin = drawn.select("line_id", column, _TEXT).join(told, on=column, maintain_order="left_right")
    same = pl.col("other") == pl.col(_TEXT)
    other = all_kin.filter(~same).select("line_id", "first", "lines", pl.col("other").alias(_TEXT))
    return all_kin.filter(same).select("line_id", "lines"), other


def _numbered(kin: pl.DataFrame, units: pl.DataFrame) -> pl.DataFrame:
    """The other comments with their `unit`: that of a drawn line with the same comment, or else a line of theirs."""
    drawn = units.select(_TEXT, "unit").unique(_TEXT)
    return (
        kin.join(drawn, on=_TEXT, how="left", maintain_order="left")
        .with_columns(unit=pl.coalesce("unit", pl.col("first").min().over(_TEXT)))
        .select("line_id", "per", "unit", _TEXT, "lines")
    )


def _fraction(name: str) -> float:
    """A number from 0 to 1 that depends on `name` alone."""
    return int(hashlib.sha256(name.encode()).hexdigest()[:13], 16) / 16**13
