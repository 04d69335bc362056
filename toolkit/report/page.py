"""The report's page: the headline numbers with their denominators, the notebooks, how to run it again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from importlib.metadata import version
from pathlib import Path
from string import Template
from typing import Any

from toolkit.report.answers import Answer
from toolkit.report.wording import in_words

__all__ = ["index_page"]

_TEMPLATE = Path(__file__).parent / "templates" / "index.html"


def index_page(
    name: str, manifest: dict[str, Any], answers: Sequence[Answer], notebooks: Iterable[tuple[str, str]], command: str
) -> str:
    """The page as HTML that loads nothing.

    `notebooks` are pairs of the page's address and its title; `command` makes the whole report again.
    """
    entries = (f'<li><a href="{escape(href)}">{escape(title)}</a></li>' for href, title in notebooks)
    return Template(_TEMPLATE.read_text(encoding="utf-8")).substitute(
        name=escape(name),
        title=escape(manifest["title"]),
        lines=f"{manifest['rows']:,}",
        copied_on=escape(manifest["copied_on"]),
        version=version("leak-forensics-toolkit"),
        sections="\n".join(map(_section, answers)),
        notebooks="\n".join(entries),
        command=escape(command),
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
