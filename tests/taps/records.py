"""Sample records."""

from datetime import UTC, datetime, timedelta

from tasksync_clients.soql import id18


def ago(**since):
    """A time so long before now, in the fixed format; `ago(days=2, seconds=3)`."""
    moment = datetime.now(UTC) - timedelta(**since)
    return moment.replace(tzinfo=None).isoformat(timespec="seconds") + ".000Z"


def user(user_id, enabled_at=None, **members):
    """A Sales Connect user, with task sync on since a time, or off."""
    return {
        "id": user_id,
        "email": f"{user_id}@example.com",
        "name": user_id.title(),
        "task_sync": {"enabled": enabled_at is not None, "enabled_at": enabled_at},
        "updated_at": ago(days=90),
        **members,
    }


def reminder(reminder_id, updated_at, assignee="ann", **members):
    """A reminder."""
    return {
        "id": reminder_id,
        "name": f"Call about {reminder_id}",
        "assignee_id": assignee,
        "created_at": updated_at,
        "updated_at": updated_at,
        **members,
    }


ANN, BOB, CLEO = (id18(f"005A0000000000{letter}") for letter in "ABC")


def task_id(number):
    """The number-th task's id, 18 characters."""
    return id18(f"00TA{number:011d}")


def task(number, stamp, owner=ANN, **members):
    """A task whose times are all one."""
    return {
        "Id": task_id(number),
        "Subject": f"Call about {number}",
        "OwnerId": owner,
        "CreatedDate": stamp,
        "LastModifiedDate": stamp,
        "SystemModstamp": stamp,
        **members,
    }


def salesforce_user(user_id, name, **members):
    """A Salesforce user."""
    return {"Id": user_id, "Username": f"{name}@example.com", "LastName": name.title(), **members}
