"""A question of another package: registered for a block, it is in every output, and gone after the block."""

from __future__ import annotations

import csv
import importlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from toolkit.cli import main
from toolkit.questions import questions, registered
from toolkit.report import _page as report_page

PACKAGE = '''
"""Count the lines of each sex."""

import polars as pl

from toolkit.questions import (
    Answer, Headline, Option, Question, Result, Section, TablePlan, denominator, needs_column, share, value,
)


def answer(leak, *, sex="F"):
    counted = leak.lines.group_by("sex").aggregate(lines=leak.lines.count()).order_by("sex").to_polars()
    total, wanted = counted["lines"].sum(), counted.filter(pl.col("sex") == sex)["lines"].sum()
    result = Result("lines_of_sex", wanted, "lines", total, "lines", wanted / total, "lines with this sex")
    return Answer((result,), {"by_sex": counted})


TOY = Question(
    name="toy",
    title="How many lines are of women?",
    help="Count the lines of one sex.",
    answer=answer,
    needs=(needs_column("sex", "sexes"),),
    options=(Option("sex", str, "Sex to count.", "F", metavar="F|M"),),
    tables={"by_sex": TablePlan("Lines by sex")},
    labels={"lines_of_sex": "lines of women"},
    summary=("lines_of_sex",),
    spread=("lines_of_sex",),
    section=Section(("lines_of_sex",), ("Lines are grouped by sex.",), ("A sex may be entered wrongly.",)),
    headlines=(
        Headline(
            "{lines} lines are of women.", "That is {share} of {all} lines.",
            {"lines": value("lines_of_sex"), "share": share("lines_of_sex"), "all": denominator("lines_of_sex")},
        ),
    ),
)
'''


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """Return a module outside of the toolkit that has a question about the sexes."""
    folder = tmp_path_factory.mktemp("others")
    (folder / "toy_questions").mkdir()
    (folder / "toy_questions" / "__init__.py").write_text(PACKAGE, encoding="utf-8")
    sys.path.insert(0, str(folder))
    yield importlib.import_module("toy_questions")
    sys.path.remove(str(folder))
    del sys.modules["toy_questions"]


@pytest.fixture
def _registered(package: ModuleType) -> Iterator[None]:
    """Register the question during a test."""
    with registered(package.TOY):
        yield


toy_registered = pytest.mark.usefixtures("_registered")


def printed(capsys: pytest.CaptureFixture[str], *arguments: str | Path, code: int = 0) -> str:
    """Run a command with the expected exit code, and return its standard output."""
    assert code == main([str(argument) for argument in arguments])
    return capsys.readouterr().out


@toy_registered
def test_command_of_the_question(nine_lines: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The question has a command with its own options and its number in words."""
    assert "toy" in printed(capsys, "--help")
    assert "--sex" in printed(capsys, "toy", "--help")

    # By hand: Zoé twice, Anne Martin twice with her sex, Anne Dupond; Jean twice.
    words = printed(capsys, "toy", nine_lines)
    assert "How many lines are of women?" in words
    assert "lines with this sex" in words


@toy_registered
def test_json_of_the_question(nine_lines: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--json` has the number with its command, and the table."""
    answer = json.loads(printed(capsys, "toy", nine_lines, "--sex", "M", "--json"))

    (result,) = answer["results"]
    assert (2, 9) == (result["value"], result["denominator"])
    assert result["command"].endswith("--sex M --json")
    assert [5, 2] == [row["lines"] for row in answer["by_sex"] if row["sex"]]


@toy_registered
def test_describe_lists_the_question(nine_lines: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`toolkit describe` states whether the data set can answer it."""
    described = json.loads(printed(capsys, "describe", nine_lines, "--json"))

    assert {"name": "toy", "answerable": True, "reason": None} in described["questions"]


@pytest.fixture(scope="module")
def investigated(
    package: ModuleType, nine_lines: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, Any]]:
    """Investigate the nine lines with the question, without notebooks and pictures."""
    from toolkit.cli._summary import print_summary
    from toolkit.run import _investigation as investigation

    reports = tmp_path_factory.mktemp("reports")
    with pytest.MonkeyPatch.context() as patch, registered(package.TOY):
        patch.setattr(investigation, "find_notebooks", list)
        patch.setattr(report_page, "write_images", lambda _charts, _folder: False)
        found, index = investigation.investigate_data_set(nine_lines, reports, memory_limit="1GB")
        return index.parent, {"findings": found, "print": print_summary}


def test_page_has_a_section(investigated: tuple[Path, dict[str, Any]]) -> None:
    """The report has its section with method and limits, its headline, and a link to its table."""
    page = (investigated[0] / "index.html").read_text(encoding="utf-8")

    assert '<section id="toy" aria-labelledby="toy-heading">' in page
    for text in ("Lines are grouped by sex.", "A sex may be entered wrongly.", "lines are of women.", "Lines by sex"):
        assert text in page
    assert 'href="tables/toy_by_sex.csv"' in page
    assert "toy.html" not in page


def test_files_have_its_numbers(investigated: tuple[Path, dict[str, Any]]) -> None:
    """The number is in results.json, the table in a CSV file, and both with the options in run.json."""
    folder, _ = investigated
    (result,) = [each for each in json.loads((folder / "results.json").read_text()) if each["id"] == "lines_of_sex"]
    record = json.loads((folder / "run.json").read_text())
    with (folder / "tables" / "toy_by_sex.csv").open(encoding="utf-8") as file:
        rows = {row["sex"]: row["lines"] for row in csv.DictReader(file)}

    assert (5, 9) == (result["value"], result["denominator"])
    assert {"F": "5", "M": "2"}.items() <= rows.items()
    assert [5] == [number["value"] for number in record["numbers"] if number["question"] == "toy"]
    assert ["by_sex"] == [table["name"] for table in record["tables"] if table["question"] == "toy"]
    assert "toy" not in record["unanswerable"]


def test_options_are_in_the_record(package: ModuleType, nine_lines: Path) -> None:
    """Options that an investigation answers a question with are recorded."""
    from dataclasses import replace

    from toolkit.progress import no_progress
    from toolkit.run import Settings, answer_questions

    toy = replace(package.TOY, investigation=lambda _leak: {"sex": "M"})
    with registered(toy):
        answered = answer_questions(nine_lines, Settings(2, "1GB"), no_progress)

    assert {"sex": "M"} == answered.answers["toy"].options
    assert [2] == [result.value for result in answered.answers["toy"].results]


@toy_registered
def test_summary_has_its_number(investigated: tuple[Path, dict[str, Any]], capsys: pytest.CaptureFixture[str]) -> None:
    """The summary in the terminal has the number with its label."""
    _, made = investigated

    made["print"](made["findings"], {"Answering: toy": 1.0})

    (line,) = [line for line in capsys.readouterr().out.splitlines() if "lines of women" in line]
    assert line.split()[0] == "5"


@toy_registered
def test_unanswerable_where_the_column_is_missing(
    nine_lines: Path, write_data_set: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without the column that it needs, the command gives the reason and ends with 1."""
    import pyarrow.parquet as pq

    directory = write_data_set(tmp_path, lines=pq.read_table(nine_lines / "lines").drop_columns(["sex"]))

    assert "Not answerable: the data set has no sexes (column sex)." in printed(capsys, "toy", directory, code=1)


def test_question_is_gone_after_the_block(
    package: ModuleType, nine_lines: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """After the block neither the registry nor the command line has the question."""
    with registered(package.TOY):
        pass

    assert "toy" not in {question.name for question in questions()}
    assert 2 == main(["toy", str(nine_lines)])
    assert "'toy'" in capsys.readouterr().err
