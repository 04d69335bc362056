"""Count the true numbers of synthetic data, which the estimates are compared with."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from toolkit.second_count._lines import scan_lines, totals

__all__ = ["count_planted"]


def count_planted(data_set: Path) -> dict[str, float]:
    """Count the true people, placeholder records, and sensitive lines, records and people.

    The names are those of the results that estimate them: `people`, `people_at_several_practices`,
    `entries_of_nobody`, `sensitive_lines`, `sensitive_comments`, `sensitive_records`, `sensitive_people`,
    `sensitive_share_of_lines`.
    """
    truth = pl.scan_parquet(sorted((data_set / "truth" / "lines").glob("*.parquet")), glob=False)
    sensitive = pl.col("comment_sensitive")
    counted = totals(
        truth.select(
            lines=pl.len(),
            entries_of_nobody=pl.col("record_id").filter(pl.col("person_id").is_null()).n_unique(),
            sensitive_lines=sensitive.sum(),
            sensitive_records=pl.col("record_id").filter(sensitive).n_unique(),
            sensitive_people=pl.col("person_id").filter(sensitive).drop_nulls().n_unique(),
        )
    )
    practices = scan_lines(data_set).select("line_id", "practice_id")
    by_person = truth.select("line_id", "person_id").drop_nulls().join(practices, on="line_id").group_by("person_id")
    people = by_person.agg(first=pl.col("practice_id").min(), last=pl.col("practice_id").max())
    several = (pl.col("first") != pl.col("last")).sum()
    counted |= totals(people.select(people=pl.len(), people_at_several_practices=several))
    lines = counted.pop("lines")
    planted: dict[str, float] = {**counted, "sensitive_comments": counted["sensitive_lines"]}
    return planted | {"sensitive_share_of_lines": counted["sensitive_lines"] / lines}
