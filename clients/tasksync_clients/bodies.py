"""JSON bodies, in and out, with text that is not quite Unicode."""

import json
import math
import re
from collections.abc import Collection, Mapping
from typing import Final, NoReturn

import msgspec

MOST_LEVELS: Final = 20
"""How deeply a record may be nested."""
MOST_VALUES: Final = 2_000_000
"""Values and texts of one body: 2,000 records of a thousand fields."""
_STRUCTURE: Final = re.compile(rb'"(?:[^"\\]|\\.)*+"|[\[{,]', re.DOTALL)
"""Texts, taken whole, and what parts values."""
_NESTS: Final = frozenset({dict, list})
_SURROGATES: Final = re.compile("[\ud800-\udfff]")


def scrub(text: str) -> str:
    """Replace lone surrogates by U+FFFD and join pairs; no other character is touched.

    They come from services that cut a text in the middle of a character, and cannot be encoded as UTF-8.
    """
    if not _SURROGATES.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _scrub_all(value: object) -> object:
    if isinstance(value, str):
        return scrub(value)
    if isinstance(value, Mapping):
        return {_scrub_all(key): _scrub_all(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [_scrub_all(member) for member in value]
    return value


def encode(value: object) -> bytes:
    """Write a value as JSON; dates and times as ISO 8601 texts, lone surrogates as U+FFFD."""
    try:
        return msgspec.json.encode(value, enc_hook=_as_object)
    except UnicodeEncodeError:
        return msgspec.json.encode(_scrub_all(value), enc_hook=_as_object)


def _as_object(value: object) -> dict[object, object]:
    """Take any mapping for an object, as msgspec does with dict alone."""
    if isinstance(value, Mapping):
        return dict(value)
    message = f"A {type(value).__name__} has no form in JSON."
    raise TypeError(message)


def is_deep(value: object, levels: int = MOST_LEVELS) -> bool:
    """Tell whether a value is nested deeper than any record is, so that nothing behind us need fear for its stack."""
    if not isinstance(value, dict | list):
        return False
    members: Collection[object] = value.values() if isinstance(value, dict) else value
    if not levels:
        return True
    if _NESTS.isdisjoint(map(type, members)):  # as in nearly every record
        return False
    return any(is_deep(member, levels - 1) for member in members)


def _holds_too_many(body: bytes) -> bool:
    """Tell whether a body holds more values than any page of records; each costs many times its bytes once read."""
    if sum(map(body.count, (b",", b"[", b"{"))) <= MOST_VALUES:
        return False
    return any(number >= MOST_VALUES for number, _ in enumerate(_STRUCTURE.finditer(body)))


def decode(body: bytes) -> object:
    """Read a JSON body; lone surrogates become U+FFFD.

    Raises:
        ValueError: this is no JSON, or more of it than memory should hold. The error holds nothing of the body.
    """
    if len(body) > MOST_VALUES and _holds_too_many(body):
        message = "too many values"
        raise ValueError(message)
    try:
        return msgspec.json.decode(body)
    except (ValueError, RecursionError):
        readable, value = _decode_leniently(body)
    if not readable:
        message = "not JSON"
        raise ValueError(message)
    return value


def _decode_leniently(body: bytes) -> tuple[bool, object]:
    """Read what msgspec refuses for its surrogates, and only that: NaN and infinities stay refused."""
    try:
        text = body.decode("utf-8", "surrogatepass")
        return True, _scrub_all(json.loads(text, parse_constant=_refuse, parse_float=_finite))
    except (ValueError, RecursionError):
        return False, None


def _refuse(_name: str) -> NoReturn:
    raise ValueError


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError
    return number
