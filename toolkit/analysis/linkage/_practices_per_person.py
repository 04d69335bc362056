"""The practitioners, practices and departements at which each person has records."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import numpy as np
import polars as pl
from numpy.typing import NDArray

from toolkit.analysis.linkage._clusters import Ids, cluster_positions, positions

__all__ = ["Visits", "visits_of"]


@dataclass(frozen=True, slots=True)
class Visits:
    """The practices at which people have records.

    `by_practices`: one row per number of practices, `practices`, with the number of `people` who have records at that
    many, and the total of their `records`, `practitioners`, practices (`in_practices`) and `departements`. `visits`:
    one row per person and practice, `person` (an arbitrary number) and `practice_id`, sorted by person. `repeated`: the
    `record_id` of the records that are on several lines.
    """

    by_practices: pl.DataFrame
    visits: pl.DataFrame
    repeated: pl.DataFrame


_POSTS = """
CREATE TABLE posts AS
SELECT (row_number() OVER by_place - 1)::INTEGER AS post, practice_id, practitioner_id,
    dense_rank() OVER (ORDER BY departement_code, practice_id) AS practice,
    dense_rank() OVER (ORDER BY departement_code) AS departement
FROM (SELECT DISTINCT practice_id, practitioner_id FROM lines) LEFT JOIN bases USING (practice_id)
WINDOW by_place AS (ORDER BY departement_code, practice_id, practitioner_id)
"""
_FILED = "SELECT record_id, post FROM lines JOIN posts USING (practice_id, practitioner_id)"


def visits_of(con: duckdb.DuckDBPyConnection, clusters: pl.DataFrame, placeholders: pl.Series) -> Visits:
    """Count the practices of the people of `clusters`, from the views `lines` and `bases` (practices) in `con`.

    `clusters` has every record of the lines, in the order of the ids; the records of `placeholders` do not count.
    """
    con.execute(_POSTS)
    posts = con.sql("FROM posts ORDER BY post").pl()
    filed = con.sql(_FILED).pl().sort("record_id")
    again = filed["record_id"] == filed["record_id"].shift(1)
    record = (~again).fill_null(True).cum_sum().to_numpy().astype(np.int64) - 1
    # A record counts once at a post, even if it was exported more than once.
    unique_posts = np.sort(record * posts.height + filed["post"].to_numpy())
    unique_posts = unique_posts[_begins(unique_posts)]
    record, post = np.divmod(unique_posts, posts.height)
    person = _people(clusters, placeholders)[record]
    unique_posts = np.sort((person * posts.height + post)[person >= 0])
    person, post = np.divmod(unique_posts, posts.height)
    practice, departement = (posts[name].to_numpy()[post] for name in ("practice", "departement"))
    # Posts are numbered by departement, then by practice, so the values are sorted at each level.
    visits = _begins(person, practice)
    counts = {
        "practices": person[visits],
        "records": person,
        "practitioners": person[_begins(unique_posts)],
        "departements": person[_begins(person, departement)],
    }
    people = pl.DataFrame({name: np.bincount(of, minlength=len(clusters)) for name, of in counts.items()})
    return Visits(
        people.filter(pl.col("records") > 0)
        .group_by("practices")
        .agg(
            pl.len().cast(pl.Int64).alias("people"),
            pl.col("records", "practitioners").sum(),
            pl.col("practices").sum().alias("in_practices"),
            pl.col("departements").sum(),
        )
        .sort("practices"),
        pl.DataFrame({"person": person[visits], "practice_id": posts["practice_id"].to_numpy()[post[visits]]}),
        filed.filter(again.fill_null(False)).select("record_id").unique(),
    )


def _people(clusters: pl.DataFrame, placeholders: pl.Series) -> Ids:
    """Return, for each record, the position of the smallest record of its person; -1 for placeholder records."""
    people = cluster_positions(clusters["record_id"], clusters["person_cluster"])
    people[positions(clusters["record_id"], placeholders)] = -1
    return people


def _begins(*levels: Ids) -> NDArray[np.bool_]:
    """Mark where a new value begins, in sorted values of one or several levels."""
    begins = np.zeros(len(levels[0]), dtype=np.bool_)
    begins[:1] = True
    for level in levels:
        begins[1:] |= level[1:] != level[:-1]
    return begins
