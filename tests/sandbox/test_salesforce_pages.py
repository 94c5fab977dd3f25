"""Results in pages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .salesforce_org import refusal

if TYPE_CHECKING:
    from .salesforce_org import OrgCaller

SOQL = "SELECT Id, Subject FROM Task ORDER BY SystemModstamp, Id"


def fill(org: OrgCaller, count: int) -> None:
    """Load tasks, ten of each second."""
    org.load(
        Task=[
            {
                "Id": f"00TA{n:011d}AAA",
                "Subject": f"n{n}",
                "SystemModstamp": f"2024-03-01T{n // 36000:02}:{n // 600 % 60:02}:{n // 10 % 60:02}Z",
            }
            for n in range(count)
        ]
    )


def test_pages_follow_a_locator(org: OrgCaller) -> None:
    """§2: 2,000 records a page, the whole total on each, and a next URL that says query also for queryAll."""
    fill(org, 4500)
    first = org.get("/queryAll", q=SOQL).json()
    assert (first["totalSize"], first["done"], len(first["records"])) == (4500, False, 2000)
    assert re.fullmatch(r"/services/data/v62\.0/query/0r8\w{15}-2000", first["nextRecordsUrl"])
    second = org.http.get(org.url + first["nextRecordsUrl"], params={"q": SOQL}, timeout=60).json()
    assert (second["totalSize"], second["done"], len(second["records"])) == (4500, False, 2000)
    third = org.get(second["nextRecordsUrl"].partition("v62.0")[2] + "/").json()
    assert (third["totalSize"], third["done"], len(third["records"])) == (4500, True, 500)
    assert "nextRecordsUrl" not in third
    subjects = [record["Subject"] for page in (first, second, third) for record in page["records"]]
    assert subjects == [f"n{n}" for n in range(4500)]
    again = org.http.get(org.url + first["nextRecordsUrl"], timeout=60).json()
    assert again["records"] == second["records"]


def test_the_next_url_echoes_the_version(org: OrgCaller) -> None:
    """§0: attributes.url and nextRecordsUrl carry the version that was asked for."""
    fill(org, 201)
    headers = {"Sforce-Query-Options": "batchSize=200"}
    answer = org.call("GET", "/query/", version="50.0", params={"q": SOQL}, headers=headers).json()
    assert answer["nextRecordsUrl"].startswith("/services/data/v50.0/query/")
    assert answer["records"][0]["attributes"]["url"].startswith("/services/data/v50.0/sobjects/Task/")


def test_page_sizes(org: OrgCaller) -> None:
    """§2: batchSize is at least 200 and at most 2,000."""
    fill(org, 2500)
    sizes = []
    for asked in ("batchSize=1", "batchSize = 700", "batchSize=9999", "nonsense"):
        answer = org.call("GET", "/query", params={"q": SOQL}, headers={"Sforce-Query-Options": asked})
        sizes.append(len(answer.json()["records"]))
    assert sizes == [200, 700, 2000, 2000]


def test_short_pages_lose_nothing(org: OrgCaller) -> None:
    """§2: pages may be shorter than asked at any time; done and the next URL alone tell the end."""
    fill(org, 1000)
    org.sandbox.fault("salesforce", "short_pages", path="/query", size=300, times=3)
    answer = org.get("/query", q=SOQL).json()
    found = answer["records"]
    while not answer["done"]:
        answer = org.http.get(org.url + answer["nextRecordsUrl"], timeout=60).json()
        found += answer["records"]
    assert [record["Subject"] for record in found] == [f"n{n}" for n in range(1000)]
    assert org.sandbox.faults("salesforce")[0]["hits"] == 3


def test_dead_locators(org: OrgCaller) -> None:
    """§2: a cursor lives two days; unknown, old and senseless locators are INVALID_QUERY_LOCATOR."""
    fill(org, 2001)
    url = org.get("/query", q=SOQL).json()["nextRecordsUrl"]
    assert org.http.get(org.url + url, timeout=60).ok
    assert refusal(org.http.get(org.url + url.replace("-2000", "-9999"), timeout=60)) == (400, "INVALID_QUERY_LOCATOR")
    assert refusal(org.get("/query/0r8Sx0000000zzzAAA-2000")) == (400, "INVALID_QUERY_LOCATOR")
    org.sandbox.clock(2 * 86400 + 60)
    assert refusal(org.http.get(org.url + url, timeout=60)) == (400, "INVALID_QUERY_LOCATOR")


def test_pages_show_records_as_they_are_now(org: OrgCaller) -> None:
    """§2, §8: a cursor holds ids and no snapshot: later pages show later values, and miss what is purged meanwhile."""
    fill(org, 2003)
    url = org.get("/queryAll", q=SOQL).json()["nextRecordsUrl"]
    ids = [f"00TA{n:011d}AAA" for n in (2000, 2001, 2002)]
    assert org.patch(f"/sobjects/Task/{ids[0]}", {"Subject": "later"}).status_code == 204
    org.control("purge", {"ids": [ids[1]]})
    assert org.delete(f"/sobjects/Task/{ids[2]}").status_code == 204
    page = org.http.get(org.url + url, timeout=60).json()
    assert [record["Subject"] for record in page["records"]] == ["later", "n2002"]
    assert (page["totalSize"], page["done"]) == (2003, True)
    plain_url = org.get("/query", q=SOQL).json()
    assert plain_url["totalSize"] == 2001


def test_same_second_ties_are_ordered_by_id(org: OrgCaller) -> None:
    """§8: a range that starts inside a second of ties is walked by (SystemModstamp, Id) without loss."""
    fill(org, 100)
    condition = "SystemModstamp >= 2024-03-01T00:00:05.000000Z"
    soql = f"SELECT Subject FROM Task WHERE {condition} ORDER BY SystemModstamp ASC, Id ASC"  # noqa: S608
    assert [record["Subject"] for record in org.query(soql, everything=True)] == [f"n{n}" for n in range(50, 100)]


def test_results_write_times_in_utc_without_a_colon(org: OrgCaller) -> None:
    """§2: dateTimes come as …T17:38:40.000+0000."""
    org.load(Task=[{"Id": "00TA00000000001AAA", "SystemModstamp": "2021-11-06T19:38:40.987+02:00"}])
    assert org.query("SELECT SystemModstamp FROM Task") == [{"SystemModstamp": "2021-11-06T17:38:40.000+0000"}]
