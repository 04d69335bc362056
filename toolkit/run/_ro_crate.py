"""Describe a run as a Research Object Crate: each file of a report, what made it, from what, under which licence.

`ro-crate-metadata.json` follows RO-Crate 1.2 (https://w3id.org/ro/crate/1.2) and its profile for runs of a program
(https://w3id.org/ro/wfrun/process/0.5), so that archives that support the standard can import a report as it is. The
data set is identified by its content hash; its files are not in the crate. Writing it needs no network.
"""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit._io import file_digest, write_text
from toolkit.dataset import INTAKE, SYNTHETIC
from toolkit.report import Findings
from toolkit.run._run_manifest import RunRecord

if TYPE_CHECKING:
    from rocrate.model.entity import Entity
    from rocrate.rocrate import ROCrate

__all__ = ["NAME", "write_crate"]

NAME = "ro-crate-metadata.json"
_VERSION = "1.2"
_PROFILE = "https://w3id.org/ro/wfrun/process/0.5"

_DOCUMENTS = {
    "@type": "CreativeWork",
    "name": "Creative Commons Attribution 4.0 International",
    "identifier": "CC-BY-4.0",
}
_CC_BY = "https://creativecommons.org/licenses/by/4.0/"
_CODE = {"@type": "CreativeWork", "name": "MIT License", "identifier": "MIT"}
_MIT = "https://spdx.org/licenses/MIT"

_KINDS_OF_DATA = {SYNTHETIC: "a synthetic leak", INTAKE: "a received leak"}
_SYNTHETIC_ONLY = " On synthetic data the numbers validate the method only."

_KNOWN = {
    "index.html": "The report: a page for an editor, which opens without a network.",
    "results.json": "Every number of the report: value, unit, denominator, definition, interval, command.",
    "run.json": "The run manifest, for `toolkit rerun`: scenario, seed, versions, hashes, parameters, numbers.",
}
_KINDS = {
    ".csv": "A table behind the numbers: {name}.",
    ".html": "A page of the report: {name}.",
    ".json": "Data behind the report: {name}.",
    ".png": "A chart of the report, as a picture: {name}.",
    ".svg": "A chart of the report, as a drawing: {name}.",
}


def write_crate(folder: Path, findings: Findings, record: RunRecord) -> Path:
    """Describe every file of the report's folder in `ro-crate-metadata.json`, and return its path.

    Call it when all other files are written: each is described with its size and hash. Raises `WriteError` when the
    disk refuses.
    """
    from rocrate.rocrate import ROCrate

    now = datetime.now(UTC).replace(microsecond=0)
    crate = ROCrate(version=_VERSION)
    licences = _add(crate, _CC_BY, _DOCUMENTS), _add(crate, _MIT, _CODE)
    crate.root_dataset["license"] = licences[0]
    crate.root_dataset["datePublished"] = now.date().isoformat()
    crate.name = f"Report on {record.data_set.name}"
    crate.description = (
        f"Findings of leak-forensics-toolkit on {record.data_set.name}, {_KINDS_OF_DATA[record.data_set.origin]} of "
        f"{record.rows:,} lines: numbers with their denominators and intervals, the executed notebooks, and the record "
        "to run it again." + (_SYNTHETIC_ONLY if record.data_set.origin == SYNTHETIC else "")
    )
    crate.root_dataset["conformsTo"] = _add(
        crate,
        _PROFILE,
        {"@type": "CreativeWork", "name": "Process Run Crate", "version": _PROFILE.rpartition("/")[2]},
    )
    titles = {page.address: f"Executed notebook: {page.title}." for page in findings.notebooks}
    files = [_add_file(crate, folder, path, titles, licences[0]) for path in _files(folder)]
    action = _add(
        crate,
        "#run",
        {
            "@type": "CreateAction",
            "name": f"Investigation of {record.data_set.name}",
            "description": f"Every question answered on the data set, by the command: {record.command}",
            "endTime": now.isoformat(),
            "instrument": _software(crate, record, licences[1]),
            "object": [_data_set(crate, record, licences[0]), *_parameters(crate, record)],
            "result": files,
        },
    )
    crate.root_dataset["mentions"] = action
    path = folder / NAME
    write_text(path, json.dumps(crate.metadata.generate(), ensure_ascii=False, indent=2) + "\n", private=False)
    return path


def _add(crate: ROCrate, identifier: str, properties: dict[str, Any]) -> Entity:
    """Add an entity that is no file, once."""
    from rocrate.model.contextentity import ContextEntity

    return crate.add(ContextEntity(crate, identifier, properties=properties))


def _files(folder: Path) -> Iterator[Path]:
    """Yield the files of the report below its folder, in the order of their names, hidden ones left out."""
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.is_file() and parts != (NAME,) and not any(part.startswith(".") for part in parts):
            yield path


def _add_file(crate: ROCrate, folder: Path, path: Path, titles: dict[str, str], licence: Entity) -> Entity:
    name = path.relative_to(folder).as_posix()
    kind = _KINDS.get(path.suffix, "A file of the report: {name}.").format(name=path.stem)
    properties = {
        "name": name,
        "description": _KNOWN.get(name) or titles.get(name) or kind,
        "encodingFormat": mimetypes.guess_type(name)[0] or "application/octet-stream",
        "contentSize": str(path.stat().st_size),
        "sha256": file_digest(path),
        "license": licence,
    }
    return crate.add_file(dest_path=name, properties=properties)


def _software(crate: ROCrate, record: RunRecord, licence: Entity) -> Entity:
    """Add the toolkit, with the libraries that a number depends on."""
    ours = "leak-forensics-toolkit"
    libraries = [
        _add(
            crate,
            f"#software-{name}",
            {"@type": "SoftwareApplication", "name": name, "softwareVersion": version},
        )
        for name, version in record.versions.items()
        if name not in (ours, "machine")
    ]
    return _add(
        crate,
        f"#software-{ours}",
        {
            "@type": "SoftwareApplication",
            "name": ours,
            "softwareVersion": record.versions[ours],
            "description": "Data-leak forensics: open a leak, answer questions about it, and check the answers.",
            "license": licence,
            "softwareRequirements": libraries,
        },
    )


def _data_set(crate: ROCrate, record: RunRecord, licence: Entity) -> Entity:
    """Add the data set, identified by its content hash; a synthetic one can be made again and has our licence."""
    synthetic = record.data_set.origin == SYNTHETIC
    how = (
        "`toolkit generate` makes it again from the scenario and the seed in run.json, and its content hash shows that "
        "it is the same"
        if synthetic
        else "it holds personal data and stays with those who may hold it"
    )
    kind = _KINDS_OF_DATA[record.data_set.origin].capitalize()
    properties: dict[str, Any] = {
        "@type": "Dataset",
        "name": record.data_set.name,
        "description": f"{kind} of {record.rows:,} lines, not in this folder: {how}.",
    }
    if record.data_set.content_hash is not None:
        properties["identifier"] = f"sha256:{record.data_set.content_hash}"
    if synthetic:
        properties["license"] = licence
    return _add(crate, "#data-set", properties)


def _parameters(crate: ROCrate, record: RunRecord) -> Iterator[Entity]:
    """Add the settings of the run, one entity per parameter."""
    settings: dict[str, Any] = {"rows": record.rows}
    if record.scenario is not None:
        settings |= {"scenario": record.scenario["name"], "seed": record.seed}
    settings |= record.parameters.model_dump(exclude={"audit", "options"})
    if record.parameters.audit is not None:
        settings |= {f"audit_{name}": value for name, value in record.parameters.audit.model_dump().items()}
    for name, value in settings.items():
        yield _add(crate, f"#parameter-{name}", {"@type": "PropertyValue", "name": name, "value": value})
