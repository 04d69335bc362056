"""Linked people, counted a second time from the file of clusters that `toolkit duplicates --out` writes."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from toolkit.second_count._lines import scan_lines, totals

__all__ = ["count_clusters"]


def count_clusters(data_set: Path, clusters: Path) -> dict[str, int]:
    """How many clusters, pairs and people at several practices does a file of clusters tell of?

    `clusters` is a Parquet file with one row a record: `record_id`, `person_cluster`.  An entry of nobody is a cluster
    by itself, so `clusters` are people and entries of nobody together; `pairs` are those of records of one cluster;
    `people_at_several_practices` are clusters with records at two practices or more.
    """
    linked = pl.scan_parquet(clusters, glob=False)
    sizes = linked.group_by("person_cluster").agg(size=pl.len().cast(pl.Int64))
    pairs = pl.col("size") * (pl.col("size") - 1) // 2
    placed = scan_lines(data_set).select("record_id", "practice_id").join(linked, on="record_id")
    stands = placed.group_by("person_cluster").agg(first=pl.col("practice_id").min(), last=pl.col("practice_id").max())
    several = (pl.col("first") != pl.col("last")).sum()
    return totals(sizes.select(records=pl.col("size").sum(), clusters=pl.len(), pairs=pairs.sum())) | totals(
        stands.select(people_at_several_practices=several)
    )
