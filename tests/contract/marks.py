"""How the suite's own records are told from all others."""

from __future__ import annotations

import secrets
from typing import Final

MARK: Final = "tasksync-contract-suite"
"""What the name, Subject or link value of each record of the suite begins with; no other record is ever touched."""
ABOUT: Final = "Made by `make contract` of tasksync, and removed by it. You may delete it."


def marked(words: str = "") -> str:
    """Give a text that is new and bears the mark, such as "tasksync-contract-suite-3f09c2d1 call back"."""
    text = f"{MARK}-{secrets.token_hex(6)}"
    return f"{text} {words}" if words else text


def is_marked(text: object) -> bool:
    """Tell whether a text bears the mark."""
    return isinstance(text, str) and text.startswith(MARK)
