"""What the template of the page is given: every text said, every number written, nothing left to compute."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from importlib.metadata import version
from typing import Any

from markupsafe import Markup

from toolkit.claims import CONSISTENT, CONTRADICTED, DEPENDS, UNTESTABLE, in_words
from toolkit.i18n import day, number, translate
from toolkit.questions import CELLS, LEDGER, Result, interval
from toolkit.questions import in_words as result_in_words
from toolkit.report._cell_links import linked
from toolkit.report._chart_set import Chart
from toolkit.report._command import path_in_report
from toolkit.report._exports import CLAIMS, Export
from toolkit.report._findings import Findings
from toolkit.report._headlines import headlines
from toolkit.report._sections import GENERAL_LIMITS, PARTS

__all__ = ["view"]

_SHAPES = {CONSISTENT: "●", CONTRADICTED: "✕", DEPENDS: "◆", UNTESTABLE: "○"}
"""The signs of the verdicts, those of the chart: told apart without colour."""


def view(
    findings: Findings, charts: Sequence[Chart], exports: Sequence[Export], pictures: Mapping[str, str]
) -> dict[str, Any]:
    """All that the page shows, by the names that its template knows; `pictures` are the SVGs of the charts by name."""
    manifest = findings.manifest
    drawn = [_chart(chart, pictures) for chart in charts]
    return {
        "name": findings.name,
        "title": manifest["title"],
        "lines": number(manifest["rows"]),
        "copied_on": day(date.fromisoformat(manifest["copied_on"])),
        "version": version("leak-forensics-toolkit"),
        "headlines": headlines(findings),
        "parts": [_part(part, findings, drawn) for part in PARTS if part in findings.answers],
        "ledger": _ledger(findings, drawn),
        "limits": [translate(text) for text in GENERAL_LIMITS],
        "again": _again(findings),
        "facts": _facts(findings),
        "exports": [{"name": export.name, "title": export.title, "rows": export.table.height} for export in exports],
        "charts": drawn,
        "pictured": bool(pictures),
        "notebooks": findings.notebooks,
        "figures": {chart.name: chart.for_page for chart in charts},
    }


def _chart(chart: Chart, pictures: Mapping[str, str]) -> dict[str, Any]:
    height = int(chart.for_page["layout"]["height"])
    return {"name": chart.name, "part": chart.part, "height": height, "picture": pictures.get(chart.name), **chart.told}


def _part(name: str, findings: Findings, charts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """One question: its few main numbers, its charts, and all its numbers."""
    part, answer = PARTS[name], findings.answers[name]
    results = {result.id: result for result in answer.results}
    return {
        **_texts(name),
        "numbers": [_main(results[id_], label) for id_, label in part.numbers.items() if id_ in results],
        "charts": [chart for chart in charts if chart["part"] == name],
        "rows": [_row(result) for result in answer.results],
    }


def _texts(name: str) -> dict[str, Any]:
    part = PARTS[name]
    return {
        "name": name,
        "heading": translate(part.heading),
        "notebook": part.notebook,
        "method": " ".join(translate(sentence) for sentence in part.method),
        "limits": [translate(limit) for limit in part.limits],
    }


def _main(result: Result, label: str) -> dict[str, Any]:
    """A number of the few: linked, with what it is out of."""
    words = result_in_words(result)
    whole = "" if result.denominator == result.value else translate("out of {whole}", whole=words.out_of)
    return {
        "number": linked(words.number, CELLS.get(result.id)),
        "label": translate(label),
        "share": words.share if whole else "",
        "out_of": whole,
        "interval": interval(result),
    }


def _row(result: Result) -> dict[str, Any]:
    """A number of the full table."""
    words = result_in_words(result)
    return {**words._asdict(), "number": linked(words.number, CELLS.get(result.id))}


def _ledger(findings: Findings, charts: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """The claims with their verdicts; none where no claim was checked."""
    if findings.claims.is_empty():
        return None
    return {
        **_texts(CLAIMS),
        "charts": [chart for chart in charts if chart["part"] == CLAIMS],
        "rows": [_claim(row) for row in findings.claims.iter_rows(named=True)],
    }


def _claim(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "sentence": row["sentence"],
        "who": translate(
            "{claimant}; {outlet}, {day}", claimant=row["claimant"], outlet=row["outlet"], day=day(row["date"])
        ),
        **_published(row),
        "measured": _measured(row),
        "denominator": "" if row["measured"] is None else row["denominator"],
        "verdict": translate(row["verdict"]),
        "kind": row["verdict"].split()[0],
        "shape": _SHAPES[row["verdict"]],
        "why": row["why"],
    }


def _published(row: Mapping[str, Any]) -> dict[str, str]:
    """What was published, with its unit where it was a number, and what it comes to in a data set to another scale."""
    told, unit, stated = row["published"], row["unit"], [row["published_low"], row["published_high"]]
    if any(sign.isdigit() for sign in told) and unit not in ("day", "share"):
        told = translate("{number} {unit}", number=told, unit=translate(_unit(unit, row["published_high"])))
    if row["scale"] == 1 or stated[0] is None:
        return {"published": told, "to_scale": ""}
    ends = dict.fromkeys(in_words(round(end * row["scale"]), unit) for end in stated if end is not None)
    scaled = translate("to the scale of this data set: {number}", number=translate(" to ").join(ends))
    return {"published": told, "to_scale": scaled}


def _unit(unit: str, value: float | None) -> str:
    """The unit of a claim: there is one whose number may be one."""
    return "column" if unit == "columns" and value == 1 else unit


def _measured(row: Mapping[str, Any]) -> Markup:
    """What the leak says, with its interval, as a link to the cell of the ledger."""
    if row["measured"] is None:
        return Markup("–")
    told, low, high = (in_words(row[end], row["unit"]) for end in ("measured", "low", "high"))
    between = "" if told == low == high else translate(" ({low} to {high})", low=low, high=high)
    unit = (
        ""
        if row["unit"] in ("day", "share")
        else translate(" {unit}", unit=translate(_unit(row["unit"], row["measured"])))
    )
    return linked(told + between, LEDGER) + unit


def _again(findings: Findings) -> list[str]:
    """The commands that give the same numbers again, that hold them against these, and that prove the leak invented."""
    return [
        findings.command,
        shlex.join(["toolkit", "rerun", f"reports/{findings.name}/run.json"]),
        shlex.join(["toolkit", "verify-synthetic", path_in_report(findings.leak_path)]),
    ]


def _facts(findings: Findings) -> Iterator[tuple[str, str]]:
    """What decides the numbers: shown so that a run can be held against this one."""
    manifest = findings.manifest
    yield translate("Scenario"), str(manifest["scenario"])
    yield translate("Rows"), number(manifest["rows"])
    yield translate("Seed"), str(manifest["seed"])
    yield translate("Version of the toolkit"), version("leak-forensics-toolkit")
    for name, label in (("content_hash", "Content hash of the data"), ("scenario_hash", "Hash of the scenario")):
        if name in manifest:
            yield translate(label), str(manifest[name])
    sample = findings.answers["comments"].tables.get("sample") if "comments" in findings.answers else None
    if sample is not None and not sample.is_empty():
        drawn = sample.row(0, named=True)
        seeded = translate("{lines} lines, seed {seed}", lines=number(drawn["lines"]), seed=drawn["seed"])
        yield translate("Sample of comments"), seeded
        yield translate("Hash of the sample"), str(drawn["sample"])
        yield translate("Hash of the rules"), str(drawn["rules"])
