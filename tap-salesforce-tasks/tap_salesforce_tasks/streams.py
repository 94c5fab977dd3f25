"""The streams of the tap."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

from tap_salesforce_tasks import schemas
from tap_salesforce_tasks.queries import select, window, window_end
from tap_salesforce_tasks.reading import TaskReading
from tasksync_clients.errors import Refused
from tasksync_engine.errors import ConfigError
from tasksync_engine.singer.tap_stream import IncrementalStream
from tasksync_engine.singer.tap_times import stamp

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tap_salesforce_tasks.tap import TapSalesforceTasks

    Page = list[dict[str, Any]]


class SalesforceStream(IncrementalStream):
    """A stream of one object, by its SystemModstamp."""

    keys = ("Id",)
    ordered_by = "SystemModstamp"

    def rows(self, sobject: str, conditions: list[str]) -> Iterator[Page]:
        """Pages of rows that fit, deleted and archived ones included, in (time, id) order.

        `windows.read_window` reads many of them with a query job instead.

        Raises:
            ClientError: Salesforce refused or could not be reached.
            ConfigError: the org has no such field, or hides it from the integration user.
        """
        soql = select(sobject, self.schema["properties"], conditions)
        times = schemas.date_times(self.schema)
        try:
            for page in _tap(self).client.query(soql, include_deleted=True):
                if page:
                    yield [schemas.with_fixed_times(row, times) for row in page]
        except Refused as refusal:
            if refusal.code == "INVALID_FIELD":
                raise ConfigError(_unknown_field(refusal, sobject)) from refusal
            raise


class Users(SalesforceStream):
    """Who there is."""

    name = "users"

    @classmethod
    def fields(cls, config: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG003  no setting changes it
        """The fields that tell people apart."""
        return schemas.USERS

    def pages(self) -> Iterator[Page]:
        """Those that changed."""
        now = _tap(self).client.server_time()
        for page in self.rows("User", window(self.since(), window_end(now))):
            yield page
            self.page_read(page, stamp(now))


class Tasks(SalesforceStream):
    """The tasks that changed, tombstones (`IsDeleted`) included."""

    name = "tasks"
    marked = True

    @classmethod
    def fields(cls, config: Mapping[str, Any]) -> dict[str, Any]:
        """The fields that the sync needs, the link field and `extra_fields`."""
        return schemas.task_schema(config)

    def pages(self) -> Iterator[Page]:
        """What `TaskReading` reads."""
        return TaskReading(self, _tap(self)).pages()


def _tap(stream: SalesforceStream) -> TapSalesforceTasks:
    return cast("TapSalesforceTasks", stream.sync_tap)


def _unknown_field(refusal: Refused, sobject: str) -> str:
    # Only the field's name: the rest of the service's words may quote anything.
    named = re.search(r"No such column '(\w+)'", refusal.reason, re.ASCII)
    field = f"a field {named[1]}" if named else "one of the fields that it was asked for"
    return (
        f"{sobject} in this Salesforce org lacks {field}, or hides it from the integration user.\n"
        "Deploy the link field and assign its permission set, or correct the settings link_field and extra_fields."
    )
