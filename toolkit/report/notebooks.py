"""Notebooks run at full scale and kept as pages that open with no network."""

from __future__ import annotations

import os
import re
import tempfile
from html import escape
from pathlib import Path
from typing import Any

import nbformat

from toolkit.report.writing import ReportError, write_text

__all__ = ["find_notebooks", "run_notebook", "to_page"]

_PLOTLY = "application/vnd.plotly.v1+json"
_TEMPLATES = Path(__file__).parent / "templates"
_CHECKOUT = Path(__file__).resolve().parents[2]


def find_notebooks() -> list[Path]:
    """The numbered notebooks, in order: those of the working directory, else those of the toolkit's checkout.

    Raises `ReportError` when there are none: an installed package does not carry them.
    """
    for root in (Path.cwd(), _CHECKOUT):
        found = sorted((root / "notebooks").glob("[0-9][0-9]_*.ipynb"))
        if found:
            return found
    raise ReportError(f"There are no notebooks in {Path.cwd() / 'notebooks'}: run this from a checkout of the toolkit.")


def run_notebook(notebook: Path, page: Path, parameters: dict[str, Any]) -> str:
    """Run `notebook` with `parameters` in a process of its own, write it as the HTML `page`, and return its title.

    Raises `ReportError`, with the cell and the last line of its error, when a cell fails; then no page is written.
    """
    import papermill
    from traitlets.config import Config

    # Sockets on disk, not TCP ports: what a kernel says of a leak stays on this machine and with this user.
    private = Config({"KernelManager": {"transport": "ipc"}})
    with tempfile.TemporaryDirectory(prefix="notebook-") as folder:
        executed = Path(folder) / notebook.name
        try:
            papermill.execute_notebook(
                notebook,
                executed,
                parameters,
                kernel_name="python3",
                progress_bar=False,
                cwd=Path.cwd(),
                config=private,
            )
        except papermill.PapermillExecutionError as error:
            raise ReportError(
                f"Notebook {notebook.name} failed in cell {error.cell_index} ({error.ename}: {error.evalue}): "
                "open it with `make lab` to see why."
            ) from None
        ran = nbformat.read(executed, as_version=4)
    title = _title(ran) or notebook.stem
    write_text(page, to_page(ran, title))
    return title


def to_page(notebook: nbformat.NotebookNode, title: str) -> str:
    """An executed notebook as HTML that loads nothing: plotly.js is inside once, if there is a figure at all."""
    from nbconvert import HTMLExporter
    from plotly.offline import get_plotlyjs

    figures = sum(_draw_figures(cell, number) for number, cell in enumerate(notebook.cells))
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = re.sub(r"\]\((\d\d_\w+)\.ipynb\)", r"](\1.html)", cell.source)
    notebook.metadata["title"] = title
    exporter = HTMLExporter(
        template_name="offline",
        extra_template_basedirs=[os.fspath(_TEMPLATES)],
        require_js_url="",
        mathjax_url="",
        mermaid_js_url="",
        jupyter_widgets_base_url="",
    )
    html, _ = exporter.from_notebook_node(notebook, {"plotly_js": get_plotlyjs() if figures else ""})
    return str(html)


def _draw_figures(cell: nbformat.NotebookNode, number: int) -> int:
    """Put the drawing of each Plotly figure of a cell in the place of its data; how many there were."""
    import plotly.io

    drawn = 0
    for output in cell.get("outputs", []):
        figure = output.get("data", {}).pop(_PLOTLY, None)
        if figure is None:
            continue
        drawn += 1
        figure.pop("config", None)
        drawing = plotly.io.to_html(
            figure,
            config={"displayModeBar": False},
            include_plotlyjs=False,
            include_mathjax=False,
            full_html=False,
            div_id=f"figure-{number}-{drawn}",
            validate=False,
        )
        output.data = {"text/html": f'<div role="img" aria-label="{_alternative(figure)}">{drawing}</div>'}
    return drawn


def _alternative(figure: dict[str, Any]) -> str:
    """What a reader who cannot see the figure is told: its title, which states the finding."""
    title = figure.get("layout", {}).get("title", {}).get("text", "")
    return escape(" ".join(re.sub(r"<[^>]+>", " ", title).split()))


def _title(notebook: nbformat.NotebookNode) -> str | None:
    """The first heading of the notebook."""
    headings = (
        line.removeprefix("# ")
        for cell in notebook.cells
        if cell.cell_type == "markdown"
        for line in cell.source.splitlines()
        if line.startswith("# ")
    )
    return next(headings, None)
