"""Tasks of leads that were converted: Salesforce refuses to write them until they hang on what the lead became."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from tasksync_clients import ClientError, Refused
from tasksync_clients.soql import chunked_in, id18, is_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from tasksync_clients import RowResult
    from tasksync_clients.salesforce import SalesforceClient

    Row = dict[str, Any]
    Send = Callable[[Sequence[Row]], list[RowResult]]

REFUSED: Final = "CANNOT_UPDATE_CONVERTED_LEAD"
_NOT_VISIBLE: Final = frozenset({"INVALID_CROSS_REFERENCE_KEY", "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY"})
_LEAD_PREFIX: Final = "00Q"


@dataclass(frozen=True, slots=True)
class Conversion:
    """What a lead became.

    Attributes:
        who: The contact.
        what: The opportunity, or without one the account; None: neither can be seen.
    """

    who: str
    what: str | None


def write_following(
    client: SalesforceClient, send: Send, rows: Sequence[Row], tasks: Sequence[Mapping[str, Any]]
) -> list[RowResult]:
    """Write rows; those whose lead was converted go out once more, hanging on what it became (sync-rules §8).

    Costs nothing where no row is refused for it, else one query for about 440 leads and the second writing.

    Args:
        client: Where the leads are looked up.
        send: Writes rows, one result each, in order.
        rows: What to write.
        tasks: What each row is written to, or will be: whom it hangs on, and what else it is related to.

    Returns:
        One result each, in order; `also` tells what was written besides the row.

    Raises:
        ClientError: The service cannot go on; `partial` holds what is known of each row.
    """
    results = send(rows)
    refusals = {at: result for at, result in enumerate(results) if result.code == REFUSED}
    if not refusals:
        return results
    # Until it is known what a lead became, its refusal is not the last word: a run that stops here decides it again.
    known = [None if at in refusals else result for at, result in enumerate(results)]
    try:
        became = _conversions(client, {tasks[at].get("WhoId") for at in refusals})
        moved = {at: columns for at in refusals if (columns := _moved(tasks[at], became)) is not None}
        known = [
            _unseen(refusals[at], tasks[at].get("WhoId")) if at in refusals.keys() - moved.keys() else result
            for at, result in enumerate(known)
        ]
        _send_again(send, rows, moved, refusals, known)
    except ClientError as error:
        error.partial = known
        raise
    return [result for result in known if result is not None]


def _conversions(client: SalesforceClient, people: Iterable[str | None]) -> dict[str, Conversion]:
    """What these leads became, by lead; without those that cannot be seen, or whose contact cannot."""
    leads = sorted({id18(who) for who in people if who and is_id(who) and who.startswith(_LEAD_PREFIX)})
    became: dict[str, Conversion] = {}
    columns = "Id, ConvertedContactId, ConvertedOpportunityId, ConvertedAccountId"
    try:
        for condition in chunked_in("Id", leads):
            soql = f"SELECT {columns} FROM Lead WHERE {condition} AND IsConverted = true"  # noqa: S608 - SOQL; the client quotes the values
            for page in client.query(soql):
                became |= {row["Id"]: _conversion(row) for row in page if row.get("ConvertedContactId")}
    except Refused:
        return became  # leads, or these fields of theirs, are hidden from the integration user
    return became


def _conversion(row: Mapping[str, Any]) -> Conversion:
    return Conversion(row["ConvertedContactId"], row.get("ConvertedOpportunityId") or row.get("ConvertedAccountId"))


def _moved(task: Mapping[str, Any], became: Mapping[str, Conversion]) -> Row | None:
    """The columns that hang a row's task on what its lead became; None: nobody can see what that is."""
    who = task.get("WhoId")
    found = became.get(id18(who)) if who and is_id(who) else None
    if found is None:
        return None
    return {"WhoId": found.who} | ({"WhatId": found.what} if found.what and not task.get("WhatId") else {})


def _send_again(
    send: Send,
    rows: Sequence[Row],
    moved: Mapping[int, Row],
    refusals: Mapping[int, RowResult],
    known: list[RowResult | None],
) -> None:
    """Write the rows that can follow; `known` takes their results, also where the writing stops half-way."""
    answers: Sequence[RowResult | None] = ()
    try:
        answers = send([{**rows[at], **columns} for at, columns in moved.items()]) if moved else ()
    except ClientError as error:
        answers = error.partial
        raise
    finally:
        for (at, columns), answer in zip(moved.items(), answers, strict=False):
            hidden = answer is not None and answer.code in _NOT_VISIBLE
            followed = replace(answer, also=columns) if answer is not None and answer.ok else answer
            known[at] = _unseen(refusals[at], columns["WhoId"]) if hidden else followed


def _unseen(refusal: RowResult, who: str | None) -> RowResult:
    """The refusal, with the id of the record that is in the way."""
    seen = f"; the integration user cannot see what became of {who}, or may not use it" if who else ""
    return replace(refusal, message=f"{refusal.message or ''}{seen}")
