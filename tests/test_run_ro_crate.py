"""The crate: every file of a report is described once, every described file exists, and nothing is fetched."""

from __future__ import annotations

import hashlib
import json
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rocrate.rocrate import ROCrate

from toolkit.report import Findings, NotebookPage
from toolkit.run import RunRecord
from toolkit.run._ro_crate import write_crate
from toolkit.run._run_manifest import make_record, write_record
from toolkit.scenario import load_scenario

FILES = {
    "index.html": b"<html></html>",
    "results.json": b"[]",
    "tables/overview.csv": b"a,b\n",
    "charts/counts overview.png": b"\x89PNG",
    "charts/counts.svg": b"<svg/>",
    "notebooks/00_start_here.html": b"<p>",
    "odd": b"",
}


@pytest.fixture
def report(tmp_path: Path, small_findings: Findings) -> tuple[Path, Findings, RunRecord]:
    """Return the folder of a report with files of every kind, its findings, and its record."""
    pages = (NotebookPage("00_start_here", "notebooks/00_start_here.html", "Start & go"),)
    found = replace(small_findings, notebooks=pages)
    for name, content in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    (tmp_path / ".index.html.partial").write_bytes(b"left over")
    record = make_record(found, load_scenario())
    write_record(tmp_path, record)
    return tmp_path, found, record


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Raise an error for any connection."""

    def refused(*_: object) -> None:
        raise AssertionError("something was fetched from the network")

    monkeypatch.setattr(socket.socket, "connect", refused)


def graph_of(path: Path) -> dict[str, dict[str, Any]]:
    """Return the entities of a crate by their ids, which must be unique."""
    entities = json.loads(path.read_text(encoding="utf-8"))["@graph"]
    by_id = {entity["@id"]: entity for entity in entities}
    assert len(entities) == len(by_id)
    return by_id


@pytest.mark.usefixtures("no_network")
def test_every_file_is_described_once_and_exists(report: tuple[Path, Findings, RunRecord]) -> None:
    """Each file has a description with its size and hash; hidden files have none."""
    folder, found, record = report

    graph = graph_of(write_crate(folder, found, record))

    parts = [part["@id"] for part in graph["./"]["hasPart"]]
    described = {name.replace("%20", " ") for name in parts}
    assert set(FILES) | {"run.json"} == described
    assert len(parts) == len(described)
    for name in parts:
        content = (folder / name.replace("%20", " ")).read_bytes()
        assert "File" == graph[name]["@type"]
        assert str(len(content)) == graph[name]["contentSize"]
        assert hashlib.sha256(content).hexdigest() == graph[name]["sha256"]
    assert "Executed notebook: Start & go." == graph["notebooks/00_start_here.html"]["description"]
    assert "image/svg+xml" == graph["charts/counts.svg"]["encodingFormat"]
    assert "text/csv" == graph["tables/overview.csv"]["encodingFormat"]


def test_crate_follows_the_standard(report: tuple[Path, Findings, RunRecord]) -> None:
    """RO-Crate 1.2: a descriptor, a root with name, description, date and licence; every reference is resolved."""
    folder, found, record = report

    path = write_crate(folder, found, record)

    graph = graph_of(path)
    root, descriptor = graph["./"], graph["ro-crate-metadata.json"]
    assert "https://w3id.org/ro/crate/1.2/context" == json.loads(path.read_text(encoding="utf-8"))["@context"]
    assert {"@id": "https://w3id.org/ro/crate/1.2"} == descriptor["conformsTo"]
    assert {"@id": "./"} == descriptor["about"]
    assert ("Dataset", "Report on small") == (root["@type"], root["name"])
    assert {"description", "datePublished", "license", "hasPart", "mentions"} <= set(root)
    assert "CC-BY-4.0" == graph[root["license"]["@id"]]["identifier"]
    assert set() == references(list(graph.values())) - set(graph) - {"https://w3id.org/ro/crate/1.2"}


def references(value: object) -> set[str]:
    """Return the ids that entities refer to."""
    if isinstance(value, dict):
        if set(value) == {"@id"}:
            return {value["@id"]}
        return set().union(*map(references, value.values()))
    return set().union(*map(references, value)) if isinstance(value, list) else set()


def test_run_has_software_data_and_parameters(report: tuple[Path, Findings, RunRecord]) -> None:
    """The action has the program with version and licence, the data set with its hash, the parameters, and every
    file.
    """
    folder, found, record = report

    graph = graph_of(write_crate(folder, found, record))

    run = graph["#run"]
    software = graph[run["instrument"]["@id"]]
    inputs = [graph[one["@id"]] for one in run["object"]]
    parameters = {one["name"]: one["value"] for one in inputs if one["@type"] == "PropertyValue"}
    (data,) = [one for one in inputs if one["@type"] == "Dataset"]
    assert "CreateAction" == run["@type"]
    assert record.versions["leak-forensics-toolkit"] == software["softwareVersion"]
    assert "MIT" == graph[software["license"]["@id"]]["identifier"]
    assert {"duckdb", "polars"} <= {graph[one["@id"]]["name"] for one in software["softwareRequirements"]}
    assert f"sha256:{found.manifest['content_hash']}" == data["identifier"]
    assert {
        "scenario": "mlm-2026",
        "rows": 20_000,
        "seed": 1,
        "threads": 2,
        "audit_size": 3_000,
    }.items() <= parameters.items()
    assert {part["@id"] for part in graph["./"]["hasPart"]} == {one["@id"] for one in run["result"]}


def test_crate_is_read_by_the_library(report: tuple[Path, Findings, RunRecord]) -> None:
    """The ro-crate library reads the folder with all its files, and writing the crate again adds none."""
    folder, found, record = report
    write_crate(folder, found, record)

    crate = ROCrate(folder)
    again = graph_of(write_crate(folder, found, record))

    assert set(FILES) | {"run.json"} == {entity.id.replace("%20", " ") for entity in crate.data_entities}
    assert "1.2" == crate.version
    assert "ro-crate-metadata.json" not in {part["@id"] for part in again["./"]["hasPart"]}
