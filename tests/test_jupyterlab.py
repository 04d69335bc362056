"""The notebooks in JupyterLab: opened in a browser and run from the menu."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import nbformat
import pytest

from toolkit.report._notebooks import find_notebooks

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NOTEBOOKS = find_notebooks()
ON_THIS_MACHINE = {"127.0.0.1"}
# A cell that has run has a number; one that waits or runs has a star.
ALL_RAN = """() => {
    const prompts = [...document.querySelectorAll(".jp-CodeCell .jp-InputPrompt")].map(prompt => prompt.textContent);
    const failed = document.querySelector('[data-mime-type="application/vnd.jupyter.error"]');
    return prompts.every(prompt => !prompt.includes("*")) && (failed || prompts.every(prompt => /[0-9]/.test(prompt)));
}"""
# A chart is drawn when it has a title, a width, and lines or areas.
DRAWN = """figures => figures.map(figure => ({
    title: figure.querySelector(".gtitle")?.textContent ?? "",
    width: Math.round(figure.querySelector(".main-svg")?.getBoundingClientRect().width ?? 0),
    shapes: figure.querySelectorAll(".main-svg g.plot path, .main-svg .geolayer path, .main-svg g.trace path").length,
}))"""


@dataclass(frozen=True)
class Lab:
    """A running JupyterLab: its address, its token, and the project whose notebooks it shows."""

    address: str
    token: str
    project: Path


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, small_leak: Path) -> Path:
    """Make a project folder like a checkout: the notebooks and one data set; return it."""
    folder = tmp_path_factory.mktemp("project")
    shutil.copytree(NOTEBOOKS[0].parent, folder / "notebooks", ignore=shutil.ignore_patterns("*checkpoints", "labels"))
    data_sets = folder / "data" / "synthetic"
    data_sets.mkdir(parents=True)
    (data_sets / small_leak.name).symlink_to(small_leak, target_is_directory=True)
    return folder


@pytest.fixture(scope="module")
def lab(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Start JupyterLab as `make lab` does, with its own settings and without a browser."""
    own = tmp_path_factory.mktemp("jupyter")
    folders = {f"JUPYTER_{name}_DIR": str(own / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")}
    folders |= {f"JUPYTERLAB_{name}_DIR": str(own / name.lower()) for name in ("SETTINGS", "WORKSPACES")}
    folders |= {"IPYTHONDIR": str(own / "ipython"), "JUPYTER_CONFIG_PATH": str(project / "notebooks" / ".jupyter")}
    command = [sys.executable, "-m", "jupyterlab", "notebooks", "--no-browser", "--ServerApp.port=0"]
    if os.geteuid() == 0:
        command.append("--allow-root")
    log = own / "log.txt"
    with log.open("wb") as out:
        server = subprocess.Popen(command, cwd=project, env=os.environ | folders, stdout=out, stderr=out)
    try:
        server_info = _server_info(own / "runtime", server, log)
        yield Lab(server_info["url"], server_info["token"], project)
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _server_info(runtime: Path, server: subprocess.Popen[bytes], log: Path) -> dict[str, Any]:
    """Return the file that JupyterLab writes once it listens: its address and its token."""
    end = time.monotonic() + 60
    while server.poll() is None and time.monotonic() < end:
        for file in runtime.glob("jpserver-*.json"):
            # The file may be there before it is complete.
            if (text := file.read_text(encoding="utf-8")).endswith("}"):
                found: dict[str, Any] = json.loads(text)
                return found
        time.sleep(0.1)
    pytest.fail(f"JupyterLab does not listen; its log ends with:\n{log.read_text(encoding='utf-8')[-2000:]}")


@pytest.fixture(scope="module")
def browser() -> Iterator[BrowserContext]:
    """Start Chromium with a window of the size of a laptop's screen and an empty profile."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("Chromium is not installed")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        context = launched.new_context(viewport={"width": 1400, "height": 1000})
        context.set_default_timeout(60_000)
        yield context
        launched.close()


@pytest.fixture
def tab(browser: BrowserContext, lab: Lab) -> Iterator[Page]:
    """Open a tab; close it and shut down every kernel at the end."""
    page = browser.new_page()
    yield page
    entry = {"Authorization": f"token {lab.token}"}
    for kernel in page.request.get(f"{lab.address}api/kernels", headers=entry).json():
        page.request.delete(f"{lab.address}api/kernels/{kernel['id']}", headers=entry)
    page.close()


@contextmanager
def screenshot_on_error(page: Page, path: Path) -> Iterator[None]:
    """Save a screenshot of the tab when the block raises, and add its path to the error."""
    try:
        yield
    except Exception as error:
        page.screenshot(path=path)
        error.add_note(f"A screenshot of the tab: {path}")
        raise


def open_notebook(page: Page, lab: Lab, name: str) -> list[str]:
    """Open a notebook and wait for its kernel; return a list to which every requested address is added."""
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    page.on("websocket", lambda socket: requested.append(socket.url))
    page.goto(f"{lab.address}lab/tree/{name}.ipynb?reset&token={lab.token}")
    page.locator("#jp-main-statusbar").get_by_text("| Idle").wait_for()
    return requested


def run(page: Page, entry: str) -> None:
    """Choose an entry of the menu Run."""
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.locator(".lm-Menu").get_by_text(entry, exact=True).click()


def code_of(path: Path) -> list[str]:
    """Return the sources of the code cells of a stored notebook."""
    return [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


def charts_in(path: Path) -> int:
    """Return how many cells of a stored notebook end with a chart."""
    ends = [ast.unparse(ast.parse(code).body[-1]) for code in code_of(path)]
    return sum(end.startswith("charts.") for end in ends)


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs_in_jupyterlab(notebook: Path, lab: Lab, tab: Page, tmp_path: Path) -> None:
    """All cells run without an error, charts and findings are shown, and no request leaves the machine."""
    findings = sum(code.count("**Finding.**") for code in code_of(notebook))
    failures: list[str] = []
    tab.on("pageerror", lambda error: failures.append(str(error)))

    with screenshot_on_error(tab, tmp_path / f"{notebook.stem}.png"):
        requested = open_notebook(tab, lab, notebook.stem)
        run(tab, "Run All Cells")
        tab.wait_for_function(ALL_RAN, timeout=180_000)
        tab.wait_for_function(
            "count => document.querySelectorAll('.js-plotly-plot .gtitle').length >= count", arg=charts_in(notebook)
        )
        drawn = tab.locator(".js-plotly-plot").evaluate_all(DRAWN)
        shown = tab.locator(".jp-OutputArea blockquote").all_text_contents()

        assert [] == errors_in(tab)
        assert [] == failures
        assert charts_in(notebook) == len(drawn)
        assert [] == [figure for figure in drawn if not (figure["title"] and figure["width"] and figure["shapes"])]
        assert findings == sum(text.strip().startswith("Finding.") for text in shown)
        assert all(re.search(r"\d", text) for text in shown if text.strip().startswith("Finding."))
        assert [] == [url for url in requested if not on_this_machine(url)]


def errors_in(page: Page) -> list[str]:
    """Return what cells wrote to the error stream, and their errors."""
    kinds = ("application/vnd.jupyter.error", "application/vnd.jupyter.stderr")
    return page.locator(", ".join(f'[data-mime-type="{kind}"]' for kind in kinds)).all_text_contents()


def on_this_machine(url: str) -> bool:
    """Return whether an address is that of the server, or of data in the browser."""
    parts = urlsplit(url.removeprefix("blob:"))
    return parts.scheme == "data" or parts.hostname in ON_THIS_MACHINE


def test_comments_are_labelled_in_jupyterlab(lab: Lab, tab: Page, tmp_path: Path) -> None:
    """A reviewer who enters a name in notebook 02 gets a sheet of masked comments, and each answer is saved at once."""
    kept = lab.project / "notebooks" / "labels" / "labels-anna.jsonl"

    with screenshot_on_error(tab, tmp_path / "sheet.png"):
        open_notebook(tab, lab, "02_comments")
        cell = tab.locator(".jp-CodeCell", has=tab.get_by_text("LabellingSheet(sample"))
        cell.locator(".cm-line", has_text="reviewer = None").click()
        tab.keyboard.press("Home")
        tab.keyboard.press("Shift+End")
        tab.keyboard.insert_text('reviewer = "anna"')
        run(tab, "Run All Above Selected Cell")
        run(tab, "Run Selected Cell")
        cell.get_by_role("button", name="2 not").click()
        cell.get_by_text(re.compile("^1 of")).wait_for()

        assert [] == errors_in(tab)
        assert 1 == sum("answer" in json.loads(line) for line in kept.read_text(encoding="utf-8").splitlines())
