"""`overview`, `read_texts`, `flagged` and `by_practice`, on the nine lines of the small data set."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from polars.testing import assert_frame_equal

from toolkit.analysis.comments import by_practice, flagged, overview, read_texts
from toolkit.dataset._leak import Leak, open_leak

_COMMENTS = ["RAS", "sous tutelle", "  ", None, "sous tutelle", "n'est pas juif", "mari alcoolique", "RAS", "SDF"]


@pytest.fixture(scope="module")
def commented(nine_lines: Path, write_data_set: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the nine lines with the comments above; lines 2 and 3 are one record, exported twice."""
    parts = [pq.read_table(file) for file in sorted((nine_lines / "lines").glob("*.parquet"))]
    lines = pa.concat_tables(parts).sort_by("line_id")
    place = lines.schema.get_field_index("administrative_comment")
    changed = lines.set_column(place, "administrative_comment", pa.array(_COMMENTS, pa.string()))
    return write_data_set(tmp_path_factory.mktemp("commented"), lines=changed.cast(lines.schema))


def test_each_distinct_text_has_one_row(commented: Path) -> None:
    """Blank comments are left out, and a text on two lines has one row with two lines."""
    with open_leak(commented) as leak:
        texts = read_texts(leak)

    expected = [("RAS", 2), ("SDF", 1), ("mari alcoolique", 1), ("n'est pas juif", 1), ("sous tutelle", 2)]
    assert expected == texts.select("administrative_comment", "lines").rows()


def test_totals_carry_their_denominators(commented: Path) -> None:
    """Counted by hand, seven lines have a comment, five a sensitive one, three a strict one, in eight records."""
    with open_leak(commented) as leak:
        totals = overview(leak).totals

    assert [
        ("commented_lines", 7, 9),
        ("distinct_texts", 5, 7),
        ("flagged_lines", 5, 9),
        ("strict_lines", 3, 9),
        ("flagged_comments", 5, 7),
        ("strict_comments", 3, 7),
        ("flagged_texts", 4, 5),
        ("strict_texts", 2, 5),
        ("flagged_records", 5, 8),
        ("strict_records", 3, 8),
    ] == totals.select("quantity", "value", "denominator").rows()


def test_categories_are_counted_strict_and_broad(commented: Path) -> None:
    """The table has all twelve categories, those with most lines first."""
    with open_leak(commented) as leak:
        table = overview(leak).categories

    assert 12 == table.height
    assert [
        ("social_situation", 3, 3, 2),
        ("addiction", 0, 1, 1),
        ("religion_beliefs", 0, 1, 1),
    ] == table.select("category", "strict_lines", "lines", "texts").head(3).rows()


def test_flagged_returns_the_sensitive_lines(commented: Path) -> None:
    """`flagged` returns the lines whose comment is sensitive, and whether it is strict."""
    with open_leak(commented) as leak:
        lines = flagged(leak, read_texts(leak)).order_by("line_id").to_polars()

    assert [(1, True), (4, True), (5, False), (6, False), (8, True)] == lines.select("line_id", "strict").rows()


def test_practices_count_records_once(commented: Path) -> None:
    """Record 11 of practice 1 was exported twice and counts once, and blank comments do not count."""
    with open_leak(commented) as leak:
        table = by_practice(leak, read_texts(leak))

    # practice, records, with a comment, with one called sensitive
    assert [(1, 3, 2, 1), (2, 3, 3, 2), (3, 2, 2, 2)] == table.rows()


@pytest.mark.spark
def test_spark_gives_the_same_answers(commented: Path, spark_leak: Leak) -> None:
    """Totals, categories and practices are the same on Spark as on DuckDB."""
    with open_leak(commented) as leak:
        on_duckdb, practices = overview(leak), by_practice(leak, read_texts(leak))
    with open_leak(commented, "spark") as leak:
        on_spark = overview(leak)
        assert_frame_equal(practices, by_practice(leak, read_texts(leak)))

    assert_frame_equal(on_duckdb.totals, on_spark.totals)
    assert_frame_equal(on_duckdb.categories, on_spark.categories)
