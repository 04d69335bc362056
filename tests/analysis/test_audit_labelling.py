"""The labelling sheet without a browser: buttons, typed input, display, saving, resuming and masking."""

from __future__ import annotations

import json
import os
from pathlib import Path

import polars as pl
import pytest

from toolkit.analysis import audit
from toolkit.analysis.audit.labelling import LabellingSheet, mask_names, read_labels
from toolkit.errors import InputError
from toolkit.schema import CATEGORIES

TEXT = "administrative_comment"
COMMENTS = {30: "sous Subutex, vu par Mme Petit", 10: "rdv <b>mardi</b>", 20: "suivi VIH"}
"""Three comments in the order of review, by unit; the record of the first has another comment, unit 40."""


def sample_of(seed: int = 1) -> audit.Sample:
    """Return a sample of the three comments, where lines 10 and 11 have the same one."""
    lines = [(30, 30), (10, 10), (20, 20), (11, 10)]
    rows = [(line, unit, "D", COMMENTS[unit], 1) for line, unit in lines]
    columns = ["line_id", "unit", "stratum", TEXT, "record_lines"]
    kin = pl.DataFrame(
        [(30, "records", 40, "a appele", 1)], schema=["line_id", "per", "unit", TEXT, "lines"], orient="row"
    )
    strata = pl.DataFrame(
        {"stratum": list("ABCDE"), "meaning": "", "lines": [0, 0, 0, 8, 0], "sampled": [0, 0, 0, 4, 0]}
    )
    totals = {"lines": 8, "comments": 8, "records": 7}
    return audit.Sample(pl.DataFrame(rows, schema=columns, orient="row"), kin, strata, totals, seed, "rules")


def answers(sheet: LabellingSheet) -> list[tuple[int, str]]:
    """Return the answers of a sheet, in the order given."""
    return sheet.labels.select("unit", "answer").rows()


def type_in(sheet: LabellingSheet, keys: str) -> None:
    """Type into the sheet's text box and press Enter."""
    sheet._parts.keys.value = keys


def test_buttons_answer_and_show_the_next(tmp_path: Path) -> None:
    """Each button saves its answer for the comment shown and displays the next one in the order of review."""
    sheet = LabellingSheet(sample_of(), tmp_path, "anna")
    sensitive, harmless, _ = sheet._parts.answers
    assert 30 == sheet.current

    harmless.click()
    assert 10 == sheet.current
    sensitive.click()

    assert [(30, "not"), (10, "sensitive")] == answers(sheet)
    assert (2, 3) == (sheet._parts.progress.value, sheet._parts.progress.max)
    assert "suivi VIH" in sheet._parts.comment.value


def test_keys_answer_with_categories(tmp_path: Path) -> None:
    """The first number typed is the answer, further ones are categories, and the box is cleared."""
    sheet = LabellingSheet(sample_of(), tmp_path, "anna")

    type_in(sheet, "1 3 7")
    assert "" == sheet._parts.keys.value
    type_in(sheet, "2")
    type_in(sheet, "3")

    expected = [(30, "sensitive", [CATEGORIES[2], CATEGORIES[6]]), (10, "not", []), (20, "unsure", [])]
    assert expected == sheet.labels.rows()


def test_categories_chosen_by_mouse_are_taken(tmp_path: Path) -> None:
    """The selected categories are saved with 'sensitive', and the selection is cleared for the next comment."""
    sheet = LabellingSheet(sample_of(), tmp_path, "anna")
    sheet._parts.categories.value = ("addiction",)

    sheet._parts.answers[0].click()

    assert [["addiction"]] == sheet.labels["categories"].to_list()
    assert () == sheet._parts.categories.value


@pytest.mark.parametrize("typed", ["4", "0", "x", "1 13", "2,", "1 x", "²"])
def test_wrong_key_changes_nothing(tmp_path: Path, typed: str) -> None:
    """Invalid input shows a message, and nothing is saved."""
    sheet = LabellingSheet(sample_of(), tmp_path, "anna")

    type_in(sheet, typed)

    assert [] == answers(sheet)
    assert f"{typed!r} is not an answer" in sheet._parts.message.value
    assert not sheet.file.exists()


def test_sheet_resumes_where_it_stopped(tmp_path: Path) -> None:
    """A new sheet has every saved answer and shows the next comment, although the first was never closed."""
    killed = LabellingSheet(sample_of(), tmp_path, "anna")
    type_in(killed, "2")
    type_in(killed, "1 3")

    resumed = LabellingSheet(sample_of(), tmp_path, "anna")

    assert killed.labels.equals(resumed.labels)
    assert 20 == resumed.current


@pytest.mark.parametrize(("owner", "step"), [(os, "fsync"), (Path, "replace")])
def test_kill_while_saving_keeps_what_was_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: object, step: str
) -> None:
    """When a save is interrupted, the answers saved before it are still complete."""
    sheet = LabellingSheet(sample_of(), tmp_path, "anna")
    type_in(sheet, "2")

    def kill(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(owner, step, kill)
    with pytest.raises(KeyboardInterrupt):
        sheet.answer("sensitive")
    monkeypatch.undo()

    assert [(30, "not")] == answers(LabellingSheet(sample_of(), tmp_path, "anna"))


def test_undo_removes_the_last_answer(tmp_path: Path) -> None:
    """Undo works by button and key, also for a reopened sheet, and does nothing when there is no answer."""
    type_in(LabellingSheet(sample_of(), tmp_path, "anna"), "2")
    sheet = LabellingSheet(sample_of(), tmp_path, "anna")
    type_in(sheet, "2")

    sheet._parts.undo.click()
    assert [(30, "not")] == answers(LabellingSheet(sample_of(), tmp_path, "anna"))
    type_in(sheet, "u")
    type_in(sheet, "u")

    assert [] == answers(LabellingSheet(sample_of(), tmp_path, "anna"))
    assert 30 == sheet.current


def test_unsure_comments_come_again(tmp_path: Path) -> None:
    """Unsure comments are shown again after all others, until they have an answer."""
    sheet = LabellingSheet(sample_of(), tmp_path, "anna")
    for key in "332":
        type_in(sheet, key)
    assert 30 == sheet.current

    type_in(sheet, "3")
    assert 10 == sheet.current
    type_in(sheet, "2")
    type_in(sheet, "2")

    assert sheet.current is None
    assert [(20, "not"), (10, "not"), (30, "not")] == answers(sheet)
    assert sheet._parts.answers[0].disabled


def test_other_comments_of_a_sensitive_record_are_asked_for(tmp_path: Path) -> None:
    """The other comments of a sensitive record are shown at the end, and the estimate counts the record once."""
    sheet = LabellingSheet(sample_of(), tmp_path, "anna")
    for key in "122":
        type_in(sheet, key)
    assert 40 == sheet.current

    type_in(sheet, "1")

    assert sheet.current is None
    shares = audit.estimate(sample_of(), sheet.labels).shares
    # One line of four is sensitive, in a record that has two such lines: 8 / 4 lines, half as many records.
    assert [("lines", 2.0), ("comments", 2.0), ("records", 1.0)] == shares.select("unit", "sensitive").rows()


def test_finished_sheet_ignores_answers(tmp_path: Path) -> None:
    """An answer is ignored when no comment is left."""
    sheet = LabellingSheet(sample_of(), tmp_path, "anna")
    for _ in range(5):
        sheet.answer("not")

    assert [(30, "not"), (10, "not"), (20, "not")] == answers(sheet)


def test_two_reviewers_keep_two_files(tmp_path: Path) -> None:
    """Each reviewer has a file, and the other's answers do not appear in it."""
    anna, ben = (LabellingSheet(sample_of(), tmp_path, name) for name in ("anna", "ben"))
    for key in "222":
        type_in(anna, key)
    for key in "212":
        type_in(ben, key)

    assert {"labels-anna.jsonl", "labels-ben.jsonl"} == {file.name for file in tmp_path.iterdir()}
    assert pytest.approx(2 / 3) == audit.kappa(anna.labels, ben.labels).agreed


def test_file_has_no_text_of_a_comment(tmp_path: Path) -> None:
    """The file has the sample's hash, seed and rules, the reviewer, and units with answers."""
    sheet = LabellingSheet(sample_of(), tmp_path, "anna")
    type_in(sheet, "1 3")

    heading, *rows = [json.loads(line) for line in sheet.file.read_text(encoding="utf-8").splitlines()]

    assert {"sample": sample_of().digest, "seed": 1, "rules": "rules", "reviewer": "anna"} == heading
    assert [{"unit": 30, "answer": "sensitive", "categories": [CATEGORIES[2]]}] == rows


def test_file_of_another_sample_is_an_error(tmp_path: Path) -> None:
    """A sheet cannot resume from the file of another sample."""
    LabellingSheet(sample_of(), tmp_path, "anna").answer("not")

    with pytest.raises(InputError, match="belongs to another sample"):
        LabellingSheet(sample_of(seed=2), tmp_path, "anna")


@pytest.mark.parametrize("content", ["", "no JSON", '{"a": 1}\n{"unit": 1}', "3\n4"])
def test_file_that_is_not_a_sheet_is_an_error(tmp_path: Path, content: str) -> None:
    """A file that is not a labelling sheet is an error and stays unchanged."""
    file = tmp_path / "labels-anna.jsonl"
    file.write_text(content, encoding="utf-8")

    with pytest.raises(InputError, match=r"is not a labelling sheet|belongs to another sample"):
        LabellingSheet(sample_of(), tmp_path, "anna")
    assert content == file.read_text(encoding="utf-8")


def test_saved_labels_are_read_for_their_sample_only(tmp_path: Path) -> None:
    """`read_labels` returns the labels of the sheet; another sample, a missing file and other files are errors."""
    sheet = LabellingSheet(sample_of(), tmp_path, "anna")
    for key in ("1 3", "2"):
        type_in(sheet, key)

    assert sheet.labels.equals(read_labels(sheet.file, sample_of()))
    with pytest.raises(InputError, match="belongs to another sample"):
        read_labels(sheet.file, sample_of(seed=2))
    with pytest.raises(InputError, match="There is no file"):
        read_labels(tmp_path / "labels-ben.jsonl", sample_of())
    (tmp_path / "notes.txt").write_text("[1]", encoding="utf-8")
    with pytest.raises(InputError, match="belongs to another sample"):
        read_labels(tmp_path / "notes.txt", sample_of())


@pytest.mark.parametrize("name", ["", "Anna", "../anna", "anna b"])
def test_reviewer_must_be_a_valid_file_name(tmp_path: Path, name: str) -> None:
    """A name with capitals, spaces or slashes is an error."""
    with pytest.raises(InputError, match="cannot name a file"):
        LabellingSheet(sample_of(), tmp_path, name)


@pytest.mark.parametrize(("answer", "categories"), [("yes", ()), ("sensitive", ("weather",))])
def test_unknown_answer_is_an_error(tmp_path: Path, answer: str, categories: tuple[str, ...]) -> None:
    """An answer or category that does not exist is an error."""
    with pytest.raises(InputError, match="There is no answer"):
        LabellingSheet(sample_of(), tmp_path, "anna").answer(answer, categories)


def test_comment_is_shown_masked_and_escaped(tmp_path: Path) -> None:
    """A comment is displayed with names masked and HTML escaped."""
    sheet = LabellingSheet(sample_of(), tmp_path, "anna")

    assert "sous Subutex, vu par Mme [name]" in sheet._parts.comment.value
    sheet.answer("not")
    assert "rdv &lt;b&gt;mardi&lt;/b&gt;" in sheet._parts.comment.value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tel 06 39 98 00 01 ou 0639980002", "tel [number] ou [number]"),
        ("ecrire a.b@c.example pour Marie", "ecrire [mail] pour [name]"),
        ("rdv avec Jean-Luc Martin le matin", "rdv avec [name] le matin"),
        ("Zoé Lherbier a appelé", "[name] a appelé"),
        ("vu par M. d'Orval et Éric", "vu par M. [name] et [name]"),
        ("mme dupont ex alcoolique", "mme [name] ex alcoolique"),
        ("voir Dr MOREAU", "voir Dr [name]"),
        ("voir monsieur le maire", "voir monsieur le maire"),
        ("PATIENT SEROPOSITIF VIH", "PATIENT SEROPOSITIF VIH"),
        ("Alcoolique. Suivi depuis 2012, IVG le 12/03", "Alcoolique. Suivi depuis 2012, IVG le 12/03"),
        ("sous Méthadone et Subutex", "sous Méthadone et Subutex"),
    ],
)
def test_names_are_masked_and_lexicon_words_are_kept(text: str, expected: str) -> None:
    """Names, numbers and addresses are masked; words that a reviewer must see are kept."""
    assert expected == mask_names(text)
