"""The measures of realism, counted by hand on a few lines; what is missing; the command and its charts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from typer.testing import CliRunner

from toolkit import i18n, schema
from toolkit.charts import REALISM_CHARTS, realism_chart
from toolkit.cli import make_app
from toolkit.dataset import Leak, open_leak
from toolkit.realism import MARKS, PROFILES, measure, profiles, readings_table
from toolkit.realism._measure import MEASURES, _draw_practices, _Value
from toolkit.realism._records import open_records

D = date
Write = Callable[..., Path]
Value = Callable[[str], _Value | None]


def line(number: int, **values: object) -> dict[str, Any]:
    """A line whose record is its own, of a person whom nobody shares a name, day or home with."""
    row = dict.fromkeys(schema.LINES.names)
    row |= {"line_id": number, "record_id": number, "practice_id": 1, "created_on": D(2020, 1, 6) + timedelta(number)}
    row |= {"updated_on": D(2025, 11, 3), "birth_date": D(1980, 1, 1) + timedelta(number), "sex": "M"}
    letters = "".join(chr(65 + int(digit)) for digit in f"{number:05d}")
    row |= {"last_name": f"Nom{letters}", "birth_name": f"Nom{letters}", "first_name": f"Prénom{letters}"}
    return row | {"address": f"{number} rue des Essais", "postal_code": "35000", "city": "Rennes"} | values


@contextmanager
def measured(write: Write, folder: Path, rows: list[dict[str, Any]], **tables: pa.Table) -> Iterator[Value]:
    """Give the function that measures a mark on these lines."""
    lines = pa.Table.from_pylist(rows, schema=schema.LINES.arrow_schema())
    path = write(folder, lines=lines, **tables)
    with open_leak(path, threads=1) as leak, open_records(leak) as connection:
        _draw_practices(connection)
        yield lambda mark: MEASURES[mark](connection)


def ratio(found: _Value | None) -> tuple[Any, int]:
    """The value and the number of observations."""
    assert found is not None
    assert found.low <= found.value <= found.high
    return found.value, found.n


def test_every_mark_has_a_measure_and_a_source() -> None:
    """The list of marks and the measures have the same names; each mark has a source or the word assumption."""
    assert [mark.name for mark in MARKS] == list(MEASURES)
    for mark in MARKS:
        assert mark.high is None or mark.low < mark.high
        assert any(word in mark.source for word in ("INSEE", "CREDOC", "assumption", "published")), mark.name


def test_a_record_counts_once_however_many_lines_it_has(nine_lines: Path) -> None:
    """Of the eight records of the nine lines, three were created on a Sunday; the record exported twice is one."""
    with open_leak(nine_lines) as leak, open_records(leak) as connection:
        found = MEASURES["working_days"](connection)

    assert ratio(found) == (3 / 8, 8)


def test_people_and_numbers_by_hand(write_data_set: Write, tmp_path: Path) -> None:
    """Sex against the first digit of the NIR, place of birth, keys and birthdays, on five numbers."""
    rows = [
        line(0, nir="180019900000180", birth_date=D(1980, 1, 1)),  # abroad, 1 January, right key
        line(1, nir="280059900000114", birth_date=D(1980, 5, 17)),  # a woman's number on a man's record
        line(2, nir="150012000000117", birth_date=D(1950, 1, 2)),  # born in Corsica before 1976
        line(3, nir="150012A00000199", birth_date=D(1950, 1, 3)),  # the same, as written since 1976
        line(4, nir=None),
    ]
    with measured(write_data_set, tmp_path / "data", rows) as value:
        assert ratio(value("wrong_sex")) == (1 / 4, 4)
        assert ratio(value("born_abroad")) == (2 / 4, 4)
        assert ratio(value("old_corsica")) == (1 / 2, 2)
        share, n = ratio(value("unknown_birthdays"))
        assert (share, n) == (pytest.approx(1 / 2 / (2 / 365.25)), 2)


def test_households_by_hand(write_data_set: Write, tmp_path: Path) -> None:
    """Landlines and days of the members of two homes, and a second record of one person at the practice."""
    home = {"address": "3 rue du Lac", "last_name": "Roux", "birth_name": "Roux", "landline_phone": "0199000001"}
    rows = [
        line(0, **home, created_on=D(2020, 1, 6)),
        line(1, **home, created_on=D(2020, 1, 8)),
        line(2, **home | {"landline_phone": "0199000002", "created_on": D(2021, 3, 1)}),
        line(3),
        line(4, first_name="ROSE", birth_date=D(1990, 2, 3), birth_name="Lévy"),
        line(5, first_name="Rose", birth_date=D(1990, 2, 3), birth_name="Levy"),
    ]
    with measured(write_data_set, tmp_path / "data", rows) as value:
        assert ratio(value("landlines")) == (pytest.approx(1 / 3), 3)
        assert ratio(value("families")) == (pytest.approx(1 / 3), 3)
        assert ratio(value("double_openings")) == (2 / 6, 6)
        # Only the third record has an id after that of a record of a later day: 2021 comes before 2020.
        assert ratio(value("record_order")) == (1 / 5, 5)


def test_a_transferred_base_is_found(write_data_set: Write, tmp_path: Path) -> None:
    """Practice 2 has forty records of practice 1 letter for letter, all of one day; practice 3 has ten."""
    rows = [line(number) for number in range(60)]
    rows += [line(number) | {"line_id": 100 + number, "record_id": 100 + number} for number in range(50)]
    for row in rows[60:]:
        row |= {"practice_id": 2 if row["line_id"] < 140 else 3, "created_on": D(2024, 5, 6)}
    with measured(write_data_set, tmp_path / "data", rows) as value:
        assert ratio(value("transfers")) == (pytest.approx(1 / 3), 3)


def test_places_by_hand(write_data_set: Write, tmp_path: Path) -> None:
    """More people than inhabitants in a village, and distances from a practice in Rennes."""
    village = {"postal_code": "20276", "city": "Asco"}  # 124 inhabitants
    rows = [line(number, **village) for number in range(130)]
    rows += [line(200 + number) for number in range(20)]
    rows += [line(300, postal_code="29200", city="Brest"), line(301, postal_code="99999", city="Nowhere")]
    with measured(write_data_set, tmp_path / "data", rows) as value:
        share, n = ratio(value("inhabitants"))
        assert n == 151, "all but the one in no place"
        assert share == pytest.approx(130 / 151)
        near, far = value("distance"), value("far_patients")
        assert near is not None
        assert far is not None
        assert near.value == pytest.approx(20 / 151)
        assert far.value == pytest.approx(131 / 151)


def test_styles_by_hand(write_data_set: Write, tmp_path: Path) -> None:
    """Two practices of 40 records, one in capitals: the variance is that of two points against a half."""
    rows = [line(number, practice_id=1 + number // 40) for number in range(80)]
    for row in rows[40:]:
        row["last_name"] = row["last_name"].upper()
    with measured(write_data_set, tmp_path / "data", rows) as value:
        # Each practice is 20 away from the 20 expected, with a variance of 40 / 4: 2 * 400 / 10 for one degree.
        assert ratio(value("house_style")) == (pytest.approx(80.0), 2)


def test_what_the_data_set_lacks_is_not_measured(write_data_set: Write, tmp_path: Path, nine_lines: Path) -> None:
    """A missing column or table is named, a small number of observations counted, and neither has a value."""
    rows = [{"line_id": number, "created_on": D(2020, 1, 6)} for number in range(120)]
    lines = pa.Table.from_pylist(rows, schema=schema.LINES.arrow_schema())
    with open_leak(write_data_set(tmp_path / "data", lines=lines)) as leak:
        found = {reading.mark: reading for reading in measure(leak)}
    with open_leak(nine_lines) as leak:
        few = measure(leak, ["working_days"])[0]

    assert (found["working_days"].status, found["working_days"].value) == ("present", 0.0)
    assert found["planned_births"].status == "not measured"
    assert found["planned_births"].reason == "the data set has no column birth_date"
    assert found["landlines"].reason is not None
    assert "column practice_id and no column last_name" in found["landlines"].reason
    assert (few.status, few.value, few.n) == ("too few", None, 8)
    assert few.reason == "8 observations, of 100 needed"


def test_readings_are_a_table(small_leak: Path) -> None:
    """The table of readings has one row per mark, in order."""
    with open_leak(small_leak) as leak:
        table = readings_table(measure(leak, ["working_days", "wrong_sex"]))

    assert table["mark"].to_list() == ["working_days", "wrong_sex"]
    assert table["status"].to_list() == ["present", "present"]


@pytest.fixture(scope="module")
def small_profiles(small_leak: Path) -> dict[str, Any]:
    """The tables behind the charts, of the small leak."""
    with open_leak(small_leak) as leak:
        return profiles(leak)


def test_small_counts_are_hidden_in_profiles(small_profiles: dict[str, Any]) -> None:
    """Every table has its rows, and no count of records or people between one and nine."""
    assert set(small_profiles) == set(PROFILES) == set(REALISM_CHARTS)
    for table in small_profiles.values():
        for name in set(table.columns) & {"created", "changed", "births", "weekend", "records", "people", "pupils"}:
            assert not table[name].drop_nulls().is_between(1, 9).any(), name


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("name", REALISM_CHARTS)
def test_every_chart_is_drawn_in_both_languages(small_profiles: dict[str, Any], name: str, language: str) -> None:
    """Each chart has a title that states a finding, and a line with what was counted."""
    with i18n.use_language(language):
        figure = realism_chart(name, small_profiles[name], "a leak")
    finding, counted = figure.layout.title.text.split("</b><br>")

    assert len(finding) > len("<b>") + 20
    assert any(letter.isdigit() for letter in counted)
    assert sum(len(trace.y) for trace in figure.data) > 1


def test_the_lockdown_is_marked_on_its_day(small_profiles: dict[str, Any]) -> None:
    """The line of the first lockdown is in the middle of the weeks, and not at the beginning of time."""
    figure = realism_chart("weeks", small_profiles["weeks"], "a leak")

    assert [shape.x0 for shape in figure.layout.shapes] == ["2020-03-16"]


def test_charts_without_the_years_of_their_finding(small_profiles: dict[str, Any]) -> None:
    """Where the years or ages of a finding are missing, the title says what is drawn."""
    titles = [
        realism_chart(name, small_profiles[name].head(1), "a leak").layout.title.text
        for name in ("weeks", "births", "contact")
    ]

    assert "Records created by week" in titles[0]
    assert "Births at weekends, by decade" in titles[1]
    assert "E-mail addresses and landlines by age" in titles[2]


def test_the_command_prints_every_mark_and_draws_a_page(small_leak: Path, tmp_path: Path) -> None:
    """`toolkit realism` prints a row per mark; `--json` has sources and bands; the page opens without a network."""
    page = tmp_path / "charts" / "page.html"
    runner = CliRunner()
    shown = runner.invoke(make_app(), ["realism", str(small_leak), "--charts", str(page)])
    printed = runner.invoke(make_app(), ["realism", str(small_leak), "--json"])

    assert (shown.exit_code, printed.exit_code) == (0, 0)
    for mark in MARKS:
        assert mark.title in shown.stdout
    assert f"Charts: {page}." in " ".join(shown.stdout.split()).replace(f"{page.name} .", f"{page.name}.")
    found = json.loads(printed.stdout)["marks"]
    assert [mark.name for mark in MARKS] == [entry["mark"] for entry in found]
    assert all(entry["source"] and entry["measured"] for entry in found)
    text = page.read_text(encoding="utf-8")
    assert text.count("plotly-graph-div") == len(REALISM_CHARTS)
    assert "<script src=" not in text


def test_marks_that_need_the_truth_are_measured_on_a_synthetic_leak(small_leak: Path) -> None:
    """A synthetic leak has the truth that two of the marks need."""
    with open_leak(small_leak) as leak:
        assert isinstance(leak, Leak)
        moves = measure(leak, ["household_moves", "remarriages"])

    assert all(reading.status != "not measured" for reading in moves)
