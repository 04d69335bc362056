"""The report: a page for an editor, numbers for machines, tables, charts, and the check that it shows nobody.

`index.html` is written last, and only when the privacy check of the whole folder found no text of a record in it.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from toolkit._io import write_text
from toolkit.questions import Meaning, Result
from toolkit.report._chart_set import draw
from toolkit.report._command import without_folders
from toolkit.report._exports import write_tables
from toolkit.report._findings import Findings
from toolkit.report._image_export import write_images
from toolkit.report._privacy_check import check_privacy
from toolkit.report._rendering import render
from toolkit.report._view import page_content

__all__ = ["CHARTS", "INDEX", "TABLES", "write_report"]

CHARTS, TABLES = "charts", "tables"
"""The folders of pictures and of CSV files, below the report's."""
INDEX = "index.html"
"""The page itself."""


def write_report(folder: Path, findings: Findings) -> Path:
    """Write the report of an investigation in the current language; return the path of its page, `index.html`.

    Writes `results.json`, `tables/*.csv` and `charts/*.svg` and `*.png` into `folder`; the pages of the notebooks must
    be there already. Without a browser there are no pictures, and the page says so. Raises `WriteError` when the disk
    refuses, and `ReportError` when the privacy check finds text of a record anywhere in the folder: then there is no
    page.
    """
    index = folder / INDEX
    index.unlink(missing_ok=True)
    charts, exports = draw(findings), write_tables(findings, folder / TABLES)
    pictured = write_images(charts, folder / CHARTS)
    write_text(folder / "results.json", _results(findings), private=False)
    content = page_content(findings, charts, exports, _pictures(folder / CHARTS) if pictured else {})
    page = render("index.html.j2", content)
    check_privacy(
        folder,
        findings.leak_path,
        {index.name: page},
        threads=findings.threads,
        memory_limit=findings.memory_limit,
    )
    write_text(index, page, private=False)
    return index


def _results(findings: Findings) -> str:
    """Return every number for machines: ids and numbers are the same in every language, texts are those of the page."""
    records = [_record(result, findings.leak_path) for result in findings.results]
    return json.dumps(records, ensure_ascii=False, indent=2) + "\n"


def _record(result: Result, leak_path: Path) -> dict[str, Any]:
    words = ("unit", "denominator_unit", "definition", "interval")
    texts = {name: Meaning.translated(value) if name in words else value for name, value in asdict(result).items()}
    return {**texts, "command": without_folders(result.command, leak_path)}


def _pictures(folder: Path) -> dict[str, str]:
    return {picture.stem: picture.read_text(encoding="utf-8") for picture in sorted(folder.glob("*.svg"))}
