"""A run as a Research Object Crate: what each file of a report is, what made it, from what, and under which licence.

`ro-crate-metadata.json` follows RO-Crate 1.2 (https://w3id.org/ro/crate/1.2) and its profile for runs of a program
(https://w3id.org/ro/wfrun/process/0.5), so that archives which know the standard can take a report in as it is.  The
data set is named by its content hash; its files stay where they are.  Writing it needs no network.
"""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit._io import file_digest, write_text
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

_KNOWN = {
    "index.html": "The report: a page for an editor, which opens without a network.",
    "results.json": "Every number of the report: value, unit, denominator, definition, interval, command.",
    "run.json": "The record of the run, for `toolkit rerun`: scenario, seed, versions, hashes, parameters, numbers.",
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

    To be called when all other files are written: each is described with its size and hash.
    Raises `WriteError` when the disk does not let us.
    """
    from rocrate.rocrate import ROCrate

    now = datetime.now(UTC).replace(microsecond=0)
    crate = ROCrate(version=_VERSION)
    licences = _add(crate, _CC_BY, _DOCUMENTS), _add(crate, _MIT, _CODE)
    crate.root_dataset["license"] = licences[0]
    crate.root_dataset["datePublished"] = now.date().isoformat()
    crate.name = f"Report on {record.data_set.name}"
    crate.description = (
        f"What leak-forensics-toolkit says of {record.data_set.name}, an entirely invented leak of "
        f"{record.rows:,} lines: numbers with their denominators and intervals, the notebooks as they were run, and "
        "the record to run it again. On invented data the numbers prove the method alone."
    )
    crate.root_dataset["conformsTo"] = _add(
        crate,
        _PROFILE,
        {"@type": "CreativeWork", "name": "Process Run Crate", "version": _PROFILE.rpartition("/")[2]},
    )
    titles = {page.address: f"Notebook as it was run: {page.title}." for page in findings.notebooks}
    files = [_add_file(crate, folder, path, titles, licences[0]) for path in _files(folder)]
    action = _add(
        crate,
        "#run",
        {
            "@type": "CreateAction",
            "name": f"Investigation of {record.data_set.name}",
            "description": f"Every question asked of the data set, by the command: {record.command}",
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
    """An entity that is no file, added once."""
    from rocrate.model.contextentity import ContextEntity

    return crate.add(ContextEntity(crate, identifier, properties=properties))


def _files(folder: Path) -> Iterator[Path]:
    """The files of the report below its folder, in the order of their names; hidden ones are not of it."""
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
    """The toolkit, with the libraries that decide a number."""
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
            "description": "Data-leak forensics on invented data: make a leak, open it, ask it questions.",
            "license": licence,
            "softwareRequirements": libraries,
        },
    )


def _data_set(crate: ROCrate, record: RunRecord, licence: Entity) -> Entity:
    """The leak that was asked, by the hash of what it says: whoever makes it again has the same."""
    return _add(
        crate,
        "#data-set",
        {
            "@type": "Dataset",
            "name": record.data_set.name,
            "description": (
                f"Invented leak of {record.rows:,} lines, not in this folder: `toolkit generate` makes it again from "
                "the scenario and the seed in run.json, and its content hash tells that it is the same."
            ),
            "identifier": f"sha256:{record.data_set.content_hash}",
            "license": licence,
        },
    )


def _parameters(crate: ROCrate, record: RunRecord) -> Iterator[Entity]:
    """What the run was told, one entity a parameter."""
    told: dict[str, Any] = {"scenario": record.scenario["name"], "rows": record.rows, "seed": record.seed}
    told |= record.parameters.model_dump(exclude={"audit"})
    if record.parameters.audit is not None:
        told |= {f"audit_{name}": value for name, value in record.parameters.audit.model_dump().items()}
    for name, value in told.items():
        yield _add(crate, f"#parameter-{name}", {"@type": "PropertyValue", "name": name, "value": value})
