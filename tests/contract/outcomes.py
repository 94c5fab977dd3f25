"""How each fact turned out, and what that means for the exit code."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

import pytest

from tasksync_clients import ProtocolError, StopRun

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

    from .choosing import Chosen

PLUGIN: Final = "tasksync-contract"
DOCSTRING: Final = re.compile(r"(?P<where>[^\[\]]+?) \[(?P<tag>[DCXU](?:/[DCXU])*)\]: (?P<words>.+)")
"""A test's docstring: where the fact is noted, how sure it is, the fact."""
_MOST_SEEN: Final = 240
_SHORTEST_SECRET: Final = 4
_LOOKS_SECRET: Final = re.compile(r"00D\w{12,15}!\S+|Bearer\s+\S+")


class Outcome(StrEnum):
    """What became of a fact."""

    HOLDS = "holds"
    DIFFERS = "differs"
    UNTRIED = "could not be tried"
    BROKEN = "was not tried to the end"


@dataclass(frozen=True)
class Fact:
    """One line of the table.

    Attributes:
        seen: what was seen instead, or why it could not be tried.
        alternative: what the connector does where it differs; empty where it relies on it.
    """

    where: str
    tag: str
    words: str
    alternative: str
    outcome: Outcome = Outcome.HOLDS
    seen: str = ""

    @property
    def is_trouble(self) -> bool:
        """Whether the connector cannot be trusted with this service."""
        return self.outcome is Outcome.BROKEN or (self.outcome is Outcome.DIFFERS and not self.alternative)


class Outcomes:
    """A pytest plugin that notes how each test's fact turned out, and takes secrets out of every report.

    Attributes:
        chosen: what the suite is run against.
        left: records of the suite that could not be removed.
    """

    def __init__(self, chosen: Chosen) -> None:
        self.chosen = chosen
        self.left: list[str] = []
        self._secrets = set(chosen.secrets)
        self._facts: dict[str, Fact] = {}

    def hide(self, *secrets: str) -> None:
        """Take further secrets out of all that is printed."""
        self._secrets |= set(secrets)

    @property
    def facts(self) -> list[Fact]:
        """The facts in the order in which they were tried."""
        return list(self._facts.values())

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Function, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Note the outcome."""
        report = yield
        outcome, seen = self._judged(call)
        known = self._facts.setdefault(item.nodeid, fact_of(item))
        if outcome is not Outcome.HOLDS and known.outcome is Outcome.HOLDS:
            self._facts[item.nodeid] = replace(known, outcome=outcome, seen=self.clean(seen))
        if report.longrepr and not report.skipped:
            report.longrepr = self.clean(str(report.longrepr), whole=True)
        report.sections = [(name, self.clean(text, whole=True)) for name, text in report.sections]
        return report

    @staticmethod
    def _judged(call: pytest.CallInfo[None]) -> tuple[Outcome, str]:
        if call.excinfo is None:
            return Outcome.HOLDS, ""
        error = call.excinfo.value
        if isinstance(error, pytest.skip.Exception):
            return Outcome.UNTRIED, str(error.msg)
        stopped = isinstance(error, StopRun) and not isinstance(error, ProtocolError)
        if call.when != "call" or stopped or not isinstance(error, Exception):
            return Outcome.BROKEN, f"{type(error).__name__}: {error}"
        told = str(error) or type(error).__name__
        return Outcome.DIFFERS, told if isinstance(error, AssertionError) else f"{type(error).__name__}: {told}"

    def clean(self, text: str, *, whole: bool = False) -> str:
        """Take out secrets; unless `whole`, make it one short line."""
        for secret in sorted(self._secrets, key=len, reverse=True):
            if len(secret) >= _SHORTEST_SECRET:
                text = text.replace(secret, "…")
        text = _LOOKS_SECRET.sub("…", text)
        return text if whole else " ".join(text.split())[:_MOST_SEEN]

    def table(self) -> Iterable[str]:
        """The lines to print: each fact, then the sums."""
        for fact in self._facts.values():
            yield f"{fact.where} [{fact.tag}]  {fact.words}"
            yield f"    {fact.outcome}" + (f": {fact.seen}" if fact.seen else "")
            if fact.outcome is Outcome.DIFFERS and fact.alternative:
                yield f"    the connector does without: {fact.alternative}"
        counts = {outcome: sum(fact.outcome is outcome for fact in self.facts) for outcome in Outcome}
        yield ""
        yield f"{len(self._facts)} facts: " + ", ".join(f"{n} {outcome}" for outcome, n in counts.items() if n)
        trouble = sum(fact.is_trouble for fact in self.facts)
        if trouble:
            yield f"{trouble} of them matter: the connector relies on them and has no other way (docs/contract.md)."
        if self.left:
            yield f"Left behind, and to be removed by the next run: {', '.join(self.left)}"

    def exit_code(self, pytest_code: int) -> int:
        """0, or 1 where a fact without an alternative differs, a test broke, nothing was tried, or records remain."""
        if pytest_code not in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED}:
            return int(pytest_code)
        tried = any(fact.outcome is not Outcome.UNTRIED for fact in self.facts)
        return int(not tried or bool(self.left) or any(fact.is_trouble for fact in self.facts))


def fact_of(item: pytest.Function) -> Fact:
    """Read a test's docstring and its `alternative`."""
    said = DOCSTRING.fullmatch(" ".join((item.function.__doc__ or "").split()))
    marker = item.get_closest_marker("alternative")
    alternative = str(marker.args[0]) if marker else ""
    if said is None:
        return Fact("?", "?", item.name, alternative)
    return Fact(said["where"], said["tag"], said["words"], alternative)


def plugin_of(config: pytest.Config) -> Any:
    """The plugin, or None where the tests run as part of all others."""
    return config.pluginmanager.get_plugin(PLUGIN)
