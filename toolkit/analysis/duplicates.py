"""Count the people in a leak, and those with records at several practices.

Lines are reduced to records (a record exported twice is one record), and records to people by an exact key: the social
security number, or names with birth date and sex. Each key is filled on some of the lines only and has errors in both
directions, so none gives the true number; `people_range` returns the range between them. Probabilistic record linkage
gives an estimate: `count_people` for a leak, `resolve` for any table of people, both from `toolkit.analysis.linkage`.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
import polars as pl

from toolkit.analysis._keys import EXACT_KEYS, KEYS, Key, people_by_practices
from toolkit.analysis._record_ids import all_ids, count_ids, id_sets
from toolkit.analysis.linkage import (
    Evaluation,
    People,
    cluster_sizes,
    copied_bases,
    count_people,
    evaluate_people,
    evaluate_rules,
    example_pair,
)
from toolkit.analysis.linkage.resolve import resolve
from toolkit.dataset import Leak, collect, share
from toolkit.dataset.cache import cached

__all__ = [
    "EXACT_KEYS",
    "KEYS",
    "Evaluation",
    "Key",
    "People",
    "at_several_practices",
    "cluster_sizes",
    "copied_bases",
    "count_people",
    "evaluate_people",
    "evaluate_rules",
    "example_pair",
    "funnel",
    "key_clusters",
    "people_of_records",
    "people_range",
    "practices_per_person",
    "resolve",
]


@cached
def funnel(leak: Leak) -> pl.DataFrame:
    """Count lines, records and people by each exact key.

    One row per key: `key`, `definition`, `lines` (all), `records` (all), `lines_with_key`, `records_with_key`,
    `people` (distinct values of the key), `lines_per_person` and `records_per_person` (among those with the key).
    """
    everything = collect(leak.lines.aggregate(lines=ibis._.count()), "lines")
    everything = everything.with_columns(records=pl.lit(count_ids(all_ids(leak)), pl.Int64))
    parts = []
    for key in EXACT_KEYS:
        lines = key.seen(leak, "record_id")
        records_with_key = count_ids(id_sets(lines.filter(lines.has_key)))
        # `practices_per_person` has already grouped the people of the key.
        people = practices_per_person(leak, key).select(
            pl.col("lines").sum().alias("lines_with_key"), pl.col("people").sum()
        )
        named = pl.DataFrame(
            {"key": [key.name], "definition": [key.definition], "records_with_key": [records_with_key]}
        )
        parts.append(pl.concat([named, everything, people], how="horizontal"))
    return pl.concat(parts).select(
        "key", "definition", "lines", "records", "lines_with_key", "records_with_key", "people",
        share("lines_with_key", "people").alias("lines_per_person"),
        share("records_with_key", "people").alias("records_per_person"),
    )  # fmt: skip


@cached
def practices_per_person(leak: Leak, key: Key) -> pl.DataFrame:
    """Count people, by `key`, by the number of practices at which they have records.

    One row per number of practices: `key`, `practices`, `people`, `all_people` (the denominator), `share`, `lines`
    (of these people).
    """
    table = collect(people_by_practices(leak, key), "practices").with_columns(
        key=pl.lit(key.name), all_people=pl.col("people").sum()
    )
    return table.with_columns(share("people", "all_people").alias("share")).select(
        "key", "practices", "people", "all_people", "share", "lines"
    )


def at_several_practices(leak: Leak) -> pl.DataFrame:
    """Count the people who have records at two or more practices, by each exact key.

    One row per key: `key`, `definition`, `people` (all with the key, the denominator), `people_at_several`, `share`.
    All lines are counted, so there is no sampling interval. The uncertainty comes from the key: compare the rows.
    """
    rows = []
    for key in EXACT_KEYS:
        table = practices_per_person(leak, key)
        several = table.filter(pl.col("practices") > 1)["people"].sum()
        rows.append((key.name, key.definition, table["people"].sum(), several))
    columns = {"key": pl.String, "definition": pl.String, "people": pl.Int64, "people_at_several": pl.Int64}
    table = pl.DataFrame(rows, schema=columns, orient="row")
    return table.with_columns(share("people_at_several", "people").alias("share"))


def people_range(leak: Leak) -> pl.DataFrame:
    """Return the lowest and the highest number of people that an exact key finds.

    One row: `floor` and `floor_key` (the fewest people), `ceiling` and `ceiling_key` (the most), and the numbers of
    `records` and `lines` they were counted from. This is a range between keys, not a confidence interval: the floor
    misses people without the key on any line, and the ceiling counts people who were typed in two ways twice.
    """
    table = funnel(leak).sort("people", "key")
    lowest, highest = table.row(0, named=True), table.row(-1, named=True)
    return pl.DataFrame(
        {
            "floor": [lowest["people"]],
            "floor_key": [lowest["key"]],
            "ceiling": [highest["people"]],
            "ceiling_key": [highest["key"]],
            "records": [lowest["records"]],
            "lines": [lowest["lines"]],
        }
    )


def people_of_records(leak: Leak) -> pl.DataFrame:
    """Return the person that the linkage assigns to each record.

    One row per record: `record_id`, `person_cluster` (the smallest record id of the person, null for placeholder
    records).
    """
    linkage = count_people(leak).linkage
    has_person = ~pl.col("record_id").is_in(linkage.placeholders.implode())
    return linkage.clusters.with_columns(pl.when(has_person).then("person_cluster"))


def key_clusters(leak: Leak, key: Key) -> ir.Table:
    """Return the clusters of records that are one person by `key`.

    One row per record with the key: `record_id`, `person_cluster` (the parts of the key, joined by '|'). Records
    without the key are left out. The result is an expression that is not computed yet, because it has as many rows as
    the leak has records. It holds personal data: use it for `scoring`, do not display it.
    """
    groups = key.groups(leak, "record_id")
    parts = [groups[name].cast(str) for name in groups.columns if name not in ("record_id", "lines")]
    return groups.select("record_id", person_cluster=ibis.literal("|").join(parts))
