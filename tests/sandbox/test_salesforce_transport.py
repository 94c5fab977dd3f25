"""Paths, versions, headers and errors around every resource of the sandbox's Salesforce."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import pytest
import requests

from .salesforce_org import refusal

if TYPE_CHECKING:
    from .salesforce_org import OrgCaller


@pytest.mark.parametrize(
    "path",
    [
        "/services/data/v62.0/limits",
        "/services/data/v62.0/limits/",
        "//services/data/v62.0/limits",
        "/services/data/V62.0/LIMITS",
        "/services/data/v41.0/limits",
        "/services/data/v68.0/limits",
        "/services/data/v62.0/sobjects/task/describe/",
        "/services/data/v62.0/SObjects/TASK/Describe",
    ],
)
def test_paths_are_taken_in_every_spelling(org: OrgCaller, path: str) -> None:
    """§0: both slash forms, any case, doubled leading slashes, and every version from 41.0 up are served."""
    assert org.http.get(org.url + path, timeout=60).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/services/data/v62.0/nothing", (404, "NOT_FOUND")),
        ("GET", "/services/data/v62.0/sobjects/Nothing", (404, "NOT_FOUND")),
        ("GET", "/services/data/v62.0/sobjects/Nothing/describe", (404, "NOT_FOUND")),
        ("GET", "/services/data/v99.0/limits", (404, "NOT_FOUND")),
        ("GET", "/services/data/v30.0/limits", (410, "GONE")),
        ("GET", "/nothing/at/all", (404, "NOT_FOUND")),
        ("PUT", "/services/data/v62.0/query", (405, "METHOD_NOT_ALLOWED")),
        ("PATCH", "/services/data/v62.0/sobjects/Task", (405, "METHOD_NOT_ALLOWED")),
        ("POST", "/services/data", (405, "METHOD_NOT_ALLOWED")),
        ("OPTIONS", "/services/data/v62.0/sobjects/Task", (405, "METHOD_NOT_ALLOWED")),
    ],
)
def test_unknown_urls_and_methods(org: OrgCaller, method: str, path: str, expected: tuple[int, str]) -> None:
    """§2 Error body: an unknown URL, object, version or method is an array with its own code."""
    assert refusal(org.http.request(method, org.url + path, timeout=60)) == expected


@pytest.mark.parametrize(
    "path",
    ["/services/oauth2/token/", "//services/oauth2/token", "/Services/OAuth2/Token", "///services/oauth2/token//"],
)
def test_the_token_resource_is_found_in_every_spelling(org: OrgCaller, path: str) -> None:
    """§0: both slash forms, any case and doubled leading slashes serve for logins too, which are no calls."""
    calls = org.sandbox.calls("salesforce")["total"]
    form = {"grant_type": "client_credentials", "client_id": "sandbox", "client_secret": "sandbox"}
    answer = requests.post(org.url + path, data=form, timeout=60)
    assert answer.json()["token_type"] == "Bearer"
    identity = answer.json()["id"].replace("/id/", "//id/") + "/"
    token = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    assert requests.get(identity, headers=token, timeout=60).json()["organization_id"].startswith("00D")
    assert org.sandbox.calls("salesforce")["total"] == calls


@pytest.mark.parametrize(
    ("method", "path", "since"),
    [
        ("POST", "/composite/sobjects", "42.0"),
        ("POST", "/composite/sobjects/Task", "42.0"),
        ("PATCH", "/composite/sobjects/Task/Sales_Connect_Id__c", "46.0"),
        ("POST", "/composite/graph", "50.0"),
    ],
)
def test_resources_came_with_a_version(org: OrgCaller, method: str, path: str, since: str) -> None:
    """§4: collections came with version 42, their upsert with 46, composite graph with 50; before, they are 404."""
    before = f"{float(since) - 1:.1f}"
    assert refusal(org.call(method, path, version=before, json={})) == (404, "NOT_FOUND")
    assert org.call(method, path, version=since, json={}).status_code == 400


def test_versions_are_open_to_all_and_not_metered(org: OrgCaller) -> None:
    """§1, §2: the version list needs no token and has no limit header."""
    answer = requests.get(f"{org.url}/services/data/", timeout=60)
    assert {"label", "url", "version"} == set(answer.json()[0])
    assert "68.0" in [one["version"] for one in answer.json()]
    assert "Sforce-Limit-Info" not in answer.headers
    assert answer.json()[1] == {"label": "Spring '18", "url": "/services/data/v42.0", "version": "42.0"}


def test_every_data_reply_tells_the_calls_used(org: OrgCaller) -> None:
    """§2 Limits: Sforce-Limit-Info counts up in its plain form, failed calls too, and /limits agrees."""

    def used(answer: requests.Response) -> int:
        text = answer.headers["Sforce-Limit-Info"]
        assert text.startswith("api-usage=")
        count, _, most = text.removeprefix("api-usage=").partition("/")
        assert most == "100000"
        return int(count)

    first = used(org.get("/limits"))
    assert used(org.get("/nothing")) == first + 1
    limits = org.get("/limits")
    assert used(limits) == first + 2
    assert limits.json()["DailyApiRequests"] == {"Max": 100000, "Remaining": 100000 - first - 2}
    assert {"DailyBulkV2QueryJobs", "DailyBulkApiBatches", "DataStorageMB"} <= set(limits.json())


def test_the_date_header_goes_by_the_sandboxs_clock(org: OrgCaller) -> None:
    """§8: clients take the server's time from Date, also from the token answer."""
    org.sandbox.clock(30 * 86400)
    expected = datetime.now(UTC) + timedelta(days=30)
    for answer in (org.get("/limits"), org.login(), org.get("/nothing")):
        assert abs(parsedate_to_datetime(answer.headers["Date"]) - expected) < timedelta(seconds=60)
        assert answer.headers["Date"].count(":") == 2  # one Date, not two joined


def test_a_body_must_be_json(org: OrgCaller) -> None:
    """§2 Error body: another content type is 415, broken JSON and a missing body are JSON_PARSER_ERROR."""
    text = org.call("POST", "/sobjects/Task", data="Subject=x", headers={"Content-Type": "text/plain"})
    assert refusal(text) == (415, "UNSUPPORTED_MEDIA_TYPE")
    broken = org.call("POST", "/sobjects/Task", data="{", headers={"Content-Type": "application/json"})
    assert refusal(broken) == (400, "JSON_PARSER_ERROR")
    assert refusal(org.call("POST", "/sobjects/Task")) == (400, "JSON_PARSER_ERROR")
    assert refusal(org.post("/sobjects/Task", ["x"])) == (400, "JSON_PARSER_ERROR")


def test_a_body_of_another_shape_is_an_error_like_any_other(org: OrgCaller) -> None:
    """§2 Error body: a body that no resource expects is a 400 like any other, and nothing is written."""
    strange: list[tuple[str, object]] = [
        ("/composite/sobjects", {"records": [{"attributes": "Task"}, {"attributes": {"type": 5}}]}),
        ("/composite/sobjects/Task", {"ids": [5], "fields": [5]}),
        ("/composite/batch", {"batchRequests": [None]}),
        ("/composite", {"compositeRequest": [5]}),
        ("/composite", {"compositeRequest": [{"method": "GET", "url": 5, "referenceId": "a"}]}),
        ("/composite", {"compositeRequest": [{"method": "GET", "url": "/", "referenceId": "a", "httpHeaders": [5]}]}),
        ("/composite/graph", {"graphs": [5]}),
        ("/composite/graph", {"graphs": [{"graphId": "1", "compositeRequest": "x"}]}),
        ("/composite/graph", {"graphs": [{"graphId": "1", "compositeRequest": [{"url": "/", "method": "GET"}]}]}),
        ("/composite/tree/Account", {"records": [5]}),
        ("/composite/tree/Account", {"records": [{"Name": "Acme", "Contacts": {"records": None}}]}),
    ]
    for path, body in strange:
        answer = org.post(path, body)
        refused = answer.json()[0].get("success") is False
        assert answer.status_code == (200 if refused else 400), path
    assert org.sandbox.writes("salesforce") == []


def test_a_uri_has_at_most_16384_bytes(org: OrgCaller) -> None:
    """§2: a longer URI is 414, one that is longer together with its headers 431."""
    path = "/services/data/v62.0/limits?x="
    token = str(org.http.headers["Authorization"])
    headers = {
        "Host": org.url.removeprefix("http://"),
        "Authorization": token,
        "Accept-Encoding": "",
        "User-Agent": "x",
    }
    room = 16384 - len(path) - sum(len(name) + len(value) for name, value in headers.items())

    def answered(length: int) -> int:
        plain = requests.Request("GET", org.url + path + "x" * length, headers=headers).prepare()
        return org.http.send(plain, timeout=60).status_code

    assert answered(room) == 200
    assert answered(room + 1) == 431
    assert answered(16384 - len(path)) == 431
    assert answered(16384 - len(path) + 1) == 414


def test_the_daily_limit(org: OrgCaller) -> None:
    """§10: the daily allowance used up is 403 REQUEST_LIMIT_EXCEEDED with its own message."""
    org.sandbox.fault("salesforce", "daily_limit", path="/query", times=1)
    answer = org.get("/query", q="SELECT Id FROM Task")
    assert answer.status_code == 403
    assert answer.json() == [{"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}]
    assert org.get("/query", q="SELECT Id FROM Task").ok


def test_the_session_of_one_request_expires(org: OrgCaller) -> None:
    """§1 401 handling: `expire_session` ends the token of the request that it strikes, and no other."""
    other = org.token()["access_token"]
    org.sandbox.fault("salesforce", "expire_session", path="/limits", times=1)
    assert refusal(org.get("/limits")) == (401, "INVALID_SESSION_ID")
    assert refusal(org.get("/limits")) == (401, "INVALID_SESSION_ID")
    org.http.headers["Authorization"] = f"Bearer {other}"
    assert org.get("/limits").ok


def test_the_allowance_can_be_set(org: OrgCaller) -> None:
    """§10: calls count up to the daily allowance, and are refused from there on."""
    org.control("allowance", {"used": 7, "max": 9})
    assert org.get("/limits").headers["Sforce-Limit-Info"] == "api-usage=8/9"
    assert org.get("/limits").json()["DailyApiRequests"] == {"Max": 9, "Remaining": 0}
    refused = org.get("/limits")
    assert (refused.status_code, refused.headers["Sforce-Limit-Info"]) == (403, "api-usage=9/9")
    assert refusal(refused) == (403, "REQUEST_LIMIT_EXCEEDED")
    org.control("allowance", {"used": 0})
    assert org.get("/limits").ok
