"""The Subject of a pushed task: Sales Connect's "Activity Detail Customization" (sync-rules §3)."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import cycle
from typing import TYPE_CHECKING, Any, Final

from tasksync_mappings.fields import cut

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

DEFAULT_TEMPLATE: Final = "{{activity_subject}}"
"""What applies where neither Sales Connect's settings nor the mapping file hold a template."""

ACTIVITY_TYPES: Final = {"email": "Email", "call": "Call", "inmail": "InMail", "custom": "Custom"}

_FIELD = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
_RENDERED: Final = (str, int, float)
_LINE_BREAK = re.compile(r"\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")


def _campaign(member: str) -> Callable[[Mapping[str, Any]], Any]:
    def read(reminder: Mapping[str, Any]) -> Any:  # noqa: ANN401 - whatever the API sends
        campaign = reminder.get("campaign")
        return campaign.get(member) if isinstance(campaign, dict) else None

    return read


_VALUES: Final[Mapping[str, Callable[[Mapping[str, Any]], Any]]] = {
    "activity_type": lambda reminder: ACTIVITY_TYPES.get(str(reminder.get("type") or ""), reminder.get("type")),
    "activity_subject": lambda reminder: reminder.get("name"),
    "sales_campaign_name": _campaign("name"),
    "sales_campaign_day": _campaign("day"),
    "sales_campaign_step": _campaign("step"),
    "call_outcome": lambda reminder: reminder.get("call_outcome"),
    "call_reason": lambda reminder: reminder.get("call_reason"),
}

TEMPLATE_MEMBERS: Final = ("type", "campaign", "call_outcome", "call_reason")
"""What a template reads of a reminder besides its name."""

TEMPLATE_FIELDS: Final = tuple(_VALUES)
"""The names that may stand between double braces."""


def template_fields(template: str) -> list[str]:
    """The field names that a template uses, in lower case, known or not."""
    return [name.lower() for name in _FIELD.findall(template)]


@lru_cache(64)
def carries_name(template: str) -> bool:
    """Whether a changed reminder name reaches the Subject of an existing task."""
    return "activity_subject" in template_fields(template)


@lru_cache(64)
def _parts(template: str) -> tuple[str | Callable[[Mapping[str, Any]], Any], ...]:
    """A template taken apart, once for all the records that it renders: free text, and what reads a field."""
    pieces = _FIELD.split(template)
    return tuple(
        _VALUES.get(piece.lower(), lambda _: None) if is_field else piece
        for piece, is_field in zip(pieces, cycle((False, True)), strict=False)
    )


def render(template: str, reminder: Mapping[str, Any], max_length: int | None) -> str:
    """The Subject that a template makes of a reminder.

    A field without a value, or one that is not known, renders as nothing; every line break becomes one space.
    """
    rendered = [part if isinstance(part, str) else part(reminder) for part in _parts(template)]
    text = "".join([str(value) for value in rendered if isinstance(value, _RENDERED)])
    return cut(_LINE_BREAK.sub(" ", text), max_length)
