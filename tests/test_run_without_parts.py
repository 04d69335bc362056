"""Data sets that lack tables, columns and most of their manifest: every command answers what it can, with reasons."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from toolkit._io import file_digest
from toolkit.cli import main
from toolkit.questions import questions
from toolkit.report import _page as report_page
from toolkit.run import _investigation as investigation
from toolkit.scenario import load_scenario
from toolkit.synth import generate

TABLES = ("truth/", "public_figures", "practices", "practitioners")
SOME = ("birth_name", "sex", "nir", "landline_phone", "address", "city", "email", "practitioner_id", "practice_id")
MOST = (
    "record_id", "practice_id", "practitioner_id", "last_name", "birth_name", "first_name", "sex", "birth_date", "nir",
    "mobile_phone", "landline_phone", "email", "administrative_comment", "created_on", "updated_on",
)  # fmt: skip
QUESTIONS = [question.name for question in questions()]
UNANSWERABLE = {
    "synthetic": {"public-figures"},
    "half": {"public-figures"},
    "received": {"public-figures"},
    "poor": {"public-figures", "comments", "duplicates", "ages"},
}
"""The questions that each data set does not allow."""
ENGLISH = re.compile(r"(?:\S+ ){0,3}\b(?:the|of|and|with|is|are|not|has|because|from|which|each|by|to)\b(?: \S+){0,3}")
FRENCH = re.compile(r"(?:\S+ ){0,3}\b(?:le|les|des|du|une|et|est|sont|pas|avec|dans|pour|car|qui)\b(?: \S+){0,3}")
"""Words that nearly every sentence of one language has and none of the other, with their neighbours."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the data sets.

    "synthetic" lacks its truth, register, practices and practitioners. "half" lacks half of its columns too. "received"
    has the same files, and a manifest that lists them and has nothing else, and "poor" lacks every name, date, comment
    and record id.
    """
    folder = tmp_path_factory.mktemp("parts")
    generate(load_scenario(), 1, 2_000, folder / "full")
    strip(folder / "full", folder / "synthetic", ())
    strip(folder / "full", folder / "half", SOME)
    for name, columns in (("received", SOME), ("poor", MOST)):
        files = strip(folder / "full", folder / name, columns)["files"]
        bare = {"format": 1, "files": [{"path": entry["path"]} for entry in files]}
        (folder / name / "manifest.json").write_text(json.dumps(bare), encoding="utf-8")
    return folder


def strip(source: Path, target: Path, columns: tuple[str, ...]) -> dict[str, Any]:
    """Copy a data set without its tables beside the lines and without some columns; return its manifest."""
    shutil.copytree(source, target)
    manifest: dict[str, Any] = json.loads((source / "manifest.json").read_text(encoding="utf-8"))
    files = []
    for entry in manifest["files"]:
        file = target / entry["path"]
        if entry["path"].startswith(TABLES):
            file.unlink()
            continue
        pq.write_table(pq.read_table(file).drop_columns(list(columns)), file)
        files.append({"path": entry["path"], "rows": entry["rows"], "bytes": file.stat().st_size})
    manifest["files"] = files
    (target / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return manifest


@dataclass
class Ran:
    """The exit code of a command, and what it printed."""

    code: int
    out: str
    err: str


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Return a function that runs a command in this process."""

    def ran(*arguments: str | Path) -> Ran:
        code = main([str(argument) for argument in arguments])
        return Ran(code, *capsys.readouterr())

    return ran


# --- Questions --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("name", ["half", "received", "poor"])
def test_question_is_answered_or_has_a_reason(run: Callable[..., Ran], folder: Path, name: str, question: str) -> None:
    """A question ends with 0 and numbers, or with 1 and a reason in one sentence, in words and as JSON."""
    words, machines = run(question, folder / name), run(question, folder / name, "--json")

    answerable = question not in UNANSWERABLE[name]
    assert (0 if answerable else 1, "") == (words.code, words.err)
    assert (words.code, "") == (machines.code, machines.err)
    printed = json.loads(machines.out)
    if answerable:
        assert "Denominator" in words.out
        assert printed
    else:
        assert {"data_set": name, "answerable": False, "results": []}.items() <= printed.items()
        text = " ".join(words.out.split())
        assert text.endswith(f" Not answerable: {printed['reason']}.")
        assert printed["reason"].startswith("the data set has no ")


@pytest.mark.parametrize("name", list(UNANSWERABLE))
def test_describe_names_what_is_there(run: Callable[..., Ran], folder: Path, name: str) -> None:
    """`describe` has the origin, the filled columns, and each question that cannot be answered with its reason."""
    words, machines = run("describe", folder / name), run("describe", folder / name, "--json")

    described = json.loads(machines.out)
    removed = {"synthetic": (), "poor": MOST}.get(name, SOME)
    assert (0, "", 0, "") == (words.code, words.err, machines.code, machines.err)
    assert ("synthetic" if name in ("synthetic", "half") else "intake") == described["origin"]
    assert 2_000 == described["rows"] == described["tables"][0]["rows"]
    assert [0, 0, 0, 0, 0] == [table["files"] for table in described["tables"][1:]]
    assert set(removed) == {column["name"] for column in described["columns"] if not column["filled"]}
    assert UNANSWERABLE[name] == {each["name"] for each in described["questions"] if not each["answerable"]}
    assert all(f"no: {each['reason']}"[:40] in words.out for each in described["questions"] if not each["answerable"])


# --- Investigations ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def reports(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Investigate the data sets from the folder that they are in, without notebooks and pictures."""
    reports = tmp_path_factory.mktemp("reports")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(investigation, "find_notebooks", list)
        patch.setattr("toolkit.report.find_notebooks", list)
        patch.setattr(report_page, "write_images", lambda _charts, _folder: False)
        yield reports


@pytest.fixture(scope="module", params=["half", "received", "poor"])
def report(request: pytest.FixtureRequest, reports: Path) -> Path:
    """Return the folder of the report on a data set."""
    arguments = ["investigate", request.param, "--reports", str(reports), "--memory-limit", "1GB"]
    assert 0 == main(arguments)
    return reports / str(request.param)


def visible(page: Path) -> str:
    """Return the text of a page that a reader sees, on one line."""
    text = re.sub(r"<(script|style)\b.*?</\1>", " ", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", text)).split())


def test_page_has_the_questions_that_cannot_be_answered(report: Path) -> None:
    """The page has the number of answered questions at the top, and each reason there and in the section."""
    missing = len(UNANSWERABLE[report.name])
    text = visible(report / "index.html")

    assert f"{len(QUESTIONS) - missing} of {len(QUESTIONS)} questions could be answered." in text
    assert 2 * missing == text.count("Not answerable: the data set has no ")


@pytest.fixture(scope="module", params=["received", "poor"])
def french_report(request: pytest.FixtureRequest, reports: Path) -> Path:
    """Return the folder of the report in French on a data set of received files."""
    folder = reports / "fr"
    assert 0 == main(["investigate", request.param, "--reports", str(folder), "--memory-limit", "1GB", "--lang", "fr"])
    return folder / str(request.param)


def test_french_page_has_no_english(french_report: Path) -> None:
    """Every sentence of the French page is French, reasons and notes included; run.json keeps the English reasons."""
    text = visible(french_report / "index.html")
    record = json.loads((french_report / "run.json").read_text(encoding="utf-8"))

    assert [] == ENGLISH.findall(text)
    assert "le jeu de données n’a pas de registre de personnalités" in text
    assert " non disponible, car " in text
    assert UNANSWERABLE[french_report.name] == set(record["unanswerable"])
    assert all(reason.startswith("the data set has no ") for reason in record["unanswerable"].values())


def test_english_page_has_no_french(report: Path) -> None:
    """Every sentence of the English page is English."""
    assert [] == FRENCH.findall(visible(report / "index.html"))


def test_page_follows_the_origin(report: Path) -> None:
    """A page on received data has their notice and calls nothing synthetic; one on synthetic data states its origin."""
    text = visible(report / "index.html").lower()

    if report.name == "half":
        assert "this data set is synthetic" in text
        assert "toolkit verify-synthetic" in text
    else:
        assert "this data set holds personal data of real people" in text
        assert [] == re.findall(r"\S*(?:synthetic|invented|planted)\S*", text)


def test_claims_follow_the_origin(report: Path) -> None:
    """The table of claims of received data calls nothing synthetic."""
    text = (report / "tables" / "claims.csv").read_text(encoding="utf-8").lower()

    assert ("received" if report.name == "half" else "synthetic") not in text
    assert "invented" not in text


def test_record_and_crate_follow_the_origin(report: Path) -> None:
    """run.json and the crate have the origin, no scenario and seed, the reasons, and no licence for received data."""
    record = json.loads((report / "run.json").read_text(encoding="utf-8"))
    crate = (report / "ro-crate-metadata.json").read_text(encoding="utf-8")
    data_set = next(each for each in json.loads(crate)["@graph"] if each["@id"] == "#data-set")

    received = report.name != "half"
    assert ("intake" if received else "synthetic", report.name) == (
        record["data_set"]["origin"], record["data_set"]["path"],
    )  # fmt: skip
    assert (None, None, 2_000) == (record["scenario"], record["seed"], record["rows"])
    assert UNANSWERABLE[report.name] == set(record["unanswerable"])
    assert f"toolkit investigate {report.name}" == record["command"]
    assert received == ("license" not in data_set)
    assert received == ("a received leak" in crate)
    assert received == ("synthetic" not in crate.lower())


def test_report_has_no_full_path(report: Path, folder: Path) -> None:
    """No file of the report has the path of the folder that the data set is in."""
    found = [path.name for path in report.rglob("*") if path.is_file() and str(folder) in path.read_text("utf-8")]

    assert [] == found


def test_rerun_with_the_data_set(report: Path, run: Callable[..., Ran]) -> None:
    """`toolkit rerun` of a run on an existing data set opens it again and finds every number equal."""
    ran = run("rerun", report / "run.json", "--json")

    printed = json.loads(ran.out)
    assert (0, "") == (ran.code, ran.err)
    assert (True, False) == (printed["equal"], printed["made_again"])
    assert printed["numbers_compared"] > 0


def test_record_identifies_the_bytes(report: Path, folder: Path) -> None:
    """run.json has the SHA-256 of every file of the data set, although its manifest has none."""
    record = json.loads((report / "run.json").read_text(encoding="utf-8"))

    files = record["data_set"]["files"]
    assert files
    assert [file_digest(folder / report.name / file["path"]) for file in files] == [file["sha256"] for file in files]


@pytest.mark.parametrize("report", ["received"], indirect=True)
def test_rerun_names_a_changed_file(report: Path, folder: Path, run: Callable[..., Ran], tmp_path: Path) -> None:
    """A rerun on received data names a file whose bytes changed, even where every number is the same."""
    changed = shutil.copytree(folder / report.name, tmp_path / report.name)
    lines = next((changed / "lines").iterdir())
    pq.write_table(pq.read_table(lines), lines, compression="none")

    ran = run("rerun", report / "run.json", "--out", changed, "--json")

    printed = json.loads(ran.out)
    assert (1, False, []) == (ran.code, printed["equal"], printed["numbers"])
    assert [f"SHA-256 of lines/{lines.name}"] == [change["what"] for change in printed["data"]]


@pytest.mark.parametrize("report", ["received"], indirect=True)
def test_rerun_names_missing_and_new_files(report: Path, folder: Path, run: Callable[..., Ran], tmp_path: Path) -> None:
    """A rerun on received data names the files that only the record or only the data set has."""
    changed = shutil.copytree(folder / report.name, tmp_path / report.name)
    lines = next((changed / "lines").iterdir())
    renamed = lines.rename(lines.with_name("part-00009.parquet"))
    manifest = {"format": 1, "files": [{"path": f"lines/{renamed.name}"}]}
    (changed / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")

    ran = run("rerun", report / "run.json", "--out", changed, "--json")

    assert 1 == ran.code
    assert [
        {"what": f"file lines/{lines.name}", "was": "there", "is": "missing"},
        {"what": f"file lines/{renamed.name}", "was": "missing", "is": "there"},
    ] == json.loads(ran.out)["data"]


def test_rerun_without_the_data_set(
    report: Path, run: Callable[..., Ran], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the data set a rerun gives one sentence, and makes nothing."""
    monkeypatch.chdir(tmp_path)

    ran = run("rerun", report / "run.json")

    assert (2, "") == (ran.code, ran.out)
    assert f"The run used the data set {report.name}, which it did not make" in ran.err
    assert 1 == ran.err.count("\n")
    assert [] == list(tmp_path.iterdir())


def test_investigation_as_json(reports: Path, run: Callable[..., Ran]) -> None:
    """`investigate DATASET --json` has the reasons beside the results."""
    ran = run("investigate", "poor", "--reports", reports, "--memory-limit", "1GB", "--json")

    printed = json.loads(ran.out)
    assert (0, "") == (ran.code, ran.err)
    assert UNANSWERABLE["poor"] == set(printed["not_answerable"])
    assert "lines" in {result["id"] for result in printed["results"]}


# --- Options that contradict each other -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["synthetic", "--rows", "1000"], "--rows would make a leak, and synthetic exists"),
        (["synthetic", "--seed", "2"], "--seed would make a leak"),
        (["synthetic", "--scenario", "mlm-2026", "--out", "x"], "--scenario and --out would make a leak"),
        (["synthetic", "--seeds", "1-3"], "--seeds would make a leak"),
        (["synthetic", "--keep-data"], "--keep-data goes with --seeds"),
        (["--seeds", "1-2", "--out", "here"], "--out is the directory of one leak"),
        (["nowhere"], "There is no directory"),
        (["nowhere", "--rows", "1000"], "--rows would make a leak"),
        (["synthetic", "--lang", "klingon"], "klingon"),
        (["."], "has no manifest.json"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_contradicting_options_are_one_line(
    run: Callable[..., Ran], folder: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    """Options that make a leak, given with a data set, end with code 2 and one line; nothing is written."""
    monkeypatch.chdir(folder)
    before = sorted(folder.iterdir())

    ran = run("investigate", *arguments)

    assert (2, "") == (ran.code, ran.out)
    assert message in ran.err
    assert 1 == ran.err.count("\n")
    assert before == sorted(folder.iterdir())
