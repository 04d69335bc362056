"""The executed copies in docs/: one a notebook, of its cells of today, with findings and pictures, and nobody in it."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import nbformat
import pytest

from maintenance.docs import DOCS, digest_of, made_from, to_markdown
from toolkit.report._notebooks import find_notebooks
from toolkit.report._privacy_check import check_privacy

NOTEBOOKS = find_notebooks()
COPIES = DOCS / "notebooks"
PICTURE = re.compile(r"!\[[^\]]{20,}\]\((images/[\w-]+\.svg)\)")


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_copy_is_of_the_stored_notebook(notebook: Path) -> None:
    """Each notebook has a copy, made from the cells that it has now."""
    copy = COPIES / f"{notebook.stem}.md"
    assert copy.exists(), f"{notebook.name} has no copy in docs/notebooks: run `make notebooks`."

    digest = made_from(copy.read_text(encoding="utf-8"))

    assert digest_of(notebook) == digest, f"The copy of {notebook.name} is older than its cells: run `make notebooks`."


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_copy_shows_findings_pictures_and_links(notebook: Path) -> None:
    """A copy tells its findings with numbers, shows a picture with words for each chart, and leads to other copies."""
    text = (COPIES / f"{notebook.stem}.md").read_text(encoding="utf-8")
    code = [cell.source for cell in nbformat.read(notebook, as_version=4).cells if cell.cell_type == "code"]
    told = re.sub(r"```.*?```", "", text, flags=re.DOTALL)

    pictures = PICTURE.findall(told)
    findings = re.findall(r"^> \*\*Finding\.\*\* ((?:.|\n> )+)", told, flags=re.MULTILINE)
    links = re.findall(r"\]\(([\w-]+\.\w+)\)", told)

    assert sum(cell.splitlines()[-1].startswith("charts.") for cell in code) == len(pictures)
    assert [] == [path for path in pictures if not (COPIES / path).is_file()]
    assert sum(cell.count("**Finding.**") for cell in code) == len(findings)
    assert all(re.search(r"\d", finding) for finding in findings)
    assert links
    assert [] == [link for link in links if not (COPIES / link).is_file()]


def test_pictures_are_drawn_and_used() -> None:
    """Every picture is an SVG that draws something, and stands in a copy; all of docs/ stays under 5 MB."""
    used = {path for copy in COPIES.glob("*.md") for path in PICTURE.findall(copy.read_text(encoding="utf-8"))}
    pictures = sorted((COPIES / "images").iterdir())

    empty = [path.name for path in pictures if not ET.parse(path).findall(".//{http://www.w3.org/2000/svg}path")]  # noqa: S314

    assert {f"images/{path.name}" for path in pictures} == used
    assert [] == empty
    assert sum(path.stat().st_size for path in DOCS.rglob("*") if path.is_file()) < 5_000_000


def test_copies_show_nobody(small_leak: Path) -> None:
    """No copy holds a number or address that reaches somebody, a comment or a name with its birth date."""
    check_privacy(COPIES, small_leak, {})


def test_list_leads_to_every_copy() -> None:
    """docs/notebooks/README.md lists every copy, and the README links to it."""
    page = (COPIES / "README.md").read_text(encoding="utf-8")

    listed = re.findall(r"^- \[.+\]\((\w+)\.md\): \w", page, flags=re.MULTILINE)

    assert [path.stem for path in NOTEBOOKS] == listed
    assert "](docs/notebooks/README.md)" in (DOCS.parent / "README.md").read_text(encoding="utf-8")


def test_tables_and_streams_become_markdown() -> None:
    """A table keeps its title, sides and notes, words that Markdown would take for signs are shown, code is folded."""
    html = """<table class="gt_table"><thead><tr class="gt_heading"><td colspan="2" class="gt_title">Counts</td></tr>
        <tr><th class="gt_left" scope="col">what</th><th class="gt_right" scope="col">how many</th></tr></thead>
        <tbody><tr><td>lines | [records]</td><td>1,000</td></tr></tbody>
        <tfoot><tr><td colspan="2" class="gt_sourcenote">Counted.</td></tr></tfoot></table>"""
    outputs = [
        nbformat.v4.new_output("display_data", {"text/html": html, "text/plain": "GT()"}),
        nbformat.v4.new_output("stream", text="3 are left\n"),
    ]
    ran = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell("# Title\n\nSee [next](01_counts.ipynb)."),
            nbformat.v4.new_code_cell("show()", outputs=outputs),
        ]
    )

    text, charts = to_markdown(ran, "00_start_here", "0" * 64, 1_000)

    table = (
        "**Counts**\n\n| what | how many |\n| --- | ---: |\n| lines \\| \\[records\\] | 1,000 |\n\n<sub>Counted.</sub>"
    )
    assert table in text
    assert "```text\n3 are left\n```" in text
    assert "<details><summary>Code</summary>\n\n```python\nshow()\n```\n\n</details>" in text
    assert "[next](01_counts.md)" in text
    assert "0" * 64 == made_from(text)
    assert [] == charts
