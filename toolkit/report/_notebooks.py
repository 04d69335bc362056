"""Run notebooks on a data set, and write them as pages that open without a network."""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from functools import cache
from html import escape, unescape
from importlib.metadata import distributions
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit._io import write_text
from toolkit._platform import kernel_connection
from toolkit.errors import ReportError
from toolkit.report._command import without_folders

# Loading nbformat takes seconds: JSON schemas bring a parser of addresses that is built at import. The functions that
# need it import it, since every notebook imports this package.
if TYPE_CHECKING:
    import nbformat

__all__ = ["execute_notebook", "find_notebooks", "run_notebook", "supplied_notebooks", "to_page"]

_PLOTLY = "application/vnd.plotly.v1+json"
_FORM = "application/vnd.jupyter.widget-view+json"
_WIDGET_STATE = "application/vnd.jupyter.widget-state+json"
_TEMPLATES = Path(__file__).parent / "templates"
_CHECKOUT = Path(__file__).resolve().parents[2] / "notebooks"
_PACKAGE = Path(__file__).resolve().parents[1] / "_notebooks"
"""Where a wheel has the notebooks of the checkout."""


def find_notebooks() -> list[Path]:
    """Return the numbered notebooks in order: those of the working directory, else those that came with the toolkit.

    Raises `ReportError` when there are none.
    """
    return _numbered(Path.cwd() / "notebooks") or supplied_notebooks()


def supplied_notebooks() -> list[Path]:
    """Return the numbered notebooks that came with the toolkit, in order: of the checkout, else of the package.

    Raises `ReportError` when there are none.
    """
    found = _numbered(_CHECKOUT) or _numbered(_PACKAGE)
    if not found:
        raise ReportError(f"There are no notebooks in {_PACKAGE}: install the toolkit again.")
    return found


def _numbered(folder: Path) -> list[Path]:
    return sorted(folder.glob("[0-9][0-9]_*.ipynb"))


def run_notebook(notebook: Path, page: Path, parameters: dict[str, Any], content: str | None = None) -> str:
    """Run `notebook` with `parameters` in a process of its own, write it as the HTML `page`, and return its title.

    `content` is the content hash of the data set: a page that was made from the same notebook, parameters, content,
    code and libraries is left as it is. Without a content hash the notebook always runs. Raises the errors of
    `execute_notebook`; then no page is written.
    """
    made_from = None if content is None else _made_from(notebook, parameters, content)
    if made_from is not None and (title := _title_of(page, made_from)) is not None:
        return title
    ran = execute_notebook(notebook, parameters)
    _hide_folders(ran, parameters)
    title = _title(ran) or notebook.stem
    write_text(page, to_page(ran, title, made_from), private=False)
    return title


def _hide_folders(ran: nbformat.NotebookNode, parameters: dict[str, Any]) -> None:
    """Shorten the path of the data set in the cell of the parameters, which the page shows."""
    if "leak_path" in parameters:
        for cell in ran.cells:
            if "injected-parameters" in cell.metadata.get("tags", []):
                cell.source = without_folders(cell.source, Path(parameters["leak_path"]))


def execute_notebook(notebook: Path, parameters: dict[str, Any]) -> nbformat.NotebookNode:
    """Run `notebook` with `parameters` in a process of its own; return it with its outputs.

    Raises `ReportError`, with the cell and the kind of its error, when a cell fails, and when the process ends before
    the notebook does. The text of the error is left out: it may quote a line of the leak.
    """
    import nbformat
    import papermill
    from nbclient.exceptions import DeadKernelError
    from traitlets.config import Config

    with tempfile.TemporaryDirectory(prefix="notebook-") as folder:
        executed = Path(folder) / notebook.name
        # Sockets on disk, not TCP ports, in a folder of this run's own: the output of a kernel stays on this machine
        # and with this user, and two runs at a time do not mix.
        private = Config({"KernelManager": kernel_connection(Path(folder))})
        # A kernel that is stopped halfway writes warnings over the progress; a failing cell is reported below.
        private.NotebookClient.extra_arguments = ["--IPKernelApp.log_level=CRITICAL"]
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
                f"Notebook {notebook.name} failed in cell {error.cell_index} ({error.ename}): "
                "open it with `make lab` to see why."
            ) from None
        except DeadKernelError:
            raise ReportError(
                f"Notebook {notebook.name} was killed, probably because the machine ran out of memory: "
                "lower --memory-limit or close other programs."
            ) from None
        ran: nbformat.NotebookNode = nbformat.read(executed, as_version=4)
    return ran


def _made_from(notebook: Path, parameters: dict[str, Any], content: str) -> str:
    """Return a digest of all that decides what a notebook's page shows; notebooks are in English in every report."""
    settings = json.dumps([content, parameters], sort_keys=True, default=str)
    return hashlib.sha256(notebook.read_bytes() + settings.encode() + _code()).hexdigest()


@cache
def _code() -> bytes:
    """Return a digest of the toolkit's own files, and of the names and versions of all installed packages."""
    package = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for file in sorted(package.rglob("*")):
        if file.is_file() and file.parent.name != "__pycache__":
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    installed = sorted(f"{each.metadata['Name']} {each.version}" for each in distributions())
    digest.update("\n".join(installed).encode())
    return digest.digest()


_MARK = '<meta name="made-from" content="{}">'


def _title_of(page: Path, made_from: str) -> str | None:
    """Return the title of a page that carries this mark; None for another page, and where there is none."""
    try:
        with page.open(encoding="utf-8") as lines:
            head = lines.read(_HEAD)
    except (OSError, UnicodeDecodeError):
        return None
    title = re.search("<title>(.*?)</title>", head)
    return unescape(title[1]) if title is not None and _MARK.format(made_from) in head else None


_HEAD = 2_000
"""Characters at the beginning of a page that contain its title and its mark."""


def to_page(notebook: nbformat.NotebookNode, title: str, made_from: str | None = None) -> str:
    """Return an executed notebook as HTML that loads nothing: plotly.js is inside once, if there is a figure at all.

    `made_from` is a digest of all that decided it, which the page then carries as a mark.
    """
    from nbconvert import HTMLExporter
    from plotly.offline import get_plotlyjs

    _drop_forms(notebook)
    _fold_skipped_sections(notebook)
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
    return str(html) if made_from is None else str(html).replace("<head>", f"<head>{_MARK.format(made_from)}", 1)


def _fold_skipped_sections(notebook: nbformat.NotebookNode) -> None:
    """Reduce each section of which no cell ran to its heading and the reason.

    A cell that the data set does not allow shows the reason (`toolkit.needs`), or nothing where the reason was just
    shown: then the section gets that reason, and a subsection of a skipped section is left out.
    """
    import nbformat

    kept: list[nbformat.NotebookNode] = []
    folded, last = 0, ""
    for section in _sections(notebook.cells):
        reasons = list(dict.fromkeys(filter(None, map(_reason, section))))
        last = reasons[-1] if reasons else last
        level = _level(section[0])
        if not _all_skipped(section):
            kept += section
            folded = 0
        elif reasons or not 0 < folded < level:
            heading = section[0].source.splitlines()[:1] if level else []
            text = "\n\n".join([*heading, *(reasons or [last])])
            kept.append(nbformat.v4.new_markdown_cell(text, id=section[0].id))
            folded = level
    notebook.cells = kept


def _all_skipped(section: list[nbformat.NotebookNode]) -> bool:
    """Return whether the section begins with a call of `toolkit.needs`, or a reason, and no cell of it ran."""
    code = [cell for cell in section if cell.cell_type == "code"]
    begins = bool(code) and code[0].source.startswith("needs(")
    return (begins or any(map(_reason, code))) and not _ran(section)


def _ran(section: list[nbformat.NotebookNode]) -> bool:
    return any(cell.get("outputs") and _reason(cell) is None for cell in section)


def _level(cell: nbformat.NotebookNode) -> int:
    """Return the level of the heading that a cell begins with, 0 where there is none."""
    heading = re.match(r"#+(?= )", cell.source.lstrip()) if cell.cell_type == "markdown" else None
    return len(heading[0]) if heading else 0


def _sections(cells: list[nbformat.NotebookNode]) -> list[list[nbformat.NotebookNode]]:
    """Return the cells in groups that begin with a heading of any level."""
    sections: list[list[nbformat.NotebookNode]] = [[]]
    for cell in cells:
        if cell.cell_type == "markdown" and cell.source.lstrip().startswith("#"):
            sections.append([])
        sections[-1].append(cell)
    return [section for section in sections if section]


def _reason(cell: nbformat.NotebookNode) -> str | None:
    """Return the reason that a skipped cell shows; None for other cells."""
    texts = ("".join(output.get("data", {}).get("text/markdown", "")) for output in cell.get("outputs", []))
    return next((text for text in texts if text.startswith(SKIPPED)), None)


SKIPPED = "*Not in this data set:"
"""How the output of a skipped cell begins (`toolkit.notebook`)."""


def _drop_forms(notebook: nbformat.NotebookNode) -> None:
    """Replace each form, such as the labelling sheet, with a sentence: a page cannot save what is filled in.

    DuckDB's progress bars are widgets too; they are removed. The content of a form, such as a comment, is in the
    notebook's metadata, which is removed.
    """
    widgets = notebook.metadata.pop("widgets", {}).get(_WIDGET_STATE, {}).get("state", {})
    for cell in notebook.cells:
        kept = []
        for output in cell.get("outputs", []):
            form = output.get("data", {}).get(_FORM)
            if form is not None:
                if widgets.get(form.get("model_id"), {}).get("model_name") == "FloatProgressModel":
                    continue
                output.data = {"text/plain": "In JupyterLab there is a form to fill in here."}
            kept.append(output)
        if "outputs" in cell:
            cell.outputs = kept


def _draw_figures(cell: nbformat.NotebookNode, number: int) -> int:
    """Replace the data of each Plotly figure of a cell with its drawing; return how many there were."""
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
    """Return the text for readers who cannot see the figure: its title, which states the finding."""
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
