"""Count linked people from the clusters file that `toolkit duplicates --out` writes."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from toolkit.second_count._lines import scan_lines, totals

__all__ = ["count_clusters"]


def count_clusters(data_set: Path, clusters: Path) -> dict[str, int]:
    """Count the clusters, the pairs and the people at several practices in a clusters file.

    `clusters` is a Parquet file with one row per record: `record_id`, `person_cluster`. A placeholder record is a
    cluster by itself, so the result `clusters` is the number of people and placeholder records together. `pairs` are
    pairs of records in the same cluster, and `people_at_several_practices` are clusters with records at two or more
    practices.
    """
    linked = pl.scan_parquet(clusters, glob=False)
    sizes = linked.group_by("person_cluster").agg(size=pl.len().cast(pl.Int64))
    pairs = pl.col("size") * (pl.col("size") - 1) // 2
    with_practice = scan_lines(data_set).select("record_id", "practice_id").join(linked, on="record_id")
    practice = pl.col("practice_id")
    people = with_practice.group_by("person_cluster").agg(first=practice.min(), last=practice.max())
    several = (pl.col("first") != pl.col("last")).sum()
    return totals(sizes.select(records=pl.col("size").sum(), clusters=pl.len(), pairs=pairs.sum())) | totals(
        people.select(people_at_several_practices=several)
    )
