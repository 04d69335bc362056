"""Files that hold what the lines hold, or whose lines they are, are their owner's alone to read, whatever the umask."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from toolkit.analysis import audit, duplicates, public_figures
from toolkit.analysis.audit.labelling import LabellingSheet
from toolkit.analysis.linkage._people import write_clusters
from toolkit.dataset._leak import Leak, open_leak
from toolkit.scenario import load_scenario
from toolkit.synth._generate import generate

LEFT_OPEN = """
import os, sys
from toolkit.dataset import open_leak
lines = open_leak(sys.argv[1]).lines
print(lines.count().execute(), len(os.listdir(sys.argv[2])))
"""


@pytest.fixture(autouse=True)
def permissive() -> Iterator[None]:
    """Whoever runs a test lets everybody read and write what they create."""
    before = os.umask(0)
    yield
    os.umask(before)


def reachable(folder: Path) -> list[str]:
    """Files and folders below `folder` that others than their owner can get at, on ways that are open to them."""
    found = []
    for parent, folders, files in os.walk(folder):
        path = Path(parent)
        shut = [name for name in folders if not (path / name).stat().st_mode & 0o077]
        found += [str((path / name).relative_to(folder)) for name in folders if name not in shut]
        # What lies in a folder that only its owner may enter is out of reach, and so is what lies below.
        folders[:] = [name for name in folders if name not in shut]
        found += [str((path / name).relative_to(folder)) for name in files if (path / name).stat().st_mode & 0o077]
    return found


def open_to_others(folder: Path) -> list[str]:
    """Files and folders below `folder`, and itself, that somebody else may read, write or enter by their own mode."""
    return [str(path) for path in (folder, *folder.rglob("*")) if path.stat().st_mode & 0o077]


def test_a_data_set_is_its_owners_while_it_is_made_and_after(tmp_path: Path) -> None:
    """Every file and folder of a data set, unfinished ones and notes too, is its owner's alone from the beginning."""
    seen: list[str] = []
    unfinished: set[str] = set()

    def look(_done: int, _total: int) -> None:
        seen.extend(open_to_others(tmp_path / "new"))
        unfinished.update(path.name for path in (tmp_path / "new").rglob(".*"))

    made = generate(load_scenario(), 1, 2_000, tmp_path / "new", progress=look)

    assert unfinished
    assert [] == seen
    assert [] == open_to_others(made.path)


def test_a_folder_that_was_there_does_not_open_a_data_set(tmp_path: Path) -> None:
    """In a folder that everybody may enter nothing of a data set can be read."""
    (tmp_path / "mine").mkdir()

    generate(load_scenario(), 1, 2_000, tmp_path / "mine")

    assert [] == reachable(tmp_path / "mine")


@pytest.mark.slow
def test_what_is_computed_of_people_is_its_owners(small_leak: Path, tmp_path: Path) -> None:
    """The kept linkage, the clusters, the hits and the labels are their owner's alone, also over others' leftovers."""
    copied = shutil.copytree(small_leak, tmp_path / "leak", ignore=shutil.ignore_patterns("derived"))
    out = tmp_path / "out"
    out.mkdir()
    for name in ("clusters.parquet", "hits.parquet", "labels-anna.jsonl"):
        (out / f".{name}.0123abcd.partial").touch(mode=0o666)

    with open_leak(copied, memory_limit="1GB", threads=2) as leak:
        write_clusters(duplicates.count_people(leak), out / "clusters.parquet")
        public_figures.write_hits(public_figures.match(leak), out / "hits.parquet")
        LabellingSheet(audit.draw(audit.strata(leak), size=200, seed=1, floor=50), out, "anna").answer("not")

    assert (copied / "derived").is_dir()
    assert ["clusters.parquet", "hits.parquet", "labels-anna.jsonl"] == sorted(file.name for file in out.iterdir())
    assert [] == reachable(copied)
    assert [] == reachable(out)


def test_a_folder_made_for_labels_is_its_owners(leak: Leak, tmp_path: Path) -> None:
    """Where the folder of a labelling sheet was missing, it is made for its owner alone."""
    LabellingSheet(audit.draw(audit.strata(leak), size=9, seed=1, floor=1), tmp_path / "labels", "anna").answer("not")

    assert [] == open_to_others(tmp_path / "labels")


def test_what_is_spilled_is_its_owners(leak: Leak) -> None:
    """The directory for what does not fit in memory is its owner's alone."""
    assert [] == open_to_others(Path(leak._backend._spill))  # type: ignore[attr-defined]


@pytest.mark.spark
def test_what_spark_spills_is_its_owners(spark_leak: Leak) -> None:
    """What Spark writes aside when it sorts and joins lies where nobody else may enter."""
    session = spark_leak._backend._session  # type: ignore[attr-defined]
    assert 9 == spark_leak.lines.to_polars().height
    sorted_by_spark = session.createDataFrame(pl.DataFrame({"name": ["Lefèvre"] * 100}).to_arrow()).repartition(
        4, "name"
    )
    assert 100 == sorted_by_spark.count()

    folder = Path(session.sparkContext.getConf().get("spark.local.dir"))

    assert [path for path in folder.rglob("shuffle_*") if path.is_file()]
    assert 0 == folder.stat().st_mode & 0o077


def test_a_leak_left_open_leaves_nothing(nine_lines: Path, tmp_path: Path) -> None:
    """When a process ends without closing its leak, what it spilled goes all the same."""
    environment = os.environ | {"TMPDIR": str(tmp_path)}

    ran = subprocess.run(
        [sys.executable, "-c", LEFT_OPEN, nine_lines, tmp_path],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )

    assert "9 1" == ran.stdout.strip()
    assert [] == list(tmp_path.iterdir())
