"""Errors of a query, told with row and column as Salesforce does."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tasksync_sandbox.salesforce.errors import Code, SalesforceError

_AROUND = 40


@dataclass(eq=False)
class Problem(Exception):
    """Something wrong at a place in the query's text.

    Attributes:
        code: Salesforce's errorCode.
        message: what Salesforce says below the marked place.
        at: offset in the text, from 0.
    """

    code: str
    message: str
    at: int

    def located(self, text: str) -> SalesforceError:
        """Return the error as it is answered: the text around the place, a mark below it, row and column."""
        row = text.count("\n", 0, self.at) + 1
        column = self.at - (text.rfind("\n", 0, self.at) + 1) + 1
        start = _word_start(text, max(0, self.at - _AROUND), self.at)
        shown = re.sub(r"[\r\n\t]", " ", text[start : self.at + _AROUND])
        mark = " " * (self.at - start) + "^"
        place = f"ERROR at Row:{row}:Column:{column}"
        return SalesforceError(self.code, f"\n{shown}\n{mark}\n{place}\n{self.message}")


def _word_start(text: str, earliest: int, at: int) -> int:
    """Return the first offset from `earliest` on where a word starts, so that the shown part cuts none."""
    if earliest == 0:
        return 0
    found = re.compile(r"(?<=[\s,(])\S").search(text, earliest, at)
    return found.start() if found else earliest


def malformed(at: int, message: str) -> Problem:
    """Return a MALFORMED_QUERY."""
    return Problem(Code.MALFORMED_QUERY, message, at)
