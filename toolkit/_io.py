"""Write files and folders so that a reader finds the old content or the new, never half of it.

Each is written under a temporary name beside its target (`.<name>.<8 digits>.partial`) and renamed. What holds records
or lists people is private: readable by its owner alone (mode 0600, folders 0700) whatever the umask, and flushed to the
disk before it is renamed. A report (`private=False`) follows the umask and is not flushed, since it can be made again.
Every function that writes raises `WriteError` when the disk refuses.
"""

from __future__ import annotations

import glob
import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from toolkit._platform import flush_to_disk, make_private
from toolkit.errors import WriteError

__all__ = [
    "PARTIAL",
    "append_text",
    "file_digest",
    "make_folder",
    "replacing",
    "replacing_folder",
    "write_bytes",
    "write_text",
]

PARTIAL = ".partial"
"""The suffix of every unfinished file and folder."""


def write_text(path: Path, text: str, *, private: bool = True) -> None:
    """Write `text` in UTF-8 to `path`, with the line ends it has; make the folder if it is missing."""
    write_bytes(path, text.encode(), private=private)


def write_bytes(path: Path, content: bytes, *, private: bool = True) -> None:
    """Write `content` to `path`; make the folder if it is missing."""
    make_folder(path.parent, private=private)
    with replacing(path, private=private) as partial:
        partial.write_bytes(content)


def append_text(path: Path, text: str) -> None:
    """Append `text` in UTF-8 to a private file, which is made if it is missing, and flush it to the disk."""
    try:
        _create(path, os.O_APPEND, private=True)
        # The file may have been there before, open to others.
        make_private(path)
        with path.open("ab") as file:
            file.write(text.encode())
        flush_to_disk(path)
    except OSError as error:
        raise WriteError(path, error) from error


@contextmanager
def replacing(path: Path, *, private: bool = True) -> Iterator[Path]:
    """Yield an empty file to write to, which replaces the file `path` when the block ends without an error.

    The folder must exist. What an interrupted process left of the same file is removed first; where two processes write
    the same file at once, one of them fails, and the file is that of the other.
    """
    partial = _partial(path)
    try:
        _remove_leftovers(path)
        _create(partial, os.O_EXCL, private=private)
        yield partial
        if private:
            flush_to_disk(partial)
        partial.replace(path)
        if private:
            flush_to_disk(path.parent)
    except OSError as error:
        raise WriteError(path, error) from error
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


@contextmanager
def replacing_folder(folder: Path) -> Iterator[Path]:
    """Yield an empty private folder to fill, which replaces `folder` when the block ends without an error.

    All files in it become private. The folder is not flushed: use this for what can be computed again. A folder that is
    there already is removed before the rename, so that for a moment there is none.
    """
    partial = _partial(folder)
    try:
        _remove_leftovers(folder)
        partial.mkdir(mode=0o700)
        yield partial
        for path in partial.rglob("*"):
            make_private(path)
        shutil.rmtree(folder, ignore_errors=True)
        partial.rename(folder)
    except OSError as error:
        raise WriteError(folder, error) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def make_folder(folder: Path, *, private: bool = True) -> None:
    """Make a folder and its parents unless they are there; one that is there keeps its mode."""
    try:
        folder.mkdir(mode=0o700 if private else 0o777, parents=True, exist_ok=True)
    except OSError as error:
        raise WriteError(folder, error) from error


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file's bytes in hexadecimal; raises `OSError` when it cannot be read."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _create(path: Path, flag: int, *, private: bool) -> None:
    """Make an empty file with the right mode from the beginning: a mode that is set later comes too late."""
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY | flag, 0o600 if private else 0o666))


def _partial(path: Path) -> Path:
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}{PARTIAL}")


def _remove_leftovers(path: Path) -> None:
    for left in path.parent.glob(f".{glob.escape(path.name)}.{'[0-9a-f]' * 8}{PARTIAL}"):
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink(missing_ok=True)
