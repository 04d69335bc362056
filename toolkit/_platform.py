"""Calls that operating systems offer differently or not at all, each with what happens where it is missing.

No other module of the package uses file modes after creation, signals, user ids or sockets on disk.

Linux is the system that the tests run on. Nothing here was tried on macOS or Windows; a test imports the package and
writes files with these calls removed. Known differences:

- Windows has no file modes. A private file gets the access rights of its folder, so the user's own folders are private
  and a shared drive is not.
- Windows cannot flush a folder to the disk, so a rename may be lost in a power cut. On macOS `os.fsync` does not make
  the drive empty its own cache.
- Kernels of notebooks talk through sockets on disk where there are any, else through TCP ports of this computer with a
  key that each kernel gets for itself.
- On Windows `SIGTERM` is never sent by another process, so only Ctrl-C interrupts a command in an orderly way.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = ["flush_to_disk", "interrupt_on_termination", "is_root", "kernel_connection", "make_private"]

_LONGEST_SOCKET_PATH = 100
"""Bytes that the path of a socket may have: 107 on Linux, 103 on macOS, less the port number that Jupyter appends."""


def make_private(path: Path) -> None:
    """Give a file mode 0600, or a folder 0700, whatever it had before."""
    path.chmod(0o700 if path.is_dir() else 0o600)


def flush_to_disk(path: Path) -> None:
    """Wait until a file, or the list of names of a folder, is on the disk; do nothing for a folder that cannot be."""
    if not path.is_dir():
        # Windows flushes only what is open for writing.
        with path.open("r+b") as file:
            os.fsync(file.fileno())
        return
    with suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def kernel_connection(folder: Path) -> dict[str, str]:
    """Return the settings of Jupyter's `KernelManager` with which a kernel is reachable by this user alone.

    Sockets in `folder`, which must be private; TCP on the loopback address where sockets on disk are missing or their
    paths would be too long.
    """
    sockets = folder / "kernel"
    if hasattr(socket, "AF_UNIX") and len(os.fsencode(sockets)) < _LONGEST_SOCKET_PATH:
        return {"transport": "ipc", "ip": os.fspath(sockets)}
    return {"transport": "tcp", "ip": "127.0.0.1"}


@contextmanager
def interrupt_on_termination() -> Iterator[None]:
    """Within the block, raise `KeyboardInterrupt` on SIGTERM as on Ctrl-C, so that clean-up runs.

    Does nothing outside the main thread, where Python allows no change of signals, and where there is no SIGTERM.
    """
    number = getattr(signal, "SIGTERM", None)
    if number is None or threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(number, before)


def is_root() -> bool:
    """Whether the process may do anything on this computer; never on Windows."""
    user_id = getattr(os, "geteuid", None)
    return user_id is not None and user_id() == 0
