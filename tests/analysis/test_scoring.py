"""Scores compared with hand counts on the nine lines, and pair counts with scikit-learn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from sklearn.metrics.cluster import pair_confusion_matrix

from toolkit import schema
from toolkit.analysis import counts, duplicates, public_figures, scoring
from toolkit.analysis._keys import KEYS
from toolkit.dataset._leak import Leak, open_leak
from toolkit.errors import InputError


def test_counts_are_compared_with_the_truth(leak: Leak) -> None:
    """Lines, records and repeats are exact; people by a key differ by those the key misses or counts twice."""
    table = scoring.score_counts(leak, counts.overview(leak))

    assert [
        ("lines", 9, 9, 0, 0.0),
        ("records", 8, 8, 0, 0.0),
        ("repeated_lines", 1, 1, 0, 0.0),
        ("people_by_nir", 3, 4, -1, -0.25),
        ("people_by_birth_identity", 4, 4, 0, 0.0),
        ("people_by_folded_use_name", 5, 4, 1, 0.25),
        ("people_by_use_name", 6, 4, 2, 0.5),
    ] == table.rows()


def test_comments_are_scored_by_line_and_by_person(leak: Leak) -> None:
    """Of the sensitive lines 2, 3 and 4, the first two are found, and line 1 is flagged in error."""
    table = scoring.score_comments(leak, pl.DataFrame({"line_id": [1, 2, 3, 3]}))

    assert [
        # unit, scope, units, flagged, sensitive, right, wrong, missed
        ("lines", "all", 9, 3, 3, 2, 1, 1),
        ("lines", "seen", 8, 3, 2, 2, 1, 0),
        ("lines", "held_out", 1, 0, 1, 0, 0, 1),
        ("people", "all", 4, 2, 2, 1, 1, 1),
    ] == table.drop("precision", "recall", "f1").rows()
    assert [2 / 3, 2 / 3, None, 1 / 2] == table["precision"].to_list()
    assert [2 / 3, 1, 0, 1 / 2] == table["recall"].to_list()
    assert [2 / 3, 4 / 5, 0, 1 / 2] == table["f1"].to_list()


def test_nothing_flagged_has_no_precision(leak: Leak) -> None:
    """If nothing is flagged, precision is null and recall is 0."""
    table = scoring.score_comments(leak, pl.DataFrame({"line_id": []}, schema={"line_id": pl.Int64}))

    assert [(None, 0.0)] == table.select("precision", "recall").head(1).rows()


def test_flagged_lines_of_another_leak(leak: Leak) -> None:
    """The error counts the line ids that are not in the leak."""
    with pytest.raises(InputError, match="2 of 3 values of line_id are not in the leak"):
        scoring.score_comments(leak, pl.DataFrame({"line_id": [1, 900, 901]}))


@pytest.fixture(scope="module")
def labelled(write_data_set: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Leak]:
    """The nine lines, with families and categories in the truth."""
    rows = [
        # sensitive, category, family
        (False, None, None),
        (False, None, "harmless.idiom.justice"),
        (True, "violence", "violence.domestic"),
        (True, "addiction|violence", "addiction.alcohol"),
        (True, "addiction", "addiction.alcohol"),
        (False, None, "harmless.idiom.family"),
        (False, None, "harmless.surname.visit"),
        (False, None, "harmless.surname.visit"),
        (False, None, "stock"),
    ]
    truth = [
        dict.fromkeys(schema.TRUTH_LINES.names)
        | {"line_id": line, "record_id": line, "person_id": line, "repeated_line": False, "sentinel": False}
        | {"comment_sensitive": sensitive, "comment_category": category, "comment_family": family, "errors": []}
        for line, (sensitive, category, family) in enumerate(rows)
    ]
    table = pa.Table.from_pylist(truth, schema.TRUTH_LINES.arrow_schema())
    with open_leak(write_data_set(tmp_path_factory.mktemp("labelled"), truth_lines=table), threads=1) as opened:
        yield opened


def test_categories_have_their_recall(labelled: Leak) -> None:
    """A comment counts in its main category: of two about addiction one was found, of one about violence none."""
    table = scoring.score_categories(labelled, pl.DataFrame({"line_id": [1, 3, 3]}))

    assert [("addiction", 2, 1, 0.5), ("violence", 1, 0, 0.0)] == table.rows()


def test_misleading_kinds_are_counted(labelled: Leak) -> None:
    """Of three flagged harmless lines, two are idioms, all there are; lines without a comment have no kind."""
    table = scoring.misleading_comments(labelled, pl.DataFrame({"line_id": [0, 1, 2, 5, 6]}))

    assert [("idiom", 2, 2, 1.0, 2 / 3), ("surname", 2, 1, 0.5, 1 / 3), ("stock", 1, 0, 0.0, 0.0)] == table.rows()


def test_notes_are_scored_row_for_row() -> None:
    """Of two sensitive notes one is found, and one harmless note is flagged."""
    notes = pl.DataFrame({"sensitive": [True, True, False, False]})
    table = scoring.score_notes(notes, pl.DataFrame({"sensitive": [True, False, True, False]}))

    assert [(4, 2, 2, 1, 0.5, 0.5, 0.5)] == table.rows()
    with pytest.raises(InputError, match="There are 4 notes and 1 answers"):
        scoring.score_notes(notes, notes.head(1))


def test_flagged_without_line_id(leak: Leak) -> None:
    """The error for a missing column lists the columns of the table."""
    with pytest.raises(InputError, match="These columns were not found: line_id; the table has id"):
        scoring.score_comments(leak, pl.DataFrame({"id": [1]}))


def test_public_figures_are_scored_at_each_tier(leak: Leak) -> None:
    """The two records of figure 1 are correct at every tier; stronger tiers exclude the namesakes."""
    table = scoring.score_public_figures(leak, public_figures.match(leak).hits)

    assert [
        # hits, true, right, figures found, true, right, allowing
        ("name", 7, 2, 2, 3, 1, 1, 1),
        ("name_birth_year", 5, 2, 2, 2, 1, 1, 1),
        ("name_birth_date", 2, 2, 2, 1, 1, 1, 1),
        ("name_birth_date_place", 2, 2, 2, 1, 1, 1, 1),
    ] == table.drop("precision", "recall", "f1", "figure_recall").rows()
    assert [2 / 7, 2 / 5, 1, 1] == table["precision"].to_list()
    assert [1.0] * 4 == table["figure_recall"].to_list()


def test_wrong_hits_are_those_of_another_person(leak: Leak) -> None:
    """Only the hits on the two records of figure 1 are correct."""
    hits = scoring.wrong_hits(leak, public_figures.match(leak).hits)

    assert [(1, 10), (1, 20)] == hits.filter(~pl.col("wrong")).select("figure_id", "record_id").rows()
    assert 5 == hits["wrong"].sum()


def test_clusters_of_a_key(leak: Leak) -> None:
    """By NIR, two of the four true pairs are found and none is wrong; three records are single."""
    table = scoring.score_clusters(leak, duplicates.key_clusters(leak, KEYS["nir"]))

    # Clusters {10, 20}, {12, 21}, {22}, and single records 11, 30 and 31; the true pairs also include 12-30 and 21-30.
    assert [(8, 6, 4, 2, 4, 2, 1.0, 0.5, 2 / 3)] == table.rows()


def test_a_pair_with_a_test_entry_is_wrong(leak: Leak) -> None:
    """A cluster of a test entry and a person has pairs that count as wrong."""
    table = scoring.score_clusters(leak, pl.DataFrame({"record_id": [10, 20, 31], "person_cluster": ["a", "a", "a"]}))

    assert [(3, 4, 1)] == table.select("pairs_found", "pairs_true", "pairs_right").rows()


def test_a_record_in_two_clusters(leak: Leak) -> None:
    """A record with two clusters is refused."""
    with pytest.raises(InputError, match="1 rows repeat a record_id: give one row per record"):
        scoring.score_clusters(leak, pl.DataFrame({"record_id": [10, 10], "person_cluster": [1, 2]}))


def test_clusters_of_another_leak(leak: Leak) -> None:
    """The error counts the record ids that are not in the leak."""
    with pytest.raises(InputError, match="1 of 2 values of record_id are not in the leak"):
        scoring.score_clusters(leak, pl.DataFrame({"record_id": [10, 99], "person_cluster": [1, 2]}))


@pytest.mark.parametrize("seed", range(5))
def test_pairs_are_those_scikit_learn_counts(write_data_set: Callable[..., Path], tmp_path: Path, seed: int) -> None:
    """Pair counts from group sizes equal those of an independent implementation."""
    random = np.random.default_rng(seed)
    people, clusters = random.integers(0, 60, 300), random.integers(0, 80, 300)
    rows = [
        dict.fromkeys(schema.TRUTH_LINES.names)
        | {"line_id": row, "record_id": row, "person_id": int(person), "errors": []}
        | {"repeated_line": False, "sentinel": False, "comment_sensitive": False}
        for row, person in enumerate(people)
    ]
    truth = pa.Table.from_pylist(rows, schema=schema.TRUTH_LINES.arrow_schema())
    with open_leak(write_data_set(tmp_path, truth_lines=truth)) as leak:
        found = pl.DataFrame({"record_id": range(300), "person_cluster": clusters})
        scored = scoring.score_clusters(leak, found).row(0, named=True)

    ((_, wrong), (missed, right)) = pair_confusion_matrix(people, clusters) // 2
    assert (right + wrong, right + missed, right) == (
        scored["pairs_found"],
        scored["pairs_true"],
        scored["pairs_right"],
    )


@pytest.mark.spark
def test_spark_scores_as_duckdb_does(leak: Leak, spark_leak: Leak) -> None:
    """Both engines give the same scores, for tables in memory and for expressions."""
    flagged = pl.DataFrame({"line_id": [1, 2, 3]})
    first, second = (
        (
            scoring.score_comments(each, flagged).rows(),
            scoring.score_clusters(each, duplicates.key_clusters(each, KEYS["nir"])).rows(),
        )
        for each in (leak, spark_leak)
    )

    assert first == second
