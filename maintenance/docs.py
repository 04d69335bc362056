"""Execute the notebooks for the documentation: `make notebooks` (some minutes on 2 cores).

Every notebook runs on a synthetic leak of 200,000 lines, seed 1, in a temporary folder, and is written as Markdown with
pictures: every code-hosting site and the documentation site show that, while few of them show notebooks, and none their
charts, which need scripts. Pictures are SVG: sharp at any size, small, and their text is searched for text of the
leak's records before anything is written.

The same code gives the same bytes on one machine; another machine may have other fonts and place text differently.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import sys
import tempfile
from pathlib import Path

import nbformat
import plotly.graph_objects as go
from bs4 import BeautifulSoup, Tag

from toolkit.report import DrawnChart, check_privacy, execute_notebook, find_notebooks, write_images
from toolkit.scenario import load_scenario
from toolkit.synth import generate

__all__ = ["DOCS", "ROWS", "digest_of", "made_from", "to_markdown", "write_docs"]

DOCS = Path(__file__).parent.parent / "docs"
ROWS = 200_000

_PLOTLY = "application/vnd.plotly.v1+json"
_MARK = "<!-- made from {} -->"


def write_docs(docs: Path = DOCS, rows: int = ROWS) -> None:
    """Run every notebook on a new leak, and replace the copies, the pictures and the page that lists them.

    Raises `ReportError` when a notebook fails, or when a copy would show text of a record; then `docs` is unchanged.
    """
    with tempfile.TemporaryDirectory(prefix="docs-") as folder:
        scenario = load_scenario()
        leak = generate(scenario, 1, rows, Path(folder) / f"{scenario.name}-{rows}-1").path
        new = Path(folder) / "notebooks"
        parameters = {"leak_path": str(leak), "memory_limit": "3GB", "threads": 2}
        lines, pictures = [], []
        for notebook in find_notebooks():
            print(f"{notebook.stem} ...", file=sys.stderr, flush=True)
            text, drawn = to_markdown(execute_notebook(notebook, parameters), notebook.stem, digest_of(notebook), rows)
            new.mkdir(exist_ok=True)
            (new / f"{notebook.stem}.md").write_text(text, encoding="utf-8")
            lines.append(_entry(notebook))
            pictures += drawn
        _draw(pictures, new / "images")
        check_privacy(new, leak, {})
        (new / "README.md").write_text(_LISTING.format(rows=rows, notebooks="\n".join(lines)), encoding="utf-8")
        shutil.rmtree(docs / "notebooks", ignore_errors=True)
        shutil.copytree(new, docs / "notebooks")


def digest_of(notebook: Path) -> str:
    """Return a digest of the cells of a stored notebook, which shows whether its copy is up to date."""
    cells = nbformat.read(notebook, as_version=4).cells
    return hashlib.sha256("\0".join(f"{cell.cell_type}\n{cell.source}" for cell in cells).encode()).hexdigest()


def made_from(text: str) -> str | None:
    """Return the digest of the notebook that a copy was made from, as the copy records it."""
    found = re.match(_MARK.format("([0-9a-f]{64})"), text)
    return found[1] if found else None


def to_markdown(ran: nbformat.NotebookNode, name: str, digest: str, rows: int) -> tuple[str, list[DrawnChart]]:
    """Return an executed notebook as Markdown, and the charts that it shows from `images/`."""
    charts: list[DrawnChart] = []
    parts = [_MARK.format(digest)]
    cells = [cell for cell in ran.cells if "injected-parameters" not in cell.metadata.get("tags", [])]
    for cell in cells:
        if cell.cell_type == "markdown":
            parts.append(re.sub(r"\]\((\d\d_\w+)\.ipynb\)", r"](\1.md)", cell.source))
            if cell is cells[0]:
                parts.append(_NOTE.format(name=name, rows=rows))
        else:
            parts.append(f"<details><summary>Code</summary>\n\n```python\n{cell.source}\n```\n\n</details>")
            parts += filter(None, (_output(output, name, charts) for output in cell.outputs))
    return "\n\n".join(part.strip("\n") for part in parts) + "\n", charts


def _output(output: nbformat.NotebookNode, name: str, charts: list[DrawnChart]) -> str:
    """Return an output of a cell as Markdown; a figure is added to the charts."""
    if output.output_type == "stream":
        return f"```text\n{output.text.rstrip()}\n```"
    data = output.data
    if _PLOTLY in data:
        figure = go.Figure({key: data[_PLOTLY][key] for key in ("data", "layout")})
        charts.append(DrawnChart(f"{name}-{len(charts) + 1}", name, figure))
        return f"![{_escaped(charts[-1].texts['alt'])}](images/{charts[-1].name}.svg)"
    if "text/markdown" in data:
        return str(data["text/markdown"])
    if "text/html" in data:
        return _table(data["text/html"])
    return f"```text\n{data['text/plain']}\n```"


def _table(html: str) -> str:
    """Return an HTML table as Markdown, with its title above and its notes below."""
    page = BeautifulSoup(html, "html.parser")
    title = page.select_one(".gt_title, p > strong")
    parts = [f"**{_words(title)}**"] if title else []
    if page.select_one("table[id^=browse-]"):
        return "\n\n".join([*parts, "*In JupyterLab this is a table to search, sort and leaf through.*"])
    heads = page.select("thead th[scope=col]")
    rows = [[_words(cell) for cell in row.select("th, td")] for row in page.select("tr") if row.select("td")]
    rows = [row for row in rows if len(row) == max(map(len, rows))]
    sides = ["---:" if "gt_right" in str(head.get("class")) else "---" for head in heads]
    top = [list(map(_words, heads)), sides] if heads else [[" "] * len(rows[0]), ["---"] * len(rows[0])]
    written = "\n".join(f"| {' | '.join(line)} |" for line in [*top, *rows])
    notes = [f"<sub>{_words(note)}</sub>" for note in page.select(".gt_sourcenote")]
    return "\n\n".join([*parts, written, *notes])


def _words(piece: Tag) -> str:
    """Return the text of a piece of HTML, escaped for Markdown."""
    return _escaped(piece.get_text(" ", strip=True))


def _escaped(text: str) -> str:
    """Return a text that Markdown shows as it is."""
    return re.sub(r"([\\`*|<\[\]])", r"\\\1", " ".join(text.split()))


def _draw(charts: list[DrawnChart], images: Path) -> None:
    if not write_images(charts, images):
        raise SystemExit("The charts cannot be drawn: install Chromium and run this again.")
    for picture in images.glob("*.png"):
        picture.unlink()


def _entry(notebook: Path) -> str:
    """Return the line of the list for a copy: its title, and the first line of its introduction."""
    title, _, introduction = nbformat.read(notebook, as_version=4).cells[0].source.partition("\n\n")
    return f"- [{title.removeprefix('# ')}]({notebook.stem}.md): {introduction.splitlines()[0]}"


_NOTE = """> This is a copy of `notebooks/{name}.ipynb`, run on a synthetic leak of {rows:,} lines.
> Type `make lab` to run the notebook yourself, on a leak of any size."""

_LISTING = """# Executed notebooks

Each notebook was run on a synthetic leak of {rows:,} lines, so you can read it here without running anything.
Lines of the leak are masked, and no copy contains text from a record.

{notebooks}

`make notebooks` runs them again and rewrites the copies and this page.
A test fails when a copy is older than its notebook.
"""


if __name__ == "__main__":
    write_docs()
