"""How many people stand at several practices? Exact keys first: what equality alone can tell.

Lines become records (a record exported twice is one record), records become people by a key: the social security
number, or names with birth date and sex. Each key is filled on a part of the lines only and errs in both directions,
so no key's number is the answer. Together they bound it, see `people_range`. Probabilistic record linkage replaces the
bounds by an estimate: `count_people` for a leak, `resolve` for any table of people, both from
`toolkit.analysis.linkage`.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
import polars as pl

from toolkit.analysis._keys import EXACT_KEYS, Key, people_by_practices
from toolkit.analysis._record_ids import all_ids, count_ids, id_sets
from toolkit.analysis.linkage import (
    Judged,
    People,
    cluster_sizes,
    copied_bases,
    count_people,
    example_pair,
    judge_people,
    judge_rules,
)
from toolkit.analysis.linkage.resolve import resolve
from toolkit.dataset import Leak, collect, share
from toolkit.dataset.cache import kept

__all__ = [
    "EXACT_KEYS",
    "Judged",
    "People",
    "at_several_practices",
    "cluster_sizes",
    "copied_bases",
    "count_people",
    "example_pair",
    "funnel",
    "judge_people",
    "judge_rules",
    "key_clusters",
    "people_of_records",
    "people_range",
    "practices_per_person",
    "resolve",
]


@kept
def funnel(leak: Leak) -> pl.DataFrame:
    """How do lines shrink to records and records to people, by each exact key?

    One row a key: `key`, `definition`, `lines` (all), `records` (all), `lines_with_key`, `records_with_key`,
    `people` (distinct values of the key), `lines_per_person` and `records_per_person` (among those with the key).
    """
    everything = collect(leak.lines.aggregate(lines=ibis._.count()), "lines")
    everything = everything.with_columns(records=pl.lit(count_ids(all_ids(leak)), pl.Int64))
    parts = []
    for key in EXACT_KEYS:
        seen = key.seen(leak, "record_id")
        records_with_key = count_ids(id_sets(seen.filter(seen.has_key)))
        # The people of a key are grouped once, in `practices_per_person`.
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


@kept
def practices_per_person(leak: Leak, key: Key) -> pl.DataFrame:
    """At how many practices does each person (by `key`) stand?

    One row a number of practices: `key`, `practices`, `people`, `all_people` (the denominator), `share`, `lines`
    (of these people).
    """
    table = collect(people_by_practices(leak, key), "practices").with_columns(
        key=pl.lit(key.name), all_people=pl.col("people").sum()
    )
    return table.with_columns(share("people", "all_people").alias("share")).select(
        "key", "practices", "people", "all_people", "share", "lines"
    )


def at_several_practices(leak: Leak) -> pl.DataFrame:
    """How many people stand at two practices or more, by each exact key?

    One row a key: `key`, `definition`, `people` (all with the key, the denominator), `people_at_several`, `share`.
    The leak is counted whole, so no sampling interval applies: what is uncertain is the key, and the distance
    between the rows shows how much.
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
    """Between which numbers do the exact keys put the number of people?

    One row: `floor` and `floor_key` (the fewest people a key finds), `ceiling` and `ceiling_key` (the most), and
    what they were counted from, `records` and `lines`. This is a range between keys, not a confidence interval: the
    floor misses who has no such key on any line, the ceiling counts twice who was typed in two ways.
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
    """Which person does the linkage take each record for?

    One row a record: `record_id`, `person_cluster` (the smallest record id of the person), null for entries of nobody.
    """
    linkage = count_people(leak).linkage
    somebody = ~pl.col("record_id").is_in(linkage.nobody.implode())
    return linkage.clusters.with_columns(pl.when(somebody).then("person_cluster"))


def key_clusters(leak: Leak, key: Key) -> ir.Table:
    """Which records does `key` hold for the same person?

    One row a record on which the key is filled: `record_id`, `person_cluster` (the parts of the key, joined by '|').
    A record without the key is left out: nothing is known about it. Left as an expression, since it has as many
    rows as the leak has records, and holds names: it is for `scoring`, not for showing.
    """
    groups = key.groups(leak, "record_id")
    parts = [groups[name].cast(str) for name in groups.columns if name not in ("record_id", "lines")]
    return groups.select("record_id", person_cluster=ibis.literal("|").join(parts))
