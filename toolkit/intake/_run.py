"""Read received files into a data set: custody, containers, tables, mapping, batches, account, and a second count."""

from __future__ import annotations

import errno
import hashlib
import json
import shutil
import tempfile
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from toolkit._io import PARTIAL, file_digest, make_folder, write_text
from toolkit.errors import DataSetError, InputError, WriteError
from toolkit.intake._containers import EXPANSION, Limits, Received, Stream, open_all, received_files
from toolkit.intake._convert import Converted, Converter, read_ids
from toolkit.intake._detect import kind_of
from toolkit.intake._kinds import KINDS, REPAIRS, Batch, Finding, Job
from toolkit.intake._mapping import Ambiguity, ColumnMap, match_columns
from toolkit.intake._recipe import apply_recipe, read_recipe, recipe_text
from toolkit.intake._tables import SourceTable
from toolkit.intake._write import write_batch
from toolkit.intake.readers import tables_of
from toolkit.progress import Progress, no_progress
from toolkit.schema import LINES
from toolkit.second_count import count_units

__all__ = ["FORMAT", "IntakeOptions", "Looked", "TableLook", "intake", "look"]

FORMAT = 1
"""Version of the data set's layout on disk, the same as the maker's."""
_RECIPE = "recipe.toml"


@dataclass(frozen=True, slots=True)
class IntakeOptions:
    """How to read received files."""

    recipe: Path | None = None
    passwords: tuple[str, ...] = ()
    max_expansion: int = EXPANSION
    threads: int = 2
    copy_year: int = field(default_factory=lambda: datetime.now(UTC).year)
    """Year of the copy: two digits of a year up to it mean 20xx."""


@dataclass(frozen=True, slots=True)
class TableLook:
    """One table as it was found, before it is read."""

    table: SourceTable
    mapping: ColumnMap
    people: bool
    """Whether its rows become lines of the data set."""


@dataclass(frozen=True, slots=True)
class Looked:
    """Everything found in received files, before any row is read."""

    received: list[Received]
    streams: list[Stream]
    tables: list[TableLook]
    findings: list[Finding]

    @property
    def ambiguities(self) -> list[tuple[str, Ambiguity]]:
        """Choices that the data do not decide, with the source of each."""
        return [(one.table.source, unclear) for one in self.tables if one.people for unclear in one.mapping.ambiguities]


def look(paths: Sequence[Path], work: Path, options: IntakeOptions, progress: Progress = no_progress) -> Looked:
    """Open received files and match their tables to the schema, without reading rows.

    `work` is an empty private folder for unpacked members. Raises `InputError` as `toolkit.intake.intake` does.
    """
    files = received_files(paths)
    total = sum(file.stat().st_size for file in files)
    done = 0

    def hashed(size: int) -> None:
        nonlocal done
        done += size
        progress("Hashing and unpacking", min(done, total), max(total, 1))

    limits = Limits(expansion=options.max_expansion)
    received, streams, findings = open_all(files, work, limits, options.passwords, hashed)
    progress("Hashing and unpacking", max(total, 1), max(total, 1))
    recipe = read_recipe(options.recipe) if options.recipe is not None else {}
    tables: list[TableLook] = []
    for stream in streams:
        for table in tables_of(stream, kind_of(stream.path), work, copy_year=options.copy_year):
            mapping = match_columns(table.names, table.sample, has_header=table.has_header, copy_year=options.copy_year)
            mapping = apply_recipe(recipe, table, mapping)
            wanted = next((one.get("read") for one in recipe.get("tables", []) if one["source"] == table.source), None)
            tables.append(TableLook(table, mapping, mapping.is_people if wanted is None else bool(wanted)))
    return Looked(received, streams, tables, findings)


def intake(
    paths: Sequence[Path], out: Path, options: IntakeOptions | None = None, progress: Progress = no_progress
) -> dict[str, Any]:
    """Read received files into the data set `out`, and return its account.

    Files and folders may be of any format that `toolkit.intake.readers` knows, also within archives; they are opened
    read-only and have the same hash afterwards. `out` must not exist or be empty. Everything is written beside it and
    renamed at the end: an interrupted run leaves nothing that could be taken for a data set, and the next one removes
    what it left.

    Raises `InputError` for files that are missing or hold no table of people, an archive that is encrypted or expands
    beyond the limit, and a choice that only the user can make; `DataSetError` when `out` holds something else, when the
    disk is full, or when the second count differs from the first.
    """
    options = options or IntakeOptions()
    _check_out(out)
    make_folder(out.parent, private=False)
    for left in out.parent.glob(f".{out.name}.*{PARTIAL}"):
        shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=f".{out.name}.", suffix=PARTIAL, dir=out.parent))
    try:
        work = folder / ".work"
        work.mkdir(mode=0o700)
        looked = look(paths, work, options, progress)
        _check_tables(looked, out, options)
        account = _Run(looked, folder, options, progress).run()
        shutil.rmtree(work)
        if out.exists():
            out.rmdir()
        folder.rename(out)
    except (OSError, WriteError) as error:
        raise _disk_error(error, out) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return account


def _check_out(out: Path) -> None:
    if out.is_dir() and any(out.iterdir()):
        if (out / "manifest.json").exists():
            raise DataSetError(f"{out} already holds a data set: give another --out, or delete it first.")
        raise DataSetError(f"{out} is not empty: give --out a directory that is empty or does not exist.")
    if out.exists() and not out.is_dir():
        raise DataSetError(f"{out} is a file: give --out a directory that is empty or does not exist.")


def _check_tables(looked: Looked, out: Path, options: IntakeOptions) -> None:
    """Stop where there is nothing to read, or where only the user can choose; write the recipe to complete."""
    if not any(one.people for one in looked.tables):
        seen = (
            ", ".join(f"{one.table.source} ({len(one.table.names)} columns)" for one in looked.tables[:5]) or "no table"
        )
        raise InputError(
            f"No table of people was found among {len(looked.received)} files (found: {seen}): "
            "give other files, or map the columns of one in a recipe (--recipe)."
        )
    unclear = looked.ambiguities
    if unclear:
        recipe = out.with_name(f"{out.name}.{_RECIPE}")
        write_text(recipe, _recipe(looked, options))
        source, one = unclear[0]
        more = f" ({len(unclear) - 1} more choices in the recipe)" if len(unclear) > 1 else ""
        raise InputError(
            f"{source}: {one.text}{more}; complete {recipe} and run the same command with --recipe {recipe}."
        )


def _recipe(looked: Looked, options: IntakeOptions) -> str:
    sources = [{"name": one.name, "bytes": one.size, "sha256": one.sha256} for one in looked.received]
    chosen = {"max_expansion": options.max_expansion, "copy_year": options.copy_year}
    tables = [(one.table, one.mapping, one.people) for one in looked.tables]
    return recipe_text(tables, sources, chosen, _versions())


def _versions() -> dict[str, str]:
    return {name: version(name) for name in ("leak-forensics-toolkit", "pyarrow", "ftfy")}


@dataclass(slots=True)
class _Source:
    """What was counted in one source."""

    unit: str
    counts: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)


class _NumberedError(Exception):
    """A column of ids holds other texts than whole numbers, so that the distinct ones must be numbered."""

    def __init__(self, column: str) -> None:
        super().__init__(column)
        self.column = column


class _Run:
    def __init__(self, looked: Looked, folder: Path, options: IntakeOptions, progress: Progress) -> None:
        self._looked, self._folder, self._options, self._progress = looked, folder, options, progress
        self._sources: dict[str, _Source] = {}
        self._numbered: set[str] = set()
        self._numbers: dict[str, dict[str, int]] = {}
        self._lost: Counter[str] = Counter()
        self._repairs: Counter[str] = Counter()
        self._columns: set[str] = set()

    def run(self) -> dict[str, Any]:
        """Read every table, write the account, count again, and write the manifest last."""
        while True:
            try:
                rows, files = self._read_all()
                break
            except _NumberedError as error:
                self._numbered.add(error.column)
                for name in ("lines", "provenance", "quarantine", "extra"):
                    shutil.rmtree(self._folder / name, ignore_errors=True)
        account = self._account(rows)
        self._check(account)
        write_text(self._folder / "account.json", json.dumps(account, ensure_ascii=False, indent=2) + "\n")
        write_text(self._folder / _RECIPE, _recipe(self._looked, self._options))
        self._custody()
        self._manifest(rows, files, account)
        return account

    # Reading

    def _read_all(self) -> tuple[int, list[str]]:
        self._sources, self._numbers = {}, {column: {} for column in self._numbered}
        self._lost, self._repairs, self._columns = Counter(), Counter(), set()
        rows, part, files = 0, 0, []
        with ThreadPoolExecutor(self._options.threads) as pool:
            for one in self._looked.tables:
                table = one.table
                source = self._sources.setdefault(table.source, _Source(table.unit))
                source.findings += table.findings[: 0 if source.findings else None]
                if not one.people:
                    counts = table.count()
                    source.counts.update(counts)
                    source.findings += _kept_apart(table, sum(counts.values()))
                    continue
                self._columns |= set(one.mapping.columns.values())
                for first, written in self._table(one, source, rows, part, pool):
                    rows, part = first, part + 1
                    files += written
                for finding in table.findings:
                    if finding not in source.findings:
                        source.findings.append(finding)
        return rows, files

    def _table(
        self, one: TableLook, source: _Source, rows: int, part: int, pool: ThreadPoolExecutor
    ) -> Iterator[tuple[int, list[str]]]:
        """Read the batches of a table on the pool, in order; yield the rows so far and the files of each batch."""
        table, mapping = one.table, one.mapping
        converter = Converter(
            mapping.columns,
            mapping.month_first,
            last_first=mapping.last_first,
            native_null=table.native_null,
            copy_year=self._options.copy_year,
        )
        size = next((stream.size for stream in self._looked.streams if table.source.startswith(stream.source)), 1)
        jobs = table.read(mapping)
        reading: deque[Future[tuple[Batch, Converted]]] = deque()
        writing: deque[tuple[int, Future[list[str]]]] = deque()
        ahead = self._options.threads + 1
        more = True
        while more or reading or writing:
            while more and len(reading) < ahead:
                job = next(jobs, None)
                more = job is not None
                if job is not None:
                    reading.append(pool.submit(_convert, job, converter))
            if reading:
                batch, converted = reading.popleft().result()
                ids = self._ids(converted, batch)
                self._count(source, batch, converted)
                first, rows = rows, rows + batch.cells.num_rows
                future = pool.submit(write_batch, self._folder, part, table.source, first, batch, converted, ids)
                writing.append((rows, future))
                part += 1
                self._progress(f"Reading {table.source}", min(batch.read_to, size), max(size, 1))
            while writing and (len(writing) > ahead or not (more or reading)):
                total, future_files = writing.popleft()
                yield total, future_files.result()

    def _ids(self, converted: Converted, batch: Batch) -> dict[str, pa.Array]:
        ids: dict[str, pa.Array] = {}
        for column, texts in converted.ids.items():
            if column not in self._numbered:
                numbers = read_ids(texts, column)
                if numbers is None:
                    raise _NumberedError(column)
                ids[column] = numbers
                continue
            known = self._numbers[column]
            encoded = texts.dictionary_encode()
            codes = [known.setdefault(text, len(known)) for text in encoded.dictionary.to_pylist()]
            ids[column] = pa.array(codes, LINES[column].type).take(encoded.indices)
            name = next(name for name in batch.cells.column_names if self._is(name, column))
            held = np.flatnonzero(texts.is_valid().to_numpy(zero_copy_only=False))
            converted.extra.append((held, name, texts.take(pa.array(held))))
        return ids

    def _is(self, name: str, column: str) -> bool:
        return any(one.mapping.columns.get(name) == column for one in self._looked.tables if one.people)

    def _count(self, source: _Source, batch: Batch, converted: Converted) -> None:
        repaired = converted.repairs != 0
        units = batch.places.lines
        source.counts["rows_read"] += int(units[~repaired].sum())
        source.counts["rows_repaired"] += int(units[repaired].sum())
        source.counts.update(batch.counts)
        self._lost.update(converted.lost)
        for bit in range(32):
            number = int(np.count_nonzero(converted.repairs & np.uint32(1 << bit)))
            if number:
                self._repairs[REPAIRS[bit]] += number

    # Account

    def _account(self, rows: int) -> dict[str, Any]:
        digests = {stream.source: (stream.sha256, stream.size) for stream in self._looked.streams}
        sources = []
        for name, source in self._sources.items():
            digest, size = digests.get(name) or next(
                (value for key, value in digests.items() if name.startswith(f"{key}#")), ("", 0)
            )
            kinds = {kind: source.counts[kind] for kind in KINDS if source.counts[kind]}
            total = sum(kinds.values())
            sources.append(
                {"source": name, "sha256": digest, "unit": source.unit, "bytes": size, "total": total, **kinds}
            )
        findings = [*self._looked.findings]
        for source in self._sources.values():
            findings += source.findings
        mapped = set(self._columns)
        if "full_name" in mapped:
            mapped |= {"last_name", "first_name"}
        return {
            "format": FORMAT,
            "received": [{"name": one.name, "bytes": one.size, "sha256": one.sha256} for one in self._looked.received],
            "sources": sources,
            "rows": rows,
            "repairs": dict(sorted(self._repairs.items())),
            "cells_lost": dict(sorted(self._lost.items())),
            "columns_absent": [name for name in LINES.names if name != "line_id" and name not in mapped],
            "findings": [{"code": one.code, "text": one.text} for one in findings],
        }

    def _check(self, account: Mapping[str, Any]) -> None:
        """Count again with a program that shares no code with the readers; raise `DataSetError` where it differs."""
        paths = {stream.source: stream.path for stream in self._looked.streams}
        for source in account["sources"]:
            place = source["source"].split("#")[0] if source["source"] not in paths else source["source"]
            difference = count_units(self._folder, source, paths[place])
            if difference is not None:
                raise DataSetError(
                    f"The second count of {source['source']} differs from the first ({difference}): "
                    "the data set was not finished. Report this as a fault of the toolkit."
                )

    def _custody(self) -> None:
        """Check that every received file still has its hash."""
        for one in self._looked.received:
            if file_digest(one.path) != one.sha256:
                raise DataSetError(
                    f"{one.path} changed while it was read: copy it aside and run the same command on the copy."
                )

    def _manifest(self, rows: int, files: Sequence[str], account: Mapping[str, Any]) -> None:
        entries = []
        for name in sorted(files):
            path = self._folder / name
            entries.append({"path": name, "bytes": path.stat().st_size, "sha256": file_digest(path)})
        digest = hashlib.sha256("".join(str(entry["sha256"]) for entry in entries).encode()).hexdigest()
        manifest = {
            "format": FORMAT,
            "title": "Received files, read by intake",
            "origin": "intake",
            "synthetic": False,
            "rows": rows,
            "columns": self._filled_columns(),
            "sources": account["received"],
            "created_with": _versions(),
            "content_hash": digest,
            "files": entries,
        }
        write_text(self._folder / "manifest.json", json.dumps(manifest, ensure_ascii=False, indent=2) + "\n")

    def _filled_columns(self) -> list[str]:
        mapped = set(self._columns) | ({"last_name", "first_name"} if "full_name" in self._columns else set())
        if mapped & {"mobile_phone", "landline_phone"}:
            mapped |= {"mobile_phone", "landline_phone"}
        return [name for name in LINES.names if name in mapped or name in ("line_id", "record_id")]


def _convert(job: Job, converter: Converter) -> tuple[Batch, Converted]:
    batch = job()
    return batch, converter(batch)


def _kept_apart(table: SourceTable, units: int) -> list[Finding]:
    if not table.names:
        return [Finding("no_table", f"{table.source}: {units} {table.unit}s without columns of people")]
    return [Finding("second_table", f"the table {table.label or table.source}, {units} rows, is kept apart")]


def _disk_error(error: OSError | WriteError, out: Path) -> DataSetError:
    if error.errno == errno.ENOSPC:
        return DataSetError(f"The disk that holds {out} is full: free some space and run the same command again.")
    reason = error.reason if isinstance(error, WriteError) else error.strerror or error
    return DataSetError(f"Cannot write to {out} ({reason}): check the path and its permissions.")
