"""Opening a data set: what opens, and the one sentence when it does not."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from toolkit import schema
from toolkit.dataset import Capabilities, Leak, open_leak
from toolkit.dataset._backends._spark import _start_spark
from toolkit.errors import DataSetError, InputError, MissingError, NotADataSetError


@pytest.fixture
def data_set(nine_lines: Path, tmp_path: Path) -> Path:
    """A copy of the nine lines that a test may damage."""
    return Path(shutil.copytree(nine_lines, tmp_path / "copy"))


def change_manifest(data_set: Path, **changes: object) -> None:
    """Write the manifest again with other values."""
    file = data_set / "manifest.json"
    file.write_text(json.dumps(json.loads(file.read_text(encoding="utf-8")) | changes), encoding="utf-8")


def test_tables_have_the_columns_of_the_schema(leak: Leak) -> None:
    """Each table of a leak has the columns of the schema, in their order."""
    opened = {
        "lines": leak.lines,
        "practices": leak.practices,
        "practitioners": leak.practitioners,
        "public_figures": leak.public_figures,
        "truth_lines": leak.truth,
        "truth_hands": leak.hands,
    }

    assert {name: table.names for name, table in schema.TABLES.items()} == {n: t.columns for n, t in opened.items()}


def test_lines_are_read_from_every_file(leak: Leak) -> None:
    """A table of several files is one table."""
    assert list(range(9)) == sorted(leak.lines.line_id.to_polars().to_list())


def test_tells_its_name_path_engine_and_manifest(leak: Leak, nine_lines: Path) -> None:
    """A leak knows where it was opened, with what, and what its manifest says."""
    assert (nine_lines.name, nine_lines.resolve(), "duckdb", 9) == (
        leak.name,
        leak.path,
        leak.engine,
        leak.manifest["rows"],
    )


def test_representation_holds_no_row(leak: Leak) -> None:
    """The representation of a leak is its name, size and engine, and nothing of its lines."""
    assert f"<Leak {leak.name!r}: 9 lines, engine duckdb>" == repr(leak)


def test_a_path_with_pattern_characters_opens(write_data_set: Callable[..., Path], tmp_path: Path) -> None:
    """Brackets, stars and spaces in a directory's name are no pattern."""
    directory = tmp_path / "leak [1] *x"
    directory.mkdir()
    with open_leak(write_data_set(directory)) as leak:
        assert 9 == leak.lines.count().execute()


def test_closing_removes_what_was_spilled(nine_lines: Path) -> None:
    """The directory for what does not fit in memory goes when the leak is closed."""
    with open_leak(nine_lines) as leak:
        spill = Path(leak._backend._spill)  # type: ignore[attr-defined]
        there = spill.is_dir()

    assert (True, False) == (there, spill.exists())


def test_memory_limit_and_threads_reach_the_engine(nine_lines: Path) -> None:
    """The limits given are those the engine runs with."""
    with open_leak(nine_lines, memory_limit="1GB", threads=1) as leak:
        connection = leak._backend._connection  # type: ignore[attr-defined]
        settings = connection.con.sql("select current_setting('threads'), current_setting('memory_limit')").fetchall()

    assert [(1, "953.6 MiB")] == settings


def test_no_directory(tmp_path: Path) -> None:
    """A path that leads nowhere is named."""
    with pytest.raises(NotADataSetError, match=r"There is no directory .*/nowhere: give the directory of a data set\."):
        open_leak(tmp_path / "nowhere")


def test_no_manifest_is_refused_as_unfinished(data_set: Path) -> None:
    """A directory of Parquet files without manifest is taken for a making that did not finish."""
    (data_set / "manifest.json").unlink()

    with pytest.raises(DataSetError, match=r"has no manifest\.json: .* it was not finished; run `toolkit generate`"):
        open_leak(data_set)


def test_manifest_that_is_no_json(data_set: Path) -> None:
    """A manifest cut short is told apart from one that lacks."""
    (data_set / "manifest.json").write_text('{"format": 1', encoding="utf-8")

    with pytest.raises(DataSetError, match=r"manifest\.json is not valid JSON .*: make the data set again\."):
        open_leak(data_set)


@pytest.mark.parametrize("content", ["[]", "{}", '{"format": 1, "files": null}'])
def test_manifest_of_something_else(data_set: Path, content: str) -> None:
    """A manifest.json of another kind is not taken for one of ours."""
    (data_set / "manifest.json").write_text(content, encoding="utf-8")

    with pytest.raises(DataSetError, match="is not the manifest of a data set: it has no list of files"):
        open_leak(data_set)


def test_manifest_of_another_format(data_set: Path) -> None:
    """A format that this version does not read is named beside the one it reads."""
    change_manifest(data_set, format=7)

    with pytest.raises(DataSetError, match="has format 7 where 1 was expected"):
        open_leak(data_set)


def test_a_file_is_missing(data_set: Path) -> None:
    """A file that the manifest lists must be there."""
    (data_set / "lines/part-00001.parquet").unlink()

    with pytest.raises(DataSetError, match=r"part-00001\.parquet is in the manifest but not on disk"):
        open_leak(data_set)


def test_a_file_was_cut_short(data_set: Path) -> None:
    """A file must have the size that the manifest lists."""
    file = data_set / "practices.parquet"
    size = file.stat().st_size
    file.write_bytes(file.read_bytes()[:-1])

    with pytest.raises(DataSetError, match=f"has {size - 1} bytes where manifest.json lists {size}"):
        open_leak(data_set)


def without(data_set: Path, *tables: str, columns: tuple[str, ...] = ()) -> Path:
    """Remove tables and columns of the lines from a data set, from its files and from its manifest."""
    manifest = json.loads((data_set / "manifest.json").read_text(encoding="utf-8"))
    files = []
    for entry in manifest["files"]:
        file = data_set / entry["path"]
        if any(file.relative_to(data_set).match(schema.TABLES[name].files) for name in tables):
            file.unlink()
            continue
        if entry["path"].startswith("lines/"):
            pq.write_table(pq.read_table(file).drop_columns(list(columns)), file)
        files.append(entry | {"bytes": file.stat().st_size})
    change_manifest(data_set, files=files)
    return data_set


def test_a_synthetic_leak_has_everything(leak: Leak) -> None:
    """The nine lines are synthetic, with truth, register, practices and practitioners, and eleven filled columns."""
    filled = {"line_id", "record_id", "practice_id", "practitioner_id", "last_name", "birth_name", "first_name", "sex"}
    filled |= {"birth_date", "nir", "address", "postal_code", "city", "administrative_comment"}
    filled |= {"created_on", "updated_on"}

    assert ("synthetic", True) == (leak.origin, leak.is_synthetic)
    assert Capabilities(True, True, True, True, frozenset(filled)) == leak.capabilities


def test_a_leak_without_an_origin_is_taken_for_real(data_set: Path) -> None:
    """Where nothing in the manifest marks the data as synthetic, they are treated as received data."""
    change_manifest(data_set, synthetic=None)

    with open_leak(data_set) as leak:
        assert ("intake", False) == (leak.origin, leak.is_synthetic)


def test_unknown_origin(data_set: Path) -> None:
    """An origin that this version does not know is named beside those it knows."""
    change_manifest(data_set, origin="rumour")

    with pytest.raises(DataSetError, match="has the origin 'rumour': expected synthetic or intake"):
        open_leak(data_set)


def test_missing_tables_are_reported_by_name(data_set: Path) -> None:
    """A data set may lack every table but the lines; reading one that is missing says which."""
    without(data_set, "truth_lines", "public_figures", "practices", "practitioners")

    with open_leak(data_set) as leak:
        found = leak.capabilities
        with pytest.raises(MissingError, match="the data set has no table of practices"):
            _ = leak.practices
        with pytest.raises(MissingError, match="the data set has no table of true answers"):
            _ = leak.truth

    assert (False, False, False, False) == (found.truth, found.register, found.practices, found.practitioners)


def test_missing_columns_are_null_and_typed(data_set: Path) -> None:
    """A column that the files lack is null throughout, of the schema's type, and no capability."""
    without(data_set, columns=("nir", "birth_date", "practice_id"))

    with open_leak(data_set) as leak:
        lines = leak.lines.select("nir", "birth_date", "practice_id").to_pyarrow()
        found = leak.capabilities

    assert [9, 9, 9] == [column.null_count for column in lines.columns]
    assert [schema.LINES[name].type for name in lines.column_names] == [field.type for field in lines.schema]
    assert not found.columns & {"nir", "birth_date", "practice_id"}
    assert found.has("last_name", "city")
    assert not found.has("last_name", "nir")


def test_a_column_that_one_file_lacks_is_read_from_the_others(data_set: Path) -> None:
    """Files of lines may differ in their columns."""
    file = data_set / "lines" / "part-00000.parquet"
    pq.write_table(pq.read_table(file).drop_columns(["city"]), file)
    manifest = json.loads((data_set / "manifest.json").read_text(encoding="utf-8"))
    sizes = [entry | {"bytes": (data_set / entry["path"]).stat().st_size} for entry in manifest["files"]]
    change_manifest(data_set, files=sizes)

    with open_leak(data_set) as leak:
        assert 5 == leak.lines.city.count().execute()
        assert leak.capabilities.has("city")


@pytest.mark.parametrize("lack", ["column", "values"])
def test_a_line_without_record_id_is_a_record_of_its_own(
    data_set: Path, write_data_set: Callable[..., Path], tmp_path: Path, lack: str
) -> None:
    """Lines without a record id get the number -1 - line_id, in the engine and in the query for DuckDB."""
    if lack == "column":
        without(data_set, columns=("record_id",))
        expected = [-1 - line for line in range(9)]
    else:
        parts = [pq.read_table(file) for file in sorted((data_set / "lines").glob("*.parquet"))]
        lines = pa.concat_tables(parts)
        ids = [None, 20, 11, 11, 12, 21, 30, 22, None]
        fields = [field.with_nullable(True) for field in lines.schema]
        changed = lines.set_column(1, "record_id", pa.array(ids, pa.int64())).cast(pa.schema(fields))
        data_set = write_data_set(tmp_path / "other", lines=changed)
        expected = [-1, 20, 11, 11, 12, 21, 30, 22, -9]

    with open_leak(data_set) as leak:
        read = leak.lines.order_by("line_id").to_polars()["record_id"].to_list()
        query = duckdb.sql(leak.lines_in_duckdb()).order("line_id").pl()

    assert expected == read == query["record_id"].to_list()
    assert list(schema.LINES.names) == query.columns


def test_lines_without_position_are_refused(data_set: Path) -> None:
    """The position of a line is the one column that no data set may lack."""
    without(data_set, columns=("line_id",))

    with open_leak(data_set) as leak, pytest.raises(DataSetError, match="have no column line_id"):
        _ = leak.lines


def test_a_manifest_without_lines_is_refused(data_set: Path) -> None:
    """A data set needs its lines."""
    change_manifest(data_set, files=[])

    with pytest.raises(DataSetError, match=r"lists no file lines/\*\.parquet"):
        open_leak(data_set)


def test_a_file_that_is_not_parquet_is_named(data_set: Path) -> None:
    """A damaged file of lines is one sentence when the leak is asked what it holds."""
    file = data_set / "lines" / "part-00000.parquet"
    file.write_bytes(b"x" * file.stat().st_size)

    with open_leak(data_set) as leak, pytest.raises(DataSetError, match=r"part-00000\.parquet cannot be read"):
        _ = leak.capabilities


def test_unknown_engine(nine_lines: Path) -> None:
    """An engine that does not exist is named beside those that do."""
    with pytest.raises(InputError, match=r"There is no engine 'sqlite': use one of duckdb, spark\."):
        open_leak(nine_lines, "sqlite")


def test_impossible_memory_limit(nine_lines: Path) -> None:
    """A limit that DuckDB does not understand is one sentence, not a traceback of DuckDB's."""
    with pytest.raises(InputError, match=r"DuckDB refused memory_limit='much' .* use values such as \"4GB\" and 2\."):
        open_leak(nine_lines, memory_limit="much")


def test_spark_without_pyspark(nine_lines: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asking for Spark without the extra says what to install."""
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)

    with pytest.raises(InputError, match=r"pip install 'leak-forensics-toolkit\[spark\]'"):
        open_leak(nine_lines, "spark")


def test_spark_without_java(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asking for Spark without Java says what to install."""
    monkeypatch.setattr("shutil.which", lambda _name: None)
    monkeypatch.delenv("JAVA_HOME", raising=False)

    with pytest.raises(InputError, match=r"needs Java 17 or later, and there is no `java` on the path nor JAVA_HOME"):
        _start_spark(None, None)


@pytest.mark.spark
def test_spark_reads_the_same_lines(leak: Leak, spark_leak: Leak) -> None:
    """Both engines read the same values of the same columns."""
    duckdb_lines, spark_lines = (each.lines.to_polars().sort("line_id") for each in (leak, spark_leak))

    assert duckdb_lines.rows() == spark_lines.rows()


@pytest.mark.spark
def test_closing_leaves_a_session_that_ran_before(spark_leak: Leak, nine_lines: Path) -> None:
    """A leak opened on a running session does not stop it."""
    with open_leak(nine_lines, "spark") as second:
        seen = second.lines.count().execute()

    assert (9, 9) == (seen, spark_leak.lines.count().execute())


@pytest.mark.spark
def test_spark_takes_no_pattern_for_a_path(
    spark_leak: Leak, write_data_set: Callable[..., Path], tmp_path: Path
) -> None:
    """On Spark too, brackets, stars and spaces in a directory's name are no pattern."""
    directory = tmp_path / "leak [1] *x"
    directory.mkdir()
    with open_leak(write_data_set(directory), "spark") as leak:
        assert 9 == leak.lines.count().execute()


def test_a_registered_table_is_joined_with_those_of_the_leak(leak: Leak) -> None:
    """Rows from outside are a table of the engine while the leak is open."""
    registered = leak.register_table(pa.table({"record_id": [10, 31, 900]}))

    found = leak.lines.semi_join(registered, "record_id").select("record_id").to_polars()

    assert [10, 31] == sorted(found["record_id"].to_list())
