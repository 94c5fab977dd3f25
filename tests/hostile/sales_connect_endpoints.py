"""Sales Connect's endpoints."""

from __future__ import annotations

from datetime import timedelta

from .drafts import Good
from .endpoint import TOKEN, all_pages, are_pages, are_rows, is_object, of_sales_connect
from .values import PERSONAL

REMINDER = {
    "id": "r1",
    "type": "call",
    "name": PERSONAL,
    "status": "open",
    "priority": "normal",
    "due_date": "2026-11-20",
    "details": PERSONAL,
    "assignee_id": "u1",
    "person": {"id": "p1", "name": PERSONAL, "salesforce_contact_id": None},
    "campaign": None,
    "salesforce_task_id": None,
    "created_at": "2026-11-20T08:36:00.000Z",
    "updated_at": "2026-11-20T08:36:00.000Z",
    "deleted_at": None,
    "version": 1,
}


REMINDERS = Good({"data": [REMINDER, REMINDER | {"id": "r2"}], "next_cursor": None})


FIRST_REMINDERS = Good({"data": [REMINDER | {"id": "r0"}], "next_cursor": "c2"})


USERS = Good(
    {
        "data": [
            {
                "id": "u1",
                "email": f"{PERSONAL}@example.com",
                "name": PERSONAL,
                "salesforce_user_id": None,
                "updated_at": "2026-11-20T08:36:00.000Z",
                "task_sync": {"enabled": True, "enabled_at": "2026-11-20T08:36:00.000Z"},
            },
        ],
        "next_cursor": None,
    }
)


PEOPLE = Good(
    {
        "data": [{"id": "p1", "name": PERSONAL, "email": PERSONAL, "updated_at": "2026-11-20T08:36:00.000Z"}],
        "next_cursor": None,
    }
)


SETTINGS = Good({"account_id": "tenant", "activity_detail_customization": "{{activity_subject}}"})


def batch_of(*statuses: int, ids: tuple[str, ...] = ("r1", "r2")) -> Good:
    """The answer to a batch with these statuses."""
    return Good(
        {
            "results": [
                {"status": status, "reminder": REMINDER | {"id": id_}}
                for status, id_ in zip(statuses, ids, strict=True)
            ]
        }
    )


CREATES = [{"op": "create", "idempotency_key": f"k{number}", "reminder": {"name": PERSONAL}} for number in (1, 2)]


UPDATES = [{"op": "update", "id": f"r{number}", "if_version": 1, "reminder": {"name": PERSONAL}} for number in (1, 2)]


DELETES = [{"op": "delete", "id": f"r{number}", "if_version": 1} for number in (1, 2)]


SALES_CONNECT = (
    of_sales_connect(
        "oauth/token",
        "/oauth/token",
        lambda c: c.salesforce_settings(),
        Good({"access_token": TOKEN, "token_type": "Bearer", "expires_in": 3600}),
    ),
    of_sales_connect(
        "reminders", "/v1/reminders", lambda c: all_pages(c.reminders(include_deleted=True)), REMINDERS, fits=are_pages
    ),
    of_sales_connect(
        "reminders, next page",
        "/v1/reminders",
        lambda c: all_pages(c.reminders()),
        REMINDERS,
        first=(FIRST_REMINDERS,),
        fits=are_pages,
    ),
    of_sales_connect("users", "/v1/users", lambda c: all_pages(c.users()), USERS, fits=are_pages),
    of_sales_connect(
        "people",
        "/v1/people",
        lambda c: all_pages(c.people(updated_since="2026-11-20T08:36:00.000Z")),
        PEOPLE,
        fits=are_pages,
    ),
    of_sales_connect(
        "settings/salesforce",
        "/v1/settings",
        lambda c: (c.salesforce_settings(), c.server_time() + timedelta(days=30), c.server_time() - timedelta(days=60))[
            0
        ],
        SETTINGS,
        fits=is_object,
    ),
    of_sales_connect("batch create", "/batch", lambda c: c.batch(CREATES), batch_of(201, 200), fits=are_rows(2)),
    of_sales_connect(
        "batch update",
        "/batch",
        lambda c: c.batch(UPDATES),
        batch_of(200, 200),
        fits=lambda found: (
            are_rows(2)(found) and all(row.id == sent["id"] for row, sent in zip(found, UPDATES, strict=True) if row.ok)
        ),
    ),
    of_sales_connect(
        "batch delete",
        "/batch",
        lambda c: c.batch(DELETES),
        Good({"results": [{"status": 204}, {"status": 204}]}),
        fits=lambda found: (
            are_rows(2)(found) and all(row.id == sent["id"] for row, sent in zip(found, DELETES, strict=True) if row.ok)
        ),
    ),
    of_sales_connect(
        "one reminder: read", "/v1/reminders/r1", lambda c: c.get_reminder("r1"), Good(REMINDER), fits=is_object
    ),
    of_sales_connect(
        "one reminder: create",
        "/v1/reminders",
        lambda c: c.create_reminder({"name": PERSONAL}, "k1"),
        Good(REMINDER, 201),
        fits=is_object,
    ),
    of_sales_connect(
        "one reminder: change",
        "/v1/reminders/r1",
        lambda c: c.patch_reminder("r1", {"name": PERSONAL}, 1),
        Good(REMINDER),
        fits=is_object,
    ),
    of_sales_connect(
        "one reminder: delete",
        "/v1/reminders/r1",
        lambda c: c.delete_reminder("r1"),
        Good(None, 204),
        fits=lambda found: isinstance(found, bool),
    ),
    of_sales_connect(
        "one user: change",
        "/v1/users/u1",
        lambda c: c.patch_user("u1", {"task_sync": {"enabled": True}}),
        Good(USERS.body["data"][0]),
        fits=is_object,
    ),
)
