"""An incremental reader misses nothing, whatever the writers do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from tests.conftest import SandboxHandle

NUMBERS = st.integers(0, 5)
OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("create"), NUMBERS, st.just({"name": "New", "assignee_id": "ada"})),
        st.tuples(
            st.just("update"),
            NUMBERS,
            st.fixed_dictionaries(
                {},
                optional={
                    "name": st.sampled_from(["A", "B"]),
                    "status": st.sampled_from(["open", "completed"]),
                    "details": st.sampled_from([None, "", "x"]),
                    "assignee_id": st.sampled_from(["ada", "bob"]),
                    "salesforce_task_id": st.sampled_from([None, "00T1", "00T2"]),
                },
            ),
        ),
        st.tuples(st.just("delete"), NUMBERS, st.none()),
    ),
    min_size=1,
    max_size=8,
)


def read(team: SandboxHandle, limit: int, **params: Any) -> list[dict[str, Any]]:
    """All pages."""
    rows, cursor = [], None
    while cursor is not None or not rows:
        sent = {"limit": limit, "include_deleted": "true", **params} | ({"cursor": cursor} if cursor else {})
        page = team.ask("GET", "/v1/reminders", params=sent).json()
        rows += page["data"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    return rows


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(OPERATIONS, min_size=1, max_size=4), limit=st.integers(1, 4))
def test_reading_since_the_last_stamp_keeps_a_copy_up_to_date(
    team: SandboxHandle, batches: list[list[tuple[str, int, Any]]], limit: int
) -> None:
    """After each batch the reader's copy equals the service's records, and each version counts its writes."""
    team.control("sales_connect", "POST", "reset")
    users = [{"id": name, "email": f"{name}@example.com", "name": name} for name in ("ada", "bob")]
    team.load(sales_connect={"users": users})
    known: list[str] = ["none"]
    copy: dict[str, Any] = {}
    bookmark = "2000-01-01T00:00:00Z"
    for batch in batches:
        operations = [
            {"op": op}
            | ({} if op == "create" else {"id": known[number % len(known)]})
            | ({} if body is None else {"reminder": body})
            for op, number, body in batch
        ]
        results = team.ask("POST", "/v1/reminders/batch", json={"operations": operations}).json()["results"]
        known += [result["reminder"]["id"] for result in results if result["status"] == 201]
        for row in read(team, limit, updated_since=bookmark):
            copy[row["id"]] = row
            bookmark = max(bookmark, row["updated_at"])
        assert copy == {row["id"]: row for row in read(team, 500)}
        writes = [write["id"] for write in team.writes("sales_connect")]
        assert {key: row["version"] for key, row in copy.items()} == {key: writes.count(key) for key in copy}
        held = [row["salesforce_task_id"] for row in copy.values() if row["deleted_at"] is None]
        held = [task for task in held if task is not None]
        assert len(held) == len(set(held))
