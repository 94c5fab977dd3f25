# noqa: INP001 - a script, no package
"""Look for known security holes in what `uv.lock` names, where the database of advisories (OSV) can be reached.

Exit code 0: looked, and found none; 1: found some; 2: could not look, because the database cannot be reached.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
UV = Path(sys.executable).with_name("uv")
OFFLINE = ("dns error", "client error (Connect)", "timed out", "error sending request")


def main() -> int:
    """Ask, and say what came of it."""
    command = [str(UV), "audit", "--locked", "--no-progress"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
    if done.returncode and any(sign in done.stderr for sign in OFFLINE):
        print("Not audited: the database of advisories (https://api.osv.dev) cannot be reached from here.")  # noqa: T201 - a command's answer
        print("Run `make audit` where it can.")  # noqa: T201
        return 2
    print((done.stdout + done.stderr).strip())  # noqa: T201
    return int(bool(done.returncode))


if __name__ == "__main__":
    sys.exit(main())
