"""The content of the page: every text translated, every number formatted, nothing left to compute."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from importlib.metadata import version
from typing import Any

from toolkit.i18n import day, number, translate
from toolkit.privacy import notice
from toolkit.questions import Answer, DetailCell, Meaning, Question, Result, Value, format_interval, format_result
from toolkit.report._cell_links import Numbers, linked
from toolkit.report._chart_set import DrawnChart
from toolkit.report._command import path_in_report
from toolkit.report._exports import Export
from toolkit.report._findings import Findings
from toolkit.report._headlines import headlines

__all__ = ["page_content"]

_LIMITS = ("Data that were not copied are not in the dump: counting its people is not counting the people harmed.",)
_LIMITS_SYNTHETIC = (
    (
        "Everything here is synthetic. The leak was made to agree with what was published: no number here is a finding "
        "about the real leak, and none may be quoted as one."
    ),
)
_LIMITS_RECEIVED = (
    "The data were received from outside. Whether they are genuine and complete was not examined here.",
)


def page_content(
    findings: Findings, charts: Sequence[DrawnChart], exports: Sequence[Export], pictures: Mapping[str, str]
) -> dict[str, Any]:
    """Return what the template of the page shows, by name; `pictures` are the SVGs of the charts by name."""
    manifest, drawn = findings.manifest, [_chart(chart, pictures) for chart in charts]
    answered = [question for question, answer in findings.answered if answer.reason is None]
    general = _LIMITS_SYNTHETIC if findings.is_synthetic else _LIMITS_RECEIVED
    return {
        "name": findings.name,
        "synthetic": findings.is_synthetic,
        "notice": notice(manifest["origin"], manifest.get("delete_by")),
        "title": translate(manifest["title"]) if manifest.get("title") else findings.name,
        "size": translate("{lines} lines", lines=number(manifest["rows"])),
        "copied_on": _day(manifest.get("copied_on")),
        "version": version("leak-forensics-toolkit"),
        "answered": _how_many_answered(len(answered), len(findings.answers)),
        "unanswerable": [
            {"title": translate(question.title), "reason": Meaning.translated(answer.reason)}
            for question, answer in findings.answered
            if answer.reason is not None
        ],
        "headlines": headlines(findings),
        "sections": [_section(question, answer, findings, drawn) for question, answer in findings.answered],
        "limits": [translate(text) for text in (*general, *_LIMITS)],
        "again": _commands(findings),
        "facts": _facts(findings),
        "exports": [{"name": each.name, "title": each.title, "rows": each.table.height} for each in exports],
        "charts": drawn,
        "pictured": bool(pictures),
        "notebooks": findings.notebooks,
        "figures": {chart.name: chart.for_page for chart in charts},
    }


def _how_many_answered(answered: int, every: int) -> str:
    if answered == every:
        return ""
    return translate("{answered} of {every} questions could be answered.", answered=answered, every=every)


def _day(text: object) -> str:
    return translate("Copied on {day}.", day=day(date.fromisoformat(text))) if isinstance(text, str) else ""


def _chart(chart: DrawnChart, pictures: Mapping[str, str]) -> dict[str, Any]:
    height = int(chart.for_page["layout"]["height"])
    picture = pictures.get(chart.name)
    return {"name": chart.name, "question": chart.question, "height": height, "picture": picture, **chart.texts}


def _section(
    question: Question, answer: Answer, findings: Findings, charts: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Return one question: its few main numbers, its charts, its detail table and all its numbers, or the reason."""
    results = {result.id: result for result in answer.results}
    section = question.section
    limits = section.limits + (section.limits_synthetic if findings.is_synthetic else ())
    return {
        "name": question.name,
        "heading": translate(question.title),
        "notebook": question.notebook,
        "reason": None if answer.reason is None else Meaning.translated(answer.reason),
        "notes": [Meaning.translated(note) for note in answer.notes],
        "method": " ".join(translate(sentence) for sentence in section.method),
        "limits": [translate(limit) for limit in limits],
        "numbers": [_main(question, results[name]) for name in section.numbers if name in results],
        "charts": [chart for chart in charts if chart["question"] == question.name],
        "detail": _detail(question, answer),
        "rows": [_row(question, result) for result in answer.results],
    }


def _main(question: Question, result: Result) -> dict[str, Any]:
    """Return a main number: linked, with its label, denominator and interval."""
    texts = format_result(result)
    whole = "" if result.denominator == result.value else translate("out of {whole}", whole=texts.out_of)
    return {
        "number": Numbers({result.id: result}).link(Value("value", result.id)),
        "label": translate(question.label(result.id)),
        "share": texts.share if whole else "",
        "out_of": whole,
        "interval": format_interval(result),
    }


def _row(question: Question, result: Result) -> dict[str, Any]:
    """Return a row of the table of all numbers."""
    texts = format_result(result)
    return {**texts._asdict(), "number": linked(texts.number, question.cell(result.id))}


def _detail(question: Question, answer: Answer) -> dict[str, Any] | None:
    detail = question.detail(answer) if answer.reason is None else None
    if detail is None:
        return None
    rows = [{"id": name, "cells": [_detail_cell(question, cell) for cell in cells]} for name, cells in detail.rows]
    return {"caption": detail.caption, "headings": detail.headings, "rows": rows}


def _detail_cell(question: Question, cell: DetailCell) -> dict[str, Any]:
    text = linked(cell.text, question.cell("detail")) if cell.linked else cell.text
    return {**cell._asdict(), "text": text}


def _commands(findings: Findings) -> list[str]:
    """Return the commands that reproduce the numbers, compare them, and check that synthetic data are synthetic."""
    commands = [findings.command, shlex.join(["toolkit", "rerun", f"reports/{findings.name}/run.json"])]
    if findings.is_synthetic:
        commands.append(shlex.join(["toolkit", "verify-synthetic", path_in_report(findings.leak_path)]))
    return commands


def _facts(findings: Findings) -> Iterator[tuple[str, str]]:
    """Yield what decides the numbers, so that a run can be compared with this one."""
    manifest = findings.manifest
    if manifest.get("scenario") is not None:
        yield translate("Scenario"), str(manifest["scenario"])
    yield translate("Lines"), number(manifest["rows"])
    if manifest.get("seed") is not None:
        yield translate("Seed"), str(manifest["seed"])
    yield translate("Version of the toolkit"), version("leak-forensics-toolkit")
    for name, label in (("content_hash", "Content hash of the data"), ("scenario_hash", "Hash of the scenario")):
        if manifest.get(name) is not None:
            yield translate(label), str(manifest[name])
    sample = findings.answers["comments"].tables.get("sample") if "comments" in findings.answers else None
    if sample is not None and not sample.is_empty():
        drawn = sample.row(0, named=True)
        seeded = translate("{lines} lines, seed {seed}", lines=number(drawn["lines"]), seed=drawn["seed"])
        yield translate("Sample of comments"), seeded
        yield translate("Hash of the sample"), str(drawn["sample"])
        yield translate("Hash of the rules"), str(drawn["rules"])
