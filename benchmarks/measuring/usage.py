"""What processes cost: seconds, CPU seconds, peak memory."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_LAUNCH = Path(__file__).with_name("launch.py")
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Usage:
    """What one process cost, with the children that it waited for.

    Attributes:
        seconds: from its start to its end.
        cpu_seconds: of user and system together.
        peak_mb: the largest resident set of it, or of one of its children.
    """

    seconds: float
    cpu_seconds: float
    peak_mb: float


@dataclass
class Running:
    """A started process; `end` waits for it."""

    process: subprocess.Popen[bytes]
    log: Path

    def end(self) -> Usage:
        """Wait for its end.

        Raises:
            RuntimeError: it failed; the message holds the end of what it said.
        """
        if self.process.wait() != 0:
            said = self.log.read_text(encoding="utf-8", errors="replace")[-3000:]
            message = f"{self.process.args!r} exited with {self.process.returncode}:\n{said}"
            raise RuntimeError(message)
        seconds, cpu_seconds, peak_mb = json.loads(_costs(self.log).read_text(encoding="ascii"))
        return Usage(round(seconds, 3), round(cpu_seconds, 3), round(peak_mb, 1))


def start(
    line: list[str],
    log: Path,
    *,
    place: tuple[Path, Mapping[str, str]] | None = None,
    stdin: int | None = subprocess.DEVNULL,
    stdout: int | None = None,
) -> Running:
    """Start a process whose standard error, and standard output where no file is given, go to a log.

    Args:
        line: the command.
        log: is overwritten.
        place: folder and environment variables, where they are not this process's.
        stdin: file number; nothing where it is not given.
        stdout: file number.
    """
    folder, variables = place or (None, None)
    with log.open("wb") as said:
        process = subprocess.Popen(  # noqa: S603  our own commands
            [sys.executable, "-I", "-S", str(_LAUNCH), str(_costs(log)), *line],
            cwd=folder,
            env=variables,
            stdin=stdin,
            stdout=said if stdout is None else stdout,
            stderr=said,
        )
    return Running(process, log)


def _costs(log: Path) -> Path:
    return log.with_suffix(".costs")


def cpu_seconds_of(pid: int) -> float:
    """What a running process has used so far (Linux: /proc)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def machine() -> dict[str, object]:
    """Where this ran, and how busy it was."""
    names = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    model = next(
        (line.partition(":")[2].strip() for line in names if line.startswith("model name")), platform.machine()
    )
    pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "memory_gb": round(pages * size / 2**30, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "load_average": [round(load, 2) for load in os.getloadavg()],
    }
