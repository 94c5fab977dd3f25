"""The streams of the tap."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from tap_salesconnect import schemas
from tap_salesconnect.reading import ReminderReading
from tasksync_engine.singer.tap_stream import IncrementalStream, PagedStream
from tasksync_engine.singer.tap_times import stamp

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tap_salesconnect.tap import TapSalesconnect

    Page = list[dict[str, Any]]


class SalesforceSettings(PagedStream):
    """The tenant, and the template of a pushed task's subject."""

    name = "salesforce_settings"
    keys = ("account_id",)

    @classmethod
    def fields(cls, config: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG003  no setting changes it
        """The contract's members."""
        return schemas.SALESFORCE_SETTINGS

    def pages(self) -> Iterator[Page]:
        """One page with the one record."""
        yield [_tap(self).salesforce_settings]


class Users(PagedStream):
    """Who there is, and who has task sync on since when; in full each time, for the roster is made of it."""

    name = "users"
    keys = ("id",)

    @classmethod
    def fields(cls, config: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG003  no setting changes it
        """The contract's members."""
        return schemas.USERS

    def pages(self) -> Iterator[Page]:
        """All users; of a shard none, for its runs go by the roster that its plan was made of."""
        if _tap(self).scope is None:
            yield _tap(self).users


class Reminders(IncrementalStream):
    """The reminders that changed, tombstones (`deleted_at`) included."""

    name = "reminders"
    keys = ("id",)
    ordered_by = "updated_at"
    marked = True

    @classmethod
    def fields(cls, config: Mapping[str, Any]) -> dict[str, Any]:
        """The contract's members and `extra_fields`."""
        return schemas.with_extra_fields(schemas.REMINDERS, config.get("extra_fields", []))

    def pages(self) -> Iterator[Page]:
        """What `ReminderReading` reads."""
        return ReminderReading(self, _tap(self)).pages()


class People(IncrementalStream):
    """The people that reminders are about."""

    name = "people"
    keys = ("id",)
    ordered_by = "updated_at"

    @classmethod
    def fields(cls, config: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG003  no setting changes it
        """The contract's members."""
        return schemas.PEOPLE

    def pages(self) -> Iterator[Page]:
        """Those that changed."""
        client = _tap(self).client
        for page in client.people(updated_since=self.since()):
            yield page
            self.page_read(page, stamp(client.server_time()))


def _tap(stream: PagedStream) -> TapSalesconnect:
    return cast("TapSalesconnect", stream.sync_tap)
