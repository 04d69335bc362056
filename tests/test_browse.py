"""Browsing masked lines: search and paging in a browser, without network requests."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from playwright.sync_api import Page, sync_playwright

import toolkit
from toolkit import browse
from toolkit.dataset._leak import Leak
from toolkit.errors import InputError
from toolkit.i18n import use_language
from toolkit.privacy._display import MASKED

TITLE = "Lines <masked>"


@pytest.fixture(scope="module")
def lines(leak: Leak) -> pl.DataFrame:
    """The nine lines, masked."""
    return leak.preview(9)


@pytest.fixture
def page(lines: pl.DataFrame, tmp_path: Path) -> Path:
    """A page with the table in French, as in an exported notebook."""
    file = tmp_path / "page.html"
    with use_language("fr"):
        table = browse(pl.concat([lines] * 30), TITLE).data
    file.write_text(f"<!DOCTYPE html><meta charset='utf-8'><body>{table}</body>", encoding="utf-8")
    return file


@pytest.fixture
def asked() -> list[str]:
    """The addresses that the browser requests."""
    return []


@pytest.fixture
def tab(page: Path, asked: list[str]) -> Iterator[Page]:
    """The page, open in a browser."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("Chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        opened = browser.new_page()
        opened.on("request", lambda request: asked.append(request.url))
        opened.goto(page.as_uri())
        opened.wait_for_selector("input[type=search]")
        yield opened
        browser.close()


@pytest.mark.slow
@pytest.mark.browser
def test_lines_are_searched_and_leafed_through_offline(tab: Page, asked: list[str], page: Path) -> None:
    """The table shows ten lines per page, a search filters them, and nothing is fetched."""
    seen = tab.inner_text("body")
    tab.fill("input[type=search]", "c. j.")
    found = tab.inner_text(".dt-info")

    assert all(words in seen for words in (TITLE, "Lignes 1 à 10 sur 270", "date de naissance", "[hidden]"))
    assert "Lignes 1 à 10 sur 60 (trouvées parmi 270)" == found
    assert [page.as_uri()] == [url for url in asked if not url.startswith("blob:")]


def test_the_table_refers_to_no_address(lines: pl.DataFrame) -> None:
    """Scripts, styles and images are embedded."""
    held = browse(lines, TITLE).data

    assert [] == re.findall(r"""<(?:script|link|img|iframe)[^>]*\s(?:src|href)\s*=""", held)
    assert "import(" not in re.sub(r"await import\(url\)", "", held)


def test_a_table_is_equal_when_it_is_made_again(lines: pl.DataFrame) -> None:
    """The same lines and title give the same table id; other lines or another title give another."""
    names = [
        re.findall(r"browse-[0-9a-f]{12}", browse(rows, title).data)[0]
        for rows, title in ((lines, TITLE), (lines, TITLE), (lines.head(3), TITLE), (lines, "Others"))
    ]

    assert browse(lines, TITLE).data == browse(lines, TITLE).data
    assert [names[0], 3] == [names[1], len(set(names))]


def test_without_scripts_the_first_lines_are_read(lines: pl.DataFrame) -> None:
    """Where scripts cannot run, as on a code-hosting site, a plain table of the first lines is shown."""
    plain = browse(lines, TITLE).data.partition("_fallback")[2].partition("</table>")[0]

    assert lines.height == plain.count("<tr") - 1
    assert "[hidden]" in plain


def test_too_many_lines_are_not_browsed() -> None:
    """More lines than a preview may have are refused."""
    with pytest.raises(InputError, match=f"{MASKED + 1:,} rows are too many to browse"):
        toolkit.browse(pl.DataFrame({"n": range(MASKED + 1)}), TITLE)
