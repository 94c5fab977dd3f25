"""What a look at one thing gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Symptom:
    """One thing that was looked at.

    Attributes:
        about: What it is: `ledger`, `mapping`, `catalog`, `scheduler`, `salesforce …`, `sales connect …`.
        state: Whether it is as a sync needs it; `fail` where no sync can work.
        what: What was found.
        remedy: What to do; empty where there is nothing to do.
    """

    about: str
    state: State
    what: str
    remedy: str = ""
