"""Files with personal data are readable by their owner only (mode 0600), whatever the umask."""

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
    """Set a umask that lets everyone read and write new files."""
    before = os.umask(0)
    yield
    os.umask(before)


def reachable(folder: Path) -> list[str]:
    """Files and folders below `folder` that other users can reach."""
    found = []
    for parent, folders, files in os.walk(folder):
        path = Path(parent)
        shut = [name for name in folders if not (path / name).stat().st_mode & 0o077]
        found += [str((path / name).relative_to(folder)) for name in folders if name not in shut]
        # Everything below a folder that only its owner may enter is out of reach.
        folders[:] = [name for name in folders if name not in shut]
        found += [str((path / name).relative_to(folder)) for name in files if (path / name).stat().st_mode & 0o077]
    return found


def open_to_others(folder: Path) -> list[str]:
    """Files and folders below `folder`, and `folder` itself, whose mode gives other users any right."""
    return [str(path) for path in (folder, *folder.rglob("*")) if path.stat().st_mode & 0o077]


def test_a_data_set_is_its_owners_while_it_is_made_and_after(tmp_path: Path) -> None:
    """Every file and folder of a data set, including temporary ones, is private from the beginning."""
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
    """A data set generated in an existing folder with a wide mode is private too."""
    (tmp_path / "mine").mkdir()

    generate(load_scenario(), 1, 2_000, tmp_path / "mine")

    assert [] == reachable(tmp_path / "mine")


@pytest.mark.slow
def test_what_is_computed_of_people_is_its_owners(small_leak: Path, tmp_path: Path) -> None:
    """Cached linkage, clusters, hits and labels are private, even if temporary files with a wider mode exist."""
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
    """A new folder for a labelling sheet is private."""
    LabellingSheet(audit.draw(audit.strata(leak), size=9, seed=1, floor=1), tmp_path / "labels", "anna").answer("not")

    assert [] == open_to_others(tmp_path / "labels")


def test_what_is_spilled_is_its_owners(leak: Leak) -> None:
    """The directory for data that do not fit in memory is private."""
    assert [] == open_to_others(Path(leak._backend._spill))  # type: ignore[attr-defined]


@pytest.mark.spark
def test_what_spark_spills_is_its_owners(spark_leak: Leak) -> None:
    """The files that Spark spills are in a folder that only its owner can enter."""
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
    """When a process ends without closing its leak, its temporary files are removed."""
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
