"""The client of one Salesforce org."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from types import TracebackType
from typing import Any, Self

from tasksync_clients.addresses import base_url
from tasksync_clients.errors import ProtocolError
from tasksync_clients.exchange import Exchange
from tasksync_clients.paging import side_by_side
from tasksync_clients.recovery import RowResult
from tasksync_clients.salesforce.bulk import Bulk
from tasksync_clients.salesforce.bulk_jobs import BulkJobs
from tasksync_clients.salesforce.dialect import SalesforceDialect
from tasksync_clients.salesforce.login import Login
from tasksync_clients.salesforce.reading import DeletedRecords, Reader
from tasksync_clients.salesforce.settings import LOGIN_URL, SalesforceSettings
from tasksync_clients.salesforce.usage import Meter
from tasksync_clients.salesforce.writing import Writer
from tasksync_clients.tokens import LoginTokens
from tasksync_clients.transport import Transport


class SalesforceClient:
    """Reads and writes records of one org; safe for several threads.

    The first call logs in, and an expired session is renewed once. Every method raises `ClientError` as drawn in
    `errors`. Sources: Salesforce wire facts, sync-rules §7 and §8.

    Attributes:
        bulk: reads and writes with jobs of Bulk API 2.0, for many rows.
    """

    def __init__(self, settings: SalesforceSettings) -> None:
        """Check the settings; nothing is sent yet.

        Raises:
            WrongSettings: the address or the credentials cannot be used.
        """
        login_url = base_url(settings.login_url, LOGIN_URL, loopback_only=settings.loopback_only)
        settings = replace(settings, login_url=login_url)
        self._meter = Meter(settings.reserve_percent)
        self._transport = Transport("Salesforce", settings.limits())
        self._tokens = LoginTokens(Login(settings, self._transport))
        delay = settings.retry_delay
        self._exchange = Exchange(self._transport, self._tokens, SalesforceDialect(), delay, self._meter)
        data_path = f"/services/data/v{settings.api_version}"
        self._reader = Reader(self._exchange, data_path)
        self._workers = settings.parallel_requests
        self._writer = Writer(self._exchange, data_path, settings.parallel_requests, delay)
        jobs = BulkJobs(self._exchange, data_path, delay, settings.bulk_timeout)
        self.bulk = Bulk(self._writer, jobs, self.describe)

    def __enter__(self) -> Self:
        """Give the client itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Close the connections."""
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    @property
    def calls(self) -> int:
        """How many API calls were made, repeated ones included; logins do not count."""
        return self._exchange.calls

    @property
    def usage(self) -> tuple[int, int] | None:
        """API calls used in the last 24 hours and the allowance, as the newest answer told (Sforce-Limit-Info)."""
        told = self._meter.usage
        return None if told is None else (told.used, told.total)

    @property
    def calls_left(self) -> int | None:
        """How many calls may still be made without touching the reserve; None while no answer has told."""
        return self._meter.left

    def check_allowance(self) -> None:
        """Make sure that another call may be made.

        Raises:
            AllowanceExhausted: it would touch the reserve; the message says what is known of the allowance.
        """
        self._meter.check()

    def login(self) -> None:
        """Log in, unless that was done; a refused login is not tried again."""
        self._tokens.current()

    @property
    def org_id(self) -> str:
        """The organization's id, 18 characters, from the login's answer: costs no API call."""
        return self._identity()[0]

    @property
    def user_id(self) -> str:
        """The integration user's id, 18 characters, from the login's answer: costs no API call."""
        return self._identity()[1]

    def _identity(self) -> tuple[str, str]:
        token = self._tokens.current()
        if not token.org_id:
            message = "The Salesforce login did not say which org and user it is for (`id`)."
            raise ProtocolError(message)
        return token.org_id, token.user_id

    def server_time(self) -> datetime:
        """Salesforce's clock (aware UTC) by its newest answer, never ahead of it; logs in when there was none."""
        now = self._transport.clock.now()
        if now is None:
            self.login()
            now = self._transport.clock.now()
        if now is None:
            message = "Salesforce's answers do not tell the time (header Date)."
            raise ProtocolError(message)
        return now

    def query(self, soql: str, *, include_deleted: bool = False) -> Iterator[list[dict[str, Any]]]:
        """Run a query and give its pages, of whatever length, until it is done; `attributes` are left out.

        `include_deleted` asks queryAll, which also finds deleted and archived records.

        Raises:
            ValueError: the query does not fit into a URI; `soql.chunked_in` splits long lists.
        """
        return self._reader.pages(soql, include_deleted=include_deleted, token_length=self._token_length())

    def queries(self, soqls: Sequence[str], *, include_deleted: bool = False) -> Iterator[list[dict[str, Any]]]:
        """Run several small queries side by side and give their pages in order; see `query`."""
        readings = [partial(self.query, soql, include_deleted=include_deleted) for soql in soqls]
        return side_by_side(readings, self._workers)

    def count(self, soql: str, *, include_deleted: bool = False) -> int:
        """Run a `SELECT COUNT() FROM …` and give the number."""
        answer, page = self._reader.first_page(soql, include_deleted=include_deleted, token_length=self._token_length())
        total = page.get("totalSize")
        if not isinstance(total, int) or isinstance(total, bool) or total < 0:
            answer.reject("no totalSize")
        return total

    def _token_length(self) -> int:
        return len(self._tokens.current().value)

    def retrieve(self, sobject: str, ids: Sequence[str], fields: Sequence[str]) -> list[dict[str, Any] | None]:
        """Read records by id, 2,000 a call, in order; None where there is none to see."""
        return self._reader.retrieve(sobject, ids, fields)

    def create(self, sobject: str, records: Sequence[Mapping[str, Any]]) -> list[RowResult]:
        """Create records, one result each, in order; prefer `upsert`, which can be repeated.

        Raises:
            LostAnswer: a call may or may not have been carried out; `partial` holds what is known of each row.
        """
        return self._writer.create(sobject, records)

    def update(self, sobject: str, records: Sequence[Mapping[str, Any]]) -> list[RowResult]:
        """Update records, each with its "Id", one result each, in order."""
        return self._writer.update(sobject, records)

    def upsert(self, sobject: str, external_id_field: str, records: Sequence[Mapping[str, Any]]) -> list[RowResult]:
        """Create or update records by an external id that each of them carries, one result each, in order."""
        return self._writer.upsert(sobject, external_id_field, records)

    def delete(self, ids: Sequence[str]) -> list[RowResult]:
        """Delete records, one result each, in order; one that is gone already is ok, with the code that says so."""
        return self._writer.delete(ids)

    def describe(self, sobject: str) -> dict[str, Any]:
        """Read an object's description: its fields and what may be done with them."""
        return self._reader.object(f"/sobjects/{sobject}/describe")

    def deleted(self, sobject: str, start: datetime, end: datetime) -> DeletedRecords:
        """Read what was deleted in a window of more than a minute, at most 15 days back; seconds are cut off."""
        return self._reader.deleted(sobject, start, end)

    def limits(self) -> dict[str, Any]:
        """Read the org's limits, such as DailyApiRequests with Max and Remaining."""
        return self._reader.object("/limits")
