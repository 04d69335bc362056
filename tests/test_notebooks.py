"""The notebooks: their parts, and that each runs to its end on any data set and becomes a page that loads nothing."""

from __future__ import annotations

import ast
import json
import re
import shutil
import tempfile
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from html import unescape
from pathlib import Path
from textwrap import dedent

import nbformat
import pyarrow.parquet as pq
import pytest
from itables import options
from itables.javascript import generate_init_offline_itables_html
from nbclient import NotebookClient
from papermill.clientwrap import PapermillNotebookClient
from plotly.offline import get_plotlyjs
from traitlets.config import Config

from toolkit import schema
from toolkit._platform import kernel_connection
from toolkit.questions import Result, questions
from toolkit.report import SKIPPED, Findings, execute_notebook, find_notebooks, run_notebook, to_page

NAMES = ["00_start_here", "01_counts", "02_comments", "03_public_figures", "04_duplicates", "05_claims", "06_ages"]
CELLS = {name: question.cell(name) for question in questions() for name in question.cells}
FIVE = ("line_id", "first_name", "last_name", "city", "administrative_comment")
HALF = {"nir", "birth_date", "address", "email", "mobile_phone", "landline_phone", "practice_id", "practitioner_id"}
HALF |= {"created_on"}
PUBLIC = {
    "toolkit",
    "toolkit.analysis",
    "toolkit.charts",
    "toolkit.analysis.audit.labelling",
    "toolkit.privacy",
}
# What makes a browser fetch something: an address after src or href of a script, style, picture or frame, or in CSS.
LOADS = re.compile(
    r"""(?:<script[^>]*\ssrc|<link[^>]*\shref|<img[^>]*\ssrc|<iframe[^>]*\ssrc)\s*=\s*["']?(?!data:)[^"'>\s]+"""
)
FETCHES = re.compile(r"""(?:url\(|@import|import\(?)\s*["']?(?:https?:)?//""")
# Leaves a kernel as a new one would be, with the libraries of other projects still loaded.
FORGET = """
%reset -f
import sys
get_ipython().ast_transformers.clear()
for name in [name for name in sys.modules if name.partition(".")[0] == "toolkit"]:
    del sys.modules[name]
%reset -f
""".strip()
NETWORKS = re.compile(r"cdn[.j]|unpkg|jsdelivr|googleapis|mathjax|require\.min", flags=re.IGNORECASE)


@pytest.fixture(scope="session")
def notebooks() -> dict[str, nbformat.NotebookNode]:
    """Return the stored notebooks by name."""
    return {path.stem: nbformat.read(path, as_version=4) for path in find_notebooks()}


@pytest.fixture(scope="module")
def warm_kernel() -> Iterator[NotebookClient]:
    """Start a kernel for all notebooks: a new one takes longer to load the libraries than most notebooks take to run.

    The tests of JupyterLab and of an installed toolkit run every notebook in a process of its own.
    """
    with tempfile.TemporaryDirectory(prefix="kernel-") as folder:
        config = Config({"KernelManager": kernel_connection(Path(folder))})
        client = NotebookClient(nbformat.v4.new_notebook(), kernel_name="python3", config=config)
        client.extra_arguments = ["--IPKernelApp.log_level=CRITICAL"]
        with client.setup_kernel():
            yield client


@contextmanager
def in_kernel(warm: NotebookClient) -> Iterator[None]:
    """Within the block, run notebooks in the kernel of `warm`, which forgets the one before, and not in their own."""

    @contextmanager
    def set_up(self: PapermillNotebookClient, **_: object) -> Iterator[None]:
        self.km, self.kc = warm.km, warm.kc
        forget = nbformat.v4.new_code_cell(FORGET)
        warm.nb.cells = [forget]
        warm.execute_cell(forget, 0)
        yield

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PapermillNotebookClient, "setup_kernel", set_up)
        yield


@pytest.fixture(scope="module")
def pages(
    tmp_path_factory: pytest.TempPathFactory,
    small_leak: Path,
    notebooks: dict[str, nbformat.NotebookNode],
    warm_kernel: NotebookClient,
) -> dict[str, Path]:
    """Run every notebook on the small leak, with the hints of its exercises; return the pages by name."""
    folder = tmp_path_factory.mktemp("pages")
    parameters = {"leak_path": str(small_leak), "memory_limit": "1GB", "threads": 2}
    for name, notebook in notebooks.items():
        tried = deepcopy(notebook)
        # Before the last cell, which closes the leak.
        tried.cells[-1:-1] = [nbformat.v4.new_code_cell(hint) for hint in hints_of(notebook)]
        nbformat.write(tried, folder / f"{name}.ipynb")
        with in_kernel(warm_kernel):
            run_notebook(folder / f"{name}.ipynb", folder / f"{name}.html", parameters)
    return {path.stem: path for path in folder.glob("*.html")}


def code_of(notebook: nbformat.NotebookNode) -> str:
    """Return the code of a notebook as one text."""
    return "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")


def prose_of(notebook: nbformat.NotebookNode) -> str:
    """Return the Markdown of a notebook as one text."""
    return "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def exercises_of(notebook: nbformat.NotebookNode) -> list[str]:
    """Return the items of the list under "Three things to try"."""
    section = re.search(
        r"^## Three things to try\n\n(.*?)(?=^## |^Previous: |\Z)", prose_of(notebook), flags=re.MULTILINE | re.DOTALL
    )
    return re.split(r"^\d\. ", section[1], flags=re.MULTILINE)[1:] if section else []


def hints_of(notebook: nbformat.NotebookNode) -> list[str]:
    """Return the code of the hints in the exercises."""
    blocks = (
        re.findall(r"^   ```python\n(.*?)^   ```", item, flags=re.MULTILINE | re.DOTALL)
        for item in exercises_of(notebook)
    )
    return [textwrap.dedent(block) for found in blocks for block in found]


def test_notebooks_are_numbered_and_complete(notebooks: dict[str, nbformat.NotebookNode]) -> None:
    """The notebooks are those of the questions, after one to start with."""
    assert NAMES == list(notebooks)


@pytest.mark.parametrize("name", NAMES)
def test_notebook_has_question_method_limits_and_next(name: str, notebooks: dict[str, nbformat.NotebookNode]) -> None:
    """A notebook has one title, a question, a method, limits, and a link to another notebook that exists."""
    prose = prose_of(notebooks[name])

    headings = re.findall(r"^(#+) (.+)$", prose, flags=re.MULTILINE)
    links = re.findall(r"\]\((\w+)\.ipynb\)", prose)

    assert 1 == sum(level == "#" for level, _ in headings)
    assert {"Question", "Method", "Limits"} <= {title for _, title in headings}
    assert links
    assert set(links) <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_notebook_opens_with_what_one_will_learn_and_how_long_it_takes(
    name: str, notebooks: dict[str, nbformat.NotebookNode]
) -> None:
    """The first cell states what you will learn; the cell after the leak is opened, how long the notebook takes."""
    cells = notebooks[name].cells
    opened = next(place for place, cell in enumerate(cells) if "open_leak" in cell.source)

    assert re.match(r"# .+\n\nYou will [^\n]+", cells[0].source)
    assert f'toolkit.time_needed(leak, "{name}")' == cells[opened + 1].source


@pytest.mark.parametrize("name", NAMES)
def test_notebook_ends_with_three_things_to_try_and_the_way_on(
    name: str, notebooks: dict[str, nbformat.NotebookNode]
) -> None:
    """A notebook ends with three exercises, each a question with a hint in code, and links to its neighbours."""
    place = NAMES.index(name)
    around = {NAMES[at] for at in (place - 1, place + 1) if 0 <= at < len(NAMES)}
    last = [cell.source for cell in notebooks[name].cells if cell.cell_type == "markdown"][-1]

    exercises = exercises_of(notebooks[name])

    assert 3 == len(exercises)
    assert [] == [item for item in exercises if "?" not in item or "`" not in item or not item.startswith("**")]
    assert around <= set(re.findall(r"\]\((\w+)\.ipynb\)", last.partition("## Three things to try")[2]))


@pytest.mark.parametrize("name", NAMES)
def test_cells_are_short(name: str, notebooks: dict[str, nbformat.NotebookNode]) -> None:
    """No cell of code has more than twenty lines."""
    code = [cell for cell in notebooks[name].cells if cell.cell_type == "code"]

    assert [] == [cell.id for cell in code if len(cell.source.splitlines()) > 20]


@pytest.mark.parametrize("name", NAMES)
def test_parameters_are_in_one_cell(name: str, notebooks: dict[str, nbformat.NotebookNode]) -> None:
    """One cell is tagged for papermill, and names the leak, the memory limit and the threads."""
    tagged = [cell.source for cell in notebooks[name].cells if "parameters" in cell.metadata.get("tags", [])]

    assert 1 == len(tagged)
    assert ["leak_path", "memory_limit", "threads"] == re.findall(r"^(\w+) =", tagged[0], flags=re.MULTILINE)


@pytest.mark.parametrize("name", NAMES)
def test_findings_are_computed(name: str, notebooks: dict[str, nbformat.NotebookNode]) -> None:
    """Findings are made from values, never typed: no digit is outside braces, and there is an assert for each."""
    code = code_of(notebooks[name])
    findings = re.findall(r"\*\*Finding\.\*\*.*?\"", code, flags=re.DOTALL)

    typed = [finding for finding in findings if re.search(r"\d", re.sub(r"\{[^{}]*\}", "", finding))]

    assert findings
    assert [] == typed
    assert "**Finding" not in prose_of(notebooks[name])
    assert code.count("assert ") >= len(findings)


@pytest.mark.parametrize("name", NAMES)
def test_notebook_uses_the_public_api_only(name: str, notebooks: dict[str, nbformat.NotebookNode]) -> None:
    """No notebook imports the maker, or a private name of the toolkit."""
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
def test_notebook_runs_and_shows_its_findings(name: str, pages: dict[str, Path]) -> None:
    """A notebook runs top to bottom on a small leak, skips nothing, and its page shows findings with numbers."""
    page = pages[name].read_text(encoding="utf-8")

    findings = re.findall(r"<strong>Finding\.</strong>(.*?)</blockquote>", page, flags=re.DOTALL)

    assert findings
    assert all(re.search(r"\d", finding) for finding in findings)
    assert all("nan" not in finding and "None" not in finding for finding in findings)
    assert SKIPPED.strip("*") not in page
    assert name != "00_start_here" or "Every check passed" in page


@pytest.fixture(scope="session", params=["tables", "half", "five"])
def reduced(request: pytest.FixtureRequest, small_leak: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return received data with every table but the truth, or lines only: synthetic with half of the columns, or five.

    Those with five columns are received data too.
    """
    folder: Path = tmp_path_factory.mktemp("reduced") / request.param
    if request.param == "tables":
        shutil.copytree(small_leak, folder, ignore=shutil.ignore_patterns("truth", "derived"))
        old = json.loads((small_leak / "manifest.json").read_text(encoding="utf-8"))
        listed = [{"path": file["path"]} for file in old["files"] if not file["path"].startswith("truth/")]
        received = {"format": 1, "synthetic": False, "files": listed}
        (folder / "manifest.json").write_text(json.dumps(received), encoding="utf-8")
        return folder
    (folder / "lines").mkdir(parents=True)
    files = []
    for file in sorted((small_leak / "lines").glob("*.parquet")):
        lines = pq.read_table(file)
        kept = FIVE if request.param == "five" else [name for name in schema.LINES.names if name not in HALF]
        pq.write_table(lines.select(kept), folder / "lines" / file.name)
        files.append({"path": f"lines/{file.name}"})
    manifest = {"format": 1, "synthetic": request.param == "half", "files": files}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_notebook_runs_on_data_that_lack_most(name: str, reduced: Path, warm_kernel: NotebookClient) -> None:
    """On lines without truth, tables and most columns a notebook runs to its end, and gives the reasons for gaps."""
    (path,) = [path for path in find_notebooks() if path.stem == name]

    with in_kernel(warm_kernel):
        ran = execute_notebook(path, {"leak_path": str(reduced), "memory_limit": "1GB", "threads": 2})

    outputs = [output for cell in ran.cells for output in cell.get("outputs", [])]
    texts = [str(output.get("data", {}).get("text/markdown", "")) for output in outputs]
    findings = [text for text in texts if "**Finding.**" in text]
    # Notebook 00 needs little: half of the columns are enough. Only some notebooks need the truth.
    needs_all = reduced.name != "tables" and (name, reduced.name) != ("00_start_here", "half")
    assert not needs_all or any(SKIPPED in text for text in texts)
    assert [] == [text for text in findings if re.search(r"\bnan\b|\bNone\b|synthetic", text)]
    assert "Traceback" not in nbformat.writes(ran)


def test_page_of_a_skipped_section_has_its_heading_and_the_reason_only() -> None:
    """A section that was skipped has its heading and the reason, even if shown before; its subsections are left out."""
    reason = nbformat.v4.new_output("display_data", {"text/markdown": f"{SKIPPED} it has no truth.*"})
    needs = 'needs(leak, "truth")\nsecret_code()'
    cells = [
        nbformat.v4.new_markdown_cell("# Title"),
        nbformat.v4.new_markdown_cell("## First\n\nprose one"),
        nbformat.v4.new_code_cell(needs, outputs=[reason]),
        nbformat.v4.new_markdown_cell("prose two"),
        nbformat.v4.new_code_cell("print(found)"),
        nbformat.v4.new_markdown_cell("### Subsection\n\nprose three"),
        nbformat.v4.new_code_cell(needs),
        nbformat.v4.new_markdown_cell("## Second\n\nprose four"),
        nbformat.v4.new_code_cell(needs),
        nbformat.v4.new_markdown_cell("## Limits\n\nprose of the limits"),
        nbformat.v4.new_code_cell("leak.close()"),
    ]

    page = to_page(nbformat.v4.new_notebook(cells=cells), "Title")

    assert ["First", "Second", "Limits"] == re.findall(r"<h2[^>]*>(\w+)", page)
    assert 2 == page.count("it has no truth.")
    assert [] == re.findall(r"Subsection|prose (?:one|two|three|four)|secret_code|print", page.partition("<main")[2])
    assert "prose of the limits" in page


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_page_loads_nothing(name: str, pages: dict[str, Path]) -> None:
    """A page has all it needs: no script, style, font or picture is fetched, and plotly.js is in it at most once."""
    page = pages[name].read_text(encoding="utf-8")
    library, browser = get_plotlyjs(), generate_init_offline_itables_html(options.dt_bundle)

    copies = page.count(library)
    rest = page.replace(library, "").replace(browser, "")

    assert int("Plotly.newPlot" in rest) == copies
    assert [] == LOADS.findall(rest)
    assert [] == FETCHES.findall(rest)
    assert [] == NETWORKS.findall(rest)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_page_shows_nobody(name: str, pages: dict[str, Path]) -> None:
    """No page has a social security number, a telephone number or a mail address."""
    rest = pages[name].read_text(encoding="utf-8").replace(get_plotlyjs(), "")

    # An address is looked for from its first letter only: from every letter of a long word takes half a minute.
    assert [] == re.findall(r"(?<![.\d])[12]\d{14}\b|\b0[1-7]\d{8}\b|(?<![\w.-])[\w.-]+@[\w.-]+\.example", rest)


@pytest.mark.slow
def test_page_replaces_a_form(pages: dict[str, Path]) -> None:
    """The labelling sheet, which a page cannot save and whose comments it would hold, is one sentence in the page."""
    page = pages["02_comments"].read_text(encoding="utf-8")

    assert "In JupyterLab there is a form to fill in here." in page
    assert "widget-state" not in page


def test_page_leaves_out_progress_bars(tmp_path: Path) -> None:
    """A progress bar of a slow query leaves nothing in the page, unlike a form, which leaves a sentence."""
    code = """
    from IPython.display import display
    from ipywidgets import FloatProgress, Text
    display(FloatProgress())
    display(Text())
    """
    cells = [nbformat.v4.new_code_cell(dedent(code), id="widgets")]
    path = tmp_path / "widgets.ipynb"
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), path)

    page = to_page(execute_notebook(path, {}), "Title")

    assert page.count("In JupyterLab there is a form to fill in here.") == 1


@pytest.mark.slow
def test_cells_show_the_numbers_that_the_report_links_to_them(pages: dict[str, Path], small_findings: Findings) -> None:
    """Each number of a report is in the output of its cell, or in the finding right after it."""
    shown = {name: _cells(path.read_text(encoding="utf-8").replace(get_plotlyjs(), "")) for name, path in pages.items()}

    missing = [
        result.id
        for result in small_findings.results
        if not any(form in shown[CELLS[result.id].notebook][CELLS[result.id].id] for form in _forms(result))
    ]

    assert [] == missing


def _cells(page: str) -> dict[str, str]:
    """Return the text of each cell and the one after it, without tags, spaces and thousands separators, by its id."""
    parts = re.split(r'id="cell-id=([\w-]+)"', page)
    ids, texts = parts[1::2], [re.sub(r"[\s,]", "", unescape(re.sub(r"<[^>]+>", "|", part))) for part in parts[2::2]]
    return {id_: own + after for id_, own, after in zip(ids, texts, [*texts[1:], ""], strict=True)}


def _forms(result: Result) -> set[str]:
    """Return the ways in which a notebook may write a number: whole, with a digit, or its share."""
    shares = [result.value] if result.unit.startswith("share") else []
    shares += [] if result.share is None else [result.share]
    formatted = {f"{share:.{digits}%}" for share in shares for digits in (1, 2)}
    return formatted if result.unit.startswith("share") else formatted | {f"{result.value:.0f}", f"{result.value:.1f}"}


@pytest.mark.slow
@pytest.mark.browser
def test_charts_draw_without_a_network(pages: dict[str, Path]) -> None:
    """In a browser every chart of every page is drawn, no script fails, and only the page is requested."""
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

    # A blob is a part of the page that it requests from itself.
    assert sorted(path.as_uri() for path in pages.values()) == sorted(url for url in asked if url[:5] != "blob:")
    assert [] == failed
