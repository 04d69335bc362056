"""A data set small enough to count by hand, and ways to open it.

Nine lines: four synthetic people, one test entry, one record exported twice. The numbers that tests expect are counted
by hand from this file, never by the code.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from toolkit import schema
from toolkit.dataset import Leak, open_leak
from toolkit.questions import Answer, ask, questions
from toolkit.report import Findings, NotebookPage, find_notebooks
from toolkit.scenario import load_scenario
from toolkit.synth import generate


@cache
def _unit(file: Path) -> str:
    """Return what runs in one process: a file of tests, or all files with tests that need Spark."""
    return "spark" if "pytest.mark.spark" in file.read_text(encoding="utf-8") else str(file)


class _OneSpark(LoadFileScheduling):  # type: ignore[misc]  # xdist has no types
    """Runs the tests of a file in one process, so that they share its fixtures, and all of Spark in one process too.

    A second session of Spark costs most of a minute. Groups of tests across files (`--dist loadgroup`) do nothing in
    pytest-xdist 3.8 with pytest 9.2.
    """

    def _split_scope(self, nodeid: str) -> str:
        return _unit(self.config.rootpath / nodeid.split("::", 1)[0])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling | None:
    """Keep the tests of Spark together where files are handed out to several processes."""
    return _OneSpark(config, log) if config.getvalue("dist") == "loadfile" else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where tests run in parallel, begin with what takes longest, so that the processes end together."""
    if hasattr(config, "workerinput"):
        cost: Counter[str] = Counter()
        for item in items:
            slow = any(item.get_closest_marker(mark) for mark in ("browser", "slow", "spark"))
            cost[_unit(item.path)] += 20 if slow else 1
        items.sort(key=lambda item: (-cost[_unit(item.path)], item.path))


D = date

# Zoé Lefèvre, of practices 1 and 2, where her name was entered without accents.
_ZOE = {"last_name": "Lefèvre", "birth_name": "Lefèvre", "first_name": "Zoé", "sex": "F", "birth_date": D(1980, 5, 17)}
_ZOE |= {"nir": "280059900000114", "postal_code": "35000"}
_ZOE_IN_CAPITALS = _ZOE | {"last_name": "LEFEVRE", "birth_name": "LEFEVRE", "first_name": "ZOE"}
# Jean Cœur, of practice 1, without NIR, exported twice.
_JEAN = {"last_name": "Cœur", "birth_name": "Cœur", "first_name": "Jean", "sex": "M", "birth_date": D(1950, 1, 2)}
_JEAN |= {"postal_code": "20200"}
# Anne Martin, born Dupond, of practices 1, 2 and 3; the third has neither her NIR nor her sex.
_ANNE = {"last_name": "Martin", "birth_name": "Dupond", "first_name": "Anne", "sex": "F", "birth_date": D(1991, 12, 24)}
_ANNE |= {"nir": "291129900000255", "postal_code": "97400"}
# Anne Dupond, whose name is what Anne Martin was born with.
_OTHER = {"last_name": "Dupond", "birth_name": "Dupond", "first_name": "Anne", "sex": "F", "birth_date": D(1962, 7, 8)}
_OTHER |= {"nir": "262079900000366", "postal_code": "75011"}
_TEST_ENTRY = {"last_name": "TEST", "birth_name": "TEST", "first_name": "TEST", "birth_date": D(1900, 1, 1)}

# record, practice, practitioner, who, comment, created, updated; the position is the line_id.
_LINES: list[tuple[Any, ...]] = [
    (10, 1, 1, _ZOE, None, D(2015, 1, 5), D(2024, 3, 1)),
    (20, 2, 2, _ZOE_IN_CAPITALS, "rdv", D(2019, 6, 1), D(2025, 9, 1)),
    (11, 1, 1, _JEAN, "note 1", D(2015, 2, 1), D(2025, 11, 30)),
    (11, 1, 1, _JEAN, "note 1", D(2015, 2, 1), D(2025, 11, 30)),
    (12, 1, 3, _ANNE, "note 2", D(2017, 3, 3), D(2023, 1, 1)),
    (21, 2, 2, _ANNE, "   ", D(2018, 4, 4), D(2023, 2, 1)),
    (30, 3, 4, _ANNE | {"nir": None, "sex": None}, None, D(2019, 5, 5), D(2023, 3, 1)),
    (22, 2, 2, _OTHER, None, D(2019, 7, 7), D(2024, 1, 1)),
    (31, 3, 4, _TEST_ENTRY, "", D(2019, 8, 8), D(2019, 8, 8)),
]
# person, repeated line, figure, sensitive, held out; the position is the line_id.
_TRUTH: list[tuple[Any, ...]] = [
    (1, False, 1, False, None),
    (1, False, 1, False, False),
    (2, False, None, True, False),
    (2, True, None, True, False),
    (3, False, None, True, True),
    (3, False, None, False, None),
    (3, False, None, False, None),
    (4, False, None, False, None),
    (None, False, None, False, None),
]
# The import of practice 1, in capitals, and a secretary of each practice.
_HANDS = [
    (1, 1, True, D(2015, 1, 5), D(2015, 1, 5), True, True, False, False, "plain", "0612345678"),
    (2, 1, False, D(2015, 1, 5), D(2025, 11, 30), False, False, False, False, "comma", "06 12 34 56 78"),
    (3, 2, False, D(2018, 4, 4), D(2025, 11, 30), True, True, False, True, "plain", "06.12.34.56.78"),
    (4, 3, False, D(2019, 5, 5), D(2025, 11, 30), False, False, True, True, "capital", "0612345678"),
]
_PRACTICES = [
    (1, 2, "medecine generale", "35238", "35000", "Rennes", "35", "53", D(2015, 1, 1)),
    (2, 1, "cardiologie", "75111", "75011", "Paris", "75", "11", D(2018, 1, 1)),
    (3, 1, "medecine generale", "97411", "97400", "Saint-Denis", "974", "04", D(2019, 1, 1)),
    (4, 1, "pediatrie", "35238", "35000", "Rennes", "35", "53", D(2020, 1, 1)),
]
_PRACTITIONERS = [
    (1, 1, "Aubrac", "Luc", "M", "medecine generale"),
    (2, 2, "Bellon", "Eve", "F", "cardiologie"),
    (3, 1, "Cazal", "Ida", "F", "medecine generale"),
    (4, 3, "Dorne", "Guy", "M", "medecine generale"),
    (5, 4, "Estève", "Lou", "F", "pediatrie"),
]
# Figure 1 is Zoé Lefèvre of the leak; 2 shares name and birth year with Anne Martin by chance; 3 has the name of Jean
# Cœur and no birth date; 4 is not in the leak.
_FIGURES = [
    (1, "Lefevre", "Lefevre", "Zoé", "F", D(1980, 5, 17), "35", "députée", "parliament"),
    (2, "Dupond", "Dupond", "Anne", "F", D(1991, 1, 1), "75", "préfète", "administration"),
    (3, "Coeur", "Coeur", "Jean", "M", None, "2B", "maire", "mayor"),
    (4, "Absent", "Absent", "Hugo", "M", D(1970, 1, 1), "13", "juge", "justice"),
]


def _lines() -> pa.Table:
    rows = []
    for line_id, (record_id, practice_id, practitioner_id, who, comment, created_on, updated_on) in enumerate(_LINES):
        row = dict.fromkeys(schema.LINES.names) | who | {"city": "Ville", "address": "1 rue des Essais"}
        row |= {"line_id": line_id, "record_id": record_id, "practice_id": practice_id}
        row |= {"practitioner_id": practitioner_id, "administrative_comment": comment}
        rows.append(row | {"created_on": created_on, "updated_on": updated_on})
    return pa.Table.from_pylist(rows, schema=schema.LINES.arrow_schema())


def _truth() -> pa.Table:
    rows = []
    for line_id, (person_id, repeated, figure_id, sensitive, held_out) in enumerate(_TRUTH):
        row = dict.fromkeys(schema.TRUTH_LINES.names) | {"line_id": line_id, "record_id": _LINES[line_id][0]}
        row |= {"person_id": person_id, "repeated_line": repeated, "sentinel": person_id is None, "errors": []}
        rows.append(row | {"figure_id": figure_id, "comment_sensitive": sensitive, "comment_held_out": held_out})
    return pa.Table.from_pylist(rows, schema=schema.TRUTH_LINES.arrow_schema())


def _table(table: schema.Table, rows: list[tuple[Any, ...]]) -> pa.Table:
    return pa.Table.from_pylist([dict(zip(table.names, row, strict=True)) for row in rows], table.arrow_schema())


def _write(directory: Path, **changed: pa.Table) -> Path:
    """Write the nine lines as a data set, the lines in two files; a table given by its name replaces the one above."""
    tables = {
        "lines": _lines(),
        "truth_lines": _truth(),
        "truth_hands": _table(schema.TRUTH_HANDS, _HANDS),
        "practices": _table(schema.PRACTICES, _PRACTICES),
        "practitioners": _table(schema.PRACTITIONERS, _PRACTITIONERS),
        "public_figures": _table(schema.PUBLIC_FIGURES, _FIGURES),
    } | changed
    half = tables["lines"].num_rows // 2
    by_path = {
        "lines/part-00000.parquet": tables["lines"].slice(0, half),
        "lines/part-00001.parquet": tables["lines"].slice(half),
        "truth/lines/part-00000.parquet": tables["truth_lines"],
        "truth/hands.parquet": tables["truth_hands"],
        **{f"{name}.parquet": tables[name] for name in ("practices", "practitioners", "public_figures")},
    }
    files = []
    for path, table in by_path.items():
        file = directory / path
        file.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table, file)
        files.append({"path": path, "rows": table.num_rows, "bytes": file.stat().st_size})
    rows = tables["lines"].num_rows
    manifest = {"format": 1, "scenario": "by hand", "seed": 0, "rows": rows, "synthetic": True, "files": files}
    (directory / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return directory


@pytest.fixture(scope="session")
def write_data_set() -> Callable[..., Path]:
    """Return the function that writes the nine lines, or tables given in their place, as a data set into a
    directory.
    """
    return _write


@pytest.fixture(scope="session")
def nine_lines(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of the data set of nine lines; tests must not change it."""
    return _write(tmp_path_factory.mktemp("nine-lines"))


@pytest.fixture(scope="session")
def leak(nine_lines: Path) -> Iterator[Leak]:
    """The nine lines, open on DuckDB."""
    with open_leak(nine_lines, threads=1) as opened:
        yield opened


@pytest.fixture(scope="session")
def spark_leak(nine_lines: Path) -> Iterator[Leak]:
    """The nine lines, open on Spark; starts the one session that every Spark test shares."""
    pytest.importorskip("pyspark")
    with open_leak(nine_lines, "spark", threads=2, memory_limit="1GB") as opened:
        session = opened._backend._session  # type: ignore[attr-defined]
        # Nine lines need neither sixteen partitions nor compiled Java for each query.
        session.conf.set("spark.sql.shuffle.partitions", "1")
        session.conf.set("spark.sql.codegen.wholeStage", "false")
        yield opened


@pytest.fixture(scope="session")
def small_leak(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a synthetic leak of 20,000 lines, seed 1; tests must not change it."""
    return generate(load_scenario(), 1, 20_000, tmp_path_factory.mktemp("leaks") / "small").path


@pytest.fixture(scope="session")
def small_answers(small_leak: Path) -> dict[str, Answer]:
    """The answers of every question on the small leak, as an investigation gives them."""
    with open_leak(small_leak, threads=2) as opened:
        return {question.name: ask(question, opened, **question.investigation(opened)) for question in questions()}


@pytest.fixture(scope="session")
def small_findings(small_leak: Path, small_answers: dict[str, Answer]) -> Findings:
    """The findings of an investigation of the small leak, in English; the notebooks were not run."""
    with open_leak(small_leak) as opened:
        manifest = opened.manifest
    notebooks = tuple(
        NotebookPage(path.stem, f"notebooks/{path.stem}.html", f"Notebook <{path.stem}>") for path in find_notebooks()
    )
    return Findings(
        name=small_leak.name,
        leak_path=small_leak,
        manifest=manifest,
        answers=small_answers,
        notebooks=notebooks,
        threads=2,
        memory_limit="3GB",
        language="en",
        command="toolkit investigate",
    )
