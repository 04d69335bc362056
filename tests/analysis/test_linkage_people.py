"""The people of a leak, compared with its truth, and the cache of the linkage."""

from __future__ import annotations

import shutil
from pathlib import Path

import polars as pl
import pytest

from toolkit.analysis.duplicates import People, count_people, evaluate_people, evaluate_rules
from toolkit.analysis.linkage import _checkpoints as checkpoints
from toolkit.analysis.linkage._people import PEOPLE_STEPS, write_clusters
from toolkit.dataset._leak import Leak, open_leak
from toolkit.dataset.cache import store
from toolkit.errors import WriteError


@pytest.fixture(scope="module")
def folder(small_leak: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the small leak that tests may change."""
    copy = tmp_path_factory.mktemp("people") / "leak"
    shutil.copytree(small_leak, copy, ignore=shutil.ignore_patterns("derived"))
    return copy


@pytest.fixture(scope="module")
def people(folder: Path) -> People:
    """The people of the small leak, linked once for all tests."""
    with open_leak(folder) as leak:
        return count_people(leak)


@pytest.fixture(scope="module")
def truth(folder: Path) -> pl.DataFrame:
    """One row per record with its true person and its practice."""
    known = pl.read_parquet(folder / "truth" / "lines" / "*.parquet").filter(~pl.col("repeated_line"))
    lines = pl.read_parquet(folder / "lines" / "*.parquet", columns=["line_id", "practice_id", "practitioner_id"])
    return known.join(lines, on="line_id")


def test_the_number_of_people_is_the_true_one(people: People, truth: pl.DataFrame) -> None:
    """The number of linked people is within half a percent of the truth, and between `low` and `high`."""
    assert truth["person_id"].n_unique() - 1 == pytest.approx(people.people, rel=0.005)
    assert people.low <= people.people <= people.high


def test_the_waterfall_falls(people: People, truth: pl.DataFrame) -> None:
    """No step of the waterfall, from lines to people, has a larger number than the step before."""
    steps = dict(people.waterfall.select("step", "n").rows())

    assert people.waterfall["n"].is_sorted(descending=True)
    assert [20_000, truth.height] == [steps["lines"], steps["record ids"]]
    assert steps["distinct lines"] == truth.height
    assert people.people == steps["linked people"]
    assert people.waterfall["rule"].str.len_chars().min() > 10


def test_repeats_make_up_the_difference(people: People) -> None:
    """The people and all kinds of repeats add up to the lines."""
    assert 20_000 == people.people + people.repeats["n"].sum()
    assert people.repeats["n"].min() >= 0


def test_repeats_are_those_of_the_truth(people: People, truth: pl.DataFrame) -> None:
    """Repeats inside and across practices are as many as in the truth, within the errors of the linkage."""
    found = dict(people.repeats.rows())
    known = truth.drop_nulls("person_id")
    visits = known.select("person_id", "practice_id").unique().height

    within = found["records of one person with one practitioner"]
    within += found["records of one person with colleagues in one practice"]
    across = found["records of one person in practices of one departement"]
    across += found["records of one person in other departements"]
    assert known.height - visits == pytest.approx(within, abs=0.002 * known.height)
    assert visits - known["person_id"].n_unique() == pytest.approx(across, rel=0.01)
    assert people.practices.select(pl.col("practices").dot("people")).item() == pytest.approx(visits, rel=0.005)


def test_placeholder_records_are_those_of_the_truth(people: People, truth: pl.DataFrame) -> None:
    """Every test entry of the truth is a placeholder record, and no record of a person is."""
    entries = truth.filter("sentinel")["record_id"].sort()

    assert entries.to_list() == people.linkage.placeholders.to_list()
    assert entries.len() == people.linkage.counts["placeholder records"]


def test_evaluation_against_the_truth(folder: Path, people: People) -> None:
    """F1 is at least 0.99 by pairs and by records, the tables are complete, and records without errors are found."""
    with open_leak(folder) as leak:
        evaluation = evaluate_people(leak, people)

    assert evaluation.quality.pair_f1 >= 0.99
    assert evaluation.quality.bcubed_f1 >= 0.99
    assert people.linkage.sweep["threshold"].to_list() == evaluation.by_threshold["threshold"].to_list()
    assert {"joined", "parted"} >= set(evaluation.causes["error"])
    kinds = dict(evaluation.kinds.select("kind", "recall").rows())
    assert kinds["none"] >= 0.99
    assert len(kinds) > 5


def test_each_rule_is_evaluated_alone(folder: Path, truth: pl.DataFrame) -> None:
    """A number that fits both records is at least as precise as any number, and no rule has a high recall."""
    with open_leak(folder) as leak:
        table = evaluate_rules(leak)
    rules = {row["rule"]: row for row in table.iter_rows(named=True)}

    assert rules["own_nir"]["precision"] >= rules["nir"]["precision"] > 0.9
    assert table["recall"].max() < 0.95
    assert table["applicable"].max() <= truth.height


def steps_while_counting(leak: Leak) -> list[str]:
    """Return the steps that `count_people` reports, in order."""
    steps: list[str] = []
    count_people(leak, progress=lambda step, _done, _total: steps.append(step))
    return list(dict.fromkeys(steps))


def test_a_leak_is_linked_once(folder: Path, people: People) -> None:
    """A second call reads the cache of the first one and returns the same."""
    with open_leak(folder) as leak:
        again = count_people(leak)

        assert [] == steps_while_counting(leak)
    assert people.linkage.clusters.equals(again.linkage.clusters)
    assert people.linkage.model == again.linkage.model
    assert people.waterfall.equals(again.waterfall)
    assert people.sharing.equals(again.sharing)


def test_only_the_owner_can_read_the_cache(folder: Path, people: People) -> None:
    """Only the owner can read the folder and its files, and it has no Parquet file that could pass for a leak's."""
    cached = list((folder / "derived").rglob("*"))

    assert [] == [file for file in cached if file.stat().st_mode & 0o077]
    assert [] == [file for file in cached if file.suffix == ".parquet"]
    assert 1 == len([file for file in cached if file.name.startswith("people-")])


@pytest.fixture
def copy(folder: Path, people: People, tmp_path: Path) -> Path:
    """A copy of the leak with its cache."""
    shutil.copytree(folder, tmp_path / "leak")
    return tmp_path / "leak"


def test_other_code_links_again(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cache of another version of the code is not used, and is deleted."""
    with open_leak(copy) as leak:
        before = checkpoints.entry(leak, {})
        counted = checkpoints.load(leak, before)
        monkeypatch.setattr(checkpoints, "code_digest", lambda *_, **__: "another")
        after = checkpoints.entry(leak, {})
        assert checkpoints.load(leak, after) is None
        store(leak, after, counted)

    assert before != after
    assert [after] == list((copy / "derived").glob("people-*"))


def test_a_broken_cache_file_is_not_used(copy: Path) -> None:
    """A cached linkage with a broken file is not used."""
    with open_leak(copy) as leak:
        where = checkpoints.entry(leak, {})
        (where / "linkage.sweep.arrow").write_text("broken")

        assert checkpoints.load(leak, where) is None


@pytest.mark.slow
def test_without_cache_nothing_is_read_or_written(copy: Path, people: People) -> None:
    """With `keep=False` the records are linked once while the leak is open, and the folder does not change."""
    before = sorted((copy / "derived").rglob("*"))
    with open_leak(copy, keep=False) as leak:
        steps = steps_while_counting(leak)
        again = steps_while_counting(leak)

        assert people.linkage.clusters.equals(count_people(leak).linkage.clusters)
    assert [*PEOPLE_STEPS] == steps
    assert [] == again
    assert before == sorted((copy / "derived").rglob("*"))


def test_another_threshold_has_another_cache_entry(copy: Path) -> None:
    """The cache entry depends on the threshold but not on threads and memory."""
    with open_leak(copy) as leak:
        places = [checkpoints.entry(leak, {"threads": 1}), checkpoints.entry(leak, {"memory_limit": "1GB"})]
        other = checkpoints.entry(leak, {"threshold": 2.0})

    assert 1 == len(set(places))
    assert other not in places


@pytest.mark.slow
def test_an_interrupted_count_resumes(folder: Path, people: People, tmp_path: Path) -> None:
    """After an interruption, the same call resumes from the checkpoints and deletes them at the end."""
    shutil.copytree(folder, tmp_path / "leak", ignore=shutil.ignore_patterns("derived"))

    def interrupt(step: str, _done: int, _total: int) -> None:
        if step == "score":
            raise KeyboardInterrupt

    with open_leak(tmp_path / "leak") as leak:
        with pytest.raises(KeyboardInterrupt):
            count_people(leak, progress=interrupt)
        steps = steps_while_counting(leak)
        again = count_people(leak)

    assert ["block", *PEOPLE_STEPS[4:]] == steps
    assert people.linkage.clusters.equals(again.linkage.clusters)
    assert 1 == len(list((tmp_path / "leak" / "derived").iterdir()))


def test_a_path_that_cannot_be_written(people: People, tmp_path: Path) -> None:
    """If the clusters cannot be written, the error names the path and nothing is left behind."""
    (tmp_path / "taken").mkdir()

    with pytest.raises(WriteError, match="cannot be written"):
        write_clusters(people, tmp_path / "taken")

    assert [tmp_path / "taken"] == list(tmp_path.iterdir())
