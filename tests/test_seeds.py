"""The spread over seeds: reading a list of seeds, the statistics, one leak at a time, resuming a study."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import stdev
from typing import Any

import polars as pl
import pytest

from toolkit import charts
from toolkit.cli import main
from toolkit.dataset import Leak
from toolkit.errors import InputError
from toolkit.i18n import use_language
from toolkit.questions import Answer, Question, Result, questions
from toolkit.run import _pipeline as pipeline
from toolkit.run import _seeds as studies
from toolkit.run import over_seeds, parse_seeds, read_record, spread, spread_rows, write_study
from toolkit.run._seeds import format_seeds
from toolkit.scenario import Scenario, load_scenario
from toolkit.synth._generate import Generated, generate

# --- Lists of seeds ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected", "shortest"),
    [
        ("3", (3,), "3"),
        ("1-4", (1, 2, 3, 4), "1-4"),
        ("1,4,7-9", (1, 4, 7, 8, 9), "1,4,7-9"),
        (" 9 - 7 ".replace("9 - 7", "7 - 9") + ",8", (7, 8, 9), "7-9"),
        ("5,1,5", (1, 5), "1,5"),
        ("0", (0,), "0"),
    ],
)
def test_seeds_are_read_and_formatted(text: str, expected: tuple[int, ...], shortest: str) -> None:
    """Single seeds and ranges are read, each once and in order, and formatted in the shortest way."""
    assert expected == parse_seeds(text)
    assert shortest == format_seeds(expected)


@pytest.mark.parametrize("text", ["", "a", "3-1", "1-", "-4", "1,,2", "1;2", "1.5", "1-2-3", "٣"])
def test_text_that_is_no_list_of_seeds_is_refused(text: str) -> None:
    """Any other text is refused, and the error shows how seeds are written."""
    with pytest.raises(InputError, match=r"write them as 3, 1-10 or 1,4,7-9"):
        parse_seeds(text)


@pytest.mark.parametrize("text", ["1-100000", "1-600,1001-1600"])
def test_too_many_seeds_are_refused(text: str) -> None:
    """More than a thousand seeds are refused as a typing error."""
    with pytest.raises(InputError, match="more than 1,000 seeds"):
        parse_seeds(text)


# --- Statistics -------------------------------------------------------------------------------------------------------


def test_spread_of_three_seeds_by_hand() -> None:
    """Mean, standard deviation with n - 1, minimum, maximum, and the intervals that contain the truth of their seed."""
    values = pl.DataFrame(
        {
            "seed": [1, 2, 3, 1, 2],
            "id": ["a", "a", "a", "b", "b"],
            "unit": ["people"] * 3 + ["lines"] * 2,
            "value": [90.0, 100.0, 116.0, 0.0, 0.0],
            "low": [80.0, 95.0, 110.0, None, None],
            "high": [99.0, 105.0, 120.0, None, None],
            "planted": [99.0, 100.0, 101.0, None, None],
        }
    )

    first, second = spread(values).to_dicts()

    assert ("a", "people", 3, 102.0, 90.0, 116.0, 100.0, 3, 2) == tuple(
        first[name] for name in ("id", "unit", "seeds", "mean", "min", "max", "planted", "intervals", "holding")
    )
    assert (pytest.approx(stdev([90, 100, 116])), pytest.approx(stdev([90, 100, 116]) / 102)) == (
        first["sd"],
        first["relative_sd"],
    )
    assert (2, 0.0, None, 0) == tuple(second[name] for name in ("seeds", "sd", "relative_sd", "intervals"))


def test_one_seed_has_no_deviation() -> None:
    """A single seed has a mean and no standard deviation."""
    values = pl.DataFrame(
        {"seed": [1], "id": ["people"], "unit": ["people"], "value": [5.0], "low": [4.0], "high": [6.0]}
    ).with_columns(planted=pl.lit(5.0))

    table = spread(values)

    assert [None] == table["sd"].to_list()
    assert [("people, by record linkage", "1", "5", "", "", "5", "5", "5", "1 of 1")] == spread_rows(table)


# --- A study ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def make_once(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Generated]:
    """Return a function that makes a leak once, and copies it when it is made again, to save time."""
    leaks = tmp_path_factory.mktemp("leaks-of-seeds")

    def make(scenario: Scenario, seed: int, rows: int, out: Path, *_: object) -> Generated:
        if (out / "manifest.json").exists():
            return generate(scenario, seed, rows, out)
        made = generate(scenario, seed, rows, leaks / str(seed))
        shutil.copytree(made.path, out, dirs_exist_ok=True)
        return replace(made, path=out)

    return make


@pytest.fixture
def study_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_once: Callable[..., Generated]
) -> Callable[..., Any]:
    """Return a function that runs a study of leaks of 1,000 lines in an empty folder, with three numbers at no cost."""
    monkeypatch.chdir(tmp_path)
    answered: list[str] = []

    def ask(question: Question, leak: Leak, **_: object) -> Answer:
        if question.name != "counts":
            return Answer(reason="the test does not ask it")
        answered.append(leak.name)
        seed = leak.manifest["seed"]
        lines = Result("lines", 1_000, "lines", 1_000, "lines", None, "lines of the dump")
        people = Result("people", 680 + seed, "people", 864, "records", None, "people", 600.0, 681.0 + seed)
        return Answer((lines, replace(lines, id="records", value=864), people))

    monkeypatch.setattr(pipeline, "ask", ask)
    monkeypatch.setattr(pipeline, "_link", lambda *_: None)
    monkeypatch.setattr(pipeline, "generate", make_once)

    def run(seeds: tuple[int, ...], **options: Any) -> tuple[studies.Study, list[str]]:  # noqa: ANN401 (handed on)
        answered.clear()
        study = over_seeds(load_scenario(), seeds, 1_000, threads=1, **options)
        return study, list(answered)

    return run


def test_study_writes_the_numbers_of_each_seed(study_of: Callable[..., Any]) -> None:
    """Each seed has a record for a rerun and a file of planted values; the tables have every number of every seed."""
    study, answered = study_of((1, 3))

    assert Path("reports/mlm-2026-1000-seeds-1,3") == study.folder
    assert ["mlm-2026-1000-1", "mlm-2026-1000-3"] == answered
    records = [read_record(study.folder / f"seed-{seed}" / "run.json") for seed in (1, 3)]
    assert [1, 3] == [record.seed for record in records]
    assert all({"lines", "records"} <= set(record.counted_twice) for record in records)
    values = pl.read_csv(study.folder / "values.csv")
    assert [(1, 681.0), (3, 683.0)] == list(values.filter(id="people").select("seed", "value").iter_rows())
    (people,) = [row for row in json.loads((study.folder / "results.json").read_text()) if row["id"] == "people"]
    planted = [json.loads((study.folder / f"seed-{seed}" / "planted.json").read_text())["people"] for seed in (1, 3)]
    assert sum(planted) / 2 == people["planted"]
    assert sum(600 <= truth <= 681 + seed for truth, seed in zip(planted, (1, 3), strict=True)) == people["holding"]


def test_leaks_of_seeds_are_removed_unless_kept(study_of: Callable[..., Any]) -> None:
    """A leak made for a seed is removed once its numbers are written; one that was there before, or is to be kept, is
    not.
    """
    data = Path("data/synthetic")

    study_of((1,))
    assert [] == list(data.rglob("*.parquet"))

    study_of((2,), keep_data=True)
    assert ["mlm-2026-1000-2"] == [folder.name for folder in data.glob("mlm*")]

    shutil.rmtree("reports")
    study_of((2, 3))
    assert ["mlm-2026-1000-2"] == [folder.name for folder in data.glob("mlm*")]
    assert {"mlm-2026-1000-2"} == {path.relative_to(data).parts[0] for path in data.rglob("*.parquet")}


def test_finished_seeds_are_reused(study_of: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """A study resumes after the last finished seed; a change of the code makes it start again."""
    first, _ = study_of((1, 2))
    (first.folder / "seed-2" / "run.json").unlink()

    resumed, answered = study_of((1, 2))
    assert ((2,), ["mlm-2026-1000-2"]) == (resumed.done, answered)
    assert first.spread.equals(resumed.spread)

    assert [] == study_of((1, 2))[1]

    monkeypatch.setattr(studies, "code_digests", lambda: {"analysis": "0" * 64})
    assert 2 == len(study_of((1, 2))[1])


def test_seed_with_a_broken_record_runs_again(study_of: Callable[..., Any]) -> None:
    """A seed whose record or planted values cannot be read runs again, without an error."""
    first, _ = study_of((1, 2))
    (first.folder / "seed-1" / "run.json").write_text("{", encoding="utf-8")
    (first.folder / "seed-2" / "planted.json").write_text("", encoding="utf-8")

    assert (1, 2) == study_of((1, 2))[0].done


def test_leftover_leak_of_a_finished_seed_is_removed(study_of: Callable[..., Any]) -> None:
    """A leak that an interrupted run left after its record was written is removed by the next run."""
    study_of((1,))
    leftover = Path("data/synthetic/.passing/mlm-2026-1000-1")
    leftover.mkdir(parents=True)

    study_of((1,))

    assert not leftover.parent.exists()


def test_record_of_a_seed_has_its_language_and_command(study_of: Callable[..., Any]) -> None:
    """The record has the language of the study, and the command that runs this seed alone."""
    with use_language("fr"):
        study, _ = study_of((1,))

    record = read_record(study.folder / "seed-1" / "run.json")
    assert "fr" == record.parameters.language
    assert "toolkit investigate --scenario mlm-2026 --rows 1000 --seed 1 --lang fr" == record.command


def test_folder_of_very_many_seeds_has_a_short_name() -> None:
    """Seeds that do not fit into a file name are replaced by their number and a digest."""
    odd, more = tuple(range(1, 400, 2)), tuple(range(1, 402, 2))

    names = [studies._folder_name("mlm-2026", 1_000, seeds) for seeds in (odd, more)]

    assert "mlm-2026-1000-seeds-1-3,7" == studies._folder_name("mlm-2026", 1_000, (1, 2, 3, 7))
    assert 2 == len(set(names))
    assert all(len(name) < 60 and name.startswith("mlm-2026-1000-seeds-20") for name in names)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--seeds", "1-2", "--out", "here"], "--out is the directory of one leak"),
        (["--keep-data"], "goes with --seeds"),
    ],
)
def test_options_that_do_not_go_together_are_refused(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """An option that would have no effect is an error."""
    assert 2 == main(["investigate", *arguments])
    assert message in capsys.readouterr().err


def test_interrupted_seed_leaves_the_finished_ones(
    study_of: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An interruption while a seed runs keeps the finished seeds, and the study resumes."""
    study_of((1,))
    (folder,) = Path("reports").iterdir()
    shutil.move(folder, folder.with_name("mlm-2026-1000-seeds-1-2"))

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(pipeline, "ask", interrupted)
        with pytest.raises(KeyboardInterrupt):
            study_of((1, 2))

    study, _ = study_of((1, 2))

    assert (2,) == study.done
    assert [] == list(Path("data").rglob("*.parquet"))


def test_page_of_a_study_has_its_numbers(study_of: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """The page has the table and links to the files; without a browser it states that there is no chart."""
    study, _ = study_of((1, 2))
    monkeypatch.setattr("toolkit.run._seeds_page.write_images", lambda *_: False)

    page = write_study(study).read_text(encoding="utf-8")

    assert "No browser was found" in page
    assert all(
        text in page for text in ("people, by record linkage", ">681<", "seed-2/run.json", "values.csv", "synthetic")
    )
    assert "http" not in page.replace("http-equiv", "")


def test_command_prints_the_table(
    study_of: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`investigate --seeds` prints one row per main number, or all numbers as JSON; a bad list is an error."""
    assert callable(study_of)
    monkeypatch.setattr("toolkit.run._seeds_page.write_images", lambda *_: False)

    assert 0 == main(["investigate", "--seeds", "1-2", "--rows", "1000", "--threads", "1"])
    out = capsys.readouterr().out
    assert "2 seeds, 1,000 lines each" in out
    assert "people, by record linkage" in out
    assert "2 seeds run, 0 reused" in out
    assert "reports/mlm-2026-1000-seeds-1-2/index.html" in out

    assert 0 == main(["investigate", "--seeds", "1-2", "--rows", "1000", "--json"])
    printed = json.loads(capsys.readouterr().out)
    assert ([1, 2], {"lines", "records", "people"}) == (
        printed["seeds"],
        {number["id"] for number in printed["numbers"]},
    )

    assert 2 == main(["investigate", "--seeds", "two"])
    assert "'two' is no list of seeds" in capsys.readouterr().err


# --- The chart --------------------------------------------------------------------------------------------------------


def test_chart_marks_intervals_that_contain_the_truth() -> None:
    """There is one mark per number and seed, at its difference from the truth or the mean; the title counts the
    intervals.
    """
    values = pl.DataFrame(
        {
            "label": ["people", "people", "lines", "lines"],
            "seed": [1, 2, 1, 2],
            "value": [102.0, 110.0, 90.0, 110.0],
            "low": [95.0, 105.0, None, None],
            "high": [105.0, 115.0, None, None],
            "planted": [100.0, 100.0, None, None],
        }
    )

    figure = charts.spread_over_seeds(values, "two leaks")

    drawn = {trace.name: list(trace.x) for trace in figure.data if trace.x}
    assert "1 of 2 intervals contain the true value" == figure.layout.meta["title"]
    assert {
        "interval contains the true value": [2.0],
        "interval misses it": [10.0],
        "exact count, relative to the mean": [-10.0, 10.0],
    } == drawn
    holds = next(trace for trace in figure.data if trace.name == "interval contains the true value")
    assert ([3.0], [7.0]) == (list(holds.error_x.array), list(holds.error_x.arrayminus))


def test_chart_without_planted_values() -> None:
    """Without planted values the chart has one part, around the means."""
    values = pl.DataFrame({"label": ["a", "a"], "seed": [1, 2], "value": [1.0, 3.0]}).with_columns(
        pl.lit(None, dtype=pl.Float64).alias(name) for name in ("low", "high", "planted")
    )

    figure = charts.spread_over_seeds(values, "two leaks")

    assert "How much each number varies between leaks" == figure.layout.meta["title"]
    assert [[-50.0, 50.0]] == [list(trace.x) for trace in figure.data]


def test_numbers_of_the_spread_are_results(small_answers: dict[str, Answer]) -> None:
    """Every number that is compared over seeds is a result of a question."""
    results = {result.id for answer in small_answers.values() for result in answer.results}

    assert set() == {name for question in questions() for name in question.spread} - results
