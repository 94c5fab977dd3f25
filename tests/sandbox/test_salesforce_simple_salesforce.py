"""simple-salesforce, unmodified, against the sandbox's Salesforce over TLS."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
import requests
from cryptography.hazmat.primitives import serialization
from requests.adapters import HTTPAdapter
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import (
    SalesforceAuthenticationFailed,
    SalesforceExpiredSession,
    SalesforceMalformedRequest,
    SalesforceMoreThanOneRecord,
    SalesforceResourceNotFound,
)

from tasksync_sandbox.both import both_services

from .salesforce_org import OrgCaller
from .test_salesforce_login import SigningApp

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import SandboxHandle

LINK = "Sales_Connect_Id__c"
USERNAME = "integration@sandbox.example"
DOMAIN = "tasksync.my"


class ToSandbox(HTTPAdapter):
    """Carries requests for Salesforce's hosts to the sandbox, as a hosts file would."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._host = urlsplit(url).netloc

    def send(self, request: requests.PreparedRequest, *rest: Any, **more: Any) -> requests.Response:
        """Send the request to the sandbox instead."""
        asked = urlsplit(request.url or "")
        request.url = asked._replace(netloc=self._host).geturl()
        return super().send(request, *rest, **more)


def trusting(certificate: str) -> requests.Session:
    """Return a session that trusts one certificate, whatever bundle the environment names."""
    session = requests.Session()
    session.trust_env = False
    session.verify = certificate
    return session


class Tls(OrgCaller):
    """A caller of a sandbox with TLS, whose control goes over TLS too.

    Attributes:
        certificate: path of the certificate to trust.
    """

    def __init__(self, url: str, certificate: str) -> None:
        self.url, self.certificate = url, certificate
        self.http = trusting(certificate)
        self._opened = [self.http]

    def control(self, resource: str, body: Any = None) -> Any:
        """POST to a control resource."""
        answer = self.http.post(f"{self.url}/_sandbox/{resource}", json=body, timeout=60)
        assert answer.ok, answer.text
        return answer.json()

    def session(self) -> requests.Session:
        """Return a session that trusts the sandbox and finds it under Salesforce's names."""
        session = trusting(self.certificate)
        self._opened.append(session)
        session.mount("https://login.salesforce.com", ToSandbox(self.url))
        session.mount(f"https://{DOMAIN}.salesforce.com", ToSandbox(self.url))
        return session

    def close(self) -> None:
        """Close all connections."""
        for session in self._opened:
            session.close()

    def by_credentials(self, **more: Any) -> Salesforce:
        """Log in by client credentials."""
        keys = {"consumer_key": "sandbox", "consumer_secret": "sandbox", "domain": DOMAIN}
        return Salesforce(**keys, session=self.session(), **more)


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tls]:
    """A sandbox with TLS."""
    folder: Path = tmp_path_factory.mktemp("tls")
    with both_services(folder, tls=True) as running:
        caller = Tls(running.urls[0], str(folder / "certificate.pem"))
        yield caller
        caller.close()


@pytest.fixture
def tls(serving: Tls) -> Tls:
    """An empty sandbox with TLS."""
    serving.control("reset")
    serving.http.delete(f"{serving.url}/_sandbox/faults", timeout=60)
    return serving


def test_session_mode(tls: Tls) -> None:
    """§0: with a session id and an instance URL the client works on host and port as they are."""
    token = tls.by_credentials().session_id
    client = Salesforce(session_id=token, instance_url=tls.url, session=tls.session())
    assert client.is_sandbox() is True
    assert client.sf_version == "59.0"


def test_logins(tls: Tls) -> None:
    """§1: client credentials by Basic, password with security token (SOAP), password with an app, and JWT bearer."""
    clients = [
        tls.by_credentials(),
        Salesforce(username=USERNAME, password="sandbox", security_token="T", session=tls.session()),
        Salesforce(
            username=USERNAME,
            password="sandbox",
            consumer_key="sandbox",
            consumer_secret="sandbox",
            session=tls.session(),
        ),
    ]
    assert len({client.session_id for client in clients}) == len(clients)
    for client in clients:
        assert client.query("SELECT Id FROM Organization")["totalSize"] == 1


def test_jwt_login(tls: Tls, running_sandbox: SandboxHandle) -> None:
    """§1: the client's JWT bearer login, whose expiry is text, is verified against the app's certificate."""
    org = OrgCaller(running_sandbox)
    app = SigningApp(org, "simple")
    org.http.close()
    pem = app.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    tls.control("logins", {"apps": {"simple": {"certificate": app.certificate}}})
    client = Salesforce(username=USERNAME, consumer_key="simple", privatekey=pem, session=tls.session())
    assert client.query("SELECT Id FROM Organization")["totalSize"] == 1


def test_refused_logins(tls: Tls) -> None:
    """§1: the client understands why a login fails, by OAuth and by SOAP."""
    with pytest.raises(SalesforceAuthenticationFailed, match="invalid_client"):
        Salesforce(consumer_key="sandbox", consumer_secret="wrong", domain=DOMAIN, session=tls.session())
    with pytest.raises(SalesforceAuthenticationFailed, match="INVALID_LOGIN"):
        Salesforce(username=USERNAME, password="wrong", security_token="T", session=tls.session())


@pytest.fixture
def client(tls: Tls) -> Salesforce:
    """A client that is logged in."""
    return tls.by_credentials(version="62.0")


def test_one_record(client: Salesforce) -> None:
    """§3: create, read, update, upsert, read by external id, delete."""
    created = client.Task.create({"Subject": "Call"})
    assert created["success"] is True
    task = client.Task.get(created["id"])
    assert (task["Subject"], task["attributes"]["type"]) == ("Call", "Task")
    assert client.Task.update(created["id"], {"Status": "Completed"}) == 204
    assert client.Task.upsert(f"{LINK}/ss-1", {"Subject": "a"}) == 201
    assert client.Task.upsert(f"{LINK}/ss-1", {"Subject": "b"}) == 200
    assert client.Task.get_by_custom_id(LINK, "ss-1")["Subject"] == "b"
    assert client.Task.delete(created["id"]) == 204
    with pytest.raises(SalesforceResourceNotFound, match="ENTITY_IS_DELETED"):
        client.Task.get(created["id"])
    with pytest.raises(SalesforceMalformedRequest, match="STRING_TOO_LONG"):
        client.Task.create({"Subject": "x" * 256})


def test_several_matches(tls: Tls, client: Salesforce) -> None:
    """§3 Upsert: 300 becomes the client's own error."""
    tls.control("schema", {"objects": {"Task": {"add": [{"name": "Ext__c", "externalId": True}]}}})
    for _ in range(2):
        client.Task.create({"Ext__c": "x"})
    with pytest.raises(SalesforceMoreThanOneRecord):
        client.Task.upsert("Ext__c/x", {"Subject": "new"})


def test_queries_and_pages(tls: Tls, client: Salesforce) -> None:
    """§2: query, query_more by both spellings of a locator, query_all with deleted records, no rows at all."""
    records = [{"Id": f"00TA{n:011d}AAA", "Subject": f"n{n}", "IsDeleted": n % 2 == 1} for n in range(5000)]
    tls.control("load", {"objects": {"Task": records}})
    soql = "SELECT Id, Subject FROM Task ORDER BY Id"
    first = client.query(soql)
    assert (first["totalSize"], first["done"], len(first["records"])) == (2500, False, 2000)
    rest = client.query_more(first["nextRecordsUrl"], identifier_is_url=True)
    assert (len(rest["records"]), rest["done"]) == (500, True)
    locator = first["nextRecordsUrl"].rsplit("/", 1)[1]
    assert client.query_more(locator)["records"] == rest["records"]
    assert len(client.query_all(soql, include_deleted=True)["records"]) == 5000
    assert sum(1 for _ in client.query_all_iter(soql)) == 2500
    assert client.query("SELECT Id FROM Task WHERE Subject = 'none'")["records"] == []


def test_collections(client: Salesforce) -> None:
    """§4 Collections: through the client's restful call, with results by record."""
    record = {"attributes": {"type": "Task"}}
    created = client.restful("composite/sobjects", method="POST", json={"records": [record] * 3})
    assert [result["success"] for result in created] == [True] * 3
    body = {"records": [{**record, "id": result["id"], "Subject": "x"} for result in created]}
    assert all(result["success"] for result in client.restful("composite/sobjects", method="PATCH", json=body))
    ids = ",".join(result["id"] for result in created)
    removed = client.restful("composite/sobjects", params={"ids": ids}, method="DELETE")
    assert all(result["success"] for result in removed)


def test_bulk_ingest(client: Salesforce) -> None:
    """§5 Ingest: insert, upsert and delete through the client's bulk2, with its three kinds of results."""
    task = client.bulk2.Task
    (told,) = task.insert(records=[{"Subject": "a"}, {"Subject": "x" * 256}], wait=0.1)
    assert (told["numberRecordsProcessed"], told["numberRecordsFailed"]) == (2, 1)
    results = task.get_all_ingest_records(told["job_id"])
    assert [row["Subject"] for row in results["successfulRecords"]] == ["a"]
    assert [row["sf__Error"].partition(":")[0] for row in results["failedRecords"]] == ["STRING_TOO_LONG"]
    assert results["unprocessedRecords"] == []
    (told,) = task.upsert(records=[{LINK: f"bulk-{n}"} for n in range(3)], external_id_field=LINK, wait=0.1)
    made = task.get_all_ingest_records(told["job_id"])["successfulRecords"]
    assert len(made) == 3
    (told,) = task.delete(records=[{"Id": row["sf__Id"]} for row in made], wait=0.1)
    assert told["numberRecordsFailed"] == 0
    assert client.query("SELECT Id FROM Task")["totalSize"] == 1


def test_bulk_query(tls: Tls, client: Salesforce) -> None:
    """§5 Query: the client's bulk2 reads all pages of a result."""
    records = [{"Id": f"00TA{n:011d}AAA", "Subject": f"n{n}"} for n in range(2500)]
    tls.control("load", {"objects": {"Task": records}})
    pages = list(client.bulk2.Task.query("SELECT Id, Subject FROM Task", max_records=1000))
    assert len(pages) == 3
    assert sum(page.count("00TA") for page in pages) == 2500


def test_describe_limits_and_windows(client: Salesforce) -> None:
    """§2, §3, §6: describe, limits, usage, deleted and updated as the client asks for them."""
    assert client.Task.describe()["name"] == "Task"
    assert client.Task.metadata()["objectDescribe"]["name"] == "Task"
    assert "Task" in {one["name"] for one in client.describe()["sobjects"]}
    assert client.limits()["DailyApiRequests"]["Max"] == 100000
    assert client.api_usage["api-usage"].total == 100000
    gone = client.Task.create({})["id"]
    client.Task.delete(gone)
    kept = client.Task.create({})["id"]
    now = datetime.now(UTC)
    window = (now - timedelta(hours=1), now + timedelta(hours=1))
    assert [record["id"] for record in client.Task.deleted(*window)["deletedRecords"]] == [gone]
    assert client.Task.updated(*window)["ids"] == [kept]


def test_an_expired_session(tls: Tls, client: Salesforce) -> None:
    """§1 401 handling: a logged-in client logs in again by itself, one in session mode tells of the expiry."""
    tls.control("faults", {"kind": "expire_session", "path": "/query", "times": 1})
    before = client.session_id
    assert client.query("SELECT Id FROM Organization")["totalSize"] == 1
    assert client.session_id != before
    lost = Salesforce(session_id="nonsense", instance_url=tls.url, session=tls.session())
    with pytest.raises(SalesforceExpiredSession):
        lost.query("SELECT Id FROM Organization")
