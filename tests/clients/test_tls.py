"""Encrypted connections."""

import ipaddress
import ssl
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tasksync_clients.errors import ProtocolError, Unreachable, WrongSettings
from tasksync_clients.salesforce import SalesforceClient, SalesforceSettings

from .hostile import TOKEN_PATH, HostileService, Reply


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A file with a key and a certificate that it signed for this machine itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    alternative = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(alternative, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(secret + signed.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def encrypted(certificate):
    """The misbehaving service, encrypted."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    service = HostileService(context)
    yield service
    service.close()


def _client(url, **more):
    return SalesforceClient(SalesforceSettings(url, "app", "s3cret", retry_delay=0.001, **more))


def test_further_authorities_are_trusted(encrypted, certificate):
    """A bundle of authorities given by its setting is trusted."""
    encrypted.script("limits", Reply(body={"DailyApiRequests": {}}))
    with _client(encrypted.url, ca_bundle=str(certificate)) as client:
        assert client.limits() == {"DailyApiRequests": {}}


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_authorities_of_the_environment_are_trusted(encrypted, certificate, monkeypatch, variable):
    """A bundle of authorities named in the environment is trusted."""
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    monkeypatch.setenv(variable, str(certificate))
    with _client(encrypted.url) as client:
        client.login()
    assert encrypted.tokens == 1


def test_unknown_certificate_is_refused(encrypted):
    """A certificate that nobody vouches for gets no credentials, and the message says where to trust it."""
    with _client(encrypted.url) as client, pytest.raises(Unreachable, match="REQUESTS_CA_BUNDLE"):
        client.login()
    assert not encrypted.requests


def test_encryption_is_never_given_up(encrypted, hostile, certificate):
    """After an encrypted login the token is not sent to an instance without encryption."""
    encrypted.script(TOKEN_PATH, Reply(body={"access_token": "secret", "instance_url": hostile.url}))
    with (
        _client(encrypted.url, ca_bundle=str(certificate)) as client,
        pytest.raises(ProtocolError, match="without encryption"),
    ):
        client.limits()
    assert not hostile.requests


def test_service_that_speaks_no_tls_is_unreachable(hostile):
    """Encryption asked of a service that has none is an error of ours to read, and no credentials go out."""
    with _client(hostile.url.replace("http:", "https:")) as client, pytest.raises(Unreachable, match="encrypted"):
        client.login()
    assert not hostile.requests


def test_plugins_take_the_bundle_as_a_setting(encrypted, certificate):
    """The setting `ca_bundle` of a plugin is the bundle that is trusted."""
    config = {"login_url": encrypted.url, "client_id": "app", "client_secret": "s3cret", "ca_bundle": str(certificate)}
    with SalesforceClient(SalesforceSettings.from_config(config)) as client:
        client.login()
    assert encrypted.tokens == 1


def test_bundle_that_is_not_there_is_named(tmp_path):
    """A bundle that does not exist is a mistake in the settings, named with its variable."""
    config = {
        "login_url": "https://127.0.0.1",
        "client_id": "a",
        "client_secret": "b",
        "ca_bundle": str(tmp_path / "no"),
    }
    with pytest.raises(WrongSettings, match="REQUESTS_CA_BUNDLE"):
        SalesforceSettings.from_config(config)


@pytest.mark.parametrize("content", [None, b"", b"no certificate"], ids=["missing", "empty", "text"])
def test_bundle_of_the_environment_that_cannot_be_used_is_named(encrypted, tmp_path, monkeypatch, content):
    """Authorities that cannot be read are told in words, and no credentials go out."""
    path = tmp_path / "bundle.pem"
    if content is not None:
        path.write_bytes(content)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(path))
    with _client(encrypted.url) as client, pytest.raises((WrongSettings, Unreachable), match="REQUESTS_CA_BUNDLE"):
        client.login()
    assert not encrypted.requests
