"""The access log: written before values are shown, private to its owner, and without any of the values."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from toolkit.cli import main
from toolkit.errors import InputError
from toolkit.privacy._access_log import LOG, DisclosureError, disclose, read_disclosures

REASON = "The desk verifies three names with their lawyers."


def test_a_disclosure_is_one_line_of_who_when_what_and_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each disclosure adds a line and leaves earlier lines unchanged."""
    monkeypatch.setattr("getpass.getuser", lambda: "anna")

    disclose(tmp_path, "two lines", ["last_name", "nir"], 2, REASON)
    disclose(tmp_path, "one line", ["email"], 1, " To warn\nthe person. ")

    table = read_disclosures(tmp_path)
    assert [
        ("anna", "two lines", ["last_name", "nir"], 2, REASON),
        ("anna", "one line", ["email"], 1, "To warn the person."),
    ] == table.drop("when").rows()
    assert all(when.endswith("+00:00") for when in table["when"])


def test_the_log_is_for_its_owner_alone(tmp_path: Path) -> None:
    """The log has mode 0600, even if the file existed with a wider mode."""
    (tmp_path / LOG).touch(mode=0o644)

    disclose(tmp_path, "lines", ["nir"], 1, REASON)

    assert 0o600 == (tmp_path / LOG).stat().st_mode & 0o777


@pytest.mark.parametrize("reason", ["", "   ", "because", " x \n y "])
def test_without_a_reason_nothing_is_logged(reason: str, tmp_path: Path) -> None:
    """A reason that is too short is refused, and no log is created."""
    with pytest.raises(InputError, match="is too short"):
        disclose(tmp_path, "lines", ["nir"], 1, reason)

    assert [] == list(tmp_path.iterdir())


def test_without_a_log_nothing_may_be_shown(tmp_path: Path) -> None:
    """An error is raised when the log cannot be written."""
    with pytest.raises(DisclosureError, match="so nothing is shown"):
        disclose(tmp_path / "missing", "lines", ["nir"], 1, REASON)


def test_a_data_set_without_a_log_has_no_disclosures(tmp_path: Path) -> None:
    """A missing log is an empty table; a broken log is an error."""
    assert (0, 6) == read_disclosures(tmp_path).shape

    (tmp_path / LOG).write_text(json.dumps({"when": "today"}) + "\n{", encoding="utf-8")
    with pytest.raises(DisclosureError, match="not a list of disclosures"):
        read_disclosures(tmp_path)
    with pytest.raises(DisclosureError, match=r"There is no directory .*/nowhere"):
        read_disclosures(tmp_path / "nowhere")


def test_the_command_reads_the_log(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`toolkit disclosures` prints each disclosure with its reason, as a table or as JSON, and changes nothing."""
    assert 0 == main(["disclosures", str(tmp_path)])
    assert "No personal value has been shown in clear" in capsys.readouterr().out
    assert [] == list(tmp_path.iterdir())
    disclose(tmp_path, "lines of the dump: 3", ["last_name", "nir"], 1, REASON)

    codes = [main(["disclosures", str(tmp_path), *option]) for option in ((), ("--json",))]

    table, _, rest = capsys.readouterr().out.partition("{")
    assert [0, 0] == codes
    assert all(word in table for word in ("last_name, nir", "lines of the dump: 3", REASON))
    assert read_disclosures(tmp_path).to_dicts() == json.loads("{" + rest)["disclosures"]


@pytest.mark.parametrize(
    ("place", "message"), [("nowhere", "There is no directory"), ("", "not a list of disclosures")]
)
def test_a_log_that_cannot_be_read_is_one_line(
    place: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A missing directory and a broken log end the command with one line on standard error."""
    (tmp_path / LOG).write_text("{", encoding="utf-8")

    assert 2 == main(["disclosures", str(tmp_path / place)])
    assert message in capsys.readouterr().err
