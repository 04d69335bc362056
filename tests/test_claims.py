"""Published claims: verdicts computed by hand, errors of a broken file, the ledger, and data sets that lack tables."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit import claims, schema
from toolkit.claims._measures import MEASURES, Evidence, Measurement, UntestableError, measure
from toolkit.claims._units import day_number
from toolkit.cli import main
from toolkit.dataset._leak import Leak, open_leak
from toolkit.errors import InputError
from toolkit.i18n import use_language

KEYS = ["id", "published", "measured", "low", "high", "unit", "definition", "verdict", "why"]
PUBLISHED = {
    "sample_lines", "claimed_lines", "people_range", "people_ministry", "lines_ministry", "practitioners",
    "practitioners_users", "sensitive_people", "population_share", "fields", "categories", "public_figures",
    "partial_release", "no_medical_fields", "detected", "history", "authenticity",
}  # fmt: skip
CLAIM = """
[[claims]]
id = "entries"
sentence = "The sample has nine entries."
claimant = "a researcher"
outlet = "a journal"
date = 2026-02-27
value = 9
unit = "lines"
definition = "entries"
denominator = "none given"
tests = ["lines"]
"""


def make_claim(**changed: object) -> claims.Claim:
    """The claim of nine entries, with some keys changed."""
    return claims.Claim.model_validate(tomllib.loads(CLAIM)["claims"][0] | changed)


def measured(value: float, low: float | None = None, high: float | None = None, *, spread: bool = False) -> Measurement:
    """A measurement, a full count unless an interval is given."""
    ends = value if low is None else low, value if high is None else high
    return Measurement(value, *ends, f"counted {value:g}", "100 lines", spread=spread)


def verdict(claim: claims.Claim, *measurements: Measurement, scale: float = 1.0) -> str:
    """The verdict on a claim about lines, given some measurements."""
    return claims.evaluate(claim, [("lines", one) for one in measurements], [], scale).verdict


@pytest.fixture
def ledger(tmp_path: Path) -> Callable[[str], Path]:
    """Write a file of claims."""

    def write(text: str) -> Path:
        file = tmp_path / "claims.toml"
        file.write_text(text, encoding="utf-8")
        return file

    return write


def of_nine(*entries: dict[str, Any]) -> str:
    """A file of claims, each the claim of nine entries with some keys changed or, if None, removed."""
    parts = ['title = "Nine lines"']
    for entry in entries:
        merged = tomllib.loads(CLAIM)["claims"][0] | entry
        keys = [f"{key} = {_toml(value)}" for key, value in merged.items() if value is not None]
        parts += ["[[claims]]", *keys]
    return "\n".join(parts)


def _toml(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    return value.isoformat() if isinstance(value, date) else json.dumps(value)


# --- Verdicts ---------------------------------------------------------------------------------------------------------


def test_an_exact_number_must_be_equal() -> None:
    """A claim of nine is consistent with nine and contradicted by ten."""
    assert "consistent" == verdict(make_claim(), measured(9))
    assert "contradicted" == verdict(make_claim(), measured(10))


def test_a_rounded_number_covers_all_values_that_round_to_it() -> None:
    """About 15 million is consistent with 14.5 to 15.5 million."""
    claim = make_claim(value=15_000_000, rounded_to=1_000_000)

    found = [verdict(claim, measured(value)) for value in (14_499_999, 14_500_000, 15_500_000, 15_500_001)]

    assert ["contradicted", "consistent", "consistent", "contradicted"] == found


def test_an_interval_must_overlap_the_claim() -> None:
    """An estimate of 12 between 8 and 16 does not contradict nine, one between 10 and 16 does."""
    assert "consistent" == verdict(make_claim(), measured(12, 8, 16))
    assert "contradicted" == verdict(make_claim(), measured(12, 10, 16))


def test_many_values_must_all_fit() -> None:
    """Practices of 4 to 14 years fit 3 to 15; those of 4 to 16 do not, though their median does."""
    claim = make_claim(value=None, range=[3, 15], unit="years")

    assert "consistent" == verdict(claim, measured(8, 4, 14, spread=True))
    assert "contradicted" == verdict(claim, measured(8, 4, 16, spread=True))


def test_more_than_is_open_above() -> None:
    """More than nine is consistent with a thousand, and contradicted by eight."""
    claim = make_claim(relation="more than")

    assert ["consistent", "contradicted"] == [verdict(claim, measured(value)) for value in (1000, 8)]


def test_definitions_that_disagree() -> None:
    """With nine lines and eight records, a claim of nine depends on the definition; the one that fits is shown."""
    outcome = claims.evaluate(make_claim(), [("lines", measured(8)), ("lines", measured(9))], [])

    assert "depends on the definition" == outcome.verdict
    assert 9 == outcome.measurement.value
    assert "It holds for 9, counted 9; it fails for 8, counted 8." == outcome.why


def test_without_a_measurement_a_claim_cannot_be_tested() -> None:
    """The reason is that of the file for a claim without tests, and that of the measure otherwise."""
    silent = make_claim(tests=[], why="Nobody knows.")

    assert ("cannot be tested from the data", "Nobody knows.", None) == claims.evaluate(silent, [], [])
    assert "Cannot be tested: no truth." == claims.evaluate(make_claim(), [], ["no truth", "no truth"]).why


def test_counts_are_compared_to_scale() -> None:
    """At a scale of a tenth, a claim of nine thousand is compared with nine hundred; a share is not scaled."""
    claim = make_claim(value=9_000, rounded_to=100)

    assert "consistent" == verdict(claim, measured(900), scale=0.1)
    assert "contradicted" == verdict(claim, measured(9_000), scale=0.1)
    share = [("sensitive_share_of_lines", measured(9_000))]
    assert "consistent" == claims.evaluate(claim, share, [], scale=0.1).verdict


def test_counts_to_scale_are_whole() -> None:
    """At a scale of a thousandth, 7,680 people is 7 to 8 people, so eight agrees and nine does not."""
    claim = make_claim(value=7_680)

    assert ["consistent", "contradicted"] == [verdict(claim, measured(value), scale=0.001) for value in (8, 9)]
    why = claims.evaluate(claim, [("lines", measured(8))], [], scale=0.001).why
    assert "at the scale of this data set, 0.00100: 7 to 8)" in why


def test_a_caveat_ends_the_sentence() -> None:
    """The caveat of a claim is the end of the reason."""
    outcome = claims.evaluate(make_claim(caveat="the register is synthetic"), [("lines", measured(9))], [])

    assert outcome.why.endswith("published: 9; the register is synthetic.")


@given(st.floats(1, 1e9), st.floats(0, 1e6), st.floats(0, 1e6), st.floats(0, 1e6))
def test_a_wider_interval_never_contradicts_more(value: float, rounded_to: float, off: float, width: float) -> None:
    """A wider interval never turns a consistent claim into a contradicted one."""
    claim = make_claim(value=value, rounded_to=rounded_to)
    point = value + off

    narrow, wide = verdict(claim, measured(point)), verdict(claim, measured(point, point - width, point + width))

    assert (narrow, wide) != ("consistent", "contradicted")


# --- The leak ---------------------------------------------------------------------------------------------------------


def test_nine_lines_are_checked(leak: Leak, ledger: Callable[[str], Path]) -> None:
    """The table has the hand-counted numbers: nine lines, eight records, one duplicate, a copy of 30 November."""
    file = ledger(
        of_nine(
            {},
            {"id": "records", "value": 9, "tests": ["records"]},
            {"id": "either", "tests": ["records", "lines"]},
            {"id": "repeated", "value": 1, "tests": ["repeated_lines"]},
            {"id": "copied", "value": date(2025, 11, 30), "unit": "day", "tests": ["copy_day"]},
            {"id": "medical", "value": 0, "unit": "columns", "names": ["diagnos"], "tests": ["columns_like"]},
            {"id": "comments", "value": 1, "unit": "columns", "names": ["comment"], "tests": ["columns_like"]},
            {"id": "fields", "value": 3, "names": ["nir", "email", "nope"], "tests": ["named_columns"]},
            {"id": "unknown", "value": None, "published_as": "yes", "tests": [], "why": "Nobody knows."},
        )
    )

    table = claims.check(leak, file)

    expected = [
        ("entries", 9.0, "consistent"),
        ("records", 8.0, "contradicted"),
        ("either", 9.0, "depends on the definition"),
        ("repeated", 1.0, "consistent"),
        ("copied", float(day_number(date(2025, 11, 30))), "consistent"),
        ("medical", 0.0, "consistent"),
        ("comments", 1.0, "consistent"),
        ("fields", 1.0, "contradicted"),
        ("unknown", None, "cannot be tested from the data"),
    ]
    assert expected == table.select("id", "measured", "verdict").rows()
    assert set(claims.VERDICTS) == set(table["verdict"])
    assert table["why"].str.ends_with(".").all()


def test_uneven_record_ids_give_no_size(
    write_data_set: Callable[..., Path], ledger: Callable[[str], Path], tmp_path: Path, nine_lines: Path
) -> None:
    """With one id a million above the others, the size of the table cannot be estimated."""
    lines = pa.concat_tables([pq.read_table(part) for part in sorted((nine_lines / "lines").glob("*.parquet"))])
    ids = pa.array([1, 2, 3, 3, 4, 5, 6, 7, 1_000_000], pa.int64())
    uneven = lines.cast(schema.LINES.arrow_schema()).set_column(1, schema.LINES.arrow_schema().field(1), ids)
    file = ledger(of_nine({"unit": "records", "tests": ["table_size"]}))

    with open_leak(write_data_set(tmp_path / "uneven", lines=uneven), threads=1) as leak:
        row = claims.check(leak, file).row(0, named=True)

    assert "cannot be tested from the data" == row["verdict"]
    assert "not spread evenly up to 1,000,000" in row["why"]


def test_without_a_reviewer_there_is_no_share(nine_lines: Path, ledger: Callable[[str], Path], tmp_path: Path) -> None:
    """Without truth, shares of sensitive comments cannot be tested until a reviewer labels a sample."""
    real = tmp_path / "real"
    (real / "lines").mkdir(parents=True)
    manifest = json.loads((nine_lines / "manifest.json").read_text(encoding="utf-8"))
    manifest["files"] = [entry for entry in manifest["files"] if not entry["path"].startswith("truth/")]
    for entry in manifest["files"]:
        os.link(nine_lines / entry["path"], real / entry["path"])
    (real / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")

    with open_leak(real, threads=1) as leak:
        row = claims.check(leak, ledger(of_nine({"tests": ["sensitive_people"]}))).row(0, named=True)

    assert "cannot be tested from the data" == row["verdict"]
    assert "no reviewer has labelled a sample" in row["why"]


# A data set with nothing but lines, and columns that the lines then lack.
_NAMES = ("last_name", "birth_name", "first_name", "birth_date", "nir")
_LACKING = {
    "nothing": (),
    "names": _NAMES,
    "comments": ("administrative_comment",),
    "record ids": ("record_id",),
    "practices": ("practice_id", "practitioner_id"),
    "dates": ("created_on", "updated_on"),
    "everything": tuple(name for name in schema.LINES.names if name != "line_id"),
}


@pytest.fixture
def received(nine_lines: Path, tmp_path: Path) -> Callable[..., Path]:
    """Write the nine lines as received data: lines only, without some of their columns."""

    def write(*columns: str, **manifest: object) -> Path:
        folder = tmp_path / "received"
        (folder / "lines").mkdir(parents=True)
        files = []
        for part in sorted((nine_lines / "lines").glob("*.parquet")):
            file = folder / "lines" / part.name
            pq.write_table(pq.read_table(part).drop_columns(list(columns)), file)
            files.append({"path": f"lines/{part.name}", "bytes": file.stat().st_size})
        content = {"format": 1, "origin": "intake", "files": files, **manifest}
        (folder / "manifest.json").write_text(json.dumps(content), encoding="utf-8")
        return folder

    return write


@pytest.mark.parametrize("lacking", _LACKING)
def test_received_lines_give_a_value_or_a_reason(lacking: str, received: Callable[..., Path]) -> None:
    """Every measure of a data set without truth, tables and some columns gives a value or one plain reason."""
    columns = _LACKING[lacking]
    measured, reasons = {}, {}
    with open_leak(received(*columns), threads=1) as leak:
        evidence = Evidence(leak)
        for name in MEASURES:
            try:
                measured[name] = measure(name, evidence, ["nir"], 9.0).value
            except UntestableError as reason:
                reasons[name] = str(reason)

    assert 9 == measured["lines"]
    assert {"history_years", "public_figures", "columns_like", "sensitive_people"} <= set(reasons)
    assert all(reason and "\n" not in reason and not reason.endswith(".") for reason in reasons.values())
    if not columns:
        assert "no table of practices" in reasons["history_years"]
        assert "no register of public figures" in reasons["public_figures"]
        assert {"people", "records", "practitioners", "copy_day", "commented_people"} <= set(measured)


def test_received_lines_are_checked(received: Callable[..., Path]) -> None:
    """The toolkit's ledger can be checked against lines without names; claims about people have a reason."""
    with open_leak(received(*_NAMES), threads=1) as leak:
        rows = {row["id"]: row for row in claims.check(leak).to_dicts()}

    assert {1.0} == {row["scale"] for row in rows.values()}
    assert "cannot be tested from the data" == rows["people_ministry"]["verdict"]
    missing = "Cannot be tested: these columns are missing or empty: last name, first name, birth date."
    assert missing == rows["people_ministry"]["why"]


def test_columns_of_received_data_are_those_recorded(received: Callable[..., Path]) -> None:
    """Columns of received data are looked for among the original names, where the manifest lists them."""
    with open_leak(received(source_columns=["Nom", "diagnostic", "nir_cle"]), threads=1) as leak:
        assert 2 == measure("columns_like", Evidence(leak), ["diagnos", "nir"]).value


def test_sensitive_people_are_of_the_people_counted(small_leak: Path) -> None:
    """The denominator of sensitive people is the number of people by linkage, without placeholder records."""
    with open_leak(small_leak, threads=1) as leak:
        evidence = Evidence(leak)
        denominator, annotated = evidence.shares["people"]["denominator"], evidence.commented.annotated

    assert len(evidence.people.linkage.placeholders) > 0
    assert evidence.people.people == denominator == annotated.row(-1, named=True)["denominator"]


def test_the_size_of_a_smaller_copy_cannot_be_tested(leak: Leak, ledger: Callable[[str], Path]) -> None:
    """The scale comes from the number of lines, so that number is measured and shown, but not compared."""
    file = ledger("lines = 90\n" + of_nine({"value": 90}, {"id": "accounts", "value": 40, "tests": ["practitioners"]}))

    table = claims.check(leak, file)

    assert ["cannot be tested from the data"] * 2 == table["verdict"].to_list()
    assert [9.0, 4.0] == table["measured"].to_list()
    assert [0.1, 1.0] == table["scale"].to_list()


def test_few_comments_cannot_exclude_a_category(leak: Leak, ledger: Callable[[str], Path]) -> None:
    """With three comments, a category that was not found cannot be tested."""
    file = ledger(of_nine({"value": 1, "names": ["religion_beliefs"], "tests": ["categories"]}))

    row = claims.check(leak, file).row(0, named=True)

    assert "cannot be tested from the data" == row["verdict"]
    assert "a rare category may be absent by chance" in row["why"]


@pytest.mark.slow
def test_the_ledger_of_the_small_leak(small_leak: Path) -> None:
    """On a synthetic leak generated from the claims, the verdicts are the expected ones."""
    with open_leak(small_leak, memory_limit="1GB", threads=2) as leak:
        table = claims.check(leak)
        planted = leak.manifest["counts"]
    found = dict(table.select("id", "verdict").iter_rows())
    measured = dict(table.select("id", "measured").iter_rows())

    contradicted = {"sensitive_people_misread", "commented_people"}
    assert contradicted == {name for name, verdict in found.items() if verdict == "contradicted"}
    assert {"lines_ministry", "duplicates_ministry", "sensitive_share"} == {
        name for name, told in found.items() if told == "depends on the definition"
    }
    assert pytest.approx(planted["people"], rel=0.01) == measured["people_ministry"]
    assert pytest.approx(planted["table_records"], rel=0.001) == measured["claimed_lines"]
    assert 0 == measured["no_medical_fields"]


# --- The file ---------------------------------------------------------------------------------------------------------


def test_the_ledger_is_complete() -> None:
    """Every published claim is in the ledger, including the misreading, and every measure is used."""
    ledger = claims.load_ledger()

    assert PUBLISHED <= {claim.id for claim in ledger.claims}
    assert "sensitive_people_misread" in {claim.id for claim in ledger.claims}
    assert {test for claim in ledger.claims for test in claim.tests} == set(MEASURES)


def test_keys_of_earlier_versions_are_read(ledger: Callable[[str], Path]) -> None:
    """The keys `told` and `whole` are read as `published_as` and `denominator_value`, in both languages."""
    text = of_nine({"value": None, "tests": [], "why": "No.", "told": "several", "whole": 68})

    claim = claims.load_ledger(ledger(f'{text}\n[claims.fr]\ntold = "plusieurs"')).claims[0]

    assert ("several", 68, "plusieurs") == (claim.published_as, claim.denominator_value, claim.fr.published_as)
    assert "several" == claim.published
    with use_language("fr"):
        assert "plusieurs" == claim.published


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("title = ", "is not valid TOML"),
        ('title = "t"\nclaims = []', "'claims'"),
        (CLAIM, "the key 'title' is missing"),
        ('title = "t"\nnope = 1' + CLAIM, "the key 'nope' is unknown; expected some of title, lines, claims"),
        (of_nine({"nope": 1}), "claim 'entries': the key 'nope' is unknown"),
        (of_nine({"whole": 1, "denominator_value": 2}), "claim 'entries': the key 'whole' is unknown"),
        (of_nine({"whole": 0}), "claim 'entries': the key 'whole' is 0"),
        (of_nine({"outlet": None}), "claim 'entries': the key 'outlet' is missing"),
        (of_nine({"id": None}), "claim number 1: the key 'id' is missing"),
        (of_nine({"id": "No spaces"}), "claim 'No spaces': the key 'id' is 'No spaces'"),
        (of_nine({"value": "nine"}), "claim 'entries': the key 'value' is 'nine'"),
        (of_nine({"range": [1, 2]}), "both value and range are given"),
        (of_nine({"value": None, "range": [2, 1]}), "the first number of the range must be the lower one"),
        (of_nine({"value": None}), "needs the published value or range"),
        (of_nine({"value": None, "tests": [], "why": "No."}), "needs published_as"),
        (of_nine({"tests": ["nope"]}), "tests names an unknown measure 'nope'; expected some of lines, records"),
        (of_nine({"tests": []}), "expected either tests, or tests"),
        (of_nine({"why": "No."}), "expected either tests, or tests"),
        (of_nine({"tests": ["columns_like"]}), "the measure 'columns_like' needs the key 'names'"),
        (of_nine({"tests": ["people_share"]}), "the measure 'people_share' needs the key 'denominator_value'"),
        (of_nine({"unit": "day"}), "expected dates with the unit 'day'"),
        (of_nine({}, {}), "the id 'entries' is used by several claims"),
    ],
)
def test_a_broken_file_is_described_in_one_sentence(text: str, message: str, ledger: Callable[[str], Path]) -> None:
    """The error names the file, the claim and what was expected, on one line."""
    file = ledger(text)

    with pytest.raises(InputError) as error:
        claims.load_ledger(file)

    assert str(file) in str(error.value)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_file(tmp_path: Path) -> None:
    """A path without a file is named in the error."""
    with pytest.raises(InputError, match=r"nope\.toml cannot be read"):
        claims.load_ledger(tmp_path / "nope.toml")


# --- The command ------------------------------------------------------------------------------------------------------


def test_command_prints_json(
    nine_lines: Path, ledger: Callable[[str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """`--json` prints a list with one object of nine keys per claim; days are dates, and ranges are lists."""
    days: dict[str, Any] = {
        "value": None,
        "range": [date(2025, 10, 1), date(2025, 12, 31)],
        "unit": "day",
        "tests": ["copy_day"],
    }
    words: dict[str, Any] = {"id": "said", "value": None, "published_as": "yes", "tests": [], "why": "Nobody knows."}
    file = ledger(of_nine({}, {"id": "copied", **days}, words))

    code = main(["claims", str(nine_lines), "--claims", str(file), "--json"])
    rows = json.loads(capsys.readouterr().out)

    assert 0 == code
    assert [KEYS] * 3 == [list(row) for row in rows]
    assert [9, ["2025-10-01", "2025-12-31"], "yes"] == [row["published"] for row in rows]
    assert [9, "2025-11-30", None] == [row["measured"] for row in rows]


def test_command_prints_a_table(
    nine_lines: Path, ledger: Callable[[str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """The table has the published and measured values, and the verdict."""
    file = ledger("lines = 90\n" + of_nine({}, {"id": "records", "value": 80, "tests": ["records"]}))

    code = main(["claims", str(nine_lines), "--claims", str(file)])
    printed = " ".join(capsys.readouterr().out.split())

    assert 0 == code
    assert "80 lines 8 lines consistent" in printed
    assert "(at the scale of this data set: 8)" in printed
    assert "consistent" in printed


def test_command_describes_a_broken_file(
    nine_lines: Path, ledger: Callable[[str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """A broken file ends the command with code 2, one line on standard error and nothing printed."""
    code = main(["claims", str(nine_lines), "--claims", str(ledger(of_nine({"tests": ["nope"]})))])
    printed = capsys.readouterr()

    assert 2 == code
    assert "" == printed.out
    assert printed.err.startswith("Error: The claims file ")
    assert 1 == printed.err.count("\n")


def test_values_are_formatted_for_reading() -> None:
    """Shares are percentages, days dates; large numbers have separators, small ones a decimal."""
    words = [
        claims.in_words(value, unit) for value, unit in ((0.0113, "share"), (0.2, "share"), (1500, "x"), (3.16, "x"))
    ]

    assert ["1.13%", "20%", "1,500", "3.2"] == words
    assert "27 November 2025" == claims.in_words(day_number(date(2025, 11, 27)), "day")


def test_json_has_whole_numbers(leak: Leak, ledger: Callable[[str], Path]) -> None:
    """A count is a whole number in JSON, and "more than" is the published number."""
    (row,) = claims.as_records(claims.check(leak, ledger(of_nine({"relation": "more than"}))))

    assert (9, 9) == (row["published"], row["measured"])
    assert isinstance(row["measured"], int)


def test_rows_have_their_source(leak: Leak, ledger: Callable[[str], Path]) -> None:
    """The table has the claimant, outlet and date of each claim."""
    table = claims.check(leak, ledger(of_nine({})))

    assert ("a researcher", "a journal", date(2026, 2, 27)) == table.select("claimant", "outlet", "date").row(0)
    assert pl.Date == table.schema["date"]
