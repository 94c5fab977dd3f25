"""The tap for Salesforce Tasks."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from typing import Any, ClassVar

from tap_salesforce_tasks.owners import Owners, asked_owners, owners_alone, owners_of_roster
from tap_salesforce_tasks.settings import SETTINGS
from tap_salesforce_tasks.streams import Tasks, Users
from tasksync_clients.salesforce import SalesforceClient, SalesforceSettings
from tasksync_engine import usage
from tasksync_engine.singer.tap import SyncTap


class TapSalesforceTasks(SyncTap):
    """Singer tap for Salesforce: tasks with their tombstones, and users."""

    name = "tap-salesforce-tasks"
    stream_types = (Users, Tasks)
    keeps_empty = frozenset({"link_field"})
    config_jsonschema: ClassVar[dict[str, Any]] = SETTINGS

    @cached_property
    def client(self) -> SalesforceClient:
        """The connection of this run.

        Raises:
            WrongSettings: a credential is missing, or the URL is refused.
        """
        return self.resources.enter_context(SalesforceClient(SalesforceSettings.from_config(self.config)))

    @cached_property
    def owners(self) -> Owners:
        """Whose tasks are read.

        Raises:
            ConfigError: `owner_ids` holds what is no id.
        """
        asked = asked_owners(self.config)
        if self.ledger is None:
            return owners_alone(asked, self.start_date)
        lookback = timedelta(hours=self.config["initial_lookback_hours"])
        scope = self.scope
        people = [one for one in self.people if one.is_on]
        if scope is not None:
            people = [one for one in self.people if scope.has("task", one.salesforce_id)]
        return owners_of_roster(people, asked, lookback, self.start_date)

    def stream_read(self) -> None:
        """Remember what Salesforce told of the org's API calls, before the ledger is closed."""
        if self.ledger is not None:
            usage.note(self.ledger, self.client.usage)
        super().stream_read()

    def prepare(self) -> None:
        """Make sure, before anything is emitted, that there is somebody to read for and the ledger is this org's.

        Raises:
            ForeignLedger: the ledger belongs to another org.
        """
        _ = self.client, self.owners
        super().prepare()
        if self.ledger is not None and not any(one.is_on for one in self.people):
            self.logger.warning("Nobody takes part yet, so no task was read: run `to-salesforce` first.")
            self.resources.close()
            raise SystemExit(0)
        self.client.login()
        if self.ledger is not None:
            self.ledger.claim("org_id", self.client.org_id)
