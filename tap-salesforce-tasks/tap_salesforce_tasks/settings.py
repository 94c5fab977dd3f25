"""The settings that the tap declares."""

from __future__ import annotations

from singer_sdk import typing as th

from tasksync_engine.singer.quiet import SDK_LOGS

_CONNECTION = [
    th.Property(
        "login_url",
        th.StringType,
        title="Login URL",
        description="Where to log in: the org's My Domain, or https://login.salesforce.com.",
    ),
    th.Property("client_id", th.StringType, title="Client id", description="Consumer key of the connected app."),
    th.Property(
        "client_secret", th.StringType, secret=True, title="Client secret", description="Consumer secret of that app."
    ),
    th.Property("username", th.StringType, title="Username", description="For the private key and password logins."),
    th.Property(
        "password",
        th.StringType,
        secret=True,
        title="Password",
        description="For the password login, the security token appended.",
    ),
    th.Property(
        "private_key_path",
        th.StringType,
        title="Private key path",
        description="PEM file of the private key whose certificate the connected app holds; the preferred login.",
    ),
    th.Property(
        "refresh_token", th.StringType, secret=True, title="Refresh token", description="For the refresh token login."
    ),
    th.Property("api_version", th.StringType, default="62.0", title="API version", description="REST API version."),
    th.Property(
        "api_reserve_percent",
        th.IntegerType(minimum=0, maximum=99),
        default=10,
        title="API reserve percent",
        description="The share of the org's daily API calls that is left to others: the tap stops before it.",
    ),
    th.Property(
        "ca_bundle",
        th.StringType,
        title="CA bundle",
        description="PEM file of the certificate authorities to trust instead of the usual ones (REQUESTS_CA_BUNDLE).",
    ),
    th.Property(
        "parallel_requests",
        th.IntegerType(minimum=1, maximum=25),
        default=4,
        title="Parallel requests",
        description="The most calls under way at once.",
    ),
    th.Property(
        "loopback_only",
        th.BooleanType,
        default=False,
        title="Loopback only",
        description="Refuse a host that is not this machine; the sandbox environment sets it.",
    ),
    SDK_LOGS,
]

_READING = [
    th.Property(
        "start_date",
        th.StringType,
        title="Start date",
        description="Read nothing that was last changed before this date or time (UTC unless it says otherwise).",
    ),
    th.Property(
        "initial_lookback_hours",
        th.IntegerType(minimum=0),
        default=24,
        title="Initial lookback hours",
        description="How far before a user turned task sync on their tasks are read.",
    ),
    th.Property(
        "lookback_seconds",
        th.IntegerType(minimum=0),
        default=600,
        title="Lookback seconds",
        description="Overlap of two runs, for late commits: how far before the last reading a run begins.",
    ),
    th.Property(
        "bulk_threshold",
        th.IntegerType(minimum=0),
        default=50_000,
        title="Bulk threshold",
        description="From how many tasks on a window of more than a day is read with a Bulk API 2.0 query job; "
        "0 means never.",
    ),
    th.Property(
        "bulk_timeout",
        th.IntegerType(minimum=1, maximum=86_400),
        default=3600,
        title="Bulk timeout",
        description="Seconds after which a query job that has not ended is aborted, and the run ends.",
    ),
    th.Property(
        "extra_fields",
        th.ArrayType(th.StringType),
        title="Extra fields",
        description="API names of further fields of Task, for extra field pairs of the mapping.",
    ),
    th.Property(
        "link_field",
        th.StringType,
        default="Sales_Connect_Id__c",
        title="Link field",
        description="The External ID field on Activity that holds a pushed reminder's id; empty where there is none.",
    ),
    th.Property(
        "owner_ids",
        th.ArrayType(th.StringType),
        title="Owner ids",
        description="Only tasks of these Salesforce users, for example one worker's share; empty means all.",
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
        description="SQLAlchemy URL of the sync's ledger, whose roster says whose tasks to read. "
        "Without it the tap works alone.",
    ),
]

SETTINGS = th.PropertiesList(*_CONNECTION, *_READING).to_dict()
