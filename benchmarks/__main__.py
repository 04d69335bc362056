"""The benchmark table.

usage: python -m benchmarks [--rows 22000000] [--threads 2] [--keep DIR]

Generates a data set of that many lines (and one of a tenth, to check that time grows linearly), measures the time of
copying it, and prints one row per task: seconds, ratio to the copy, peak resident memory.
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
    """One row of the table."""

    work: str
    seconds: float
    ratio: float | None
    peak_bytes: int | None
    table: str = "A leak, its answers, and its linkage"


def _toolkit(*arguments: str) -> Measured:
    return measure("-m", "toolkit", *arguments)


def _without_cache(leak: Path) -> str:
    """Delete the cached answers of a leak, so that they are computed and not read; return its path."""
    shutil.rmtree(leak / "derived", ignore_errors=True)
    return str(leak)


def _investigations(lines: int, threads: int, folder: Path) -> Iterator[tuple[str, Measured]]:
    """Measure `investigate` from scratch, with an existing data set, with cached answers, and with all pages."""
    data, reports = folder / "investigated", folder / "reports"
    shutil.rmtree(data, ignore_errors=True)
    options = ("--rows", str(lines), "--seed", "1", "--threads", str(threads), "--out", str(data))
    for state in ("from scratch", "data set exists", "data set and answers exist", "everything exists"):
        if state == "data set exists":
            _without_cache(data)
        if state != "everything exists":
            shutil.rmtree(reports, ignore_errors=True)
        yield f"investigate, {state}", _toolkit("investigate", *options, "--reports", str(reports))


def rows(lines: int, threads: int, folder: Path) -> Iterator[Row]:
    """Run all benchmarks and yield one row per task."""
    data, tenth = folder / "full", folder / "tenth"
    options = ("--seed", "1", "--threads", str(threads))
    made = _toolkit("generate", "--rows", str(lines), "--out", str(data), *options)
    small = _toolkit("generate", "--rows", str(lines // 10), "--out", str(tenth), *options)
    yardstick = float(measure("-m", "benchmarks.yardstick", str(data), str(threads)).output)
    faker = float(measure("-m", "benchmarks.faker_loop", str(_FAKER_ROWS)).output) / _FAKER_ROWS * lines

    def row(work: str, measured: Measured) -> Row:
        return Row(work, measured.seconds, measured.seconds / yardstick, measured.peak_bytes)

    yield Row("copy of the lines table", yardstick, 1.0, None)
    yield row(f"generate {lines:,} lines", made)
    yield row(f"generate {lines // 10:,} lines", small)
    yield Row(f"Faker loop, {_FAKER_ROWS:,} lines scaled to {lines:,}", faker, faker / yardstick, None)
    for command in ("verify-synthetic", "realism", "describe", "counts", "comments", "public-figures"):
        yield row(command, _toolkit(command, _without_cache(data)))
    for work, leak, more in (
        ("duplicates", data, ()),
        ("duplicates --memory-limit 3GB", data, ("--memory-limit", "3GB")),
        (f"duplicates of {lines // 10:,} lines", tenth, ()),
    ):
        yield row(work, _toolkit("duplicates", _without_cache(leak), "--threads", str(threads), *more))
    yield row(f"duplicates of {lines // 10:,} lines, from the cache", _toolkit("duplicates", str(tenth)))
    register = folder / "register.parquet"
    measure("-m", "benchmarks.register", str(data), str(_MANY_FIGURES), str(register))
    found = _toolkit("public-figures", _without_cache(data), "--register", str(register))
    many = row(f"public-figures, {_MANY_FIGURES:,} names", found)
    yield replace(many, table="A large register of names")
    for work, measured in _investigations(lines, threads, folder):
        yield replace(row(work, measured), table="The main job")


def main() -> None:
    """Print the table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=22_000_000, help="lines of the data set")
    parser.add_argument("--threads", type=int, default=2, help="threads of generate and of the copy")
    parser.add_argument("--keep", type=Path, help="directory for the data sets, which are kept for the next run")
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
                print(f"\n{table}\n\n| task | seconds | ratio to the copy | peak memory |")
                print("| --- | ---: | ---: | ---: |")
            ratio = "" if row.ratio is None else f"{row.ratio:.1f}"
            peak = "" if row.peak_bytes is None else f"{row.peak_bytes / 2**30:.2f} GiB"
            print(f"| {row.work} | {row.seconds:,.1f} | {ratio} | {peak} |", flush=True)


if __name__ == "__main__":
    main()
