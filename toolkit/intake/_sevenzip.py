"""Unpack a 7z archive member by member into numbered files, through a factory that the library writes to."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

__all__ = ["unpack"]

Spooled = tuple[Path, str, int, str | None]


def unpack(  # noqa: C901 (the writer that the library asks for)
    library: ModuleType, path: Path, password: str | None, spool: Callable[[Iterator[bytes]], Spooled]
) -> list[tuple[str, str | None, Spooled | None]]:
    """Return the members of a 7z archive: name as stored, why it is unsafe (or None), and where it was written.

    `library` is `py7zr`. Its exceptions are raised as they are.
    """
    from py7zr.io import Py7zIO, WriterFactory

    results: dict[str, Spooled] = {}
    failures: list[BaseException] = []

    class _Writer(Py7zIO):
        def __init__(self, name: str) -> None:
            self._name, self._size = name, 0
            self._queue: queue.Queue[bytes | None] = queue.Queue(maxsize=8)
            self._thread = threading.Thread(target=self._work, daemon=True)
            self._thread.start()

        def _chunks(self) -> Iterator[bytes]:
            while (chunk := self._queue.get()) is not None:
                yield chunk

        def _work(self) -> None:
            try:
                results[self._name] = spool(self._chunks())
            except BaseException as error:  # noqa: BLE001 (handed on to the caller)
                failures.append(error)
                while self._queue.get() is not None:
                    pass

        def write(self, s: bytes | bytearray) -> int:
            if failures:
                raise failures[0]
            self._queue.put(bytes(s))
            self._size += len(s)
            return len(s)

        def read(self, size: int | None = None) -> bytes:  # noqa: ARG002 (the library's signature)
            return b""

        def seek(self, offset: int, whence: int = 0) -> int:  # noqa: ARG002 (the library's signature)
            return 0

        def flush(self) -> None:
            return

        def size(self) -> int:
            return self._size

        def close(self) -> None:
            self._queue.put(None)
            self._thread.join()

    class _Factory(WriterFactory):
        def __init__(self) -> None:
            self.writers: list[_Writer] = []

        def create(self, filename: str) -> Py7zIO:
            writer = _Writer(filename)
            self.writers.append(writer)
            return writer

    factory = _Factory()
    with library.SevenZipFile(path, mode="r", password=password) as archive:
        listed = [(one.filename, one.is_directory, one.is_symlink) for one in archive.list()]
        links = {name for name, _, link in listed if link}
        wanted = [name for name, folder, link in listed if not folder and not link]
        try:
            archive.extract(targets=wanted, factory=factory)
        finally:
            for writer in factory.writers:
                writer.close()
    if failures:
        raise failures[0]
    return [
        (name, "a link; not followed" if name in links else None, results.get(name))
        for name, folder, _ in listed
        if not folder
    ]
