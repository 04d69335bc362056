"""Differences in French records that mean one person or two people: pairs made by hand, one reason each."""

from __future__ import annotations

from collections.abc import Callable

import duckdb
import polars as pl
import pytest

from toolkit.analysis.linkage import _clusters as clusters
from toolkit.analysis.linkage import _input_table as tables
from toolkit.analysis.linkage import normalise
from toolkit.analysis.linkage._comparisons import VETO_BITS
from toolkit.analysis.linkage._input_table import FIELDS
from toolkit.analysis.linkage._model import initial_model
from toolkit.analysis.linkage._pair_scoring import Scorer

Values = dict[str, str]

START = ("Corvenac", None, "Solveig", "F", "1984-05-09", None, None, None, None, None, None, None)
"""The default values of each record, in the order of `FIELDS`."""
HOME = {"address": "8 rue des Ormes", "postal_code": "35999", "city": "Trifouillac"}
COMMUNE = {"postal_code": "35999", "city": "Trifouillac"}
PHONE = {"mobile_phone": "0739000001"}


def record(**values: str) -> dict[str, str | None]:
    """Return a record with these values, and the default values for the other fields."""
    return {**dict(zip(FIELDS, START, strict=True)), **values}


def keyed(body: str) -> str:
    """Return a social security number with its key."""
    return f"{body}{97 - int(body) % 97:02d}"


BIRTH_NUMBER = "2840535123456"
ONE_PERSON = (
    pytest.param({"first_name": "Ysolde"}, {"first_name": "Isolde"}, id="sounds-the-same"),
    pytest.param({"first_name": "Zéphirinne"}, {"first_name": "Zefirine"}, id="silent-and-doubled-letters"),
    pytest.param({"first_name": "Fatma"}, {"first_name": "Fatima"}, id="transliterated"),
    pytest.param({"first_name": "Bob"}, {"first_name": "Robert"}, id="diminutive"),
    pytest.param({"first_name": "JB"}, {"first_name": "Jean-Baptiste"}, id="initials"),
    pytest.param({"first_name": "J. Émile"}, {"first_name": "Jean-Émile"}, id="first-half-an-initial"),
    pytest.param({"first_name": "Bébé"}, {"first_name": "Solveig"}, id="newborn-without-a-name"),
    pytest.param({"birth_date": "1984-01-01", **COMMUNE}, COMMUNE, id="only-the-year-known"),
    pytest.param(
        {"birth_date": "1984-01-01", "nir": keyed(BIRTH_NUMBER)}, {"nir": keyed(BIRTH_NUMBER)}, id="year-and-number"
    ),
    pytest.param({"birth_date": "1986-11-27", **PHONE}, PHONE, id="another-day-but-one-name-and-telephone"),
    pytest.param(
        {"birth_date": "1983-11-09", "nir": keyed(BIRTH_NUMBER)},
        {"nir": keyed(BIRTH_NUMBER)},
        id="day-mistyped-twice-beside-one-number",
    ),
    pytest.param({"last_name": "Corve", "first_name": "S."}, {}, id="names-cut"),
    pytest.param({"last_name": "S.", "first_name": "Corvenac"}, {}, id="swapped-with-an-initial"),
    pytest.param({"nir": BIRTH_NUMBER, **COMMUNE}, {"nir": "2840535123465", **COMMUNE}, id="two-digits-swapped-no-key"),
    pytest.param({"nir": BIRTH_NUMBER, **COMMUNE}, {"nir": "2840500000456", **COMMUNE}, id="commune-left-blank"),
    pytest.param({"nir": BIRTH_NUMBER, **HOME}, {"nir": "2840535877999", **HOME}, id="one-name-day-and-home"),
    pytest.param(
        {"first_name": "Marcelle", **PHONE}, {"first_name": "Odile", **PHONE}, id="second-name-in-use-when-grown"
    ),
)
TWO_PEOPLE = (
    pytest.param({"first_name": "Léa"}, {"first_name": "Léo"}, id="twins-of-like-names"),
    pytest.param(
        {"first_name": "Louna", "birth_date": "2015-05-09", **PHONE, **HOME},
        {"first_name": "Margot", "birth_date": "2015-05-09", **PHONE, **HOME},
        id="young-twins-under-one-telephone",
    ),
    pytest.param({"birth_date": "1984-05-09", **HOME}, {"birth_date": "2012-11-27", **HOME}, id="mother-and-daughter"),
    pytest.param({"nir": keyed(BIRTH_NUMBER)}, {"nir": keyed("2840569877999")}, id="homonyms-of-one-day"),
    pytest.param({"nir": "2840535000001"}, {"nir": "2840569000001"}, id="homonyms-where-no-number-tells-the-commune"),
    pytest.param(
        {"nir": keyed(BIRTH_NUMBER)},
        {"nir": keyed(BIRTH_NUMBER), "first_name": "Zoé", "birth_date": "2015-04-03"},
        id="child-under-its-mothers-number",
    ),
)


@pytest.fixture(scope="module")
def weigh() -> Callable[[Values, Values], float]:
    """Return a function for the weight of two records under the untrained model, in a French table."""
    pairs = [param.values for param in (*ONE_PERSON, *TWO_PEOPLE)]
    records = [record(**values) for pair in pairs for values in pair]
    # Make the first names common: a similar common name is not a typing error.
    names = sorted({row["first_name"] or "" for row in records})
    crowd = [
        record(first_name=n, last_name=f"Foule {n}", birth_date=f"19{50 + i}-02-03") for i in range(6) for n in names
    ]
    numbered = [
        record(last_name="Nouveau", first_name="Ysé", birth_date="2024-06-01", nir=keyed(f"2240635999{100 + i}"))
        for i in range(30)
    ]
    table = pl.DataFrame([*records, *crowd, *numbered], infer_schema_length=None).with_row_index("record_id")
    with duckdb.connect() as con:
        presence = tables.read(con, table, "record_id", None)
        normalise.normalise(con, presence.rows)
        normalise.count_names(con)
        normalise.complete(con)
        wanted = " UNION ALL ".join(f"SELECT {2 * i} AS uid_l, {2 * i + 1} AS uid_r" for i in range(len(pairs)))
        Scorer(con, initial_model(FIELDS, 1000)).score(wanted, "scored")
        found = dict(con.sql("SELECT uid_l // 2, weight FROM scored").fetchall())
    return lambda one, other: found[pairs.index((one, other))]


@pytest.mark.parametrize(("one", "other"), ONE_PERSON)
def test_what_differs_without_contradicting_is_one_person(
    weigh: Callable[[Values, Values], float], one: Values, other: Values
) -> None:
    """Records that differ in a way that is usual in French files are one person."""
    assert weigh(one, other) > 0


@pytest.mark.parametrize(("one", "other"), TWO_PEOPLE)
def test_what_contradicts_is_two_people(weigh: Callable[[Values, Values], float], one: Values, other: Values) -> None:
    """Twins, namesakes of two generations, namesakes with their own numbers and borrowed numbers are two people."""
    assert weigh(one, other) < -VETO_BITS / 2


@pytest.mark.parametrize(
    ("last_name", "birth_name", "last", "birth"),
    [
        ("Corvenac née Dubrasier", None, "CORVENAC", "DUBRASIER"),
        ("DUBRASIER EPOUSE CORVENAC", None, "CORVENAC", "DUBRASIER"),
        ("Dubrasier ép. Corvenac", "Quillevard", "CORVENAC", "QUILLEVARD"),
        ("Mme Corvenac", None, "CORVENAC", None),
        ("C0rvenac", "Dubra5ier", "CORVENAC", "DUBRASIER"),
        ("Santos (dos)", None, "DOSSANTOS", None),
    ],
)
def test_two_names_in_one_box_are_separated(
    last_name: str, birth_name: str | None, last: str, birth: str | None
) -> None:
    """Both names are read despite a second name in the box, a civility, or a digit in place of a letter."""
    with duckdb.connect() as con:
        table = pl.DataFrame([record(last_name=last_name) | {"birth_name": birth_name}]).with_row_index("record_id")
        normalise.normalise(con, tables.read(con, table, "record_id", None).rows)

        assert [(last, birth)] == con.sql("SELECT last, birth FROM identities").fetchall()


def test_one_contradiction_does_not_outweigh_a_whole_person() -> None:
    """A record that contradicts one of four records belongs to them; one that contradicts two does not."""
    left, right = all_pairs(5)
    pairs = list(zip(left, right, strict=True))
    one_veto = [-190.0 if pair == (0, 4) else 16.0 for pair in pairs]
    two_vetoes = [-190.0 if pair in {(0, 4), (1, 4)} else 16.0 for pair in pairs]

    assert [1, 2] == [groups(5, left, right, weights) for weights in (one_veto, two_vetoes)]


def all_pairs(size: int) -> tuple[list[int], list[int]]:
    """Return all pairs of records 0 .. size-1."""
    pairs = [(a, b) for a in range(size) for b in range(a + 1, size)]
    return [a for a, _ in pairs], [b for _, b in pairs]


def groups(size: int, left: list[int], right: list[int], weights: list[float]) -> int:
    """Count the people into which the check splits one component."""
    label = pl.Series([0] * size).to_numpy()
    found = clusters.split_incoherent(
        label, pl.Series(left).to_numpy(), pl.Series(right).to_numpy(), pl.Series(weights).to_numpy(), 0.0
    )
    return len(set(found.tolist()))
