"""Run a command in its own process and measure wall-clock seconds and peak resident memory."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass

__all__ = ["Measured", "measure"]

_KIBIBYTE = 1024


@dataclass(frozen=True)
class Measured:
    """Time, memory and output of one command."""

    seconds: float
    peak_bytes: int
    """Peak resident memory of its largest process."""
    output: str


def measure(*arguments: str) -> Measured:
    """Run `python` with these arguments and measure the process.

    Raises `RuntimeError` with the output of the command when it fails.
    """
    start = time.perf_counter()
    with tempfile.TemporaryFile("w+") as printed:
        process = subprocess.Popen([sys.executable, *arguments], stdout=printed)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        printed.seek(0)
        output = printed.read()
    if process.returncode != 0:
        raise RuntimeError(f"python {' '.join(arguments)} failed with exit code {process.returncode}: {output}")
    return Measured(seconds, usage.ru_maxrss * _KIBIBYTE, output)
