# noqa: INP001 - a script, no package
"""Write constraints.txt from uv.lock: the versions that the plugins' own environments get too.

`--check` writes nothing and exits with 1 where the file is out of date.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "constraints.txt"


def wanted() -> str:
    """The locked versions of everything that is installed at run time, one per line."""
    command = [str(ROOT / ".venv/bin/uv"), "export", "--frozen", "--no-dev", "--no-hashes", "--no-emit-workspace"]
    command += ["--no-annotate", "--no-header", "--all-extras", "--quiet"]
    out = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout  # noqa: S603 - our own uv
    lines = [line for line in out.splitlines() if line and not line.startswith(("-e ", "./"))]
    return "# Written by `make lock` from uv.lock.\n" + "\n".join(lines) + "\n"


def main() -> int:
    """Write, or check."""
    text = wanted()
    if "--check" not in sys.argv:
        TARGET.write_text(text, encoding="utf-8")
        return 0
    if TARGET.exists() and TARGET.read_text(encoding="utf-8") == text:
        return 0
    print("constraints.txt is out of date: run `make lock`.")  # noqa: T201 - a command's answer
    return 1


if __name__ == "__main__":
    sys.exit(main())
