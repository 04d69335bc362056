"""The command line: what it prints, on which stream, and its exit codes."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import typer.main

import toolkit
from toolkit import schema
from toolkit.analysis import audit, counts, duplicates, public_figures
from toolkit.analysis.audit.labelling import LabellingSheet
from toolkit.cli import main, make_app
from toolkit.dataset import open_leak
from toolkit.questions import find_question, questions

COMMANDS = typer.main.get_command(make_app()).commands  # type: ignore[attr-defined]  # an app of several commands is a group
QUESTIONS = [question.name for question in questions()]


class Ran(NamedTuple):
    """The exit code of a command and what it printed."""

    code: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Return a function that runs a command in this process, with output that is no terminal."""

    def ran(*arguments: str | Path) -> Ran:
        code = main([str(argument) for argument in arguments])
        return Ran(code, *capsys.readouterr())

    return ran


# --- Help -------------------------------------------------------------------------------------------------------------


def test_documented_commands_exist() -> None:
    """Every documented command is there, and one command per question."""
    documented = {"generate", "verify-synthetic", "intake", "describe", "disclosures", "realism", "investigate"}
    documented |= {"lab", "rerun"}
    documented |= {"counts", "comments", "public-figures", "duplicates", "claims"}

    assert documented | set(QUESTIONS) == set(COMMANDS)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_command_and_its_options_have_help(name: str) -> None:
    """Every command and every option of it has a help text."""
    command = COMMANDS[name]

    without = [parameter.name for parameter in command.params if not getattr(parameter, "help", None)]

    assert command.help
    assert [] == without


def test_help_loads_no_engine() -> None:
    """`toolkit --help` imports no library that is slow to load."""
    slow = [
        "duckdb",
        "ibis",
        "IPython",
        "jupyterlab",
        "numpy",
        "pandas",
        "plotly",
        "polars",
        "pyarrow",
        "scipy",
        "sklearn",
    ]
    code = f"import sys; from toolkit.cli import main; main(['--help']); print([n for n in {slow} if n in sys.modules])"

    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "[]" == ran.stdout.splitlines()[-1]


def test_notebook_helpers_load_nothing_that_writes_notebooks() -> None:
    """What every notebook imports does not load nbformat and its JSON schemas, which takes seconds."""
    code = "import sys, toolkit.notebook; print({'jsonschema', 'nbconvert', 'nbformat'} & {*sys.modules})"

    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "set()" == ran.stdout.strip()


def test_no_command_prints_the_help(run: Run) -> None:
    """`toolkit` alone prints the help with every command."""
    ran = run()

    assert 0 == ran.code
    assert all(name in ran.out for name in COMMANDS)


def test_version(run: Run) -> None:
    """`--version` prints the version of the package and nothing else."""
    assert Ran(0, f"{toolkit.__version__}\n", "") == run("--version")


# --- Errors -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["generate", "--rows", "10"], "--rows is 10"),
        (["generate", "--rows", "x"], "'--rows'"),
        (["generate", "--seed", "1.5"], "'--seed'"),
        (["generate", "--partitions", "0"], "'--partitions'"),
        (["generate", "--rows", "1000", "--partitions", "9"], "--partitions is 9"),
        (["generate", "--threads", "0"], "'--threads'"),
        (["generate", "--memory-limit", "5XB"], "'5XB' is not a size"),
        (["generate", "--memory-limit", "0GB"], "'0GB' is not a size"),
        (["generate", "--scenario", "nope"], "No scenario 'nope'"),
        (["generate", "--nope"], "--nope"),
        (["investigate", "--rows", "10"], "--rows is 10"),
        (["counts", "missing"], "There is no directory"),
        (["describe", "."], "has no manifest.json"),
        (["verify-synthetic", "missing"], "There is no file or directory missing"),
        (["counts", ".", "--engine", "abacus"], "There is no engine 'abacus'"),
        (["comments", ".", "--audit", "0"], "'--audit'"),
        (["counts", ".", "--memory-limit", "much"], "'much' is not a size"),
        (["counts"], "'DIR'"),
        (["nope"], "'nope'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_mistake_of_the_user_is_one_line(
    arguments: list[str], message: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mistake ends with code 2, one line on standard error, nothing on standard output and nothing on disk."""
    monkeypatch.chdir(tmp_path)

    ran = run(*arguments)

    assert 2 == ran.code
    assert "" == ran.out
    assert ran.err.startswith("Error: ")
    assert message in ran.err
    assert 1 == ran.err.count("\n")
    assert [] == list(tmp_path.iterdir())


def test_interruption(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C ends with code 130 and the advice that the same command resumes."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("toolkit.synth.generate", interrupted)

    ran = run("generate", "--rows", "1000", "--out", tmp_path / "leak")

    assert Ran(130, "", "Error: interrupted; the same command resumes where it stopped.\n") == ran


# --- Generating -------------------------------------------------------------------------------------------------------


def test_generate_makes_a_data_set_and_prints_its_numbers(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without --out a data set is made under data/synthetic, and its numbers are printed with separators."""
    monkeypatch.chdir(tmp_path)

    ran = run("generate", "--rows", "1000", "--seed", "3")

    manifest = json.loads((tmp_path / "data/synthetic/mlm-2026-1000-3/manifest.json").read_text(encoding="utf-8"))
    assert (0, "") == (ran.code, ran.err)
    assert "data/synthetic/mlm-2026-1000-3: 1,000 lines written." in ran.out
    assert re.search(rf"{manifest['counts']['records']:,} +records", ran.out)


def test_generate_leaves_a_finished_data_set_unchanged(run: Run, small_leak: Path) -> None:
    """The same command a second time writes no lines, and the JSON has their number as 0."""
    ran = run("generate", "--rows", "20000", "--out", small_leak, "--json")

    printed = json.loads(ran.out)
    assert (0, "") == (ran.code, ran.err)
    assert 0 == printed["lines_written"]
    assert 20_000 == printed["counts"]["lines"]


def test_generate_takes_partitions_and_memory(run: Run, tmp_path: Path) -> None:
    """The number of files is the one given, and sizes may have any usual unit."""
    out = tmp_path / "leak"

    ran = run("generate", "--rows", "3000", "--partitions", "3", "--memory-limit", "0.5GiB", "--out", out)

    assert 0 == ran.code
    assert 3 == len(list((out / "lines").glob("*.parquet")))


def on_a_terminal(*command: str | Path) -> tuple[str, str]:
    """Run a command whose standard error is a terminal; return what it printed and what the terminal showed."""
    terminal, child = pty.openpty()
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "140"}
    shown = b""
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=child, env=environment, text=True) as process:
        os.close(child)
        # Linux raises an error at the end of a terminal.
        with contextlib.suppress(OSError):
            while part := os.read(terminal, 4096):
                shown += part
        out, _ = process.communicate()
    os.close(terminal)
    return out, re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode())


def test_progress_is_for_terminals(tmp_path: Path) -> None:
    """On a terminal a bar on standard error shows the lines done; standard output has the result only."""
    generate = [sys.executable, "-m", "toolkit", "generate", "--rows", "2000", "--out", tmp_path / "leak", "--json"]

    out, shown = on_a_terminal(*generate)

    assert "Making the leak" in shown
    assert "2,000 of 2,000 lines" in shown
    assert 2_000 == json.loads(out)["lines_written"]


# --- Verifying --------------------------------------------------------------------------------------------------------


def test_verify_synthetic_prints_its_checks(run: Run, small_leak: Path) -> None:
    """A synthetic data set ends with 0 and one row per check."""
    ran = run("verify-synthetic", small_leak)

    assert (0, "") == (ran.code, ran.err)
    assert "Verified as synthetic: nothing in it can reach anybody." in ran.out
    assert "mail domains end in .example" in ran.out


def test_verify_synthetic_refuses_a_foreign_file(run: Run, tmp_path: Path) -> None:
    """Another data set ends with 1 and the offending counts, and none of its values is shown."""
    foreign = {"nir": ["184127512345678", None], "email": ["someone@host.invalid", "other@host.invalid"]}
    pq.write_table(pa.table(foreign), tmp_path / "part.parquet")

    ran = run("verify-synthetic", tmp_path, "--json")
    table = run("verify-synthetic", tmp_path)

    offending = {check["name"]: check["offending"] for check in json.loads(ran.out)["checks"]}
    assert (1, 1) == (ran.code, table.code)
    assert 2 == offending["email"]
    assert "Not verified as synthetic: " in table.out
    assert "host.invalid" not in ran.out + table.out


# --- Answering --------------------------------------------------------------------------------------------------------


def test_describe_lists_tables_and_columns(run: Run, small_leak: Path) -> None:
    """The description has every table with its rows, every column of the lines, the notice, and the questions."""
    ran = run("describe", small_leak)
    printed = json.loads(run("describe", small_leak, "--json").out)

    assert (0, "") == (ran.code, ran.err)
    assert "This data set is synthetic" in ran.out
    assert [(name, True, None) for name in QUESTIONS] == [tuple(each.values()) for each in printed["questions"]]
    assert all(name in ran.out for name in [*schema.TABLES, *schema.LINES.names])
    assert 20_000 == next(table["rows"] for table in printed["tables"] if table["name"] == "lines")


def answered(run: Run, name: str, directory: Path, *options: str) -> dict[str, Any]:
    """Return the JSON of one answer."""
    ran = run(name, directory, "--json", *options)
    assert (0, "") == (ran.code, ran.err)
    answer: dict[str, Any] = json.loads(ran.out)
    return answer


def test_counts_are_those_of_the_analysis(run: Run, small_leak: Path) -> None:
    """`counts --json` has the tables of the analysis, number for number."""
    with open_leak(small_leak) as leak:
        expected = counts.overview(leak)

    actual = pl.DataFrame(answered(run, "counts", small_leak)["overview"])

    assert expected.equals(actual.select(expected.columns))


def test_duplicates_are_those_of_the_analysis(run: Run, small_leak: Path) -> None:
    """`duplicates --json` has the linked people with their interval, and the people by each exact key."""
    with open_leak(small_leak) as leak:
        people, by_key = duplicates.count_people(leak), duplicates.at_several_practices(leak)

    answer = answered(run, "duplicates", small_leak)

    results = {result["id"]: result for result in answer["results"]}
    linked, keys = results["people"], [results[f"people_at_several_practices_by_{key}"] for key in by_key["key"]]
    assert [people.low, people.people, people.high] == [linked[name] for name in ("low", "value", "high")]
    assert by_key["people_at_several"].to_list() == [result["value"] for result in keys]
    assert by_key["people"].to_list() == [result["denominator"] for result in keys]
    assert people.waterfall.rows(named=True) == answer["waterfall"]
    assert people.repeats.rows(named=True) == answer["repeats"]
    assert people.linkage.sweep.rows(named=True) == answer["threshold_sweep"]


@pytest.mark.parametrize(
    ("name", "table", "columns"),
    [
        ("comments", "categories", ["strict_lines", "lines", "texts"]),
        ("public-figures", "exposure", ["figures", "email", "comment"]),
    ],
)
def test_json_has_no_small_count(name: str, table: str, columns: list[str], run: Run, small_leak: Path) -> None:
    """Tables of people in `--json` have null where fewer than ten are counted, and where that could be computed."""
    counted = pl.DataFrame(answered(run, name, small_leak)[table]).select(columns).to_dict(as_series=False)

    assert all(count is None or count == 0 or count >= 10 for column in counted.values() for count in column)
    assert any(None in column for column in counted.values())


def test_duplicates_writes_the_clusters(run: Run, small_leak: Path, tmp_path: Path) -> None:
    """`--out` is a file with one row per record and its person, readable by its owner only; nothing else is written."""
    out = tmp_path / "clusters.parquet"

    ran = run("duplicates", small_leak, "--out", out)

    clusters = pl.read_parquet(out)
    lines = pl.read_parquet(small_leak / "lines" / "*.parquet")
    assert (0, "") == (ran.code, ran.err)
    assert ["record_id", "person_cluster"] == clusters.columns
    assert lines["record_id"].unique().sort().to_list() == clusters["record_id"].to_list()
    assert 0 == clusters["person_cluster"].null_count()
    assert [out] == list(tmp_path.iterdir())
    assert 0o600 == out.stat().st_mode & 0o777
    assert "From lines to people" in ran.out
    assert "Why there are more lines than people, by kind" in ran.out


def test_duplicates_reads_and_saves_a_model(run: Run, small_leak: Path, tmp_path: Path) -> None:
    """A saved model links the same leak to the same people, and the command of the numbers names it."""
    saved = tmp_path / "model.json"

    learned = answered(run, "duplicates", small_leak, "--save-model", str(saved))
    linked = answered(run, "duplicates", small_leak, "--model", str(saved))

    assert learned["waterfall"] == linked["waterfall"]
    assert f"--model {saved}" in linked["results"][0]["command"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--out", "missing/clusters.parquet"], "cannot be written"),
        (["--save-model", "missing/model.json"], "cannot be written"),
        (["--model", "missing.json"], "is not a linkage model"),
    ],
    ids=["out", "save-model", "model"],
)
def test_duplicates_with_a_wrong_file(
    options: list[str], message: str, run: Run, small_leak: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that cannot be read or written gives one sentence and code 2."""
    monkeypatch.chdir(tmp_path)

    ran = run("duplicates", small_leak, *options)

    assert 2 == ran.code
    assert message in ran.err
    assert 1 == ran.err.count("\n")


def test_public_figures_are_those_of_the_analysis(run: Run, small_leak: Path) -> None:
    """`public-figures --json` has the tiers with their hits and the hits expected by chance."""
    with open_leak(small_leak) as leak:
        expected = public_figures.match(leak).tiers

    tiers = pl.DataFrame(answered(run, "public-figures", small_leak)["tiers"])

    columns = ["tier", "hits", "figures", "expected_by_chance", "low", "high"]
    assert expected.select(columns).equals(tiers.select(columns))


def test_public_figures_take_a_register_and_write_hits(run: Run, nine_lines: Path, tmp_path: Path) -> None:
    """--register replaces the register of the data set, and --out is readable by its owner only."""
    register, out = tmp_path / "register.csv", tmp_path / "hits.parquet"
    register.write_text("nom;prénom;date de naissance\nLEFEVRE;Zoé;17/05/1980\n", encoding="utf-8")

    tiers = answered(run, "public-figures", nine_lines, "--register", str(register), "--out", str(out))["tiers"]

    hits = pl.read_parquet(out)
    assert [2, 2, 2, 0] == [tier["hits"] for tier in tiers]
    assert ["figure_id", "record_id", "tier", "p_wrong_person"] == hits.columns
    assert [(1, 10, "name_birth_date"), (1, 20, "name_birth_date")] == hits.drop("p_wrong_person").rows()
    assert 0o600 == out.stat().st_mode & 0o777
    assert [out.name, register.name] == sorted(path.name for path in tmp_path.iterdir())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--register", "missing.csv"], "There is no file missing.csv"),
        (["--register", "bad.csv"], "lacks a first name"),
        (["--out", "missing/hits.parquet"], "cannot be written"),
    ],
)
def test_public_figures_with_a_wrong_file(
    options: list[str], message: str, run: Run, nine_lines: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A register that cannot be read, or a file that cannot be written, gives one line and code 2."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.csv").write_text("nom\nA\n", encoding="utf-8")

    ran = run("public-figures", nine_lines, *options)

    assert (2, "") == (ran.code, ran.out)
    assert message in ran.err
    assert 1 == ran.err.count("\n")


def test_comments_without_an_audit_are_hits(run: Run, small_leak: Path) -> None:
    """Without a sample the hits have all lines, and the lines with a comment, as denominators, and are called hits."""
    results = {result["id"]: result for result in answered(run, "comments", small_leak)["results"]}

    of_lines, of_comments = results["flagged_lines"], results["flagged_comments"]
    assert of_lines["value"] == of_comments["value"]
    assert 20_000 == of_lines["denominator"]
    assert results["commented_lines"]["value"] == of_comments["denominator"]
    assert "hits of the scan, not an estimate" in of_lines["definition"]
    assert [] == [name for name in results if name.startswith("sensitive_")]
    assert "not an estimate: --audit 3000 estimates" in run("comments", small_leak).out


def test_audited_comments_are_those_of_the_analysis(run: Run, small_leak: Path) -> None:
    """`comments --audit` gives the estimate from the sample, its interval, its seed and its rules, with the hits."""
    with open_leak(small_leak) as leak:
        planned = audit.strata(leak, people=duplicates.people_of_records(leak))
        sample = audit.draw(planned, 1200, 5, floor=400)
        expected = audit.estimate(sample, audit.label(sample, leak)).shares

    answer = answered(run, "comments", small_leak, "--audit", "1200", "--seed", "5")

    results = {result["id"]: result for result in answer["results"]}
    assert expected.equals(pl.DataFrame(answer["estimate"]).select(expected.columns))
    for row in expected.iter_rows(named=True):
        result = results[f"sensitive_{row['unit']}"]
        assert (row["sensitive"], row["sensitive_low"], row["sensitive_high"], row["denominator"]) == tuple(
            result[name] for name in ("value", "low", "high", "denominator")
        )
    share = results["sensitive_share_of_lines"]
    assert answer["results"][0] == share
    assert (expected["value"][0], expected["low"][0], expected["high"][0]) == (
        share["value"],
        share["low"],
        share["high"],
    )
    (drawn,) = answer["sample"]
    assert (5, 1200, sample.digest, sample.rules) == tuple(drawn[name] for name in ("seed", "lines", "sample", "rules"))
    assert share["command"].endswith("--audit 1200 --seed 5 --json")


def without_truth(leak: Path, directory: Path) -> Path:
    """Copy a data set without its truth, as a real one would be."""
    shutil.copytree(leak, directory)
    shutil.rmtree(directory / "truth")
    manifest = json.loads((directory / "manifest.json").read_text(encoding="utf-8"))
    manifest["files"] = [entry for entry in manifest["files"] if not entry["path"].startswith("truth/")]
    (directory / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return directory


def test_comments_without_truth_need_a_reviewer(run: Run, nine_lines: Path, tmp_path: Path) -> None:
    """Without truth there are hits, and an audit needs a labelling sheet; a finished sheet gives the estimate."""
    real = without_truth(nine_lines, tmp_path / "real")
    assert 0 == run("comments", real).code
    assert {"flagged_lines"} < {result["id"] for result in answered(run, "comments", real)["results"]}

    refused = run("comments", real, "--audit", "90")
    with open_leak(real) as leak:
        sample = audit.draw(audit.strata(leak, people=duplicates.people_of_records(leak)), 90, floor=30)
    sheet = LabellingSheet(sample, tmp_path, "anna")
    while sheet.current is not None:
        sheet.answer("not")
    answer = answered(run, "comments", real, "--audit", "90", "--reviewer", str(sheet.file))

    assert (2, "") == (refused.code, refused.out)
    assert "has no truth to label a sample with" in refused.err
    results = {result["id"]: result for result in answer["results"]}
    assert 0 == results["sensitive_lines"]["value"]
    assert "labelled by a reviewer" in results["sensitive_lines"]["definition"]


@pytest.mark.parametrize("name", QUESTIONS)
def test_answer_is_a_table_with_denominators(name: str, run: Run, small_leak: Path) -> None:
    """In words an answer has the question and, for each number, its denominator and definition."""
    ran = run(name, small_leak)

    assert (0, "") == (ran.code, ran.err)
    assert find_question(name).title in [line.rstrip() for line in ran.out.splitlines()]
    assert all(heading in ran.out for heading in ("Number", "Denominator", "Share", "Definition"))


@pytest.mark.parametrize("name", QUESTIONS)
def test_answer_shows_no_personal_value(name: str, run: Run, small_leak: Path) -> None:
    """No value that identifies a person is in an answer, in words or in JSON."""
    lines = pl.read_parquet(small_leak / "lines" / "*.parquet")
    direct = ("nir", "mobile_phone", "landline_phone", "email", "address", "administrative_comment")
    values = {value for column in direct for value in lines[column].drop_nulls() if len(value) > 8}

    printed = run(name, small_leak).out + run(name, small_leak, "--json").out

    assert [] == [value for value in values if value in printed]


@pytest.mark.spark
@pytest.mark.slow
def test_engines_agree(run: Run, nine_lines: Path, spark_leak: object) -> None:
    """`counts` gives the same numbers on Spark as on DuckDB."""
    assert answered(run, "counts", nine_lines) == answered(run, "counts", nine_lines, "--engine", "spark")


def test_installed_command_answers(small_leak: Path) -> None:
    """The installed command runs and ends with the code of `main`."""
    command = shutil.which("toolkit", path=str(Path(sys.executable).parent))
    assert command is not None

    described = subprocess.run([command, "describe", small_leak], capture_output=True, text=True, check=False)
    missing = subprocess.run([command, "describe", "missing"], capture_output=True, text=True, check=False)

    assert (0, "") == (described.returncode, described.stderr)
    assert (2, "") == (missing.returncode, missing.stdout)
