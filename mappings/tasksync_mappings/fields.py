"""One field pair: how a value is read on either side, written to the other, and when two values agree.

Source of all behaviour here: sync-rules §3.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

Side = Literal["reminder", "task"]
"""Which record of a link a value belongs to."""


def other(side: Side) -> Side:
    """The other record of the link."""
    return "task" if side == "reminder" else "reminder"


class Kind(StrEnum):
    """What sort of value a field pair carries."""

    SUBJECT = "subject"
    PICKLIST = "picklist"
    DATE = "date"
    TEXT = "text"
    USER = "user"


class _Marker(Enum):
    DOES_NOT_TRAVEL = "does not travel"


DOES_NOT_TRAVEL: Final = _Marker.DOES_NOT_TRAVEL
"""The answer of a translation for a value that has no counterpart on the other side."""


class Pair(NamedTuple):
    """What each side of a link holds, or held, in one field; each in its own side's terms.

    As a tuple it is stored as it is: a JSON array of both.
    """

    reminder: Any
    task: Any

    def on(self, side: Side) -> Any:  # noqa: ANN401 - a field's value is whatever its API sends
        """The value of one side."""
        return self.reminder if side == "reminder" else self.task

    def having(self, side: Side, value: Any) -> Pair:  # noqa: ANN401 - see `on`
        """The pair with another value on one side."""
        return Pair(value, self.task) if side == "reminder" else Pair(self.reminder, value)


@dataclass(frozen=True, slots=True)
class Field:
    """One row of the field map.

    Attributes:
        name: The canonical name, the key of the base.
        reminder: The reminder's member.
        task: The Task's field.
        kind: What sort of value it is.
        values: For picklists: reminder value → task value.
        import_as: For picklists: the reminder's value where an imported task's value does not travel.
        max_length: For texts: characters that Salesforce takes.
    """

    name: str
    reminder: str
    task: str
    kind: Kind
    values: Mapping[str, str] | None = None
    import_as: str | None = None
    max_length: int | None = None

    def column(self, side: Side) -> str:
        """The name of this field in one side's records."""
        return self.reminder if side == "reminder" else self.task


@dataclass(frozen=True, slots=True)
class Users:
    """The roster as a translation of user ids, both ways.

    Attributes:
        to_task: Sales Connect user id → Salesforce user id.
        to_reminder: Salesforce user id → Sales Connect user id.
    """

    to_task: Mapping[str, str]
    to_reminder: Mapping[str, str]


def settled_text(value: str) -> str | None:
    r"""What Salesforce may make of a text: line endings as \n, trimmed, nothing instead of empty.

    Both readings of the unverified facts (it trims or not, it keeps \r\n or not) give the same result here, so that
    neither comes back as an edit.
    """
    return value.replace("\r\n", "\n").replace("\r", "\n").strip() or None


def cut(text: str, max_length: int | None) -> str:
    """A text no longer than a field of Salesforce, which counts a character outside the BMP (an emoji) as two.

    Source: Salesforce Help 005166849, "Surrogate Pair Characters Are Treated as Two Characters".
    """
    if max_length is None or 2 * len(text) <= max_length:
        return text
    # A pair that the border splits is left out whole.
    return text.encode("utf-16-le", "surrogatepass")[: 2 * max_length].decode("utf-16-le", "ignore")


def to_task(field: Field, value: Any, users: Users) -> Any:  # noqa: ANN401 - see Pair
    """A reminder's value as the Task holds it, or `DOES_NOT_TRAVEL`.

    A `subject` is rendered from the whole reminder (`Translation.put`), not here.
    """
    if field.kind is Kind.PICKLIST:
        return (field.values or {}).get(value, DOES_NOT_TRAVEL) if isinstance(value, str) else DOES_NOT_TRAVEL
    if field.kind is Kind.USER:
        return users.to_task.get(value, DOES_NOT_TRAVEL) if isinstance(value, str) else DOES_NOT_TRAVEL
    if field.kind is Kind.DATE:
        return value or None
    return cut(value, field.max_length) or None if isinstance(value, str) else value


def to_reminder(field: Field, value: Any, users: Users) -> Any:  # noqa: ANN401 - see Pair
    """A Task's value as the reminder holds it, or `DOES_NOT_TRAVEL`."""
    if field.kind is Kind.PICKLIST:
        for reminder_value, task_value in (field.values or {}).items():
            if task_value == value:
                return reminder_value
        return DOES_NOT_TRAVEL
    if field.kind is Kind.USER:
        return users.to_reminder.get(value, DOES_NOT_TRAVEL) if isinstance(value, str) else DOES_NOT_TRAVEL
    return value or None if field.kind is Kind.DATE else value


def same(field: Field, side: Side, left: Any, right: Any) -> bool:  # noqa: ANN401 - see Pair
    """Whether two values of one side are the same, after what Salesforce itself does to a text."""
    return bool(left == right or comparable(field, side, left) == comparable(field, side, right))


def comparable(field: Field, side: Side, value: Any) -> Any:  # noqa: ANN401 - see Pair
    """A value in the form in which two that are the same are equal."""
    if side == "reminder" or field.kind is Kind.PICKLIST or field.kind is Kind.USER:
        return value
    if field.kind is Kind.DATE:
        return value or None
    return settled_text(value) if isinstance(value, str) else value
