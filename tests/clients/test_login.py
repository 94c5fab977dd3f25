"""Logging in to Salesforce."""

import time

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tasksync_clients.errors import AuthenticationFailed, ProtocolError, Unreachable, WrongSettings
from tasksync_clients.salesforce import SalesforceClient, SalesforceSettings

from .hostile import ORG_ID, TOKEN_PATH, USER_ID, HostileService, Reply

FORMAT = (
    serialization.Encoding.PEM,
    serialization.PrivateFormat.PKCS8,
)


@pytest.fixture(scope="module")
def private_key():
    """An RSA key, made once because that takes a moment."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _client(hostile, **settings):
    return SalesforceClient(SalesforceSettings(hostile.url, **{"client_id": "app", "retry_delay": 0.001} | settings))


def _token(**members):
    return Reply(body={"access_token": "secret", "instance_url": "http://127.0.0.1:1"} | members)


def test_private_key_signs_who_we_are(hostile, private_key, tmp_path):
    """A JWT bearer login names the app, the user and the login address, for three minutes by a numeric expiry."""
    path = tmp_path / "key.pem"
    path.write_bytes(private_key.private_bytes(*FORMAT, serialization.NoEncryption()))
    with _client(hostile, username="ada@example.com", private_key_path=str(path)) as client:
        client.login()
    form = hostile.asked(TOKEN_PATH)[0].form
    assert form.keys() == {"grant_type", "assertion"}
    assert form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
    claims = jwt.decode(form["assertion"], private_key.public_key(), ["RS256"], audience=hostile.url)
    assert (claims["iss"], claims["sub"], type(claims["exp"])) == ("app", "ada@example.com", int)
    assert 0 < claims["exp"] - time.time() <= 180


@pytest.mark.parametrize("kind", ["missing", "folder", "text", "encrypted", "elliptic"])
def test_key_that_cannot_be_used_is_named(hostile, private_key, tmp_path, kind):
    """A key file that cannot be used is named by its setting, and nothing of it is shown."""
    path = tmp_path / "key.pem"
    encrypted = serialization.BestAvailableEncryption(b"passw0rd")
    if kind == "folder":
        path.mkdir()
    elif kind == "text":
        path.write_text("-----BEGIN PRIVATE KEY-----\nc0ntent\n-----END PRIVATE KEY-----")
    elif kind == "encrypted":
        path.write_bytes(private_key.private_bytes(*FORMAT, encrypted))
    elif kind == "elliptic":
        key = ec.generate_private_key(ec.SECP256R1())
        path.write_bytes(key.private_bytes(*FORMAT, serialization.NoEncryption()))
    with (
        _client(hostile, username="ada", private_key_path=str(path)) as client,
        pytest.raises(WrongSettings, match="SALESFORCE_PRIVATE_KEY_PATH") as caught,
    ):
        client.login()
    assert "c0ntent" not in caught.value.message
    assert not hostile.asked(TOKEN_PATH)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (
            {"refresh_token": "r3fresh"},
            {"grant_type": "refresh_token", "refresh_token": "r3fresh", "client_id": "app"},
        ),
        (
            {"username": "ada", "password": "p&=w\ud800", "client_secret": "s3cret"},
            {"grant_type": "password", "username": "ada", "password": "p&=w\ufffd"}
            | {"client_id": "app", "client_secret": "s3cret"},
        ),
        (
            {"client_secret": "s3cret"},
            {"grant_type": "client_credentials", "client_id": "app", "client_secret": "s3cret"},
        ),
    ],
)
def test_other_logins_send_their_form(hostile, settings, expected):
    """Refresh token, password and client credentials send exactly what their grant needs, as a form."""
    with _client(hostile, **settings) as client:
        client.login()
    request = hostile.asked(TOKEN_PATH)[0]
    assert request.form == expected
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert "Authorization" not in request.headers
    assert request.target == TOKEN_PATH


def test_login_says_who_and_where_and_costs_no_call(hostile, salesforce):
    """Organization, user and time come from the login's answer; logging in is lazy, done once, and no API call."""
    assert not hostile.requests
    assert (salesforce.org_id, salesforce.user_id) == (f"{ORG_ID}EAA", f"{USER_ID}AAA")
    assert salesforce.server_time().utcoffset().total_seconds() == 0
    salesforce.login()
    assert (hostile.tokens, salesforce.calls) == (1, 0)


def test_time_costs_one_login(hostile, salesforce):
    """Asking for the time first of all logs in once."""
    assert salesforce.server_time() <= salesforce.server_time()
    assert (hostile.tokens, salesforce.calls) == (1, 0)


def test_slash_at_the_end_of_an_address_is_nothing(hostile):
    """An address means the same with a slash at its end."""
    with SalesforceClient(SalesforceSettings(f"{hostile.url}/", "app", "s3cret")) as client:
        client.login()
    assert hostile.requests[0].target == TOKEN_PATH


def test_missing_identity_is_said(hostile, salesforce):
    """An answer without `id` is enough to work with, but not to tell org and user."""
    hostile.script(TOKEN_PATH, _token(id="http://[", instance_url=hostile.url))
    salesforce.login()
    with pytest.raises(ProtocolError, match="id"):
        _ = salesforce.org_id


@pytest.mark.parametrize(
    ("status", "code", "advice"),
    [
        (400, "invalid_grant", "login_url"),
        (401, "invalid_client", "SALESFORCE_CLIENT_SECRET"),
        (400, "invalid_client_id", "SALESFORCE_CLIENT_ID"),
        (400, "inactive_user", "inactive"),
        (400, "inactive_org", "SALESFORCE_LOGIN_URL"),
        (400, "unsupported_grant_type", "connected app"),
        (403, "rate_limit_exceeded", "hour"),
        (400, "something_new", "credentials"),
    ],
)
def test_refused_login_says_what_to_do(hostile, salesforce, status, code, advice):
    """A refused login says in at most two lines what Salesforce said and what to do, without our secrets."""
    said = "authentication failure\nfor s3cret " + "x" * 500
    hostile.script(TOKEN_PATH, Reply(status, {"error": code, "error_description": said}))
    with pytest.raises(AuthenticationFailed) as caught:
        salesforce.login()
    text = str(caught.value)
    assert code in text
    assert "authentication failure for …" in text
    assert advice in text
    assert text.count("\n") <= 1
    assert len(text) < 600
    assert "s3cret" not in text
    assert (caught.value.code, caught.value.category, caught.value.status) == (code, "Authentication", status)


def test_refused_login_is_not_tried_again(hostile, salesforce):
    """A login that was refused once is refused for good, so that nobody gets locked out."""
    hostile.script(TOKEN_PATH, Reply(400, {"error": "invalid_grant"}))
    for _ in range(3):
        with pytest.raises(AuthenticationFailed):
            salesforce.limits()
    assert len(hostile.asked(TOKEN_PATH)) == 1


def test_busy_login_is_tried_again(hostile, salesforce):
    """A login that meets a server fault or a cut connection is tried again."""
    good = _token(access_token="later", instance_url=hostile.url)
    hostile.script(TOKEN_PATH, Reply(503, b"<html>"), Reply(cut="before"), Reply(429), good)
    salesforce.login()
    assert len(hostile.asked(TOKEN_PATH)) == 4


def test_login_that_stays_down_is_unreachable(hostile, salesforce):
    """A login that only meets server faults is given up after a few attempts."""
    hostile.script(TOKEN_PATH, Reply(503, b"<html>sorry</html>"))
    with pytest.raises(Unreachable, match=hostile.host) as caught:
        salesforce.login()
    assert "sorry" not in str(caught.value)


@pytest.mark.parametrize("reply", [Reply(404, b"<html>secret</html>"), Reply(400, []), Reply(400, {"error": "<b>"})])
def test_another_service_is_recognized(hostile, salesforce, reply):
    """What does not answer like a Salesforce login points at the login address."""
    hostile.script(TOKEN_PATH, reply)
    with pytest.raises(ProtocolError, match="SALESFORCE_LOGIN_URL") as caught:
        salesforce.login()
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, b"<html>secret</html>", {"Content-Type": "text/html"}),
        Reply(200, []),
        Reply(200, {"access_token": "secret"}),
        _token(access_token=7),
        _token(access_token="secret\r\nX-Evil: 1"),
        _token(access_token="s\u00e9cret"),
        _token(instance_url="//evil.example"),
        _token(instance_url="file:///etc/passwd"),
        _token(instance_url="https://user:secret@evil.example"),
        _token(instance_url="https://evil.example/path"),
        _token(instance_url="https://evil.example?secret"),
        _token(instance_url="https://evil.example:port"),
    ],
)
def test_answer_that_cannot_be_used_is_refused(hostile, salesforce, reply):
    """A login's answer without a usable token and address is refused, and nothing of it is shown."""
    hostile.script(TOKEN_PATH, reply)
    with pytest.raises(ProtocolError) as caught:
        salesforce.limits()
    assert "secret" not in str(caught.value)
    assert "passwd" not in str(caught.value)


def test_sandbox_refuses_an_instance_elsewhere(hostile):
    """Where only this machine is allowed, an instance on another host never sees the token."""
    hostile.script(TOKEN_PATH, _token(instance_url="http://evil.example"))
    with (
        _client(hostile, client_secret="s3cret", loopback_only=True) as client,
        pytest.raises(WrongSettings, match=r"evil\.example"),
    ):
        client.limits()
    assert not hostile.asked()


def test_redirected_login_is_refused(hostile, salesforce):
    """The credentials do not follow a redirect."""
    elsewhere = {"Location": f"{hostile.url}/elsewhere?secret=1"}
    hostile.script(TOKEN_PATH, Reply(307, b"", elsewhere))
    with pytest.raises(ProtocolError, match=hostile.host) as caught:
        salesforce.login()
    assert "secret" not in str(caught.value)
    assert not hostile.asked("elsewhere")


def test_instance_on_another_host_gets_no_token(hostile, salesforce):
    """A login that names an instance elsewhere is refused before anything is sent there."""
    elsewhere = HostileService()
    hostile.script(TOKEN_PATH, _token(instance_url=elsewhere.url))
    with pytest.raises(ProtocolError, match="another host"):
        salesforce.limits()
    elsewhere.close()
    assert not elsewhere.requests
