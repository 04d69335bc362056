"""The documentation site builds without a warning and without a network, and its links resolve."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from bs4 import BeautifulSoup

ROOT = Path(__file__).resolve().parents[1]
START_PAGES = ("index", "start/journalist", "start/researcher", "start/trainer")
METHODS = ROOT / "docs" / "methods"
# What a browser loads by itself, unlike a link that a reader may follow.
LOADED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as `make docs` builds it, with warnings as errors."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", folder]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert 0 == built.returncode, built.stdout + built.stderr
    return folder


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, BeautifulSoup]:
    """Every page of the site, parsed, by its path."""
    return {path: BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser") for path in site.rglob("*.html")}


def test_start_pages_exist(site: Path) -> None:
    """The site has a home page and a start page for each kind of reader."""
    assert [] == [page for page in START_PAGES if not (site / f"{page}.html").is_file()]


def test_pages_load_nothing_from_a_network(site: Path, pages: dict[Path, BeautifulSoup]) -> None:
    """No page or style sheet loads a script, style, font or image from a network address."""
    loaded = {
        str(tag[attribute])
        for page in pages.values()
        for name, attribute in LOADED.items()
        for tag in page.find_all(name, attrs={attribute: True})
        if "canonical" not in (tag.get("rel") or [])
    }
    styled = {
        address
        for path in site.rglob("*.css")
        for address in re.findall(r"(?:url\(|@import )\s*[\"']?([^\"')\s]+)", path.read_text(encoding="utf-8"))
    }
    inline = {
        address
        for page in pages.values()
        for style in page.find_all("style")
        for address in re.findall(r"(?:url\(|@import )\s*[\"']?([^\"')\s]+)", style.get_text())
    }

    assert any(address.endswith(".js") for address in loaded)
    assert set() == {address for address in loaded | styled | inline if re.match(r"(?:https?:)?//", address)}


def test_links_resolve(pages: dict[Path, BeautifulSoup]) -> None:
    """Every link, image and script inside the site leads to a file that exists, and every anchor to a place on it."""
    anchors = {
        path: {str(tag.get("id") or tag.get("name")) for tag in page.find_all(True) if tag.get("id") or tag.get("name")}
        for path, page in pages.items()
    }
    broken = set()
    for path, page in pages.items():
        for tag in page.find_all(True, href=True) + page.find_all(True, src=True):
            address = urlsplit(str(tag.get("href") or tag.get("src")))
            # The page for a wrong address is shown at any address, so its links start at the root.
            if address.scheme or address.netloc or address.path.startswith("/") or path.name == "404.html":
                continue
            target = (path.parent / unquote(address.path)).resolve() if address.path else path
            if not target.is_file():
                broken.add(f"{path.name}: {address.path}")
            elif address.fragment and target in anchors and unquote(address.fragment) not in anchors[target]:
                broken.add(f"{path.name}: {address.path}#{address.fragment}")

    assert set() == broken


def test_every_document_is_in_the_navigation() -> None:
    """Every page is in the menu, and the menu lists no page that does not exist."""
    configured = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:\n")[2]
    listed = re.findall(r"[\w./-]+\.md$", configured, flags=re.MULTILINE)

    documents = {path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")}
    assert documents == set(listed)


def test_api_reference_lists_every_public_package() -> None:
    """Each package with a public face, but the command line, has its page in the API reference."""
    described = {
        name
        for page in (ROOT / "docs" / "api").glob("*.md")
        for name in re.findall(r"^::: ([\w.]+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    }
    packages = [*(ROOT / "toolkit").glob("*/__init__.py"), *(ROOT / "toolkit" / "analysis").glob("*/__init__.py")]

    public = {path.parent.relative_to(ROOT).as_posix().replace("/", ".") for path in packages}
    assert set() == public - {"toolkit.cli", "toolkit.analysis"} - described


def test_architecture_page_shows_the_layers_that_are_checked() -> None:
    """The layers on the architecture page are those of pyproject.toml, in the same order."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")

    contracts = project["tool"]["importlinter"]["contracts"]
    (layers,) = (contract["layers"] for contract in contracts if contract["type"] == "layers")
    assert "```text\n" + "\n".join(layers) + "\n```" in page


@pytest.mark.parametrize("page", sorted(METHODS.glob("[a-z]*.md")), ids=lambda path: path.stem)
def test_method_page_is_complete(page: Path) -> None:
    """A page of a method has a question, its code, a formula or rules, and its assumptions."""
    text = page.read_text(encoding="utf-8")

    assert "- **Question:** " in text
    assert re.search(r"^- \*\*Code:\*\* .*`toolkit\.", text, flags=re.MULTILINE)
    assert re.search(r"^(?:## Formula|## How it works|.*\*\*Formula\.\*\*)", text, flags=re.MULTILINE)
    assert re.search(r"^(?:## Assumptions|\*\*Assumptions\.\*\*)", text, flags=re.MULTILINE)


def test_measured_figures_come_with_a_command() -> None:
    """A section with measured figures names the command that measured them."""
    without = []
    for page in METHODS.glob("*.md"):
        text = page.read_text(encoding="utf-8")
        measured = re.search(r"^## Measured\n(.*?)(?=^## |\Z)", text, flags=re.MULTILINE | re.DOTALL)
        if measured and not re.search(r"`(?:toolkit|make|python) |```sh", measured[1]):
            without.append(page.name)

    assert [] == without
