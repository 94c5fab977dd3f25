"""The services' settings as the targets declare them."""

from __future__ import annotations

from typing import Any

from singer_sdk import typing as th


def _text(name: str, description: str, *, secret: bool = False) -> th.Property[Any]:
    return th.Property(name, th.StringType, secret=secret, description=description)


_CA_BUNDLE = _text(
    "ca_bundle", "PEM file of the certificate authorities to trust instead of the usual ones (REQUESTS_CA_BUNDLE)."
)

SALESFORCE_SETTINGS = (
    _text("login_url", "Salesforce's login address, for example https://acme.my.salesforce.com."),
    _text("client_id", "The connected app's consumer key."),
    _text("client_secret", "The connected app's consumer secret.", secret=True),
    _text("username", "The integration user's name, for the private-key and password logins."),
    _text("password", "The integration user's password, with the security token appended.", secret=True),
    _text("private_key_path", "A PEM file whose certificate the connected app holds (JWT bearer login)."),
    _text("refresh_token", "A refresh token of the connected app.", secret=True),
    _text("api_version", "Salesforce's API version, 46.0 or newer."),
    th.Property(
        "api_reserve_percent",
        th.IntegerType,
        default=10,
        description="The share of the org's daily API calls that is left to others. When calls are short, completions, "
        "deletions and what is due today go first and the rest waits; at the reserve the run stops.",
    ),
    _CA_BUNDLE,
)

WRITE_SETTINGS = (
    _text(
        "write_mode",
        "How tasks are written: collections (200 a call), bulk (Bulk API 2.0 jobs), or auto (default): collections, "
        "and a job from bulk_threshold creates on.",
    ),
    th.Property(
        "bulk_threshold",
        th.IntegerType(minimum=0),
        default=5000,
        description="From how many creates in a batch on auto takes a bulk job; 0 means never.",
    ),
    th.Property(
        "bulk_timeout",
        th.IntegerType(minimum=1, maximum=86_400),
        default=3600,
        description="Seconds after which a bulk job that has not ended is aborted; its other rows go in the next run.",
    ),
)

SALES_CONNECT_SETTINGS = (
    _text("api_url", "Sales Connect's address."),
    _text("token", "A static API token.", secret=True),
    _text("oauth_client_id", "The OAuth client's id, instead of a token."),
    _text("oauth_client_secret", "The OAuth client's secret.", secret=True),
    _CA_BUNDLE,
)
