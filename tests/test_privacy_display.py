"""Display of lines: masked by default, in clear with a reason that is logged; the card of a leak and its notice."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import ibis
import polars as pl
import pytest

from toolkit import schema
from toolkit.dataset._leak import Leak, open_leak
from toolkit.errors import InputError
from toolkit.i18n import use_language
from toolkit.privacy._access_log import LOG, DisclosureError, read_disclosures
from toolkit.privacy._display import IN_CLEAR, MASKED, Choice, card
from toolkit.privacy._masking import mask_lines
from toolkit.privacy._notice import notice

REASON = "The desk checks two names with their lawyers."
CHOICES: dict[str, Callable[[Leak], Choice]] = {
    "a condition on the lines": lambda leak: leak.lines.practice_id == 2,
    "a deferred condition": lambda _leak: ibis._.practice_id == 2,
    "a table of lines": lambda _leak: pl.DataFrame({"line_id": [7, 5, 1, 5, None]}),
    "a table of records": lambda _leak: pl.DataFrame({"record_id": [22, 20, 21], "p_wrong_person": [0.1, 0.2, 0.3]}),
}
# Every value of the nine lines that could identify a person.
CLEAR = re.compile(r"Lefèvre|LEFEVRE|Zoé|Cœur|Martin|Dupond|Anne|2800599|rue des Essais|note")


@pytest.fixture
def mine(nine_lines: Path, tmp_path: Path) -> Iterator[Leak]:
    """A copy of the nine lines, where a log may be written."""
    with open_leak(shutil.copytree(nine_lines, tmp_path / "mine"), threads=1) as opened:
        yield opened


@pytest.fixture
def many(write_data_set: Callable[..., Path], leak: Leak, tmp_path: Path) -> Iterator[Leak]:
    """More lines than are shown in clear without a limit, stored in the wrong order."""
    lines = pl.concat([leak.lines.to_polars()] * 12).with_columns(line_id=pl.int_range(pl.len()).reverse())
    stored = lines.to_arrow().cast(schema.LINES.arrow_schema())
    with open_leak(write_data_set(tmp_path, lines=stored), threads=1) as opened:
        yield opened


# --- Masked -----------------------------------------------------------------------------------------------------------


def test_a_preview_is_the_first_lines_masked(many: Leak) -> None:
    """A preview has every column of the first lines in the order of the dump, masked, and is not logged."""
    first = many.lines.to_polars().sort("line_id").head(10)

    preview = many.preview()

    assert mask_lines(first).rows() == preview.rows()
    assert list(schema.LINES.names) == preview.columns
    assert not CLEAR.search(str(preview.rows()))
    assert read_disclosures(many.path).is_empty()


@pytest.mark.parametrize("choice", CHOICES)
def test_a_preview_shows_what_was_chosen(choice: str, leak: Leak) -> None:
    """Lines are chosen by a condition, or by a table of their positions or records."""
    assert [1, 5, 7] == leak.preview(where=CHOICES[choice](leak))["line_id"].to_list()
    assert [1, 5] == leak.preview(2, where=CHOICES[choice](leak))["line_id"].to_list()


def test_a_table_of_texts_chooses_nothing(leak: Leak) -> None:
    """Text ids are refused with a message that does not repeat them."""
    with pytest.raises(
        InputError, match=r"column record_id of `where` has type String: give whole numbers\."
    ) as refused:
        leak.preview(where=pl.DataFrame({"record_id": ["Lefèvre"]}))

    assert "Lefèvre" not in str(refused.value)


@pytest.mark.parametrize("limit", [0, -1, MASKED + 1])
def test_a_preview_has_bounds(limit: int, leak: Leak) -> None:
    """A preview of no line, or of more than the maximum, is refused."""
    with pytest.raises(InputError, match=f"ask for 1 to {MASKED:,}"):
        leak.preview(limit)


# --- In clear ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("choice", CHOICES)
def test_revealed_is_what_stands_there(choice: str, mine: Leak) -> None:
    """The values of the chosen lines are returned unmasked, in the order of the dump."""
    shown = mine.reveal(["last_name", "administrative_comment"], where=CHOICES[choice](mine), reason=REASON)

    assert ["line_id", "last_name", "administrative_comment"] == shown.columns
    assert [(1, "LEFEVRE", "rdv"), (5, "Martin", "   "), (7, "Dupond", None)] == shown.rows()


def test_what_is_revealed_is_logged(mine: Leak, monkeypatch: pytest.MonkeyPatch) -> None:
    """The log records who saw which lines and columns, and why, without the values."""
    monkeypatch.setattr("getpass.getuser", lambda: "anna")

    mine.reveal(["line_id", "nir", "practice_id"], where=ibis._.last_name == "Martin", reason=REASON)

    log = read_disclosures(mine.path)
    assert [("anna", "lines of the dump: 4, 5, 6", ["nir"], 3, REASON)] == log.drop("when").rows()
    assert not CLEAR.search((mine.path / LOG).read_text(encoding="utf-8"))


def test_that_nothing_was_found_is_logged_too(mine: Leak) -> None:
    """An empty result is information about a person too: it is logged with no rows."""
    shown = mine.reveal(["nir"], where=ibis._.last_name == "Absent", reason=REASON)

    assert shown.is_empty()
    assert [("lines of the dump: none", 0)] == read_disclosures(mine.path).select("what", "rows").rows()


def test_columns_that_are_not_personal_are_not_logged(mine: Leak) -> None:
    """Columns that the schema marks as not personal are returned without a log entry."""
    shown = mine.reveal(["practice_id", "created_on"], where=ibis._.line_id < 2, reason="")

    assert [(0, 1), (1, 2)] == shown.select("line_id", "practice_id").rows()
    assert read_disclosures(mine.path).is_empty()


def test_many_lines_are_revealed_only_when_asked_for(many: Leak) -> None:
    """Too many lines without a limit are refused, with their number; with a limit the first are returned."""
    with pytest.raises(InputError, match=f"108 lines are selected, and more than {IN_CLEAR}"):
        many.reveal(["nir"], reason=REASON)
    assert read_disclosures(many.path).is_empty()

    shown = many.reveal(["nir"], reason=REASON, limit=105)

    assert list(range(105)) == shown["line_id"].to_list()
    assert ["lines of the dump, from line 0 to line 104"] == read_disclosures(many.path)["what"].to_list()


def test_lines_without_a_limit_are_all_of_them(many: Leak) -> None:
    """Without a limit, up to the maximum, all selected lines are returned."""
    assert IN_CLEAR == many.reveal(["nir"], where=ibis._.line_id < IN_CLEAR, reason=REASON).height


@pytest.mark.parametrize("reason", ["", "   ", "curious"])
def test_without_a_reason_nothing_is_revealed(reason: str, mine: Leak) -> None:
    """A reason that is too short is refused, and nothing is logged."""
    with pytest.raises(InputError, match="is too short"):
        mine.reveal(["last_name"], where=ibis._.line_id == 0, reason=reason)

    assert read_disclosures(mine.path).is_empty()


def test_without_a_log_nothing_is_revealed(mine: Leak) -> None:
    """Where the log cannot be written, nothing is shown."""
    (mine.path / LOG).mkdir()

    with pytest.raises(DisclosureError, match="so nothing is shown"):
        mine.reveal(["last_name"], where=ibis._.line_id == 0, reason=REASON)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"columns": ["nom", "nir", "x"]}, "These are not columns of lines: nom, x. Choose from line_id, record_id"),
        ({"columns": []}, "No columns were given"),
        ({"limit": 0}, "A limit of 0 lines shows nothing"),
        ({"where": ibis._.nom == "Martin"}, "not a condition on the lines .*'nom'.*give a condition such as"),
        ({"where": ibis._.city}, r"not a condition on the lines \(it is StringColumn\)"),
        ({"where": ibis.table({"x": "int"}, "other").x == 1}, "not a condition on the lines .*another relation"),
        ({"where": pl.DataFrame({"figure_id": [1]})}, "`where` is a table with figure_id: give a condition"),
    ],
)
def test_what_cannot_be_revealed(asked: dict[str, object], message: str, mine: Leak) -> None:
    """Invalid columns and selections are named in one sentence, and nothing is logged."""
    with pytest.raises(InputError, match=message):
        mine.reveal(**{"columns": ["nir"], "reason": REASON, **asked})

    assert read_disclosures(mine.path).is_empty()


@pytest.mark.spark
@pytest.mark.parametrize("choice", CHOICES)
def test_spark_reveals_the_same(choice: str, spark_leak: Leak, mine: Leak) -> None:
    """On Spark the same lines are chosen, masked and revealed."""
    with open_leak(mine.path, "spark") as other:
        columns = ["record_id", "birth_date", "city"]
        expected = mine.reveal(columns, where=CHOICES[choice](mine), reason=REASON)

        assert expected.rows() == other.reveal(columns, where=CHOICES[choice](other), reason=REASON).rows()
        assert mine.preview(4).rows() == other.preview(4).rows()


# --- What a leak shows of itself --------------------------------------------------------------------------------------


def test_a_leak_shows_what_it_is_and_no_line(leak: Leak) -> None:
    """In a notebook a leak shows its name, size, engine, origin and how to look at lines, and no row."""
    shown = leak._repr_html_()

    assert all(
        word in shown
        for word in (leak.name, ">9<", "duckdb", "synthetic (no real person)", "leak.preview()", "leak.reveal(")
    )
    assert not CLEAR.search(shown)


def test_received_data_are_treated_as_real() -> None:
    """A leak that is not synthetic is shown as real and confidential, in the current language, with a notice."""
    shown = card("<b>", {"origin": "intake", "delete_by": "2027-01-31"}, "duckdb")
    with use_language("fr"):
        french = card("x", {"rows": 22_000_000}, "duckdb")

    assert "treat every line as real and confidential" in shown
    assert "Delete every copy by 31 January 2027." in shown
    assert "&lt;b&gt;" in shown
    assert "22\u202f000\u202f000" in french
    assert "à traiter comme réelle et confidentielle" in french


def test_the_notice_depends_on_the_origin() -> None:
    """Received data are confidential, held by the team only and deleted by a day; synthetic data are about nobody."""
    synthetic, received = notice("synthetic"), notice("intake", "2027-01-31")

    assert "is synthetic" in synthetic
    assert all(words in received for words in ("real people", "confidential", "outside the team", "31 January 2027"))
    assert "No deletion date is set" in notice("intake")
    assert "Delete every copy by end of trial." in notice("intake", "end of trial")
    with use_language("fr"):
        assert "31 janvier 2027" in notice("intake", "2027-01-31")
        assert "fictif" in notice("synthetic")


def test_a_table_shows_its_columns_and_no_line(leak: Leak) -> None:
    """A table of a leak, and an expression on it, is shown as an expression: no row is read."""
    assert not ibis.options.interactive
    for expression in (leak.lines, leak.lines.head(), leak.lines.last_name):
        assert not CLEAR.search(repr(expression))
        assert not CLEAR.search(str(expression._repr_mimebundle_((), ())))


def test_interactive_mode_is_warned_of(nine_lines: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Opening a leak in Ibis' interactive mode warns that lines will be shown in clear."""
    monkeypatch.setattr(ibis.options, "interactive", True)

    with pytest.warns(UserWarning, match=r"shows lines in clear\. Switch it off"):
        open_leak(nine_lines, threads=1).close()
