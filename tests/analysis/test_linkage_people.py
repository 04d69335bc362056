"""The people of a leak, against the truth its maker planted, and how the linkage is kept with the data set."""

from __future__ import annotations

import shutil
from pathlib import Path

import polars as pl
import pytest

from toolkit.analysis.duplicates import People, count_people, judge_people, judge_rules
from toolkit.analysis.linkage import _checkpoints as keeping
from toolkit.analysis.linkage._people import PEOPLE_STEPS, write_clusters
from toolkit.dataset._leak import Leak, open_leak
from toolkit.dataset.cache import remember
from toolkit.errors import WriteError


@pytest.fixture(scope="module")
def folder(small_leak: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the small leak, whose folder may be changed."""
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
    """One row a record, as the maker knows it, with its practice."""
    known = pl.read_parquet(folder / "truth" / "lines" / "*.parquet").filter(~pl.col("repeated_line"))
    lines = pl.read_parquet(folder / "lines" / "*.parquet", columns=["line_id", "practice_id", "practitioner_id"])
    return known.join(lines, on="line_id")


def test_the_number_of_people_is_the_true_one(people: People, truth: pl.DataFrame) -> None:
    """The linked people are the true ones to within half a percent, and inside the interval of the threshold."""
    assert truth["person_id"].n_unique() - 1 == pytest.approx(people.people, rel=0.005)
    assert people.low <= people.people <= people.high


def test_the_waterfall_falls(people: People, truth: pl.DataFrame) -> None:
    """Lines, distinct lines, record ids, records of somebody, exact identities and people: none more than before."""
    steps = dict(people.waterfall.select("step", "n").rows())

    assert people.waterfall["n"].is_sorted(descending=True)
    assert [20_000, truth.height] == [steps["lines"], steps["record ids"]]
    assert steps["distinct lines"] == truth.height
    assert people.people == steps["linked people"]
    assert people.waterfall["rule"].str.len_chars().min() > 10


def test_repeats_make_up_the_difference(people: People) -> None:
    """Lines are people and their repeats, of every kind, and entries of nobody."""
    assert 20_000 == people.people + people.repeats["n"].sum()
    assert people.repeats["n"].min() >= 0


def test_repeats_are_those_of_the_truth(people: People, truth: pl.DataFrame) -> None:
    """Repeats in one practice and across practices are as many as the truth has, to within the errors of linkage."""
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


def test_entries_of_nobody_are_those_of_the_truth(people: People, truth: pl.DataFrame) -> None:
    """Every test entry is recognised by what is typed on it, and no record of a human being is taken for one."""
    entries = truth.filter("sentinel")["record_id"].sort()

    assert entries.to_list() == people.linkage.nobody.to_list()
    assert entries.len() == people.linkage.counts["entries of nobody"]


def test_judged_against_the_truth(folder: Path, people: People) -> None:
    """F1 is .99 or more by pairs and by records, each table has its rows, and what is typed right is found."""
    with open_leak(folder) as leak:
        judged = judge_people(leak, people)

    assert judged.quality.pair_f1 >= 0.99
    assert judged.quality.bcubed_f1 >= 0.99
    assert people.linkage.sweep["threshold"].to_list() == judged.by_threshold["threshold"].to_list()
    assert {"joined", "parted"} >= set(judged.causes["error"])
    kinds = dict(judged.kinds.select("kind", "recall").rows())
    assert kinds["none"] >= 0.99
    assert len(kinds) > 5


def test_each_rule_is_judged_alone(folder: Path, truth: pl.DataFrame) -> None:
    """A number that fits both records mixes up fewer people than a number alone, and none finds everybody."""
    with open_leak(folder) as leak:
        table = judge_rules(leak)
    rules = {row["rule"]: row for row in table.iter_rows(named=True)}

    assert rules["own_nir"]["precision"] >= rules["nir"]["precision"] > 0.9
    assert table["recall"].max() < 0.95
    assert table["applicable"].max() <= truth.height


def heard_while_counting(leak: Leak) -> list[str]:
    """The steps that `count_people` tells of."""
    heard: list[str] = []
    count_people(leak, progress=lambda step, _number, _of: heard.append(step))
    return heard


def test_a_leak_is_linked_once(folder: Path, people: People) -> None:
    """A second call reads what the first one kept, and answers the same."""
    with open_leak(folder) as leak:
        again = count_people(leak)

        assert [] == heard_while_counting(leak)
    assert people.linkage.clusters.equals(again.linkage.clusters)
    assert people.linkage.model == again.linkage.model
    assert people.waterfall.equals(again.waterfall)
    assert people.sharing.equals(again.sharing)


def test_what_is_kept_is_for_its_owner_alone(folder: Path, people: People) -> None:
    """Nobody else may read the folder or a file of it, and no Parquet file in it is taken for a part of the leak."""
    kept = list((folder / "derived").rglob("*"))

    assert [] == [file for file in kept if file.stat().st_mode & 0o077]
    assert [] == [file for file in kept if file.suffix == ".parquet"]
    assert 1 == len([file for file in kept if file.name.startswith("people-")])


@pytest.fixture
def copy(folder: Path, people: People, tmp_path: Path) -> Path:
    """A copy of the leak, with what was kept."""
    shutil.copytree(folder, tmp_path / "leak")
    return tmp_path / "leak"


def test_other_code_links_anew(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What another version of the code has kept is not used, and goes."""
    with open_leak(copy) as leak:
        before = keeping.place(leak, {})
        counted = keeping.recall(leak, before)
        monkeypatch.setattr(keeping, "code_digest", lambda _module, within: "another")
        after = keeping.place(leak, {})
        assert keeping.recall(leak, after) is None
        remember(leak, after, counted)

    assert before != after
    assert [after] == list((copy / "derived").glob("people-*"))


def test_a_broken_file_is_no_answer(copy: Path) -> None:
    """A kept linkage of which a file is broken is not read."""
    with open_leak(copy) as leak:
        where = keeping.place(leak, {})
        (where / "linkage.sweep.arrow").write_text("broken")

        assert keeping.recall(leak, where) is None


@pytest.mark.slow
def test_a_fresh_linkage_reads_and_keeps_nothing(copy: Path, people: People) -> None:
    """With `keep=False` the records are linked anew, once while the leak is open, and the folder stays as it was."""
    before = sorted((copy / "derived").rglob("*"))
    with open_leak(copy, keep=False) as leak:
        heard = heard_while_counting(leak)
        again = heard_while_counting(leak)

        assert people.linkage.clusters.equals(count_people(leak).linkage.clusters)
    assert [*PEOPLE_STEPS] == heard
    assert [] == again
    assert before == sorted((copy / "derived").rglob("*"))


def test_another_threshold_is_another_answer(copy: Path) -> None:
    """The options that decide are in the name of what is kept; threads and memory are not."""
    with open_leak(copy) as leak:
        places = [keeping.place(leak, {"threads": 1}), keeping.place(leak, {"memory_limit": "1GB"})]
        other = keeping.place(leak, {"threshold": 2.0})

    assert 1 == len(set(places))
    assert other not in places


@pytest.mark.slow
def test_an_interrupted_count_goes_on(folder: Path, people: People, tmp_path: Path) -> None:
    """Interrupted, the same call goes on from the finished steps, and leaves nothing of them behind."""
    shutil.copytree(folder, tmp_path / "leak", ignore=shutil.ignore_patterns("derived"))

    def interrupt(step: str, _number: int, _of: int) -> None:
        if step == "score":
            raise KeyboardInterrupt

    with open_leak(tmp_path / "leak") as leak:
        with pytest.raises(KeyboardInterrupt):
            count_people(leak, progress=interrupt)
        heard = heard_while_counting(leak)
        again = count_people(leak)

    assert ["block", *PEOPLE_STEPS[4:]] == heard
    assert people.linkage.clusters.equals(again.linkage.clusters)
    assert 1 == len(list((tmp_path / "leak" / "derived").iterdir()))


def test_a_file_in_the_way_is_told(people: People, tmp_path: Path) -> None:
    """Clusters that cannot be written leave what was there, and say what to do."""
    (tmp_path / "taken").mkdir()

    with pytest.raises(WriteError, match="cannot be written"):
        write_clusters(people, tmp_path / "taken")

    assert [tmp_path / "taken"] == list(tmp_path.iterdir())
