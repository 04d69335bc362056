"""The report's page: the headline numbers with their denominators, the notebooks, how to run it again."""

from __future__ import annotations

import json
from dataclasses import asdict
from html import escape
from importlib.metadata import version
from pathlib import Path
from string import Template

from toolkit.report.answers import Answer
from toolkit.report.findings import Findings
from toolkit.report.wording import in_words
from toolkit.report.writing import write_text

__all__ = ["index_page", "write_report"]

_TEMPLATE = Path(__file__).parent / "templates" / "index.html"


def write_report(folder: Path, findings: Findings) -> Path:
    """Write `results.json` and, last, `index.html` into the report's folder; return the path of the page.

    Raises `ReportError` when the disk does not let us.
    """
    write_text(folder / "results.json", json.dumps([asdict(result) for result in findings.results], indent=2) + "\n")
    index = folder / "index.html"
    write_text(index, index_page(findings))
    return index


def index_page(findings: Findings) -> str:
    """The page as HTML that loads nothing."""
    entries = (f'<li><a href="{escape(page.address)}">{escape(page.title)}</a></li>' for page in findings.notebooks)
    manifest = findings.manifest
    return Template(_TEMPLATE.read_text(encoding="utf-8")).substitute(
        name=escape(findings.name),
        title=escape(manifest["title"]),
        lines=f"{manifest['rows']:,}",
        copied_on=escape(manifest["copied_on"]),
        version=version("leak-forensics-toolkit"),
        sections="\n".join(map(_section, findings.answers.values())),
        notebooks="\n".join(entries),
        command=escape(findings.command),
    )


def _section(answer: Answer) -> str:
    """One question: a heading and a row for each number."""
    rows = "\n".join(
        f'<tr><th scope="row" class="number">{escape(words.number)}</th><td>{escape(words.unit)}</td>'
        f'<td>{escape(words.out_of)}</td><td class="number">{escape(words.share)}</td>'
        f"<td>{escape(words.meaning)}</td></tr>"
        for words in map(in_words, answer.results)
    )
    head = (
        '<tr><th scope="col" class="number">Number</th><th scope="col">Of what</th><th scope="col">Out of</th>'
        '<th scope="col" class="number">Share</th><th scope="col">What it means</th></tr>'
    )
    return (
        f"<h2>{escape(answer.question)}</h2>\n"
        f'<div class="wide"><table>\n<thead>{head}</thead>\n<tbody>\n{rows}\n</tbody>\n</table></div>'
    )
