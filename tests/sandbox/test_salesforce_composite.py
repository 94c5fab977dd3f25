"""Several requests in one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .salesforce_org import refusal

if TYPE_CHECKING:
    from .salesforce_org import OrgCaller

BASE = "/services/data/v62.0"


def step(name: str, method: str, path: str, body: Any = None, **more: Any) -> dict[str, Any]:
    """Return a subrequest."""
    return {"method": method, "url": BASE + path, "referenceId": name, **({"body": body} if body else {}), **more}


ACCOUNT = step("acme", "POST", "/sobjects/Account", {"Name": "Acme"})
TASK = step("task", "POST", "/sobjects/Task", {"Subject": "Call", "WhatId": "@{acme.id}"})


def statuses(results: list[dict[str, Any]]) -> list[int]:
    """Return the status of each subrequest."""
    return [result["httpStatusCode"] for result in results]


def test_references_between_subrequests(org: OrgCaller) -> None:
    """§4 Composite: later subrequests refer to earlier answers, in URL and body; it is one call."""
    used = org.get("/limits").json()["DailyApiRequests"]["Remaining"]
    find = step("find", "GET", "/query?q=SELECT+Id,+Subject+FROM+Task+WHERE+AccountId='@{acme.id}'")
    read = step("read", "GET", "/sobjects/Task/@{find.records[0].Id}?fields=Subject")
    answer = org.post("/composite", {"compositeRequest": [ACCOUNT, TASK, find, read]}).json()["compositeResponse"]
    assert statuses(answer) == [201, 201, 200, 200]
    assert [result["referenceId"] for result in answer] == ["acme", "task", "find", "read"]
    assert answer[0]["httpHeaders"]["Location"] == f"{BASE}/sobjects/Account/{answer[0]['body']['id']}"
    assert answer[3]["body"]["Subject"] == "Call"
    assert org.get("/limits").json()["DailyApiRequests"]["Remaining"] == used - 2


def test_composite_all_or_none(org: OrgCaller) -> None:
    """§4 Composite: with allOrNone the failed one keeps its error and the others are PROCESSING_HALTED."""
    bad = step("bad", "POST", "/sobjects/Task", {"Nope": 1})
    requests = [ACCOUNT, bad, step("more", "GET", "/limits")]
    answer = org.post("/composite", {"allOrNone": True, "compositeRequest": requests}).json()["compositeResponse"]
    assert [result["body"][0]["errorCode"] for result in answer] == [
        "PROCESSING_HALTED", "INVALID_FIELD", "PROCESSING_HALTED",
    ]  # fmt: skip
    assert org.query("SELECT Id FROM Account") == []
    answer = org.post("/composite", {"compositeRequest": requests}).json()["compositeResponse"]
    assert statuses(answer) == [201, 400, 200]


def test_composite_refusals(org: OrgCaller) -> None:
    """§4 Composite: at most 25 subrequests, 5 of them queries or collections; reference ids and headers are checked."""
    many = [step(f"n{n}", "GET", "/limits") for n in range(26)]
    queries = [step(f"q{n}", "GET", "/query?q=SELECT+Id+FROM+Task") for n in range(6)]
    for requests in (
        many,
        queries,
        [step("a b", "GET", "/limits")],
        [step("a", "GET", "/limits")] * 2,
        [step("a", "GET", "/limits", httpHeaders={"Authorization": "x"})],
        [],
    ):
        assert org.post("/composite", {"compositeRequest": requests}).status_code == 400
    assert org.post("/composite", {"compositeRequest": many[:25]}).status_code == 200
    lost = step("lost", "GET", "/sobjects/Task/@{nobody.id}")
    answer = org.post("/composite", {"compositeRequest": [lost]}).json()["compositeResponse"]
    assert statuses(answer) == [400]


def test_headers_of_a_subrequest(org: OrgCaller) -> None:
    """§3 Conditional headers: in a composite they are set per subrequest."""
    record_id = org.create(Subject="old")
    headers = {"If-Unmodified-Since": "Thu, 01 Jan 2015 00:00:00 GMT"}
    write = step("w", "PATCH", f"/sobjects/Task/{record_id}", {"Subject": "new"}, httpHeaders=headers)
    answer = org.post("/composite", {"compositeRequest": [write]}).json()["compositeResponse"]
    assert statuses(answer) == [412]


def test_batch(org: OrgCaller) -> None:
    """§4 Batch: results in order with their own status, URLs with and without the leading path, each a call."""
    used = org.get("/limits").json()["DailyApiRequests"]["Remaining"]
    requests = [
        {"method": "GET", "url": "v62.0/sobjects/Task/describe"},
        {"method": "GET", "url": "/services/data/v60.0/sobjects/Nope/describe"},
        {"method": "POST", "url": "v62.0/sobjects/Task", "richInput": {"Subject": "x"}},
    ]
    answer = org.post("/composite/batch", {"batchRequests": requests}).json()
    assert answer["hasErrors"] is True
    assert [result["statusCode"] for result in answer["results"]] == [200, 404, 201]
    assert answer["results"][0]["result"]["name"] == "Task"
    assert org.names("Id != null") == ["x"]
    assert org.get("/limits").json()["DailyApiRequests"]["Remaining"] == used - 3 - 2


def test_batch_halts_and_checks(org: OrgCaller) -> None:
    """§4 Batch: haltOnError stops with 412; the inner version is at least 34 and at most the outer; at most 25."""
    requests = [{"method": "GET", "url": "v62.0/nothing"}, {"method": "GET", "url": "v62.0/limits"}]
    answer = org.post("/composite/batch", {"haltOnError": True, "batchRequests": requests}).json()
    assert [result["statusCode"] for result in answer["results"]] == [404, 412]
    assert answer["results"][1]["result"][0]["errorCode"] == "BATCH_PROCESSING_HALTED"
    newer = org.post("/composite/batch", {"batchRequests": [{"method": "GET", "url": "v63.0/limits"}]}).json()
    assert newer["results"][0]["statusCode"] == 400
    assert org.post("/composite/batch", {"batchRequests": requests * 13}).status_code == 400


def test_graphs(org: OrgCaller) -> None:
    """§4 Graph: each graph is carried out whole or not at all, the others regardless."""
    bad = step("bad", "POST", "/sobjects/Task", {"Nope": 1})
    graphs = [
        {"graphId": "1", "compositeRequest": [ACCOUNT, TASK]},
        {"graphId": "2", "compositeRequest": [ACCOUNT, bad]},
    ]
    answer = org.post("/composite/graph", {"graphs": graphs}).json()["graphs"]
    assert [(graph["graphId"], graph["isSuccessful"]) for graph in answer] == [("1", True), ("2", False)]
    assert statuses(answer[0]["graphResponse"]["compositeResponse"]) == [201, 201]
    assert statuses(answer[1]["graphResponse"]["compositeResponse"]) == [400, 400]
    assert len(org.query("SELECT Id FROM Account")) == 1


def test_graph_limits(org: OrgCaller) -> None:
    """§4 Graph: only record URLs, at most 75 graphs and 500 nodes; after 14 failed graphs the rest is halted."""
    query = [step("q", "GET", "/query?q=SELECT+Id+FROM+Task")]
    assert org.post("/composite/graph", {"graphs": [{"graphId": "1", "compositeRequest": query}]}).status_code == 400
    one = {"graphId": "1", "compositeRequest": [ACCOUNT]}
    assert org.post("/composite/graph", {"graphs": [one] * 76}).status_code == 400
    wide = {
        "graphId": "1",
        "compositeRequest": [step(f"n{n}", "POST", "/sobjects/Task", {"Subject": "x"}) for n in range(501)],
    }
    assert org.post("/composite/graph", {"graphs": [wide]}).status_code == 400
    failing = {"graphId": "x", "compositeRequest": [step("bad", "POST", "/sobjects/Task", {"Nope": 1})]}
    answer = org.post("/composite/graph", {"graphs": [failing] * 14 + [one]}).json()["graphs"]
    last = answer[-1]["graphResponse"]["compositeResponse"][0]
    assert last["body"][0]["errorCode"] == "PROCESSING_HALTED"
    assert org.query("SELECT Id FROM Account") == []


def test_graph_shapes(org: OrgCaller) -> None:
    """§4 Graph: references are at most 15 deep, and at most 15 nodes differ by method, object and version."""

    def chain(length: int) -> list[dict[str, Any]]:
        first = step("n0", "POST", "/sobjects/Account", {"Name": "n0"})
        below = (
            step(f"n{n}", "POST", "/sobjects/Account", {"Name": f"n{n}", "ParentId": f"@{{n{n - 1}.id}}"})
            for n in range(1, length)
        )
        return [first, *below]

    def kinds(count: int) -> list[dict[str, Any]]:
        node = {"method": "GET", "url": f"/services/data/v62.0/sobjects/User/{'005A00000000001AAA'}"}
        return [{**node, "url": node["url"].replace("62", str(62 - n)), "referenceId": f"n{n}"} for n in range(count)]

    def answered(requests: list[dict[str, Any]]) -> int:
        return org.post("/composite/graph", {"graphs": [{"graphId": "1", "compositeRequest": requests}]}).status_code

    assert (answered(chain(15)), answered(chain(16))) == (200, 400)
    assert (answered(kinds(15)), answered(kinds(16))) == (200, 400)
    assert answered([ACCOUNT, ACCOUNT]) == 400
    assert len(org.query("SELECT Id FROM Account")) == 15


def test_tree(org: OrgCaller) -> None:
    """§4 Tree: parents and children are created together, or none, with statusCode in the errors."""
    child = {"attributes": {"type": "Contact", "referenceId": "c"}, "LastName": "Kent"}
    root = {"attributes": {"type": "Account", "referenceId": "a"}, "Name": "Acme", "Contacts": {"records": [child]}}
    answer = org.post("/composite/tree/Account", {"records": [root]})
    assert (answer.status_code, answer.json()["hasErrors"]) == (201, False)
    assert [result["referenceId"] for result in answer.json()["results"]] == ["a", "c"]
    assert org.query("SELECT Account.Name FROM Contact") == [{"Account": {"Name": "Acme"}}]
    bad = {**root, "Contacts": {"records": [{"attributes": child["attributes"]}]}}
    answer = org.post("/composite/tree/Account", {"records": [bad]})
    assert (answer.status_code, answer.json()["hasErrors"]) == (400, True)
    assert answer.json()["results"][0]["errors"][0]["statusCode"] == "REQUIRED_FIELD_MISSING"
    assert len(org.query("SELECT Id FROM Account")) == 1
    assert refusal(org.post("/composite/tree/Account", {"records": []})) == (400, "INVALID_INPUT")
