"""Answers kept beside a data set: computed once, never taken for another, and never in the way."""

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

from toolkit.dataset import _code
from toolkit.dataset import cache as keeping
from toolkit.dataset._cached_values import put_together, take_apart
from toolkit.dataset._leak import Leak, open_leak
from toolkit.dataset._results import collect
from toolkit.dataset.cache import kept

calls: list[str] = []
"""What was computed since the test began."""


class Ends(NamedTuple):
    """A part of an answer."""

    first: date
    last: date | None


@dataclass(frozen=True)
class Everything:
    """An answer made of all that an answer may be made of."""

    table: pl.DataFrame
    ids: pl.Series
    shares: NDArray[np.float64]
    ends: Ends
    names: tuple[str, ...]
    parts: dict[str, pl.DataFrame]
    more: pl.DataFrame | None
    value: float
    counted: int


@kept
def numbers(leak: Leak, least: int = 0, among: pl.DataFrame | None = None) -> pl.DataFrame:
    """The line ids from `least` on: what these tests ask."""
    calls.append(f"{leak.engine} {least} {None if among is None else among.height}")
    return collect(leak.lines.filter(leak.lines.line_id >= least).select("line_id"), "line_id")


@kept
def everything(_leak: Leak) -> Everything:
    """One of each kind."""
    calls.append("everything")
    table = pl.DataFrame({"word": ["a", None], "list": [["b"], []], "day": [date(2026, 2, 1), None]})
    ends = Ends(date(2025, 1, 1), None)
    return Everything(
        table, pl.Series("id", [3, 1]), np.array([0.1, 0.2]), ends, ("x", "y"), {"part": table}, None, 1e-300, 7
    )


@pytest.fixture(autouse=True)
def _nothing_computed() -> None:
    calls.clear()


@pytest.fixture
def folder(write_data_set: Callable[..., Path], tmp_path: Path) -> Path:
    """The nine lines, in a folder of this test's own."""
    return write_data_set(tmp_path / "leak")


@pytest.fixture
def own(folder: Path) -> Iterator[Leak]:
    """The nine lines of this test, open."""
    with open_leak(folder, threads=1) as opened:
        yield opened


def folders(folder: Path) -> list[str]:
    """The names of what is kept."""
    return sorted(path.name for path in (folder / "derived").iterdir())


def test_a_question_is_answered_once(folder: Path, own: Leak) -> None:
    """Whoever opens the data set later reads the answer, and it is the same."""
    first = numbers(own)
    with open_leak(folder, threads=1) as again:
        second = numbers(again, 0)

    assert ["duckdb 0 None"] == calls
    assert_frame_equal(first, second)


def test_each_argument_is_a_question_of_its_own(own: Leak) -> None:
    """Other numbers and other tables are told apart, by what is in them."""
    table = pl.DataFrame({"id": [1, 2]})

    numbers(own, 3)
    numbers(own, least=3)
    numbers(own, 3, table)
    numbers(own, 3, pl.concat([table.head(1), table.tail(1)]))
    numbers(own, 3, table.reverse())
    numbers(own, 3, table.rename({"id": "other"}))

    assert ["duckdb 3 None", "duckdb 3 2", "duckdb 3 2", "duckdb 3 2"] == calls


def test_another_engine_answers_for_itself(own: Leak) -> None:
    """What DuckDB said is not passed off as what Spark says."""
    numbers(own)
    own.engine = "spark"
    numbers(own)

    assert ["duckdb 0 None", "spark 0 None"] == calls


def test_other_data_is_another_question(folder: Path, own: Leak) -> None:
    """A data set that was made again at the same place is asked again."""
    numbers(own)
    own.manifest["content_hash"] = "another"
    numbers(own)

    assert 2 == len(calls)
    assert 2 == len(folders(folder))


def test_other_code_asks_again_and_clears_up(folder: Path, own: Leak, monkeypatch: pytest.MonkeyPatch) -> None:
    """What older code kept of the same question goes; what it kept of others stays until they are asked."""
    numbers(own)
    everything(own)
    before = folders(folder)
    monkeypatch.setattr(keeping, "code_digest", lambda _module: "other")
    numbers(own)

    assert 3 == len(calls)
    assert 2 == len(before) == len(folders(folder))
    assert 1 == len(set(before) & set(folders(folder)))


def test_an_answer_of_many_parts_comes_back_whole(folder: Path, own: Leak) -> None:
    """Tables, arrays, days, numbers and words inside dataclasses and tuples are what they were."""
    made = everything(own)
    with open_leak(folder, threads=1) as again:
        found = everything(again)

    assert ["everything"] == calls
    assert_frame_equal(made.table, found.table)
    assert_frame_equal(made.table, found.parts["part"])
    assert made.ids.to_list() == found.ids.to_list()
    assert made.shares.tolist() == found.shares.tolist()
    assert (made.ends, made.names, made.more, made.value, made.counted) == (
        found.ends, found.names, found.more, found.value, found.counted,
    )  # fmt: skip


def test_what_cannot_be_kept_is_a_mistake_of_ours() -> None:
    """An answer with an unknown thing in it is refused, not kept without it."""
    with pytest.raises(TypeError, match="a set in it"):
        take_apart({"wrong": {1, 2}})


def test_a_plain_value_is_what_json_makes_of_it() -> None:
    """An optional value that is missing stays missing."""
    assert None is put_together(float | None, None, {})
    assert 0.5 == put_together(float | None, 0.5, {})


def test_it_is_for_its_owner_alone(folder: Path, own: Leak) -> None:
    """Nobody else may read the folder or a file of it, and no Parquet file in it is taken for a part of the leak."""
    everything(own)
    files = list((folder / "derived").rglob("*"))

    assert [] == [file for file in (folder / "derived", *files) if file.stat().st_mode & 0o077]
    assert {".arrow", ".json"} == {file.suffix for file in files if file.is_file()}


def test_fresh_means_fresh(folder: Path, own: Leak) -> None:
    """A leak opened with `keep=False` reads nothing, writes nothing, and computes once while it is open."""
    numbers(own)
    with open_leak(folder, threads=1, keep=False) as fresh:
        numbers(fresh)
        numbers(fresh)
        numbers(fresh, 5)

    assert ["duckdb 0 None", "duckdb 0 None", "duckdb 5 None"] == calls
    assert 1 == len(folders(folder))


@pytest.mark.parametrize("name", ["table.arrow", "facts.json"])
@pytest.mark.parametrize("content", [None, "broken"])
def test_what_cannot_be_read_is_computed_again(folder: Path, own: Leak, name: str, content: str | None) -> None:
    """A file that is broken or gone costs time, and is mended."""
    made = numbers(own)
    (file,) = (folder / "derived").glob(f"*/{name}")
    file.unlink() if content is None else file.write_text(content)

    assert_frame_equal(made, numbers(own))
    assert_frame_equal(made, numbers(own))
    assert 2 == len(calls)


def test_where_nothing_can_be_written_nothing_is_said(folder: Path, own: Leak) -> None:
    """A file in the place of the folder is no error: the answer is remembered while the leak is open."""
    (folder / "derived").write_text("in the way")
    numbers(own)
    numbers(own)

    assert 1 == len(calls)
    assert "in the way" == (folder / "derived").read_text()


def test_what_an_interrupted_writer_left_goes(folder: Path, own: Leak) -> None:
    """A half-written answer is never read, and is removed when the answer is kept."""
    numbers(own)
    (name,) = folders(folder)
    (folder / "derived" / name).rename(folder / "derived" / f".{name}.0123abcd.partial")
    numbers(own)

    assert 2 == len(calls)
    assert [name] == folders(folder)


def test_processes_that_answer_at_once_do_not_disturb_each_other(folder: Path) -> None:
    """Many that keep the same answer at the same time leave one that can be read."""

    def ask(_number: int) -> list[int]:
        with open_leak(folder, threads=1) as leak:
            return numbers(leak)["line_id"].to_list()

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(ask, range(12)))
    calls.clear()

    assert [list(range(9))] * 12 == answers
    assert list(range(9)) == ask(0)
    assert [name for name in folders(folder) if name.startswith(".")] == []


def test_wording_keeps_what_was_cached_and_code_does_not(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The digest of a module follows its code, its data and what it imports, and not its docstrings or comments."""
    package = tmp_path / "toolkit"
    (package / "one" / "data").mkdir(parents=True)
    files = {
        "one/__init__.py": "",
        "one/_ask.py": '"""Words."""\n\nfrom toolkit.two import f\n\nX = 1\n"""More words."""\n',
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
        return _code.code_digest("toolkit.one._ask")

    first = digest()
    same = {"one/_ask.py": files["one/_ask.py"].replace("ords", "ishes") + "# why\n", "apart.py": "h = 2\n"}
    other = {"one/_ask.py": "X = 2\n", "one/data/list.csv": "b", "two.py": "f = 1\n", "three.py": "g = 2\n"}
    for name, text in same.items():
        (package / name).write_text(text, encoding="utf-8")
        assert first == digest()
        (package / name).write_text(files[name], encoding="utf-8")
    for name, text in other.items():
        (package / name).write_text(text, encoding="utf-8")
        assert first != digest()
        (package / name).write_text(files[name], encoding="utf-8")
    _code.code_digest.cache_clear()


def test_code_that_changed_while_running_shares_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process whose files were changed after it started has a digest that no other process has."""
    _code.code_digest.cache_clear()
    before = _code.code_digest("toolkit.analysis.counts")
    monkeypatch.setattr(_code, "_LOADED", 0.0)
    _code.code_digest.cache_clear()

    assert before != _code.code_digest("toolkit.analysis.counts")
    _code.code_digest.cache_clear()
