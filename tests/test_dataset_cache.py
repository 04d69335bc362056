"""The cache of a data set: answers are computed once, keyed by all that they depend on, and private to the owner."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray
from polars.testing import assert_frame_equal

from toolkit.dataset import _code, cache
from toolkit.dataset._cached_values import put_together, take_apart
from toolkit.dataset._leak import Leak, open_leak
from toolkit.dataset._results import collect
from toolkit.dataset.cache import cached

calls: list[str] = []
"""The calls that were computed, not read from the cache, since the test began."""


class Ends(NamedTuple):
    """A named tuple within an answer."""

    first: date
    last: date | None


@dataclass(frozen=True)
class AllKinds:
    """An answer with a field of each type that the cache supports."""

    table: pl.DataFrame
    ids: pl.Series
    shares: NDArray[np.float64]
    ends: Ends
    names: tuple[str, ...]
    parts: dict[str, pl.DataFrame]
    more: pl.DataFrame | None
    value: float
    counted: int


@cached
def line_ids(leak: Leak, least: int = 0, among: pl.DataFrame | None = None) -> pl.DataFrame:
    """Return the line ids from `least` on."""
    calls.append(f"{leak.engine} {least} {None if among is None else among.height}")
    return collect(leak.lines.filter(leak.lines.line_id >= least).select("line_id"), "line_id")


@cached
def all_kinds(_leak: Leak) -> AllKinds:
    """Return an answer with a value of each type."""
    calls.append("all_kinds")
    table = pl.DataFrame({"word": ["a", None], "list": [["b"], []], "day": [date(2026, 2, 1), None]})
    ends = Ends(date(2025, 1, 1), None)
    return AllKinds(
        table, pl.Series("id", [3, 1]), np.array([0.1, 0.2]), ends, ("x", "y"), {"part": table}, None, 1e-300, 7
    )


@pytest.fixture(autouse=True)
def _nothing_computed() -> None:
    calls.clear()


@pytest.fixture
def folder(write_data_set: Callable[..., Path], tmp_path: Path) -> Path:
    """Write the nine lines to a folder for this test."""
    return write_data_set(tmp_path / "leak")


@pytest.fixture
def leak(folder: Path) -> Iterator[Leak]:
    """Open the nine lines of this test."""
    with open_leak(folder, threads=1) as opened:
        yield opened


def entries(folder: Path) -> list[str]:
    """Return the names of the cached answers."""
    return sorted(path.name for path in (folder / "derived").iterdir())


def test_answer_is_computed_once(folder: Path, leak: Leak) -> None:
    """When the data set is opened again, the same answer is read from the cache."""
    first = line_ids(leak)
    with open_leak(folder, threads=1) as again:
        second = line_ids(again, 0)

    assert ["duckdb 0 None"] == calls
    assert_frame_equal(first, second)


def test_answer_depends_on_the_arguments(leak: Leak) -> None:
    """Other numbers and tables with other content, order or column names are computed separately."""
    table = pl.DataFrame({"id": [1, 2]})

    line_ids(leak, 3)
    line_ids(leak, least=3)
    line_ids(leak, 3, table)
    line_ids(leak, 3, pl.concat([table.head(1), table.tail(1)]))
    line_ids(leak, 3, table.reverse())
    line_ids(leak, 3, table.rename({"id": "other"}))

    assert ["duckdb 3 None", "duckdb 3 2", "duckdb 3 2", "duckdb 3 2"] == calls


def test_answer_depends_on_the_engine(leak: Leak) -> None:
    """An answer computed by DuckDB is not used for Spark."""
    line_ids(leak)
    leak.engine = "spark"
    line_ids(leak)

    assert ["duckdb 0 None", "spark 0 None"] == calls


def test_answer_depends_on_the_content(folder: Path, leak: Leak) -> None:
    """After the data set was replaced by another one, the answer is computed again."""
    line_ids(leak)
    leak.manifest["content_hash"] = "another"
    line_ids(leak)

    assert 2 == len(calls)
    assert 2 == len(entries(folder))


def test_answer_of_other_code_is_replaced(folder: Path, leak: Leak, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a change of the code, an answer is computed again and the old one removed; other answers stay."""
    line_ids(leak)
    all_kinds(leak)
    before = entries(folder)
    monkeypatch.setattr(cache, "code_digest", lambda _module: "other")
    line_ids(leak)

    assert 3 == len(calls)
    assert 2 == len(before) == len(entries(folder))
    assert 1 == len(set(before) & set(entries(folder)))


def test_all_types_are_read_back_unchanged(folder: Path, leak: Leak) -> None:
    """Tables, arrays, dates, numbers and strings in dataclasses and tuples are read back unchanged."""
    made = all_kinds(leak)
    with open_leak(folder, threads=1) as again:
        found = all_kinds(again)

    assert ["all_kinds"] == calls
    assert_frame_equal(made.table, found.table)
    assert_frame_equal(made.table, found.parts["part"])
    assert made.ids.to_list() == found.ids.to_list()
    assert made.shares.tolist() == found.shares.tolist()
    assert (made.ends, made.names, made.more, made.value, made.counted) == (
        found.ends, found.names, found.more, found.value, found.counted,
    )  # fmt: skip


def test_unsupported_type_is_an_error() -> None:
    """An answer with a value of an unsupported type is a `TypeError`."""
    with pytest.raises(TypeError, match="a set in it"):
        take_apart({"wrong": {1, 2}})


def test_optional_value_is_read_back() -> None:
    """An optional value is read back, whether it is missing or not."""
    assert None is put_together(float | None, None, {})
    assert 0.5 == put_together(float | None, 0.5, {})


def test_cache_is_private_to_the_owner(folder: Path, leak: Leak) -> None:
    """Only the owner may read the folder and its files, which are Arrow and JSON, not Parquet like those of a leak."""
    all_kinds(leak)
    files = list((folder / "derived").rglob("*"))

    assert [] == [file for file in (folder / "derived", *files) if file.stat().st_mode & 0o077]
    assert {".arrow", ".json"} == {file.suffix for file in files if file.is_file()}


def test_leak_without_cache_computes_again(folder: Path, leak: Leak) -> None:
    """A leak opened with `cache=False` neither reads nor writes the cache, and computes once while it is open."""
    line_ids(leak)
    with open_leak(folder, threads=1, cache=False) as fresh:
        line_ids(fresh)
        line_ids(fresh)
        line_ids(fresh, 5)

    assert ["duckdb 0 None", "duckdb 0 None", "duckdb 5 None"] == calls
    assert 1 == len(entries(folder))


@pytest.mark.parametrize("name", ["table.arrow", "facts.json"])
@pytest.mark.parametrize("content", [None, "broken"])
def test_unreadable_answer_is_computed_again(folder: Path, leak: Leak, name: str, content: str | None) -> None:
    """An answer with a broken or missing file is computed and written again."""
    made = line_ids(leak)
    (file,) = (folder / "derived").glob(f"*/{name}")
    file.unlink() if content is None else file.write_text(content)

    assert_frame_equal(made, line_ids(leak))
    assert_frame_equal(made, line_ids(leak))
    assert 2 == len(calls)


def test_answer_is_remembered_where_nothing_can_be_written(folder: Path, leak: Leak) -> None:
    """Where the cache folder cannot be created, there is no error and the answer stays in memory."""
    (folder / "derived").write_text("a file, not a folder")
    line_ids(leak)
    line_ids(leak)

    assert 1 == len(calls)
    assert "a file, not a folder" == (folder / "derived").read_text()


def test_half_written_answer_is_removed(folder: Path, leak: Leak) -> None:
    """A half-written answer is not read, and is removed when the answer is written again."""
    line_ids(leak)
    (name,) = entries(folder)
    (folder / "derived" / name).rename(folder / "derived" / f".{name}.0123abcd.partial")
    line_ids(leak)

    assert 2 == len(calls)
    assert [name] == entries(folder)


def test_concurrent_writers_leave_one_answer(folder: Path) -> None:
    """Several threads that write the same answer at the same time leave one that can be read."""

    def read_ids(_number: int) -> list[int]:
        with open_leak(folder, threads=1) as leak:
            return line_ids(leak)["line_id"].to_list()

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(read_ids, range(12)))
    calls.clear()

    assert [list(range(9))] * 12 == answers
    assert list(range(9)) == read_ids(0)
    assert [name for name in entries(folder) if name.startswith(".")] == []


def test_digest_depends_on_code_and_not_on_wording(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The digest of a module depends on its code, data and imports, and not on docstrings or comments."""
    package = tmp_path / "toolkit"
    (package / "one" / "data").mkdir(parents=True)
    files = {
        "one/__init__.py": "",
        "one/_module.py": '"""Words."""\n\nfrom toolkit.two import f\n\nX = 1\n"""More words."""\n',
        "one/data/list.csv": "a",
        "two.py": "def f():\n    from toolkit.three import g\n    return g\n",
        "three.py": "g = 1\n",
        "apart.py": "h = 1\n",
    }
    for name, text in files.items():
        (package / name).write_text(text, encoding="utf-8")
    monkeypatch.setattr(_code, "_ROOT", package)
    monkeypatch.setattr(_code, "_LOADED", time.time() + 60)

    def digest() -> str:
        _code.code_digest.cache_clear()
        return _code.code_digest("toolkit.one._module")

    first = digest()
    same = {"one/_module.py": files["one/_module.py"].replace("ords", "ishes") + "# why\n", "apart.py": "h = 2\n"}
    other = {"one/_module.py": "X = 2\n", "one/data/list.csv": "b", "two.py": "f = 1\n", "three.py": "g = 2\n"}
    for name, text in same.items():
        (package / name).write_text(text, encoding="utf-8")
        assert first == digest()
        (package / name).write_text(files[name], encoding="utf-8")
    for name, text in other.items():
        (package / name).write_text(text, encoding="utf-8")
        assert first != digest()
        (package / name).write_text(files[name], encoding="utf-8")
    _code.code_digest.cache_clear()


def test_code_that_changed_while_running_has_its_own_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process whose files changed after it started has a digest that no other process has."""
    _code.code_digest.cache_clear()
    before = _code.code_digest("toolkit.analysis.counts")
    monkeypatch.setattr(_code, "_LOADED", 0.0)
    _code.code_digest.cache_clear()

    assert before != _code.code_digest("toolkit.analysis.counts")
    _code.code_digest.cache_clear()
