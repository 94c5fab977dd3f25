"""The endpoints of Salesforce's Bulk API 2.0."""

from __future__ import annotations

from typing import Any

from .drafts import Good
from .endpoint import KEYED, SOQL, TASK_IDS, all_pages, are_pages, are_rows, of_salesforce
from .salesforce_endpoints import DESCRIBED, WRITTEN
from .values import PERSONAL, Text

JOB = "750000000000001AAA"


BEGUN = Good({"id": JOB, "state": "Open"})


CLOSED = Good({"id": JOB, "state": "UploadComplete"})


DONE = Good({"id": JOB, "state": "JobComplete", "numberRecordsProcessed": 2, "numberRecordsFailed": 0})


CSV = {"Content-Type": "text/csv"}


FOUND = Good(Text(f'"Id","Subject"\r\n"{TASK_IDS[0]}","{PERSONAL}"\r\n'), headers=CSV | {"Sforce-Locator": "null"})


UPSERTED = Good(
    Text(
        "".join(
            [
                '"sf__Id","sf__Created","Sales_Connect_Id__c"\n',
                *(f'"{id_}","true","r{n}"\n' for n, id_ in enumerate(TASK_IDS, 1)),
            ]
        )
    ),
    headers=CSV,
)


BULK_OTHERS = (
    ("/results", FOUND),
    ("/successfulResults", UPSERTED),
    ("/describe", DESCRIBED),
    ("/batches", Good(None, 201)),
)


def bulk_query(client: Any) -> Any:
    """Read with a query job."""
    return all_pages(client.bulk.query("Task", SOQL))


def bulk_upsert(client: Any) -> Any:
    """Write with an ingest job."""
    return client.bulk.upsert("Task", "Sales_Connect_Id__c", KEYED)


BULK = (
    of_salesforce(
        "bulk query: job",
        "/jobs/query",
        bulk_query,
        BEGUN,
        method="POST",
        others=(*BULK_OTHERS, ("/jobs/query/", DONE)),
        fits=are_pages,
    ),
    of_salesforce(
        "bulk query: state",
        "/jobs/query/750",
        bulk_query,
        DONE,
        method="GET",
        unlike="/results",
        others=(*BULK_OTHERS, ("/jobs/query", BEGUN)),
        fits=are_pages,
    ),
    of_salesforce(
        "bulk query: results",
        "/results",
        bulk_query,
        FOUND,
        others=(("/jobs/query/", DONE), *BULK_OTHERS, ("/jobs/query", BEGUN)),
        fits=are_pages,
    ),
    of_salesforce(
        "bulk upsert: job",
        "/jobs/ingest",
        bulk_upsert,
        BEGUN,
        method="POST",
        others=(*BULK_OTHERS, ("/jobs/ingest/", DONE), ("/composite", WRITTEN)),
        fits=are_rows(2),
    ),
    of_salesforce(
        "bulk upsert: upload",
        "/batches",
        bulk_upsert,
        Good(None, 201),
        others=(
            ("/successfulResults", UPSERTED),
            ("/jobs/ingest/", DONE),
            ("/jobs/ingest", BEGUN),
            ("/composite", WRITTEN),
        ),
        fits=are_rows(2),
    ),
    of_salesforce(
        "bulk upsert: state",
        "/jobs/ingest/750",
        bulk_upsert,
        DONE,
        method="GET",
        unlike="Results",
        others=(*BULK_OTHERS, ("/jobs/ingest/", CLOSED), ("/jobs/ingest", BEGUN), ("/composite", WRITTEN)),
        fits=are_rows(2),
    ),
    of_salesforce(
        "bulk upsert: results",
        "/successfulResults",
        bulk_upsert,
        UPSERTED,
        others=(
            ("/batches", Good(None, 201)),
            ("/jobs/ingest/", DONE),
            ("/jobs/ingest", BEGUN),
            ("/composite", WRITTEN),
        ),
        fits=are_rows(2),
    ),
)
