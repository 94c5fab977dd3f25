"""Record ids: 15 characters that heed case, and 18 that need not (Salesforce facts, §3)."""

from __future__ import annotations

import re

_SUFFIX = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ID = re.compile(r"[0-9A-Za-z]{15}(?:[0-9A-Za-z]{3})?", re.ASCII)
_SHORT = 15
_BLOCK = 5
_MASK = (1 << _BLOCK) - 1
_INSTANCE = "Sx0"


def _checksum(short: str) -> str:
    """Return the three characters that tell which of the fifteen are capitals."""
    bits = 0
    for position, letter in enumerate(short):
        if "A" <= letter <= "Z":
            bits |= 1 << position
    return _SUFFIX[bits & _MASK] + _SUFFIX[bits >> _BLOCK & _MASK] + _SUFFIX[bits >> 2 * _BLOCK]


def long_id(text: str) -> str | None:
    """Return the 18-character form of an id; None when the text is no id.

    An id that comes in 18 characters is taken as it is: loaded records may have ids whose last three are made up.
    """
    if not isinstance(text, str) or not _ID.fullmatch(text):
        return None
    return text + _checksum(text) if len(text) == _SHORT else text


def short_id(record_id: str) -> str:
    """Return the 15-character form of an id, or the id itself where that would not lead back to it."""
    short = record_id[:_SHORT]
    return short if long_id(short) == record_id else record_id


def make_id(prefix: str, number: int) -> str:
    """Return the id of the n-th record made here; later ones are greater."""
    digits = ""
    while number:
        number, digit = divmod(number, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    short = prefix + _INSTANCE + digits.rjust(9, "0")
    return short + _checksum(short)
