"""Reads a plugin's settings, once, at the edge: an empty text counts as unset."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from tasksync_clients.addresses import Setting
from tasksync_clients.errors import WrongSettings

CA_BUNDLE: Final = Setting("ca_bundle", "REQUESTS_CA_BUNDLE")
_YES = frozenset({"1", "true", "yes", "on"})
_NO = frozenset({"0", "false", "no", "off"})


def text(config: Mapping[str, Any], setting: Setting) -> str | None:
    """Read a text without the white space around it; None when unset or empty.

    Raises:
        WrongSettings: the value holds control characters or bytes that are no UTF-8.
    """
    value = config.get(setting.name)
    if value is None or not str(value).strip():
        return None
    stripped = str(value).strip()
    if not all(char.isprintable() or char == " " for char in stripped):
        message = f"{setting} holds characters that cannot be part of it, such as a line break: correct it."
        raise WrongSettings(message)
    return stripped


def bundle(config: Mapping[str, Any]) -> str | None:
    """Read the setting `ca_bundle`, a file or folder of further certificate authorities to trust.

    Raises:
        WrongSettings: there is no such file.
    """
    path = text(config, CA_BUNDLE)
    if path is not None and not Path(path).exists():
        message = f"{CA_BUNDLE} names a file that is not there: correct it, or leave it out."
        raise WrongSettings(message)
    return path


def number(config: Mapping[str, Any], name: str, usual: float, lowest: float, highest: float) -> float:
    """Read a number within its range; the usual one when unset or empty.

    Raises:
        WrongSettings: the value is no number, or out of range.
    """
    value = config.get(name)
    if value is None or value == "":
        return usual
    try:
        parsed = float(value)
    except (TypeError, ValueError):
        parsed = float("nan")
    if not lowest <= parsed <= highest:
        message = f"{name} must be a number from {lowest:g} to {highest:g}."
        raise WrongSettings(message)
    return parsed


def switch(config: Mapping[str, Any], name: str) -> bool:
    """Read a switch; off when unset or empty.

    Raises:
        WrongSettings: the value is neither true nor false.
    """
    value = str(config.get(name) or "false").strip().lower()
    if value not in _YES | _NO:
        message = f"{name} must be true or false."
        raise WrongSettings(message)
    return value in _YES


def listed(settings: Iterable[Setting]) -> str:
    """Name several settings in a row: "a (A), b (B) and c (C)"."""
    *first, last = [str(setting) for setting in settings]
    return f"{', '.join(first)} and {last}" if first else last
