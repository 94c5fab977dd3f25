"""Each way to log in, at the sandbox's own login."""

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tasksync_clients.errors import AuthenticationFailed
from tasksync_clients.salesforce import SalesforceClient, SalesforceSettings

USERNAME = "integration@sandbox.example"


def _config(sandbox, **more):
    return {"login_url": sandbox.salesforce_url, "client_id": "sandbox", "loopback_only": True} | more


def _log_in(config):
    with SalesforceClient(SalesforceSettings.from_config(config)) as client:
        assert client.limits()["DailyApiRequests"]["Max"] > 0
        return client.user_id


def test_every_login_leads_to_the_integration_user(sandbox, tmp_path):
    """Private key, refresh token, password and client credentials all work, as the same user."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    plain = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = tmp_path / "key.pem"
    path.write_bytes(key.private_bytes(serialization.Encoding.PEM, *plain))
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    sandbox.control("salesforce", "POST", "logins", {"apps": {"signed": {"certificate": public.decode()}}})
    users = {
        _log_in(_config(sandbox, client_id="signed", username=USERNAME, private_key_path=str(path))),
        _log_in(_config(sandbox, refresh_token="sandbox")),
        _log_in(_config(sandbox, client_secret="sandbox", username=USERNAME, password="sandbox")),
        _log_in(_config(sandbox, client_secret="sandbox")),
    }
    assert len(users) == 1


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"refresh_token": "wr0ng"}, "invalid_grant"),
        ({"client_secret": "sandbox", "username": USERNAME, "password": "wr0ng"}, "invalid_grant"),
        ({"client_secret": "wr0ng"}, "invalid_client"),
        ({"client_id": "wr0ng", "client_secret": "sandbox"}, "invalid_client_id"),
    ],
)
def test_wrong_credentials_are_refused(sandbox, settings, code):
    """Wrong credentials are refused with Salesforce's code, and are not shown."""
    with pytest.raises(AuthenticationFailed) as caught:
        _log_in(_config(sandbox, **settings))
    assert caught.value.code == code
    assert "wr0ng" not in str(caught.value)
    assert USERNAME not in str(caught.value)
