"""Salesforce's endpoints, without those of the Bulk API."""

from __future__ import annotations

from datetime import timedelta

from .drafts import Good
from .endpoint import (
    DATA,
    KEYED,
    NOW,
    ROWS,
    SOQL,
    TASK_IDS,
    Endpoint,
    all_pages,
    are_deleted,
    are_pages,
    are_rows,
    can_go_on,
    is_object,
    of_salesforce,
    token,
)
from .values import PERSONAL

TASK = {
    "attributes": {"type": "Task", "url": f"{DATA}/sobjects/Task/{TASK_IDS[0]}"},
    "Id": TASK_IDS[0],
    "Subject": PERSONAL,
    "Status": "Not Started",
    "Priority": "Normal",
    "ActivityDate": "2026-11-20",
    "Description": PERSONAL,
    "OwnerId": "005000000000001AAA",
    "IsDeleted": False,
    "SystemModstamp": "2026-11-20T08:36:00.000+0000",
    "Who": {"attributes": {"type": "Name"}, "Name": PERSONAL},
}


PAGE = Good({"totalSize": 2, "done": True, "records": [TASK, TASK | {"Id": TASK_IDS[1]}]})


FIRST_PAGE = Good(
    {
        "totalSize": 3,
        "done": False,
        "nextRecordsUrl": f"{DATA}/query/01g000000000001AAA-2000",
        "records": [TASK | {"Id": "00T000000000003AAA"}],
    }
)


WRITTEN = Good([{"id": id_, "success": True, "errors": [], "created": True} for id_ in TASK_IDS])


DESCRIBED = Good(
    {
        "name": "Task",
        "fields": [
            {
                "name": "Status",
                "type": "picklist",
                "updateable": True,
                "picklistValues": [{"value": "Not Started", "active": True}],
            }
        ],
    }
)


DELETED = Good(
    {
        "deletedRecords": [{"id": TASK_IDS[0], "deletedDate": "2026-11-20T08:00:00.000+0000"}],
        "earliestDateAvailable": "2026-11-05T08:36:00.000+0000",
        "latestDateCovered": "2026-11-20T08:36:00.000+0000",
    }
)


LIMITS = Good(
    {"DailyApiRequests": {"Max": 100000, "Remaining": 99000}}, headers={"Sforce-Limit-Info": "api-usage=1000/100000"}
)


SALESFORCE = (
    Endpoint("token", "salesforce", "/oauth2/token", lambda c: (c.org_id, c.user_id, c.limits()), token),
    of_salesforce("query", "/query", lambda c: all_pages(c.query(SOQL)), PAGE, fits=are_pages),
    of_salesforce(
        "query, next page", "/query", lambda c: all_pages(c.query(SOQL)), PAGE, first=(FIRST_PAGE,), fits=are_pages
    ),
    of_salesforce(
        "queryAll", "/queryAll", lambda c: all_pages(c.query(SOQL, include_deleted=True)), PAGE, fits=are_pages
    ),
    of_salesforce(
        "queryAll, next page",
        "/query",
        lambda c: all_pages(c.query(SOQL, include_deleted=True)),
        PAGE,
        first=(FIRST_PAGE,),
        fits=are_pages,
    ),
    of_salesforce(
        "query, COUNT()",
        "/query",
        lambda c: c.count("SELECT COUNT() FROM Task"),
        Good({"totalSize": 7, "done": True, "records": []}),
        fits=lambda found: isinstance(found, int) and not isinstance(found, bool) and found >= 0,
    ),
    of_salesforce(
        "composite/sobjects retrieve",
        "/composite/sobjects/Task",
        lambda c: c.retrieve("Task", TASK_IDS, ["Id", "Subject"]),
        Good([TASK, None]),
        fits=lambda found: (
            len(found) == 2
            and all(row is None or row.get("Id") == id_ for row, id_ in zip(found, TASK_IDS, strict=True))
            and can_go_on(found)
        ),
    ),
    of_salesforce(
        "composite/sobjects create", "/composite/sobjects", lambda c: c.create("Task", ROWS), WRITTEN, fits=are_rows(2)
    ),
    of_salesforce(
        "composite/sobjects update",
        "/composite/sobjects",
        lambda c: c.update("Task", ROWS),
        WRITTEN,
        fits=lambda found: (
            are_rows(2)(found) and all(row.id == id_ for row, id_ in zip(found, TASK_IDS, strict=True) if row.ok)
        ),
    ),
    of_salesforce(
        "composite/sobjects upsert",
        "/composite/sobjects",
        lambda c: c.upsert("Task", "Sales_Connect_Id__c", KEYED),
        WRITTEN,
        fits=are_rows(2),
    ),
    of_salesforce(
        "composite/sobjects delete",
        "/composite/sobjects",
        lambda c: c.delete(TASK_IDS),
        WRITTEN,
        fits=lambda found: (
            are_rows(2)(found) and all(row.id == id_ for row, id_ in zip(found, TASK_IDS, strict=True) if row.ok)
        ),
    ),
    of_salesforce("describe", "/describe", lambda c: c.describe("Task"), DESCRIBED, fits=is_object),
    of_salesforce(
        "deleted", "/deleted", lambda c: c.deleted("Task", NOW - timedelta(days=1), NOW), DELETED, fits=are_deleted
    ),
    of_salesforce(
        "limits",
        "/limits",
        lambda c: (c.limits(), c.usage, c.server_time() + timedelta(days=30), c.server_time() - timedelta(days=60))[0],
        LIMITS,
        fits=is_object,
    ),
)
