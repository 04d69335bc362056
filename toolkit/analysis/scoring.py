"""Score answers against the truth of a synthetic leak.

Only this module, `audit` and `linkage._evaluation_on_truth` read `leak.truth`. A real leak has no truth: there, samples
read by people (see `audit`) replace the scores. Scores on synthetic data measure the method, not a real leak.
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


def score_counts(leak: Leak, overview: pl.DataFrame) -> pl.DataFrame:
    """Compare the counts of `counts.overview` with the truth.

    One row per quantity that the truth has: `quantity`, `counted`, `true`, `error` (counted minus true),
    `relative_error` (error over true). The number of people by each key is compared with the true number of people.
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
        for quantity in overview["quantity"]
        if quantity.startswith("people_by_") or quantity in known
    ]
    true = pl.DataFrame(by_quantity, schema={"quantity": pl.String, "true": pl.Int64}, orient="row")
    return (
        true.join(overview.select("quantity", counted="value"), on="quantity", how="left", maintain_order="left")
        .with_columns(error=pl.col("counted") - pl.col("true"))
        .with_columns(share("error", "true").alias("relative_error"))
        .select("quantity", "counted", "true", "error", "relative_error")
    )


def score_comments(leak: Leak, flagged: pl.DataFrame | ir.Table) -> pl.DataFrame:
    """Compute precision and recall of the detection of sensitive comments.

    `flagged` has a column `line_id`: the lines whose comment was classified as sensitive. One row per unit and scope:
    `unit` ("lines" or "people", where a person counts if at least one of their lines does), `scope` ("all", or "seen"
    and "held_out": whether the phrase family of a line was held out for scoring), `units`, `flagged`, `sensitive`,
    `true_positives`, `false_positives`, `false_negatives`, `precision`, `recall`, `f1`.

    Raises `InputError` when `flagged` has no such column or has lines that are not in the leak.
    """
    lines = _as_table(flagged, "line_id").select("line_id").distinct()
    evaluated = (
        leak.truth.select("line_id", "person_id", "comment_sensitive", "comment_held_out")
        .left_join(lines.mutate(flagged=ibis.literal(True)), "line_id")
        .drop("line_id_right")
        .mutate(flagged=ibis._.flagged.fill_null(False), held_out=ibis._.comment_held_out.fill_null(False))
    )
    of_lines = collect(_confusion(evaluated.group_by("held_out")), "held_out")
    _all_known(lines, int(of_lines["flagged"].sum()), "line_id")
    people = evaluated.filter(evaluated.person_id.notnull()).group_by("person_id")
    of_people = people.aggregate(flagged=ibis._.flagged.any(), comment_sensitive=ibis._.comment_sensitive.any())
    all_people = collect(_confusion(of_people), "units")
    counted = ["units", "flagged", "sensitive", "true_positives"]
    parts = [
        of_lines.select(pl.lit("lines").alias("unit"), pl.lit("all").alias("scope"), pl.col(counted).sum()).head(1)
    ]
    for held_out, scope in ((False, "seen"), (True, "held_out")):
        part = of_lines.filter(pl.col("held_out") == held_out)
        parts.append(part.select(pl.lit("lines").alias("unit"), pl.lit(scope).alias("scope"), *counted))
    parts.append(all_people.select(pl.lit("people").alias("unit"), pl.lit("all").alias("scope"), *counted))
    table = pl.concat(parts).with_columns(
        false_positives=pl.col("flagged") - pl.col("true_positives"),
        false_negatives=pl.col("sensitive") - pl.col("true_positives"),
    )
    return _rates(table, found="flagged", true="sensitive", right="true_positives")


def score_categories(leak: Leak, flagged: pl.DataFrame | ir.Table) -> pl.DataFrame:
    """Compute the recall of sensitive comments by their true category, whatever category was assigned.

    `flagged` as in `score_comments`. One row per category, with the most sensitive lines first: `category` (the main
    one of a comment), `sensitive`, `found`, `recall`.
    """
    lines = _as_table(flagged, "line_id").select("line_id").distinct()
    sensitive = leak.truth.filter(leak.truth.comment_sensitive).select("line_id", "comment_category")
    joined = sensitive.left_join(lines, "line_id").mutate(found=ibis._.line_id_right.notnull())
    counted = joined.group_by("comment_category").aggregate(sensitive=ibis._.count(), found=ibis._.found.sum())
    main = pl.col("comment_category").str.split("|").list.first().alias("category")
    return (
        collect(counted, "comment_category")
        .group_by(main)
        .agg(pl.col("sensitive", "found").sum())
        .with_columns(share("found", "sensitive").alias("recall"))
        .sort("sensitive", "category", descending=[True, False])
    )


def misleading_comments(leak: Leak, flagged: pl.DataFrame | ir.Table) -> pl.DataFrame:
    """Count the harmless comments that were flagged as sensitive, by kind.

    `flagged` as in `score_comments`. One row per kind of harmless comment, with the most flagged lines first: `kind`
    ("idiom", "surname", "negated_mind", "ordinary" ...: the second part of its family's name), `lines` (of that kind),
    `flagged` (of these), `share` (flagged over lines), `share_of_errors` (of all harmless lines that were flagged).
    """
    lines = _as_table(flagged, "line_id").select("line_id").distinct()
    harmless = leak.truth.filter(~leak.truth.comment_sensitive & leak.truth.comment_family.notnull())
    joined = harmless.select("line_id", "comment_family").left_join(lines, "line_id")
    counted = joined.group_by("comment_family").aggregate(lines=ibis._.count(), flagged=ibis._.line_id_right.count())
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
    """Compute precision and recall on labelled notes, such as `comments.labelled_notes`.

    `notes` has `sensitive` (bool), and `read` is the result of `comments.classify` for the same rows. One row:
    `notes`, `flagged`, `sensitive`, `true_positives`, `precision`, `recall`, `f1`. Raises `InputError` when the two
    differ in length.
    """
    if notes.height != read.height:
        raise InputError(f"There are {notes.height} notes and {read.height} answers: give one answer per note.")
    both = pl.DataFrame({"true": notes["sensitive"], "flagged": read["sensitive"]})
    table = both.select(
        notes=pl.len().cast(pl.Int64),
        flagged=pl.col("flagged").sum().cast(pl.Int64),
        sensitive=pl.col("true").sum().cast(pl.Int64),
        true_positives=(pl.col("flagged") & pl.col("true")).sum().cast(pl.Int64),
    )
    return _rates(table, found="flagged", true="sensitive", right="true_positives")


def score_public_figures(leak: Leak, hits: pl.DataFrame) -> pl.DataFrame:
    """Compute precision and recall of the hits of `public_figures.match`, and of the figures found.

    The hits must be on the register of the leak. One row per tier, counting hits of that tier or a stronger one:
    `tier`, `hits`, `true_hits` (pairs of figure and record in the truth), `right`, `figures_found` (with a hit),
    `figures_true` (in the leak), `figures_right` (with at least one correct hit), `figures_allowing` (in the leak, with
    the fields that the tier compares filled in the register and in a record), `precision`, `recall`, `f1` (of the
    pairs), `figure_recall` (figures_right over figures_allowing).
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
                "figures_found": reached["figure_id"].n_unique(),
                "figures_true": planted["figure_id"].n_unique(),
                "figures_right": right["figure_id"].n_unique(),
                "figures_allowing": allowing[rank],
            }
        )
    table = _rates(pl.DataFrame(rows), found="hits", true="true_hits", right="right")
    return table.with_columns(share("figures_right", "figures_allowing").alias("figure_recall"))


def wrong_hits(leak: Leak, hits: pl.DataFrame) -> pl.DataFrame:
    """Add a column `wrong` to the hits of `public_figures.match`: whether the record is another person's."""
    truth = leak.truth.filter(leak.truth.figure_id.notnull()).select("figure_id", "record_id").distinct()
    planted = collect(truth, ["figure_id", "record_id"]).with_columns(right=True)
    known = hits.join(planted, on=["figure_id", "record_id"], how="left", maintain_order="left")
    return known.with_columns(wrong=pl.col("right").is_null()).drop("right")


def _figures_allowing(leak: Leak, truth: ir.Table) -> tuple[int, int, int, int]:
    """Count, for each tier, the figures with the compared fields filled in the register and in one of their records."""
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
    """Compute pairwise precision and recall of a clustering of records into people.

    `clusters` has one row per record: `record_id` and `person_cluster`. A record that is left out or has a null cluster
    counts as a cluster by itself. One row: `records`, `people_found` (the number of clusters), `people_true`,
    `pairs_found`, `pairs_true` (pairs of records of one person), `pairs_right`, `precision`, `recall`, `f1` (of the
    pairs). Pairs are counted from the group sizes, n(n-1)/2, without listing them. A pair with a test entry is wrong.

    Raises `InputError` when a column is missing, or a record is in two clusters or not in the leak.
    """
    placed = _as_table(clusters, "record_id", "person_cluster").select("record_id", "person_cluster")
    if isinstance(clusters, ir.Table):
        # Stored once, because it is read five times below and may be an expression over all lines of the leak.
        named = placed
        placed = leak.materialize(ibis.util.gen_name("clustering"), lambda _: named)
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
            "people_found": [of_clusters[0] + totals["alone"]],
            "people_true": [of_people[0]],
            "pairs_found": [of_clusters[1]],
            "pairs_true": [of_people[1]],
            "pairs_right": [of_both[1]],
        }
    )
    return _rates(table, found="pairs_found", true="pairs_true", right="pairs_right")


def _groups_and_pairs(records: ir.Table, *by: str) -> tuple[int, int]:
    """Count the groups, and the pairs of records within a group."""
    sizes = records.group_by(list(by)).aggregate(n=ibis._.count())
    # n(n-1) is even, so the integer division is exact.
    pairs = (sizes.n * (sizes.n - 1)).sum().coalesce(0)
    row = collect(sizes.aggregate(groups=sizes.count(), ordered_pairs=pairs), "groups").row(0, named=True)
    return row["groups"], row["ordered_pairs"] // 2


def _confusion(lines_or_people: ir.Table | ir.GroupedTable) -> ir.Table:
    flagged, sensitive = ibis._.flagged, ibis._.comment_sensitive
    return lines_or_people.aggregate(
        units=ibis._.count(),
        flagged=flagged.sum().coalesce(0),
        sensitive=sensitive.sum().coalesce(0),
        true_positives=(flagged & sensitive).sum().coalesce(0),
    )


def _rates(table: pl.DataFrame, *, found: str, true: str, right: str) -> pl.DataFrame:
    """Add precision, recall and F1 to `table`; null where a denominator is 0."""
    both = (pl.col(found) + pl.col(true)).alias("found_and_true")
    return (
        table.with_columns(both)
        .with_columns(
            share(right, found).alias("precision"),
            share(right, true).alias("recall"),
            (2 * share(right, "found_and_true")).alias("f1"),
        )
        .drop("found_and_true")
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
            f"{rows - known} of {rows} values of {column} are not in the leak: give a table made from this leak."
        )


def _one_cluster_each(placed: ir.Table) -> None:
    counted = placed.aggregate(rows=placed.count(), records=placed.record_id.nunique())
    rows, records = collect(counted, "rows").select("rows", "records").row(0)
    if rows != records:
        raise InputError(f"{rows - records} rows repeat a record_id: give one row per record.")
