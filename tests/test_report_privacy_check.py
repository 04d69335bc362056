"""The privacy check of a report: text of a record is found in any kind of file, and masked lines are allowed."""

from __future__ import annotations

import json
from collections.abc import Callable
from html import escape
from io import BytesIO
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from toolkit.errors import ReportError
from toolkit.i18n import day, use_language
from toolkit.privacy import mask_lines
from toolkit.report import Findings, check_privacy, write_report
from toolkit.report import _page as report_page

KINDS = {
    "administrative_comment": "a comment",
    "address": "a street address",
    "nir": "a social security number",
    "mobile_phone": "a telephone number",
    "email": "a mail address",
}


@pytest.fixture(scope="session")
def lines(small_leak: Path) -> pl.DataFrame:
    """The lines of the small leak on which every column is filled, with comments of three words or more."""
    every = pl.read_parquet(small_leak / "lines" / "*.parquet").drop_nulls()
    long = (pl.col("administrative_comment").str.split(" ").list.len() >= 3) & (
        pl.col("administrative_comment").str.len_chars() >= 20
    )
    return every.filter(long).sort("line_id")


@pytest.fixture(scope="session")
def line(lines: pl.DataFrame) -> dict[str, Any]:
    """One of these lines."""
    return lines.row(0, named=True)


@pytest.mark.parametrize("column", list(KINDS))
def test_text_of_a_record_is_found(column: str, line: dict[str, Any], small_leak: Path, tmp_path: Path) -> None:
    """A value of a line in a page stops the report; the error names the file and the kind, and never the value."""
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "02.html").write_text(f"<p>As in {escape(line[column])}.</p>", encoding="utf-8")

    with pytest.raises(ReportError, match=rf"notebooks/02\.html: {KINDS[column]} \(1\)") as caught:
        check_privacy(tmp_path, small_leak, {})

    assert line[column] not in str(caught.value)


@pytest.mark.parametrize("form", ["{:%Y-%m-%d}", "{:%d/%m/%Y}", "{0.day} {month} {0.year}"])
def test_name_with_its_birth_date_is_found(form: str, line: dict[str, Any], small_leak: Path, tmp_path: Path) -> None:
    """First and last name near the birth date of their line are found, in capitals and in every form of the date."""
    with use_language("fr"):
        month = day(line["birth_date"]).split()[1]
    born = form.format(line["birth_date"], month=month)
    row = f"<td>{line['last_name'].upper()}</td><td>{line['first_name']}</td><td>F</td><td>{born}</td>"

    with pytest.raises(ReportError, match="a name with its birth date"):
        check_privacy(tmp_path, small_leak, {"index.html": f"<table><tr>{row}</tr></table>"})


def test_birth_date_without_its_name_is_allowed(line: dict[str, Any], small_leak: Path, tmp_path: Path) -> None:
    """A date far from the name identifies no one."""
    far = "and so on " * 60
    text = f"{line['birth_date']} {far} {line['first_name']} {line['last_name']}"

    check_privacy(tmp_path, small_leak, {"index.html": text})


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("results.json", lambda text: json.dumps({"note": text}).encode()),
        ("tables/a.csv", lambda text: f'n,note\n1,"{text}"\n'.encode()),
        ("charts/a.svg", lambda text: f"<svg><text>{escape(text)}</text></svg>".encode()),
        ("charts/a.png", lambda text: _png(text, packed=False)),
        ("charts/packed.png", lambda text: _png(text, packed=True)),
        ("index.html", lambda text: f'<img alt="{escape(text)}">'.encode()),
        ("app.html", lambda text: f"<script>var t = {json.dumps(text)}</script>".encode()),
        ("shout.html", lambda text: text.upper().replace(" ", "\n ").encode()),
    ],
)
def test_every_kind_of_file_is_searched(
    name: str, written: Callable[[str], bytes], line: dict[str, Any], small_leak: Path, tmp_path: Path
) -> None:
    """A comment is found in pages, scripts, attributes, JSON, CSV, SVG and the texts of a PNG, in capitals as well."""
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(written(line["administrative_comment"]))

    with pytest.raises(ReportError, match="a comment"):
        check_privacy(tmp_path, small_leak, {})


def test_file_that_cannot_be_searched_is_refused(small_leak: Path, tmp_path: Path) -> None:
    """A file that is not text, such as a Parquet file, is refused."""
    (tmp_path / "lines.parquet").write_bytes((small_leak / "practices.parquet").read_bytes())

    with pytest.raises(ReportError, match=r"files that cannot be searched \(lines\.parquet\)"):
        check_privacy(tmp_path, small_leak, {})


def test_hidden_file_of_a_system_is_allowed(line: dict[str, Any], small_leak: Path, tmp_path: Path) -> None:
    """A hidden file of a file manager is ignored; a half-written file of the report is searched."""
    (tmp_path / ".DS_Store").write_bytes(b"\x00\xff\xfe")
    check_privacy(tmp_path, small_leak, {})

    (tmp_path / ".index.html.partial").write_text(line["address"], encoding="utf-8")
    with pytest.raises(ReportError, match=r"\.index\.html\.partial: a street address"):
        check_privacy(tmp_path, small_leak, {})


def test_file_of_the_same_name_below_is_searched(line: dict[str, Any], small_leak: Path, tmp_path: Path) -> None:
    """Only the file that is about to be written is not read from disk: one of the same name in a subfolder is."""
    (tmp_path / "old").mkdir()
    for folder in (tmp_path, tmp_path / "old"):
        (folder / "index.html").write_text(line["address"], encoding="utf-8")

    with pytest.raises(ReportError, match=r"\(old/index\.html: a street address \(1\)\)"):
        check_privacy(tmp_path, small_leak, {"index.html": "<p>new</p>"})


def test_masked_lines_and_stock_phrases_are_allowed(lines: pl.DataFrame, small_leak: Path, tmp_path: Path) -> None:
    """Masked lines, counts, hashes and phrases of two words are allowed."""
    masked = mask_lines(lines.head(200))
    table = "".join(f"<td>{escape(str(value))}</td>" for row in masked.rows() for value in row)
    text = "<p>rdv annulé, 22\u202f000\u202f000 lignes, 0.012345678901234567, 77df58bcbaf336d5fdd0023312345678</p>"

    check_privacy(tmp_path, small_leak, {"index.html": f"<table>{table}</table>{text}"})


def test_report_that_shows_a_record_is_not_written(
    line: dict[str, Any], small_findings: Findings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the check finds something, no page is written and the page of an earlier run is removed."""
    monkeypatch.setattr(report_page, "write_images", lambda _charts, _folder: False)
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "01.html").write_text(line["address"], encoding="utf-8")
    (tmp_path / "index.html").write_text("before", encoding="utf-8")

    with pytest.raises(ReportError, match=r"notebooks/01\.html: a street address"):
        write_report(tmp_path, small_findings)

    assert not (tmp_path / "index.html").exists()


def _png(text: str, *, packed: bool) -> bytes:
    """Return a PNG of one pixel with a text in its metadata."""
    texts, content = PngInfo(), BytesIO()
    texts.add_text("Comment", text, zip=packed)
    Image.new("L", (1, 1)).save(content, "png", pnginfo=texts)
    return content.getvalue()
