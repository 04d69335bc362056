"""How right were the answers? What was said, against the truth that was planted.

With `audit` and `linkage.judging`, the only modules of the analyst that read `leak.truth`. On a real leak scores have
no use: there the samples of `audit` take their place. Scores on invented data prove the method, not the leak.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
import polars as pl

from toolkit.analysis.public_figures import TIERS
from toolkit.dataset import Leak, collect, share
from toolkit.errors import InputError

__all__ = [
    "misleading_comments",
    "score_categories",
    "score_clusters",
    "score_comments",
    "score_counts",
    "score_notes",
    "score_public_figures",
    "wrong_hits",
]


def score_counts(leak: Leak, said: pl.DataFrame) -> pl.DataFrame:
    """How far are the counts of `counts.overview` from the truth?

    One row a quantity the truth knows: `quantity`, `said`, `true`, `error` (said less true), `relative_error` (error
    over true). A number of people by any key is compared with the number of human beings.
    """
    truth = leak.truth
    known = collect(
        truth.aggregate(
            lines=truth.count(),
            records=truth.record_id.nunique(),
            repeated_lines=truth.repeated_line.sum().coalesce(0),
            people=truth.person_id.nunique(),
        ),
        "lines",
    ).row(0, named=True)
    by_quantity = [
        (quantity, known["people" if quantity.startswith("people_by_") else quantity])
        for quantity in said["quantity"]
        if quantity.startswith("people_by_") or quantity in known
    ]
    true = pl.DataFrame(by_quantity, schema={"quantity": pl.String, "true": pl.Int64}, orient="row")
    return (
        true.join(said.select("quantity", said="value"), on="quantity", how="left", maintain_order="left")
        .with_columns(error=pl.col("said") - pl.col("true"))
        .with_columns(share("error", "true").alias("relative_error"))
        .select("quantity", "said", "true", "error", "relative_error")
    )


def score_comments(leak: Leak, flagged: pl.DataFrame | ir.Table) -> pl.DataFrame:
    """How many of the sensitive comments were found, and how many of the found are sensitive?

    `flagged` has a column `line_id`: the lines whose comment was called sensitive. One row a unit and scope: `unit`
    ("lines" or "people", where a person counts when one line of theirs does), `scope` ("all", or "seen" and
    "held_out": lines by whether their family of phrases is kept for scoring alone), `units`, `flagged`, `sensitive`,
    `true_positives`, `false_positives`, `false_negatives`, `precision`, `recall`, `f1`.

    Raises `InputError` when `flagged` has no such column or holds lines that the leak has not.
    """
    lines = _as_table(flagged, "line_id").select("line_id").distinct()
    judged = (
        leak.truth.select("line_id", "person_id", "comment_sensitive", "comment_held_out")
        .left_join(lines.mutate(said=ibis.literal(True)), "line_id")
        .drop("line_id_right")
        .mutate(said=ibis._.said.fill_null(False), held_out=ibis._.comment_held_out.fill_null(False))
    )
    of_lines = collect(_confusion(judged.group_by("held_out")), "held_out")
    _all_known(lines, int(of_lines["flagged"].sum()), "line_id")
    people = judged.filter(judged.person_id.notnull()).group_by("person_id")
    of_people = people.aggregate(said=ibis._.said.any(), comment_sensitive=ibis._.comment_sensitive.any())
    everybody = collect(_confusion(of_people), "units")
    counted = ["units", "flagged", "sensitive", "true_positives"]
    parts = [
        of_lines.select(pl.lit("lines").alias("unit"), pl.lit("all").alias("scope"), pl.col(counted).sum()).head(1)
    ]
    for held_out, scope in ((False, "seen"), (True, "held_out")):
        part = of_lines.filter(pl.col("held_out") == held_out)
        parts.append(part.select(pl.lit("lines").alias("unit"), pl.lit(scope).alias("scope"), *counted))
    parts.append(everybody.select(pl.lit("people").alias("unit"), pl.lit("all").alias("scope"), *counted))
    table = pl.concat(parts).with_columns(
        false_positives=pl.col("flagged") - pl.col("true_positives"),
        false_negatives=pl.col("sensitive") - pl.col("true_positives"),
    )
    return _rates(table, said="flagged", true="sensitive", right="true_positives")


def score_categories(leak: Leak, flagged: pl.DataFrame | ir.Table) -> pl.DataFrame:
    """Of the sensitive lines of each category, how many were found, whatever they were taken for?

    `flagged` as `score_comments` takes it. One row a category, most sensitive lines first: `category` (the main one of
    a comment), `sensitive`, `found`, `recall`.
    """
    lines = _as_table(flagged, "line_id").select("line_id").distinct()
    sensitive = leak.truth.filter(leak.truth.comment_sensitive).select("line_id", "comment_category")
    said = sensitive.left_join(lines, "line_id").mutate(found=ibis._.line_id_right.notnull())
    counted = said.group_by("comment_category").aggregate(sensitive=ibis._.count(), found=ibis._.found.sum())
    main = pl.col("comment_category").str.split("|").list.first().alias("category")
    return (
        collect(counted, "comment_category")
        .group_by(main)
        .agg(pl.col("sensitive", "found").sum())
        .with_columns(share("found", "sensitive").alias("recall"))
        .sort("sensitive", "category", descending=[True, False])
    )


def misleading_comments(leak: Leak, flagged: pl.DataFrame | ir.Table) -> pl.DataFrame:
    """Which kinds of harmless comments are taken for sensitive ones?

    `flagged` as `score_comments` takes it. One row a kind of harmless comment, the most misleading first: `kind`
    ("idiom", "surname", "negated_mind", "ordinary" ...: the second part of its family's name), `lines` (of that kind),
    `flagged` (of these), `share` (flagged over lines), `share_of_errors` (of all harmless lines that were flagged).
    """
    lines = _as_table(flagged, "line_id").select("line_id").distinct()
    harmless = leak.truth.filter(~leak.truth.comment_sensitive & leak.truth.comment_family.notnull())
    said = harmless.select("line_id", "comment_family").left_join(lines, "line_id")
    counted = said.group_by("comment_family").aggregate(lines=ibis._.count(), flagged=ibis._.line_id_right.count())
    kind = pl.col("comment_family").str.split(".").list.get(1, null_on_oob=True).fill_null(pl.col("comment_family"))
    return (
        collect(counted, "comment_family")
        .group_by(kind.alias("kind"))
        .agg(pl.col("lines", "flagged").sum())
        .with_columns(errors=pl.col("flagged").sum())
        .with_columns(share("flagged", "lines").alias("share"), share("flagged", "errors").alias("share_of_errors"))
        .drop("errors")
        .sort("flagged", "kind", descending=[True, False])
    )


def score_notes(notes: pl.DataFrame, read: pl.DataFrame) -> pl.DataFrame:
    """How well were labelled notes read? For `comments.labelled_notes`, or any table of theirs.

    `notes` has `sensitive` (bool), `read` is what `comments.classify` said of their comments, row for row. One row:
    `notes`, `flagged`, `sensitive`, `true_positives`, `precision`, `recall`, `f1`. Raises `InputError` when the two
    differ in length.
    """
    if notes.height != read.height:
        raise InputError(f"There are {notes.height} notes and {read.height} answers: give one answer a note.")
    both = pl.DataFrame({"true": notes["sensitive"], "said": read["sensitive"]})
    table = both.select(
        notes=pl.len().cast(pl.Int64),
        flagged=pl.col("said").sum().cast(pl.Int64),
        sensitive=pl.col("true").sum().cast(pl.Int64),
        true_positives=(pl.col("said") & pl.col("true")).sum().cast(pl.Int64),
    )
    return _rates(table, said="flagged", true="sensitive", right="true_positives")


def score_public_figures(leak: Leak, hits: pl.DataFrame) -> pl.DataFrame:
    """How many of the hits of `public_figures.match` are the figures themselves, and how many figures are found?

    For hits on the register that came with the leak. One row a tier, counting the hits that reach it or a stronger one:
    `tier`, `hits`, `true_hits` (pairs of figure and record in the truth), `right`, `figures_said`, `figures_true` (in
    the leak), `figures_right` (found by at least one right hit), `figures_allowing` (in the leak, where both the
    register and a record of theirs hold what the tier compares), `precision`, `recall`, `f1` (of the pairs),
    `figure_recall` (figures_right over figures_allowing).
    """
    truth = leak.truth.filter(leak.truth.figure_id.notnull()).select("figure_id", "record_id").distinct()
    planted = collect(truth, ["figure_id", "record_id"])
    allowing = _figures_allowing(leak, truth)
    rows = []
    for rank, tier in enumerate(TIERS):
        reached = hits.filter(pl.col("rank") >= rank)
        right = reached.join(planted, on=["figure_id", "record_id"], how="semi")
        rows.append(
            {
                "tier": tier,
                "hits": reached.height,
                "true_hits": planted.height,
                "right": right.height,
                "figures_said": reached["figure_id"].n_unique(),
                "figures_true": planted["figure_id"].n_unique(),
                "figures_right": right["figure_id"].n_unique(),
                "figures_allowing": allowing[rank],
            }
        )
    table = _rates(pl.DataFrame(rows), said="hits", true="true_hits", right="right")
    return table.with_columns(share("figures_right", "figures_allowing").alias("figure_recall"))


def wrong_hits(leak: Leak, hits: pl.DataFrame) -> pl.DataFrame:
    """Which of the hits of `public_figures.match` are somebody else's? The hits with a column `wrong`."""
    truth = leak.truth.filter(leak.truth.figure_id.notnull()).select("figure_id", "record_id").distinct()
    planted = collect(truth, ["figure_id", "record_id"]).with_columns(right=True)
    known = hits.join(planted, on=["figure_id", "record_id"], how="left", maintain_order="left")
    return known.with_columns(wrong=pl.col("right").is_null()).drop("right")


def _figures_allowing(leak: Leak, truth: ir.Table) -> tuple[int, int, int, int]:
    """For each tier: how many figures in the leak have what it compares, in the register and in a record of theirs."""
    figures = leak.public_figures.select("figure_id", born="birth_date", lives="departement_code")
    records = leak.lines.select("record_id", "birth_date", "postal_code").distinct()
    known = truth.join(records, "record_id").join(figures, "figure_id")
    dated = known.born.notnull() & known.birth_date.notnull()
    placed = dated & known.lives.notnull() & known.postal_code.notnull()
    of_figure = known.mutate(dated=dated, placed=placed).group_by("figure_id")
    can = of_figure.aggregate(dated=ibis._.dated.any(), placed=ibis._.placed.any())
    counted = can.aggregate(every=can.count(), dated=can.dated.sum().coalesce(0), placed=can.placed.sum().coalesce(0))
    row = collect(counted, "every").row(0, named=True)
    return row["every"], row["dated"], row["dated"], row["placed"]


def score_clusters(leak: Leak, clusters: pl.DataFrame | ir.Table) -> pl.DataFrame:
    """How well does a clustering of records into people agree with the truth?

    `clusters` has one row a record: `record_id` and `person_cluster`; a record left out, or with a null cluster, is
    taken to stand alone. One row: `records`, `people_said` (clusters and records alone), `people_true`, `pairs_said`,
    `pairs_true` (pairs of records of one person), `pairs_right`, `precision`, `recall`, `f1` (of the pairs). Pairs are
    counted from the sizes of the groups, n(n-1)/2, never listed. Test entries are nobody: whoever puts one with
    another record errs.

    Raises `InputError` when a column lacks, a record stands in two clusters, or is not in the leak.
    """
    placed = _as_table(clusters, "record_id", "person_cluster").select("record_id", "person_cluster")
    if isinstance(clusters, ir.Table):
        # Computed once: what follows reads it five times, and a clustering may be an expression over the whole leak.
        named = placed
        placed = leak.derived(ibis.util.gen_name("clustering"), lambda _: named)
    _one_cluster_each(placed)
    records = leak.truth.select("record_id", "person_id").distinct()
    joined = records.left_join(placed, "record_id").mutate(placed=ibis._.record_id_right.notnull())
    totals = collect(
        joined.aggregate(
            records=joined.count(),
            known=joined.placed.sum().coalesce(0),
            alone=joined.person_cluster.isnull().sum().coalesce(0),
        ),
        "records",
    ).row(0, named=True)
    _all_known(placed, totals["known"], "record_id")
    clustered = joined.filter(joined.person_cluster.notnull())
    of_clusters = _groups_and_pairs(clustered, "person_cluster")
    of_people = _groups_and_pairs(joined.filter(joined.person_id.notnull()), "person_id")
    of_both = _groups_and_pairs(clustered.filter(clustered.person_id.notnull()), "person_id", "person_cluster")
    table = pl.DataFrame(
        {
            "records": [totals["records"]],
            "people_said": [of_clusters[0] + totals["alone"]],
            "people_true": [of_people[0]],
            "pairs_said": [of_clusters[1]],
            "pairs_true": [of_people[1]],
            "pairs_right": [of_both[1]],
        }
    )
    return _rates(table, said="pairs_said", true="pairs_true", right="pairs_right")


def _groups_and_pairs(records: ir.Table, *by: str) -> tuple[int, int]:
    """How many groups there are, and how many pairs of records stand within one."""
    sizes = records.group_by(list(by)).aggregate(n=ibis._.count())
    # n(n-1) is even, so the integer division is exact.
    pairs = (sizes.n * (sizes.n - 1)).sum().coalesce(0)
    row = collect(sizes.aggregate(groups=sizes.count(), ordered_pairs=pairs), "groups").row(0, named=True)
    return row["groups"], row["ordered_pairs"] // 2


def _confusion(judged: ir.Table | ir.GroupedTable) -> ir.Table:
    said, sensitive = ibis._.said, ibis._.comment_sensitive
    return judged.aggregate(
        units=ibis._.count(),
        flagged=said.sum().coalesce(0),
        sensitive=sensitive.sum().coalesce(0),
        true_positives=(said & sensitive).sum().coalesce(0),
    )


def _rates(table: pl.DataFrame, *, said: str, true: str, right: str) -> pl.DataFrame:
    """`table` with precision, recall and F1; null where a denominator is 0."""
    both = (pl.col(said) + pl.col(true)).alias("said_and_true")
    return (
        table.with_columns(both)
        .with_columns(
            share(right, said).alias("precision"),
            share(right, true).alias("recall"),
            (2 * share(right, "said_and_true")).alias("f1"),
        )
        .drop("said_and_true")
    )


def _as_table(table: pl.DataFrame | ir.Table, *columns: str) -> ir.Table:
    missing = [column for column in columns if column not in table.columns]
    if missing:
        there = ", ".join(table.columns)
        raise InputError(f"These columns were not found: {', '.join(missing)}; the table has {there}.")
    return ibis.memtable(table) if isinstance(table, pl.DataFrame) else table


def _all_known(table: ir.Table, known: int, column: str) -> None:
    rows = int(collect(table.aggregate(rows=table.count()), "rows").item())
    if rows != known:
        raise InputError(
            f"{rows - known} of {rows} values of {column} are not in the leak: give a table that was made from it."
        )


def _one_cluster_each(placed: ir.Table) -> None:
    counted = placed.aggregate(rows=placed.count(), records=placed.record_id.nunique())
    rows, records = collect(counted, "rows").select("rows", "records").row(0)
    if rows != records:
        raise InputError(f"{rows - records} rows name a record_id again: give one row a record.")
