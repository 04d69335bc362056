"""Data sets on disk: reproducible bytes, no partial files, and clear errors."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest

from tests.synth.conftest import Made, Make
from toolkit import reference, schema
from toolkit.errors import DataSetError, InputError, ScenarioError
from toolkit.provenance import SYNTHETIC_KEY, verify_synthetic
from toolkit.scenario import load_scenario
from toolkit.synth import _generate as generate_module
from toolkit.synth import _writing as writing
from toolkit.synth._generate import GenerateOptions, generate

PUBLISHED = "ee4071f6915284e773c4362316f2226bb7a02812fb908842768aa0204d7ce424"
"""Content hash of the data set of 20,000 lines with seed 1: change it only when the data are meant to change."""


def _files(path: Path) -> dict[str, bytes]:
    return {str(file.relative_to(path)): file.read_bytes() for file in sorted(path.rglob("*.parquet"))}


def test_the_published_data_set_comes_out_again(made: Made) -> None:
    """20,000 lines with seed 1 have the published content hash."""
    assert PUBLISHED == made.generated.manifest["content_hash"]


@pytest.mark.parametrize("options", [{"threads": 1}, {"threads": 3}, {"memory_limit": 10_000_000}])
def test_threads_and_memory_do_not_change_a_byte(make: Make, made: Made, options: dict[str, int]) -> None:
    """The files are the same to the byte for any number of threads and any memory limit."""
    assert _files(made.path) == _files(make(partitions=3, **options).path)


@pytest.mark.parametrize("partitions", [1, 2, 7, 20])
def test_partitions_change_the_files_and_nothing_else(make: Make, made: Made, partitions: int) -> None:
    """The lines, the truth and the content hash are the same however many files they are cut into."""
    other = make(partitions=partitions)

    assert partitions == len(list(other.path.glob("lines/*.parquet")))
    assert made.lines.equals(other.lines)
    assert made.truth.equals(other.truth)
    assert made.generated.manifest["content_hash"] == other.generated.manifest["content_hash"]


def test_another_seed_is_another_leak(make: Make, made: Made) -> None:
    """Another seed changes every record id's owner, and the hash."""
    other = make(seed=2)

    assert made.generated.manifest["content_hash"] != other.generated.manifest["content_hash"]
    assert (made.lines["last_name"] == other.lines["last_name"]).mean() < 0.01


@pytest.mark.parametrize("rows", [1_000, 1_001, 20_000, 33_333])
def test_the_counts_are_exact(make: Make, rows: int) -> None:
    """Lines, records, people, repeats, practices and sensitive people are those of the manifest."""
    other = make(rows=rows)
    lines, truth, counts = other.lines, other.truth, other.generated.manifest["counts"]

    assert list(range(rows)) == lines["line_id"].to_list()
    assert counts["records"] == lines["record_id"].n_unique()
    assert counts["people"] == truth["person_id"].drop_nulls().n_unique()
    assert counts["lines"] - counts["records"] == truth["repeated_line"].sum()
    assert counts["practices"] == lines["practice_id"].n_unique()
    assert counts["sensitive_people"] == truth.filter("comment_sensitive")["person_id"].n_unique()
    assert counts["public_figures_present"] == truth["figure_id"].drop_nulls().n_unique()
    assert lines["record_id"].min() >= 1
    assert lines["record_id"].max() <= counts["table_records"]


def test_a_repeated_line_repeats_a_record_to_the_letter(made: Made) -> None:
    """Lines of one record are equal but for their position, and the first of them is not marked as a repeat."""
    both = made.lines.join(made.truth.select("line_id", "repeated_line"), on="line_id")
    again = both.filter(pl.col("record_id").is_duplicated())

    assert again["record_id"].n_unique() == len(again.drop("line_id", "repeated_line").unique())
    assert (again.sort("line_id").unique("record_id", keep="first")["repeated_line"] == False).all()  # noqa: E712


def test_dates_agree_with_history(made: Made) -> None:
    """Records are created after birth and, but for imports and late entries, after installation; none changes later."""
    practices = pl.read_parquet(made.path / "practices.parquet").select("practice_id", "installed_on")
    truth = made.truth.select("line_id", "errors", "sentinel", "entry", "died_on")
    lines = made.lines.join(practices, on="practice_id").join(truth, on="line_id")

    assert (lines["created_on"] >= lines["installed_on"]).filter(lines["entry"].is_in(["visit", "transfer"])).all()
    assert (lines["updated_on"] <= lines["died_on"]).drop_nulls().mean() > 0.95
    assert (lines["updated_on"] >= lines["created_on"]).all()
    assert (lines["birth_date"] <= lines["created_on"]).drop_nulls().all()
    assert lines["updated_on"].max().isoformat().startswith("2025-11")


def test_record_ids_follow_the_calendar(made: Made) -> None:
    """A record created later has a higher number, but for imports that keep old dates and for late entries."""
    records = made.lines.join(made.truth, on=["line_id", "record_id"]).unique("record_id").sort("record_id")
    backwards = (records["created_on"].diff().dt.total_days() < 0).fill_null(value=False)
    usual = (records["entry"] == "visit") & (records["entry"].shift() == "visit")

    assert 0.001 < backwards.mean() < 0.05
    assert backwards.filter(usual).mean() < 0.003


def test_postal_code_and_city_are_true_pairs(made: Made) -> None:
    """Every postal code and city on a line is one of a French commune."""
    communes = pl.read_parquet(reference.read("communes.parquet"))
    pairs = communes.select(pl.col("postal_codes").str.split("|"), pl.col("name")).explode("postal_codes").unique()
    typed = made.lines.select("postal_code", "city").drop_nulls().unique()

    assert typed.join(pairs, left_on=["postal_code", "city"], right_on=["postal_codes", "name"], how="anti").is_empty()


def test_the_data_set_passes_verify_synthetic(made: Made) -> None:
    """The data set passes all checks, and every file has the mark."""
    report = verify_synthetic(made.path)

    assert report.ok, report
    for file in made.path.rglob("*.parquet"):
        assert SYNTHETIC_KEY.encode() in pq.read_metadata(file).metadata


def test_no_phone_nir_or_mail_is_real_by_an_independent_check(made: Made) -> None:
    """An independent check finds no telephone number, NIR or mail address that could be real."""
    lines = made.lines
    phones = pl.concat([lines["mobile_phone"], lines["landline_phone"]]).drop_nulls()
    nirs = lines["nir"].drop_nulls()

    assert phones.str.contains(r"^(0600000000|063998|07[123]\d|019900|026191|035301|046571|053649)").all()
    assert (phones.str.len_chars() == 10).all()
    overseas = nirs.str.slice(5, 2) == "97"
    assert nirs.filter(~overseas).str.slice(7, 3).unique().to_list() == ["000"]
    assert nirs.filter(overseas).str.slice(8, 2).unique().to_list() == ["00"]
    assert lines["email"].drop_nulls().str.contains(r"^[a-z0-9._-]+@[a-z]+\.example$").all()


def test_the_tables_are_those_of_the_schema(made: Made) -> None:
    """Every file has the columns, types and order of the schema, and its owner alone may read it."""
    for table in schema.TABLES.values():
        for file in made.path.glob(table.files):
            found = pq.read_schema(file)
            assert table.arrow_schema().names == found.names
            assert table.arrow_schema().types == found.types
            assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_manifest_and_data_package_describe_every_file(made: Made) -> None:
    """The manifest lists rows and sizes as they are on disk, the data package every column with its meaning."""
    manifest = json.loads((made.path / "manifest.json").read_text())
    package = json.loads((made.path / "datapackage.json").read_text())

    assert {str(f.relative_to(made.path)) for f in made.path.rglob("*.parquet")} == {
        f["path"] for f in manifest["files"]
    }
    for entry in manifest["files"]:
        assert entry["rows"] == pq.read_metadata(made.path / entry["path"]).num_rows
        assert entry["bytes"] == (made.path / entry["path"]).stat().st_size
    described = {f"{r['name']}.{field['name']}" for r in package["resources"] for field in r["schema"]["fields"]}
    assert described == {f"{t.name.replace('_', '-')}.{c.name}" for t in schema.TABLES.values() for c in t.columns}
    assert package["synthetic"] is manifest["synthetic"] is True


def test_progress_counts_every_line_once(tmp_path: Path) -> None:
    """Progress is reported as growing numbers of lines, up to the total."""
    calls: list[tuple[int, int]] = []
    options = GenerateOptions(partitions=4, threads=2)
    generate(load_scenario(), 1, 8_000, tmp_path / "data", options, lambda done, total: calls.append((done, total)))

    assert calls == sorted(calls)
    assert len(calls) >= 4
    assert (8_000, 8_000) == calls[-1]


def test_a_second_run_finds_the_data_set_and_touches_nothing(make: Make, tmp_path: Path) -> None:
    """The same command again writes nothing."""
    first = make(rows=2_000, out=tmp_path / "data")
    before = {file: file.stat().st_mtime_ns for file in first.path.rglob("*")}
    again = make(rows=2_000, out=tmp_path / "data")

    assert again.generated.lines_written == 0
    assert before == {file: file.stat().st_mtime_ns for file in first.path.rglob("*")}


def test_a_killed_run_is_resumed(make: Make, tmp_path: Path) -> None:
    """After a kill, the same command keeps finished partitions and ends with the same bytes."""
    whole = make(rows=60_000, partitions=30)
    out = tmp_path / "data"
    code = (
        "from pathlib import Path\nfrom toolkit.scenario import load_scenario\n"
        "from toolkit.synth._generate import GenerateOptions, generate\n"
        f"generate(load_scenario(), 1, 60_000, Path({str(out)!r}), GenerateOptions(partitions=30, threads=1))"
    )
    process = subprocess.Popen([sys.executable, "-c", code])
    deadline = time.monotonic() + 120
    while len(list(out.glob("truth/lines/.*.json"))) < 3 and time.monotonic() < deadline:
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (out / "manifest.json").exists(), "the run ended before it could be killed"
    kept = {file: file.stat().st_mtime_ns for file in out.glob("lines/*.parquet")}

    resumed = make(rows=60_000, partitions=30, out=out)

    assert 0 < resumed.generated.lines_written < 60_000
    assert _files(whole.path) == _files(out)
    noted = [file for file, changed in kept.items() if file.stat().st_mtime_ns == changed]
    assert len(noted) >= 3
    assert [] == [file.name for file in out.rglob(".*")]


def test_an_unfinished_data_set_with_other_partitions_is_restarted(make: Make, tmp_path: Path) -> None:
    """Partitions left by a run with another number of them are not mixed with the new ones."""
    out = tmp_path / "data"
    make(rows=5_000, partitions=5, out=out)
    (out / "manifest.json").unlink()
    notes = json.loads((make(rows=5_000, partitions=5).path / "manifest.json").read_text())
    recipe = {key: notes[key] for key in ("format", "scenario", "scenario_hash", "seed", "rows")}
    (out / ".generating.json").write_text(json.dumps(recipe | {"partitions": 5}))

    assert 2 == len(list(make(rows=5_000, partitions=2, out=out).path.glob("lines/*.parquet")))


def test_another_data_set_is_never_overwritten(make: Make, tmp_path: Path) -> None:
    """A directory that holds another data set, other files or is a file is refused and left as it was."""
    out = tmp_path / "data"
    make(rows=1_000, out=out)
    before = _files(out)
    with pytest.raises(DataSetError, match=r"holds another data set \(scenario mlm-2026, seed 1, rows 1000\)"):
        make(rows=1_000, seed=2, out=out)
    assert before == _files(out)
    scenario = load_scenario()
    dates = scenario.dates.model_copy(update={"import_share": 0.0})
    with pytest.raises(DataSetError, match="with other values in the scenario"):
        make(rows=1_000, scenario=scenario.model_copy(update={"dates": dates}), out=out)
    # A title decides nothing in the data.
    assert (
        0
        == make(rows=1_000, scenario=scenario.model_copy(update={"title": "another"}), out=out).generated.lines_written
    )
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "mine.txt").write_text("mine")
    with pytest.raises(DataSetError, match="not empty"):
        make(rows=1_000, out=tmp_path / "notes")
    with pytest.raises(DataSetError, match="is a file"):
        make(rows=1_000, out=tmp_path / "notes" / "mine.txt")
    assert "mine" == (tmp_path / "notes" / "mine.txt").read_text()


def test_a_disk_too_small_raises_an_error_first(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With too little space, the error gives the space needed and nothing is written."""
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1_000))
    with pytest.raises(DataSetError, match=r"needs about 0\.0 GB|needs about .* GB and the disk has"):
        make(rows=1_000, out=tmp_path / "data")


def test_a_run_on_a_full_disk_can_be_resumed(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk leaves no partial file; the same command resumes when there is space."""
    whole = make(rows=6_000, partitions=6)
    out = tmp_path / "data"
    calls = iter(range(100))
    finish = writing.TableWriter.finish

    def full(self: writing.TableWriter) -> writing.WrittenFile:
        if next(calls) == 7:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return finish(self)

    with monkeypatch.context() as patch:
        patch.setattr(writing.TableWriter, "finish", full)
        with pytest.raises(DataSetError, match="is full: free some space and run the same command again"):
            make(rows=6_000, partitions=6, threads=1, out=out)
    assert not (out / "manifest.json").exists()
    assert all(pq.read_metadata(file).num_rows for file in out.glob("lines/*.parquet"))

    assert _files(whole.path) == _files(make(rows=6_000, partitions=6, out=out).path)


@pytest.mark.parametrize(
    ("rows", "options", "sentence"),
    [
        (999, {}, "--rows is 999: a leak has at least 1,000 lines"),
        (-5, {}, "--rows is -5"),
        (2_000, {"partitions": 0}, "--partitions is 0: 2,000 lines can be cut into 1 to 2 partitions"),
        (2_000, {"partitions": 3}, "--partitions is 3"),
        (2_000, {"threads": 0}, "--threads is 0: give at least 1"),
    ],
)
def test_bad_numbers_raise_an_error(tmp_path: Path, rows: int, options: dict[str, int], sentence: str) -> None:
    """An invalid number raises an error with the value and the valid range, and writes nothing."""
    with pytest.raises(InputError, match=sentence):
        generate(load_scenario(), 1, rows, tmp_path / "data", GenerateOptions(**options))
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        ("[sizes]", "[sizes]\nlinez = 3", "key 'sizes.linez' is unknown"),
        ("people = 15_000_000", "peopl = 15_000_000", "key 'sizes.people' is missing"),
        ("non_blank = 0.215", "non_blank = 1.5", "key 'comments.non_blank' is 1.5"),
        ("records = 19_000_000", "records = 23_000_000", "people <= records <= lines"),
        ("[errors_elsewhere]", "[errors_elsewhere]\ntypos = 2.0", "unknown errors: typos"),
        ("history_years_max = 15", "history_years_max = 30", "comments have dates from 2005 to 2026"),
        ("working_days = true", "working_days = 1", "key 'marks.working_days' is 1"),
        ("deaths = true", "deaths = true\nghosts = true", "key 'marks.ghosts' is unknown"),
        ("maghreb = 0.30", "maghreb = 0.50", "people.origins must sum to 1"),
        ("run_days = [4, 22]", "run_days = [22, 4]", "typing.run_days has a shortest value above the longest"),
        ("[sizes]", "[sizes", "not valid TOML"),
    ],
)
def test_a_bad_scenario_names_the_key(tmp_path: Path, before: str, after: str, sentence: str) -> None:
    """A mistake in a scenario file raises an error with the key, the value and what was expected."""
    text = (Path(generate_module.__file__).parents[1] / "scenarios" / "mlm-2026.toml").read_text(encoding="utf-8")
    assert before in text
    file = tmp_path / "mine.toml"
    file.write_text(text.replace(before, after, 1), encoding="utf-8")
    with pytest.raises(ScenarioError, match=sentence):
        load_scenario(file)


def test_every_value_of_the_scenario_has_its_source() -> None:
    """Each value of the scenario has a source beside it, or the word assumption."""
    text = (Path(generate_module.__file__).parents[1] / "scenarios" / "mlm-2026.toml").read_text(encoding="utf-8")
    section = sourced = ""
    for line in text.splitlines():
        if line.startswith("["):
            section = line.split("]")[0] + "]"
            sourced = section if "INSEE" in line else ""
        if " = " in line and not line.startswith(("name", "title", "version", "#")) and section != "[marks]":
            reason = line.partition("#")[2]
            assert "assumption" in reason or ":" in reason or sourced == section, line
