"""One piece of work in a process of its own: wall-clock seconds and peak resident memory."""

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
    """What one command took."""

    seconds: float
    peak_bytes: int
    """Peak resident size of its largest process."""
    output: str


def measure(*arguments: str) -> Measured:
    """Run a Python command line (what follows `python`) to its end and measure it as a whole process.

    Raises `RuntimeError` with the command's own words when it fails.
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
        raise RuntimeError(f"python {' '.join(arguments)} ended with {process.returncode}: {output}")
    return Measured(seconds, usage.ru_maxrss * _KIBIBYTE, output)
