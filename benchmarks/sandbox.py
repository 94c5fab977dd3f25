# noqa: INP001  a script, no package
"""How fast the sandbox's Salesforce answers: milliseconds per call, requests per second, and sixteen clients at once.

`--rows N` loads N tasks first (20,000 without it).
"""

from __future__ import annotations

import argparse
import multiprocessing
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests

from tasksync_sandbox.both import both_services

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection

FIELDS = (
    "Id, Subject, Status, Priority, ActivityDate, Description, OwnerId, WhoId, WhatId, IsDeleted, IsClosed, "
    "CreatedDate, LastModifiedDate, SystemModstamp, TaskSubtype, IsRecurrence, Sales_Connect_Id__c"
)
EPOCH = datetime(2024, 1, 1, tzinfo=UTC)
LOAD, BATCH, PAGE, CLIENTS, ROUNDS = 20_000, 200, 2_000, 16, 20
LINK = "Sales_Connect_Id__c"


def serve(folder: str, urls: Connection) -> None:
    """Run a sandbox in a process of its own."""
    sandbox = both_services(Path(folder))
    sandbox.run(lambda: urls.send(sandbox.urls))


class Caller:
    """A session in the sandbox's org."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.http = requests.Session()
        self.http.headers["Authorization"] = f"Bearer {self.token().json()['access_token']}"

    def token(self) -> requests.Response:
        """Ask for a token."""
        form = {"grant_type": "client_credentials", "client_id": "sandbox", "client_secret": "sandbox"}
        return self.http.post(f"{self.url}/services/oauth2/token", data=form, timeout=60)

    def call(self, method: str, path: str, **more: Any) -> requests.Response:  # noqa: ANN401  as in requests
        """Call a path below a version."""
        answer = self.http.request(method, f"{self.url}/services/data/v62.0{path}", timeout=600, **more)
        answer.raise_for_status()
        return answer

    def load(self, rows: int) -> None:
        """Load tasks, one of each second."""
        for start in range(0, rows, LOAD):
            tasks = [task(number) for number in range(start, min(rows, start + LOAD))]
            body = {"objects": {"Task": tasks}}
            self.http.post(f"{self.url}/_sandbox/load", json=body, timeout=600).raise_for_status()


def task(number: int) -> dict[str, Any]:
    """Return the n-th task."""
    return {
        "Id": f"00TB{number:011d}AAA",
        "Subject": f"Call {number}",
        "Description": "x" * 200,
        "SystemModstamp": (EPOCH + timedelta(seconds=number)).isoformat(),
        LINK: f"reminder-{number}",
    }


def records(*given: dict[str, Any]) -> dict[str, Any]:
    """Return a collection's body."""
    return {"records": [{"attributes": {"type": "Task"}, **record} for record in given]}


def measured(name: str, call: Callable[[int], object], times: int = 20) -> None:
    """Print the median of some calls."""
    call(0)
    spent = []
    for number in range(1, times + 1):
        start = time.perf_counter()
        call(number)
        spent.append(time.perf_counter() - start)
    middle = statistics.median(spent)
    print(f"{name:<44} {middle * 1000:8.1f} ms {1 / middle:8.0f} requests/s")


def reads(caller: Caller, rows: int, ids: list[str]) -> None:
    """Measure the reads that a sync makes."""
    since = (EPOCH + timedelta(seconds=max(0, rows - PAGE))).isoformat().replace("+00:00", "Z")
    window = f"SystemModstamp >= {since} AND SystemModstamp < 2035-01-01T00:00:00Z"
    page = {"q": f"SELECT {FIELDS} FROM Task WHERE {window} ORDER BY SystemModstamp, Id LIMIT {PAGE}"}  # noqa: S608
    links = ", ".join(f"'reminder-{number}'" for number in range(BATCH))
    by_link = {"q": f"SELECT Id, {LINK} FROM Task WHERE {LINK} IN ({links})"}  # noqa: S608
    whole = {"q": "SELECT COUNT() FROM Task"}
    wanted = {"ids": ids, "fields": FIELDS.split(", ")}
    measured("token", lambda _: caller.token())
    measured("read one record", lambda _: caller.call("GET", f"/sobjects/Task/{ids[0]}"), 100)
    measured(f"incremental page of {PAGE:,}", lambda _: caller.call("GET", "/queryAll", params=page))
    measured(f"query by {BATCH} external ids", lambda _: caller.call("GET", "/query", params=by_link))
    measured(f"retrieve {BATCH}", lambda _: caller.call("POST", "/composite/sobjects/Task", json=wanted))
    measured("count all", lambda _: caller.call("GET", "/query", params=whole), 3)
    measured("describe", lambda _: caller.call("GET", "/sobjects/Task/describe"))


def writes(caller: Caller, ids: list[str]) -> None:
    """Measure the writes that a sync makes."""

    def create(number: int) -> None:
        given = [{"Subject": f"n{number}", "Status": "Completed", "Description": "y" * 200} for _ in ids]
        caller.call("POST", "/composite/sobjects", json=records(*given))

    def update(number: int) -> None:
        given = [{"id": record_id, "Subject": f"n{number}"} for record_id in ids]
        caller.call("PATCH", "/composite/sobjects", json=records(*given))

    def upsert(number: int) -> None:
        given = [{LINK: f"upserted-{n}", "Subject": f"n{number}"} for n in range(BATCH)]
        caller.call("PATCH", f"/composite/sobjects/Task/{LINK}", json=records(*given))

    measured(f"create {BATCH}", create)
    measured(f"update {BATCH}", update)
    measured(f"upsert {BATCH}", upsert)


def one_client(url: str) -> int:
    """Write ten records and read them, again and again; return how many requests that took."""
    caller = Caller(url)
    results = caller.call("POST", "/composite/sobjects", json=records(*[{"Subject": "x"}] * 10)).json()
    ids = [result["id"] for result in results]
    for number in range(ROUNDS):
        given = [{"id": record_id, "Subject": f"n{number}"} for record_id in ids]
        caller.call("PATCH", "/composite/sobjects", json=records(*given))
        caller.call("POST", "/composite/sobjects/Task", json={"ids": ids, "fields": ["Id", "Subject"]})
    caller.http.close()
    return 1 + 2 * ROUNDS


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    rows = parser.parse_args().rows
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    with tempfile.TemporaryDirectory() as folder:
        server = context.Process(target=serve, args=(folder, theirs), daemon=True)
        server.start()
        url = ours.recv()[0]
        caller = Caller(url)
        start = time.perf_counter()
        caller.load(rows)
        print(f"{f'load {rows:,} tasks':<44} {time.perf_counter() - start:8.1f} s")
        created = caller.call("POST", "/composite/sobjects", json=records(*[{"Subject": "x"}] * BATCH)).json()
        ids = [result["id"] for result in created]
        reads(caller, rows, ids)
        writes(caller, ids)
        start = time.perf_counter()
        with ThreadPoolExecutor(CLIENTS) as pool:
            count = sum(pool.map(one_client, [url] * CLIENTS))
        rate = count / (time.perf_counter() - start)
        print(f"{f'{CLIENTS} clients, 10 records written and read':<44} {'':11} {rate:8.0f} requests/s")
        caller.http.close()
        server.terminate()
        server.join()


if __name__ == "__main__":
    main()
