"""What an endpoint is: how it is asked, what a good answer is, and what a result must be."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

from tasksync_clients import RowResult, bodies

from .drafts import Good
from .values import PERSONAL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tasksync_clients.salesforce import DeletedRecords


TOKEN = "00D!s3cret-token"


SECRETS = ("s3cret-token", "s3cret-client", "s3cret-static")


DATA = "/services/data/v62.0"


TASK_IDS = ["00T000000000001AAA", "00T000000000002AAA"]


NOW = datetime(2026, 11, 20, 8, 36, tzinfo=UTC)


MOST_PAGES = 5_000


def token(url: str) -> Good:
    """A Salesforce login."""
    identity = "https://login.salesforce.com/id/00D000000000001EAA/005000000000001AAA"
    return Good({"access_token": TOKEN, "instance_url": url, "id": identity, "token_type": "Bearer", "issued_at": "1"})


@dataclass(frozen=True)
class Endpoint:
    """One endpoint.

    Attributes:
        name: as the table shows it.
        service: "salesforce" or "sales_connect".
        path: what the request's path contains.
        call: asks with a client and gives what comes back.
        good: makes the answer that the contract has, given the service's address.
        first: answers of the same path that come before it, such as a first page.
        method: the request's, where others have the same path.
        unlike: what the request's path does not contain.
        others: good answers to requests before and after it, by what their path contains.
        fits: says whether a result is what the client's signature promises.
    """

    name: str
    service: str
    path: str
    call: Callable[[Any], Any]
    good: Callable[[str], Good]
    first: tuple[Good, ...] = ()
    method: str = ""
    unlike: str = "\0"
    others: tuple[tuple[str, Good], ...] = ()
    fits: Callable[[Any], bool] = field(default=lambda _: True)


def all_pages(pages: Iterator[Any]) -> list[Any]:
    """All pages of a list, which must end."""
    found = list(islice(pages, MOST_PAGES))
    assert len(found) < MOST_PAGES, "pages without end"
    return found


def are_pages(found: Any) -> bool:
    """Whether these are pages of records."""
    return all(isinstance(row, dict) for page in found for row in page) and can_go_on(found)


def can_go_on(found: Any) -> bool:
    """Whether a tap can write it and a ledger can keep it."""
    return bodies.decode(bodies.encode(found)) == found


def are_rows(count: int) -> Callable[[Any], bool]:
    """Whether there is one result for each row, each with a record of its own."""

    def fits(found: list[RowResult]) -> bool:
        ids = [str(row.id)[:15] for row in found if row.ok and row.id]
        return len(found) == count and all(row.id for row in found if row.ok) and len(set(ids)) == len(ids)

    return fits


def are_deleted(found: DeletedRecords) -> bool:
    """Whether these are deletions whose times can be reckoned with."""
    moments = [found.earliest_available, found.latest_covered, *(at for _, at in found.ids)]
    week = timedelta(days=7)
    return all(at.tzinfo is UTC and at - week < at < at + week for at in moments) and all(
        len(id_) == 18 for id_, _ in found.ids
    )


def is_object(found: Any) -> bool:
    """Whether this is an object."""
    return isinstance(found, dict) and can_go_on(found)


def of_salesforce(name: str, path: str, call: Callable[[Any], Any], good: Good, **more: Any) -> Endpoint:
    """An endpoint of Salesforce."""
    return Endpoint(name, "salesforce", path, call, lambda _: good, **more)


def of_sales_connect(name: str, path: str, call: Callable[[Any], Any], good: Good, **more: Any) -> Endpoint:
    """An endpoint of Sales Connect."""
    return Endpoint(name, "sales_connect", path, call, lambda _: good, **more)


SOQL = f"SELECT Id FROM Task WHERE Subject = '{PERSONAL}'"  # noqa: S608 - a constant


ROWS = [{"Id": id_, "Subject": PERSONAL} for id_ in TASK_IDS]


KEYED = [{"Sales_Connect_Id__c": f"r{number}", "Subject": PERSONAL} for number in (1, 2)]
