"""Writing: a reader finds the old content or the new, and what holds records is its owner's alone."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from toolkit._io import (
    PARTIAL,
    append_text,
    file_digest,
    make_folder,
    replacing,
    replacing_folder,
    write_bytes,
    write_text,
)
from toolkit.errors import WriteError


@pytest.fixture
def umask() -> Iterator[int]:
    """A umask that lets the group read what is created."""
    before = os.umask(0o027)
    yield 0o027
    os.umask(before)


def mode(path: Path) -> int:
    """The access rights of a file or folder."""
    return path.stat().st_mode & 0o777


def test_files_are_private_unless_they_are_reports(tmp_path: Path, umask: int) -> None:
    """A file and its new folder are the owner's alone by default; a report follows the umask."""
    write_text(tmp_path / "private" / "a.txt", "é\n")
    write_bytes(tmp_path / "report" / "b.bin", b"\x00", private=False)

    assert (0o700, 0o600) == (mode(tmp_path / "private"), mode(tmp_path / "private" / "a.txt"))
    assert (0o750, 0o640) == (mode(tmp_path / "report"), mode(tmp_path / "report" / "b.bin"))
    assert "é\n".encode() == (tmp_path / "private" / "a.txt").read_bytes()


def test_a_file_that_was_open_to_others_becomes_private(tmp_path: Path) -> None:
    """Writing or appending to a file that everybody could read leaves it to its owner."""
    for name in ("written", "appended"):
        (tmp_path / name).write_text("old\n", encoding="utf-8")
        (tmp_path / name).chmod(0o666)

    write_text(tmp_path / "written", "new\n")
    append_text(tmp_path / "appended", "new\n")

    assert (0o600, "new\n") == (mode(tmp_path / "written"), (tmp_path / "written").read_text(encoding="utf-8"))
    assert (0o600, "old\nnew\n") == (mode(tmp_path / "appended"), (tmp_path / "appended").read_text(encoding="utf-8"))


def test_an_unfinished_file_has_another_name_and_is_private(tmp_path: Path, umask: int) -> None:
    """While a file is written its target is unchanged, and nobody else may read what is written."""
    target = tmp_path / "a.txt"
    target.write_text("old", encoding="utf-8")

    with replacing(target) as partial:
        partial.write_text("new", encoding="utf-8")
        assert "old" == target.read_text(encoding="utf-8")
        assert (tmp_path, PARTIAL, True) == (partial.parent, partial.suffix, partial.name.startswith(".a.txt."))
        assert 0o600 == mode(partial)

    assert [("a.txt", "new")] == [(path.name, path.read_text(encoding="utf-8")) for path in tmp_path.iterdir()]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_interrupted_write_leaves_the_old_content(tmp_path: Path, error: type[BaseException]) -> None:
    """When the block fails, the file and the folder are as before, and nothing else remains."""
    write_text(tmp_path / "file", "old")
    write_text(tmp_path / "folder" / "file", "old")

    for open_partial in (replacing(tmp_path / "file"), replacing_folder(tmp_path / "folder")):
        partial = open_partial.__enter__()
        (partial / "file" if partial.is_dir() else partial).write_text("new", encoding="utf-8")
        assert not open_partial.__exit__(error, error(), None), "the error does not reach the caller"

    assert ["file", "folder"] == sorted(path.name for path in tmp_path.iterdir())
    assert ["old", "old"] == [
        path.read_text(encoding="utf-8") for path in (tmp_path / "file", tmp_path / "folder/file")
    ]


def test_leftovers_of_the_same_file_are_removed_and_no_others(tmp_path: Path) -> None:
    """What a killed process left under the temporary name of this file or folder goes with the next write."""
    (tmp_path / ".a.0123abcd.partial").touch()
    (tmp_path / ".a.b.0123abcd.partial").touch()
    (tmp_path / ".c.0123abcd.partial").mkdir()

    write_text(tmp_path / "a", "new")
    with replacing_folder(tmp_path / "c"):
        pass

    assert [".a.b.0123abcd.partial", "a", "c"] == sorted(path.name for path in tmp_path.iterdir())


def test_two_writers_do_not_mix(tmp_path: Path) -> None:
    """Where two processes write the same file at once, one fails and the file is that of the other."""
    first = replacing(tmp_path / "a")
    partial = first.__enter__()
    partial.write_text("first, half", encoding="utf-8")

    write_text(tmp_path / "a", "second")
    with pytest.raises(WriteError):
        first.__exit__(None, None, None)

    assert "second" == (tmp_path / "a").read_text(encoding="utf-8")


def test_a_folder_is_replaced_as_one(tmp_path: Path, umask: int) -> None:
    """A folder takes the place of the one before, and its files are private whoever wrote them."""
    write_text(tmp_path / "kept" / "old.txt", "old")

    with replacing_folder(tmp_path / "kept") as partial:
        (partial / "new.txt").write_text("new", encoding="utf-8")

    assert [("new.txt", 0o600)] == [(path.name, mode(path)) for path in (tmp_path / "kept").iterdir()]
    assert 0o700 == mode(tmp_path / "kept")


def test_errors_name_the_path_the_reason_and_what_to_do(tmp_path: Path) -> None:
    """A refusal of the disk is one sentence."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()

    with pytest.raises(WriteError) as missing, replacing(tmp_path / "missing" / "a"):
        pass
    with pytest.raises(WriteError) as taken:
        write_text(tmp_path / "folder", "text")
    with pytest.raises(WriteError) as no_folder:
        make_folder(tmp_path / "file" / "folder")

    assert (
        f"{tmp_path / 'missing' / 'a'} cannot be written (No such file or directory): choose a folder that exists."
        == (str(missing.value))
    )
    assert f"{tmp_path / 'folder'} cannot be written (Is a directory): there is a folder of that name" in str(
        taken.value
    )
    assert "cannot be written (Not a directory): choose a folder that exists." in str(no_folder.value)


def test_file_digest_is_the_sha_256_of_the_bytes(tmp_path: Path) -> None:
    """The digest is that of the whole content."""
    content = b"\x00x" * 100_000
    (tmp_path / "a").write_bytes(content)

    assert hashlib.sha256(content).hexdigest() == file_digest(tmp_path / "a")
