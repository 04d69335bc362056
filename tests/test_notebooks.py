"""The notebooks: what each one must have, and that each runs top to bottom and becomes a page that loads nothing."""

from __future__ import annotations

import ast
import re
import shutil
from pathlib import Path

import nbformat
import pytest
from plotly.offline import get_plotlyjs

from toolkit.report.notebooks import find_notebooks, run_notebook

NAMES = ["00_start_here", "01_counts", "02_comments", "03_public_figures", "04_duplicates", "05_claims"]
WITH_TRUTH = NAMES[1:]
PUBLIC = {
    "toolkit",
    "toolkit.analysis",
    "toolkit.charts",
    "toolkit.labelling",
    "toolkit.privacy",
}
# What makes a browser fetch something: an address after src or href of a script, style, picture or frame, or in CSS.
LOADS = re.compile(
    r"""(?:<script[^>]*\ssrc|<link[^>]*\shref|<img[^>]*\ssrc|<iframe[^>]*\ssrc)\s*=\s*["']?(?!data:)[^"'>\s]+"""
)
FETCHES = re.compile(r"""(?:url\(|@import|import\(?)\s*["']?(?:https?:)?//""")
NETWORKS = re.compile(r"cdn[.j]|unpkg|jsdelivr|googleapis|mathjax|require\.min", flags=re.IGNORECASE)


@pytest.fixture(scope="session")
def notebooks() -> dict[str, nbformat.NotebookNode]:
    """The stored notebooks by name."""
    return {path.stem: nbformat.read(path, as_version=4) for path in find_notebooks()}


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory, small_leak: Path) -> dict[str, Path]:
    """Every notebook run on the small leak, as pages by name."""
    folder = tmp_path_factory.mktemp("pages")
    parameters = {"leak_path": str(small_leak), "memory_limit": "1GB", "threads": 2}
    for path in find_notebooks():
        run_notebook(path, folder / f"{path.stem}.html", parameters)
    return {path.stem: path for path in folder.glob("*.html")}


def code_of(notebook: nbformat.NotebookNode) -> str:
    """The code of a notebook as one text."""
    return "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")


def prose_of(notebook: nbformat.NotebookNode) -> str:
    """The Markdown of a notebook as one text."""
    return "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def test_notebooks_are_numbered_and_complete(notebooks: dict[str, nbformat.NotebookNode]) -> None:
    """The notebooks are those of the four questions, after one to start with."""
    assert NAMES == list(notebooks)


@pytest.mark.parametrize("name", NAMES)
def test_notebook_tells_question_method_limits_and_next(name: str, notebooks: dict[str, nbformat.NotebookNode]) -> None:
    """A notebook has one title, a question, a method, limits, and a link to another notebook that exists."""
    prose = prose_of(notebooks[name])

    headings = re.findall(r"^(#+) (.+)$", prose, flags=re.MULTILINE)
    links = re.findall(r"\]\((\w+)\.ipynb\)", prose)

    assert 1 == sum(level == "#" for level, _ in headings)
    assert {"Question", "Method", "Limits"} <= {title for _, title in headings}
    assert links
    assert set(links) <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_parameters_stand_in_one_cell(name: str, notebooks: dict[str, nbformat.NotebookNode]) -> None:
    """One cell is tagged for papermill, and names the leak, the memory limit and the threads."""
    tagged = [cell.source for cell in notebooks[name].cells if "parameters" in cell.metadata.get("tags", [])]

    assert 1 == len(tagged)
    assert ["leak_path", "memory_limit", "threads"] == re.findall(r"^(\w+) =", tagged[0], flags=re.MULTILINE)


@pytest.mark.parametrize("name", NAMES)
def test_findings_are_computed(name: str, notebooks: dict[str, nbformat.NotebookNode]) -> None:
    """Findings are rendered from values, never typed: no digit stands outside braces, and asserts stand by."""
    code = code_of(notebooks[name])
    findings = re.findall(r"\*\*Finding\.\*\*.*?\"", code, flags=re.DOTALL)

    typed = [finding for finding in findings if re.search(r"\d", re.sub(r"\{[^{}]*\}", "", finding))]

    assert findings
    assert [] == typed
    assert "**Finding" not in prose_of(notebooks[name])
    assert code.count("assert ") >= len(findings)


@pytest.mark.parametrize("name", NAMES)
def test_notebook_uses_the_public_api_only(name: str, notebooks: dict[str, nbformat.NotebookNode]) -> None:
    """No notebook imports the maker, or a name of ours that starts with an underscore."""
    imported = {
        (node.module, alias.name)
        for node in ast.walk(ast.parse(code_of(notebooks[name])))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("toolkit")
        for alias in node.names
    }

    private = [pair for pair in imported if pair[0] not in PUBLIC or pair[1].startswith("_")]

    assert [] == private


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_notebook_runs_and_tells_its_findings(name: str, pages: dict[str, Path]) -> None:
    """A notebook runs top to bottom on a small leak, and its page shows findings with numbers in them."""
    page = pages[name].read_text(encoding="utf-8")

    findings = re.findall(r"<strong>Finding\.</strong>(.*?)</blockquote>", page, flags=re.DOTALL)

    assert findings
    assert all(re.search(r"\d", finding) for finding in findings)
    assert all("nan" not in finding and "None" not in finding for finding in findings)
    assert (name in WITH_TRUTH) == ("What the truth says" in page)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_page_loads_nothing(name: str, pages: dict[str, Path]) -> None:
    """A page holds all it needs: no script, style, font or picture is fetched, and plotly.js stands in it once."""
    page = pages[name].read_text(encoding="utf-8")
    library = get_plotlyjs()

    copies = page.count(library)
    rest = page.replace(library, "")

    assert int("Plotly.newPlot" in rest) == copies
    assert [] == LOADS.findall(rest)
    assert [] == FETCHES.findall(rest)
    assert [] == NETWORKS.findall(rest)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_page_shows_nobody(name: str, pages: dict[str, Path]) -> None:
    """No page holds a social security number, a telephone number or a mail address."""
    rest = pages[name].read_text(encoding="utf-8").replace(get_plotlyjs(), "")

    assert [] == re.findall(r"\b[12]\d{14}\b|\b0[1-7]\d{8}\b|[\w.-]+@[\w.-]+\.example", rest)


@pytest.mark.slow
@pytest.mark.browser
def test_charts_draw_without_a_network(pages: dict[str, Path]) -> None:
    """In a browser every chart of every page draws, no script fails, and nothing but the page is asked for."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("Chromium is not installed")
    asked: list[str] = []
    failed: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        tab = browser.new_page()
        tab.on("request", lambda request: asked.append(request.url))
        tab.on("pageerror", lambda error: failed.append(str(error)))
        for path in pages.values():
            tab.goto(path.as_uri())
            figures = tab.locator(".plotly-graph-div").count()

            assert tab.locator(".plotly-graph-div .main-svg").count() >= figures

        browser.close()

    assert sorted(path.as_uri() for path in pages.values()) == sorted(asked)
    assert [] == failed
