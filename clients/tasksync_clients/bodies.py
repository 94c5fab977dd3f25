"""JSON bodies, in and out, with text that is not quite Unicode."""

import json
import math
import re
from collections.abc import Mapping
from typing import Final, NoReturn

import msgspec

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


def decode(body: bytes) -> object:
    """Read a JSON body; lone surrogates become U+FFFD.

    Raises:
        ValueError: this is no JSON. The error holds nothing of the body.
    """
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
