"""The tap for Marketo Sales Connect."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar

from singer_sdk import typing as th

from tap_salesconnect.streams import People, Reminders, SalesforceSettings, Users
from tasksync_clients.sales_connect import SalesConnectClient, SalesConnectSettings
from tasksync_clients.sales_connect.dialect import is_record_id
from tasksync_engine.singer.quiet import SDK_LOGS
from tasksync_engine.singer.tap import SyncTap
from tasksync_engine.singer.tap_times import stamp, time_or_none


class TapSalesconnect(SyncTap):
    """Singer tap for Marketo Sales Connect: reminders with their tombstones, users, people, Salesforce settings."""

    name = "tap-salesconnect"
    stream_types = (SalesforceSettings, Users, Reminders, People)
    config_jsonschema: ClassVar[dict[str, Any]] = th.PropertiesList(
        th.Property("api_url", th.StringType, title="API URL", description="Base URL of the API."),
        th.Property("token", th.StringType, secret=True, title="Token", description="Static API token."),
        th.Property(
            "oauth_client_id",
            th.StringType,
            title="OAuth client id",
            description="With the secret: log in by client credentials instead of a static token.",
        ),
        th.Property(
            "oauth_client_secret",
            th.StringType,
            secret=True,
            title="OAuth client secret",
            description="The secret of the OAuth client.",
        ),
        th.Property(
            "ca_bundle",
            th.StringType,
            title="CA bundle",
            description="PEM file of the certificate authorities to trust instead of the usual ones "
            "(REQUESTS_CA_BUNDLE).",
        ),
        th.Property(
            "start_date",
            th.StringType,
            title="Start date",
            description="Read nothing that was last changed before this date or time (UTC unless it says otherwise).",
        ),
        th.Property(
            "lookback_seconds",
            th.IntegerType(minimum=0),
            default=600,
            title="Lookback seconds",
            description="Overlap of two runs, for late commits: how far before the last reading a run begins.",
        ),
        th.Property(
            "page_size",
            th.IntegerType(minimum=1, maximum=500),
            default=500,
            title="Page size",
            description="Reminders asked for per call.",
        ),
        th.Property(
            "extra_fields",
            th.ArrayType(th.StringType),
            title="Extra fields",
            description="Members of a reminder beyond those of the contract, for extra field pairs of the mapping.",
        ),
        th.Property(
            "user_ids",
            th.ArrayType(th.StringType),
            title="User ids",
            description="Only reminders assigned to these users, for example one worker's share; empty means all.",
        ),
        th.Property(
            "shard",
            th.StringType,
            title="Shard",
            description="Only this shard's users (`tasksync shards plan`); needs a ledger in PostgreSQL.",
        ),
        th.Property(
            "ledger_url",
            th.StringType,
            secret=True,
            title="Ledger URL",
            description="SQLAlchemy URL of the sync's ledger. Without it the tap works alone.",
        ),
        th.Property(
            "loopback_only",
            th.BooleanType,
            default=False,
            title="Loopback only",
            description="Refuse an API that is not on this machine; the sandbox environment sets it.",
        ),
        SDK_LOGS,
    ).to_dict()

    @cached_property
    def client(self) -> SalesConnectClient:
        """The connection of this run.

        Raises:
            WrongSettings: a credential is missing, or the URL is refused.
        """
        return self.resources.enter_context(SalesConnectClient(SalesConnectSettings.from_config(self.config)))

    @cached_property
    def salesforce_settings(self) -> dict[str, Any]:
        """The tenant and its subject template, read once in a run."""
        return self.client.salesforce_settings()

    @cached_property
    def users(self) -> list[dict[str, Any]]:
        """All users, read once in a run."""
        return [user for page in self.client.users() for user in page]

    @property
    def user_ids(self) -> frozenset[str]:
        """The users that the tap is limited to; empty means all."""
        return frozenset(self.config.get("user_ids", ()))

    def users_on(self) -> dict[str, str]:
        """When each user who has task sync on turned it on; only `user_ids` where that is set.

        Of a shard its users by the roster that its plan was made of: those who have it off are told with no time.
        """
        if self.scope is not None:
            return {
                user.sales_connect_id: stamp(user.enabled_at) if user.is_on else ""
                for user in self.people
                if self.scope.has("reminder", user.sales_connect_id)
            }
        return {
            user["id"]: user["task_sync"]["enabled_at"]
            for user in self.users
            if _is_on(user) and (not self.user_ids or user["id"] in self.user_ids)
        }

    def prepare(self) -> None:
        """Make sure, before anything is emitted, that the settings are complete and the ledger is this tenant's.

        Raises:
            ForeignLedger: the ledger belongs to another tenant.
        """
        _ = self.client
        super().prepare()
        if self.ledger is not None:
            self.ledger.claim("account_id", self.salesforce_settings["account_id"])


def _is_on(user: dict[str, Any]) -> bool:
    """Whether a user has task sync on; one that cannot be read is left to the target, which says so."""
    task_sync = user.get("task_sync")
    if not is_record_id(user.get("id")) or not isinstance(task_sync, dict):
        return False
    return task_sync.get("enabled") is True and time_or_none(task_sync.get("enabled_at")) is not None
