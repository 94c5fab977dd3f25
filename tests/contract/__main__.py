"""`make contract`: try the facts that the connector relies on, against a sandbox or against real services."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from .choosing import NotAllowedError, choose
from .outcomes import PLUGIN, Outcomes

HERE = Path(__file__).parent
QUIETLY = (
    "-o",
    "addopts=--strict-markers --strict-config --import-mode=importlib",
    "-q",
    "--no-header",
    "-rN",
    "--tb=no",
)
ALONE = ("--disable-plugin-autoload", "-p", "pytest_timeout", "-p", "no:cacheprovider")
"""Other plugins are not needed and slow to load; one process at a time works in an org."""


class Named:
    """Registers the plugin under its name."""

    def __init__(self, outcomes: Outcomes) -> None:
        self._outcomes = outcomes

    def pytest_configure(self, config: pytest.Config) -> None:
        """Register it."""
        config.pluginmanager.register(self._outcomes, PLUGIN)


def main(arguments: list[str]) -> int:
    """Run the suite; `arguments` go to pytest.

    Returns:
        0 when the connector can rely on what was tried, 1 when not, 2 when nothing may be sent.
    """
    try:
        chosen = choose(os.environ)
    except NotAllowedError as refused:
        print(refused, file=sys.stderr)  # noqa: T201 - a command's answer
        return 2
    outcomes = Outcomes(chosen)
    sides = {"salesforce": chosen.salesforce, "sales_connect": chosen.sales_connect}
    folders = [str(HERE / side) for side, settings in sides.items() if settings or chosen.is_own_sandbox]
    code = pytest.main([*folders, *QUIETLY, *ALONE, *arguments], plugins=[Named(outcomes)])
    print("", *outcomes.table(), sep="\n")  # noqa: T201 - a command's answer
    return outcomes.exit_code(int(code))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
