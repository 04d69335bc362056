"""The benchmark table.

usage: python -m benchmarks [--rows 22000000] [--threads 2] [--keep DIR]

Makes a data set of that many lines (and one of a tenth, to see that time grows linearly), measures the copy yardstick
on it, and prints one row a piece of work: seconds, ratio to the yardstick, peak resident memory.
"""

from __future__ import annotations

import argparse
import platform
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.measure import Measured, measure

_FAKER_ROWS = 20_000
_MANY_FIGURES = 100_000


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    work: str
    seconds: float
    ratio: float | None
    peak_bytes: int | None
    table: str = "A leak, its answers, and its linkage"


def _toolkit(*arguments: str) -> Measured:
    return measure("-m", "toolkit", *arguments)


def _afresh(leak: Path) -> str:
    """The leak without the answers that an earlier run kept, which would be read instead of computed."""
    shutil.rmtree(leak / "derived", ignore_errors=True)
    return str(leak)


def _investigations(lines: int, threads: int, folder: Path) -> Iterator[tuple[str, Measured]]:
    """The main job from nothing, with the data set there, and with all answers and pages there."""
    data, reports = folder / "investigated", folder / "reports"
    shutil.rmtree(data, ignore_errors=True)
    told = ("--rows", str(lines), "--seed", "1", "--threads", str(threads), "--out", str(data))
    for there in ("from nothing", "the data set is there", "the data set and the answers are there", "all is there"):
        if there == "the data set is there":
            _afresh(data)
        if there != "all is there":
            shutil.rmtree(reports, ignore_errors=True)
        yield f"investigate, {there}", _toolkit("investigate", *told, "--reports", str(reports))


def rows(lines: int, threads: int, folder: Path) -> Iterator[Row]:
    """Measure everything, one row a piece of work."""
    data, tenth = folder / "whole", folder / "tenth"
    options = ("--seed", "1", "--threads", str(threads))
    made = _toolkit("generate", "--rows", str(lines), "--out", str(data), *options)
    small = _toolkit("generate", "--rows", str(lines // 10), "--out", str(tenth), *options)
    yardstick = float(measure("-m", "benchmarks.yardstick", str(data), str(threads)).output)
    faker = float(measure("-m", "benchmarks.faker_loop", str(_FAKER_ROWS)).output) / _FAKER_ROWS * lines

    def row(work: str, measured: Measured) -> Row:
        return Row(work, measured.seconds, measured.seconds / yardstick, measured.peak_bytes)

    yield Row("copy yardstick", yardstick, 1.0, None)
    yield row(f"generate {lines:,} lines", made)
    yield row(f"generate {lines // 10:,} lines", small)
    yield Row(f"Faker loop, {_FAKER_ROWS:,} lines scaled to {lines:,}", faker, faker / yardstick, None)
    for command in ("verify-synthetic", "describe", "counts", "comments", "public-figures"):
        yield row(command, _toolkit(command, _afresh(data)))
    for work, leak, more in (
        ("duplicates", data, ()),
        ("duplicates --memory-limit 3GB", data, ("--memory-limit", "3GB")),
        (f"duplicates of {lines // 10:,} lines", tenth, ()),
    ):
        yield row(work, _toolkit("duplicates", _afresh(leak), "--threads", str(threads), *more))
    yield row(f"duplicates of {lines // 10:,} lines, a second time", _toolkit("duplicates", str(tenth)))
    register = folder / "register.parquet"
    measure("-m", "benchmarks.register", str(data), str(_MANY_FIGURES), str(register))
    found = _toolkit("public-figures", _afresh(data), "--register", str(register))
    many = row(f"public-figures, {_MANY_FIGURES:,} names", found)
    yield replace(many, table="A register that an agency might bring")
    for work, measured in _investigations(lines, threads, folder):
        yield replace(row(work, measured), table="The main job")


def main() -> None:
    """Print the table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=22_000_000, help="lines of the data set")
    parser.add_argument("--threads", type=int, default=2, help="threads of the maker and of the yardstick")
    parser.add_argument("--keep", type=Path, help="directory in which the data sets are kept for the next run")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        today = datetime.now(UTC).date().isoformat()
        print(f"{today}, {arguments.threads} threads, {platform.machine()}, Python {platform.python_version()}")
        table = ""
        for row in rows(arguments.rows, arguments.threads, folder):
            if row.table != table:
                table = row.table
                print(f"\n{table}\n\n| work | seconds | ratio to the copy yardstick | peak memory |")
                print("| --- | ---: | ---: | ---: |")
            ratio = "" if row.ratio is None else f"{row.ratio:.1f}"
            peak = "" if row.peak_bytes is None else f"{row.peak_bytes / 2**30:.2f} GiB"
            print(f"| {row.work} | {row.seconds:,.1f} | {ratio} | {peak} |", flush=True)


if __name__ == "__main__":
    main()
