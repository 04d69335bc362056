"""Other operating systems: what Linux offers and they may not is used in one place, which does without it."""

from __future__ import annotations

import ast
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from toolkit import _platform

PACKAGE = Path(_platform.__file__).parent

# Everything that other packages need is imported first; then the toolkit anew, on what looks like Windows.
ON_WINDOWS = """
import importlib, json, os, pkgutil, signal, socket, sys
from pathlib import Path

import toolkit

def modules():
    below = pkgutil.walk_packages(toolkit.__path__, "toolkit.")
    return ["toolkit", *(module.name for module in below if module.name != "toolkit.__main__")]

names = modules()
for name in names:
    importlib.import_module(name)
for name in [name for name in sys.modules if name.partition(".")[0] == "toolkit"]:
    del sys.modules[name]
for module in ("fcntl", "grp", "pwd", "resource", "termios"):
    sys.modules[module] = None
for name in ("chown", "fchmod", "fork", "geteuid", "getuid", "kill", "killpg", "nice", "umask"):
    delattr(os, name)
for name in ("SIGALRM", "SIGHUP", "SIGKILL", "SIGTERM"):
    delattr(signal, name)
del socket.AF_UNIX
sys.platform = "win32"

toolkit = importlib.import_module("toolkit")
for name in names:
    importlib.import_module(name)

from toolkit import _io, _platform
from toolkit.cli import main

folder = Path(sys.argv[1])
_io.write_text(folder / "written" / "a.txt", "text")
_io.append_text(folder / "written" / "a.txt", ", more")
with _io.replacing_folder(folder / "replaced") as partial:
    (partial / "a.txt").write_text("text")
print(json.dumps([
    len(names), (folder / "written" / "a.txt").read_text(), _platform.is_root(),
    _platform.kernel_connection(folder)["transport"], main(["--version"]),
]))
"""


def test_the_package_works_without_what_only_posix_has(tmp_path: Path) -> None:
    """Every module can be imported and files are written where signals, modes and user ids of POSIX are missing."""
    ran = subprocess.run(
        [sys.executable, "-c", ON_WINDOWS, tmp_path], capture_output=True, text=True, check=False, cwd=PACKAGE.parent
    )

    assert 0 == ran.returncode, ran.stderr
    assert '"text, more", false, "tcp", 0]' in ran.stdout
    assert len(list(PACKAGE.rglob("*.py"))) - 2 < int(ran.stdout.splitlines()[-1].strip("[").split(",")[0])


def test_only_one_module_calls_what_posix_alone_has() -> None:
    """Modes after creation, signals, user ids and sockets on disk are used in `toolkit._platform` and nowhere else."""
    modules = {"fcntl", "grp", "pwd", "resource", "signal", "socket", "termios"}
    calls = {"chmod", "fchmod", "fork", "fsync", "geteuid", "getuid", "kill", "killpg", "nice", "umask"}

    found = []
    for path in PACKAGE.rglob("*.py"):
        if path.name == "_platform.py":
            continue
        for node in ast.walk(ast.parse(path.read_bytes())):
            used = isinstance(node, ast.Attribute) and node.attr in calls
            if isinstance(node, ast.Import):
                used = any(alias.name in modules for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                used = node.module in modules
            if used:
                found.append(f"{path.relative_to(PACKAGE)}: {ast.unparse(node)}")

    assert [] == found


def test_termination_interrupts_as_ctrl_c_does() -> None:
    """SIGTERM raises `KeyboardInterrupt` within the block, and is handled as before after it."""
    before = signal.getsignal(signal.SIGTERM)

    with pytest.raises(KeyboardInterrupt), _platform.interrupt_on_termination():
        os.kill(os.getpid(), signal.SIGTERM)

    assert before == signal.getsignal(signal.SIGTERM)


def test_signals_are_left_alone_outside_the_main_thread() -> None:
    """A command that runs in another thread works, without handling SIGTERM."""
    passed: list[bool] = []

    def enter() -> None:
        with _platform.interrupt_on_termination():
            passed.append(True)

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()

    assert [True] == passed


def test_kernels_use_sockets_on_disk_unless_the_path_is_too_long(tmp_path: Path) -> None:
    """A kernel listens in the private folder, or on the loopback address where the socket's path would be cut."""
    short, long = Path("/tmp/notebook-0"), tmp_path / ("x" * 100)  # noqa: S108 (nothing is written there)

    assert {"transport": "ipc", "ip": "/tmp/notebook-0/kernel"} == _platform.kernel_connection(short)  # noqa: S108
    assert {"transport": "tcp", "ip": "127.0.0.1"} == _platform.kernel_connection(long)
