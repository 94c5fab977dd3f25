"""Settings are read once, and mistakes in them are named."""

import pytest

from tasksync_clients.errors import WrongSettings
from tasksync_clients.sales_connect import SalesConnectClient, SalesConnectSettings
from tasksync_clients.salesforce import SalesforceClient, SalesforceSettings
from tasksync_clients.salesforce.settings import LoginFlow

LOGIN = "https://login.salesforce.com"
APP = {"login_url": LOGIN, "client_id": "app", "client_secret": "s3cret"}
KEY, REFRESH = {"private_key_path": "/key.pem"}, {"refresh_token": "r3fresh"}
USER = {"username": "ada@example.com"}
PASSWORD = USER | {"password": "passw0rd"}


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (APP | PASSWORD | KEY | REFRESH, LoginFlow.PRIVATE_KEY),
        (APP | PASSWORD | REFRESH, LoginFlow.REFRESH_TOKEN),
        (APP | PASSWORD, LoginFlow.PASSWORD),
        (APP | USER, LoginFlow.CLIENT_CREDENTIALS),
        (APP, LoginFlow.CLIENT_CREDENTIALS),
        (APP | {"private_key_path": "", "refresh_token": " ", "password": "", "username": None}, "client credentials"),
    ],
)
def test_login_is_chosen_in_order(config, expected):
    """Private key goes before refresh token, before username with password, before client credentials."""
    assert SalesforceSettings.from_config(config).login_flow() == expected


@pytest.mark.parametrize(
    ("config", "missing"),
    [
        ({}, ["login_url (SALESFORCE_LOGIN_URL)"]),
        ({"login_url": LOGIN}, ["client_id (SALESFORCE_CLIENT_ID)", "client_secret (SALESFORCE_CLIENT_SECRET)"]),
        ({"login_url": LOGIN, "client_id": "app"}, ["client_secret (SALESFORCE_CLIENT_SECRET)"]),
        ({"login_url": LOGIN} | KEY, ["client_id (SALESFORCE_CLIENT_ID)", "username (SALESFORCE_USERNAME)"]),
        ({"login_url": LOGIN} | REFRESH, ["client_id (SALESFORCE_CLIENT_ID)"]),
        (APP | {"password": "passw0rd"}, ["username (SALESFORCE_USERNAME)"]),
        ({"login_url": LOGIN, "client_id": "app"} | USER, ["password (SALESFORCE_PASSWORD)"]),
    ],
)
def test_missing_settings_are_named(config, missing):
    """What the login still needs is named with its environment variable."""
    with pytest.raises(WrongSettings) as caught:
        SalesforceSettings.from_config(config)
    assert all(name in caught.value.message for name in missing)


@pytest.mark.parametrize(
    "config",
    [
        {"login_url": "login.salesforce.com"},
        {"login_url": "ftp://login.salesforce.com"},
        {"login_url": "https://user:pa55@login.salesforce.com"},
        {"login_url": "https://login.salesforce.com/services/oauth2/token"},
        {"login_url": "https://login.salesforce.com?x=1"},
        {"login_url": "https://login.salesforce.com\\@evil.example"},
        {"login_url": "https://login.salesforce.com:99999"},
        {"login_url": "https://"},
        {"login_url": "https://[::1"},
        {"login_url": LOGIN, "client_secret": "two\nlines"},
        {"login_url": LOGIN, "client_secret": "not utf-8 \udce9"},
        {"login_url": LOGIN, "api_version": "latest"},
        {"login_url": LOGIN, "parallel_requests": "many"},
        {"login_url": LOGIN, "parallel_requests": 0},
        {"login_url": LOGIN, "read_timeout": "nan"},
        {"login_url": LOGIN, "loopback_only": "perhaps"},
    ],
    ids=str,
)
def test_values_that_cannot_be_right_are_refused(config):
    """A setting that cannot be right is refused by name, and its value is not shown."""
    with pytest.raises(WrongSettings) as caught:
        SalesforceSettings.from_config(APP | config)
    assert next(reversed(config)) in caught.value.message
    assert "pa55" not in caught.value.message
    assert "lines" not in caught.value.message


def test_values_are_read_as_people_write_them():
    """White space, a slash at the end, numbers as texts and a version with a v are all understood."""
    settings = SalesforceSettings.from_config(
        APP | {"login_url": f" {LOGIN}/ ", "api_version": "v59.0", "parallel_requests": "8", "loopback_only": ""}
    )
    assert (settings.login_url, settings.api_version, settings.parallel_requests) == (LOGIN, "59.0", 8)
    assert SalesforceSettings.from_config(APP | {"api_version": 60}).api_version == "60.0"
    assert SalesforceSettings.from_config(APP).api_version == "62.0"


@pytest.mark.parametrize("host", ["http://127.0.0.1:8641", "http://localhost:1", "https://[::1]:2"])
def test_loopback_hosts_are_allowed_in_the_sandbox(host):
    """This machine's own names and addresses pass where only they are allowed."""
    assert SalesforceSettings.from_config(APP | {"login_url": host, "loopback_only": True}).login_url == host
    assert SalesConnectSettings.from_config({"api_url": host, "token": "t", "loopback_only": "true"}).api_url == host


@pytest.mark.parametrize(
    "host", ["https://login.salesforce.com", "http://0.0.0.0:1", "http://localhost.evil.example", "http://10.0.0.1"]
)
def test_other_hosts_are_refused_in_the_sandbox(host):
    """Where only this machine is allowed, other hosts are refused before anything is sent."""
    with pytest.raises(WrongSettings, match="SALESFORCE_LOGIN_URL"):
        SalesforceSettings.from_config(APP | {"login_url": host, "loopback_only": True})
    with pytest.raises(WrongSettings, match="SALES_CONNECT_URL"):
        SalesConnectSettings.from_config({"api_url": host, "token": "t", "loopback_only": True})
    with pytest.raises(WrongSettings, match="SALESFORCE_LOGIN_URL"):
        SalesforceClient(SalesforceSettings(host, "app", "s3cret", loopback_only=True))
    with pytest.raises(WrongSettings, match="SALES_CONNECT_URL"):
        SalesConnectClient(SalesConnectSettings(host, "t", loopback_only=True))


@pytest.mark.parametrize(
    ("config", "missing"),
    [
        ({}, "api_url (SALES_CONNECT_URL)"),
        ({"api_url": "http://a.example"}, "token (SALES_CONNECT_TOKEN)"),
        (
            {"api_url": "http://a.example", "oauth_client_id": "app"},
            "oauth_client_secret (SALES_CONNECT_CLIENT_SECRET)",
        ),
        ({"api_url": "http://a.example", "token": "two words"}, "token (SALES_CONNECT_TOKEN)"),
        ({"api_url": "http://a.example", "token": "t\u00f6ken"}, "token (SALES_CONNECT_TOKEN)"),
        ({"api_url": "a.example", "token": "t"}, "api_url (SALES_CONNECT_URL)"),
    ],
)
def test_sales_connect_settings_are_checked(config, missing):
    """What is missing or wrong is named with its environment variable."""
    with pytest.raises(WrongSettings) as caught:
        SalesConnectSettings.from_config(config)
    assert missing in caught.value.message


def test_base_address_may_have_a_path():
    """Sales Connect may be served below a path."""
    settings = SalesConnectSettings.from_config({"api_url": "https://a.example/sales/", "token": "t"})
    assert settings.api_url == "https://a.example/sales"


def test_secrets_are_not_shown():
    """A repr of settings has no credentials and no user name."""
    shown = repr(SalesforceSettings.from_config(APP | PASSWORD | REFRESH))
    shown += repr(SalesConnectSettings("https://a.example", "t0ken", "app", "s3cret"))
    assert not any(secret in shown for secret in ("s3cret", "passw0rd", "r3fresh", "t0ken", "ada@", "'app'"))
