"""Lists: order, pages, filters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conftest import SandboxHandle


@pytest.fixture
def many(team: SandboxHandle) -> SandboxHandle:
    """Twelve reminders: stamps rise every second reminder, so that pairs share one; every third is Bob's."""
    team.load(
        sales_connect={
            "reminders": [
                {
                    "id": f"rem_{number:02d}",
                    "name": f"Number {number}",
                    "assignee_id": "ada" if number % 3 else "bob",
                    "updated_at": f"2026-11-01T00:00:{number // 2:02d}.000Z",
                    "salesforce_task_id": f"00TA000000000{number:02d}AAA",
                }
                for number in range(12)
            ]
        }
    )
    return team


def ids(rows: list[dict[str, Any]]) -> list[str]:
    """Numbers of the reminders, as text."""
    return [row["id"][-2:] for row in rows]


def read_all(
    team: SandboxHandle, path: str = "/v1/reminders", *, send_filters: bool = True, **params: Any
) -> list[Any]:
    """Follow the cursors to the end."""
    rows, cursor = [], None
    while True:
        sent = (params if send_filters or cursor is None else {}) | ({"cursor": cursor} if cursor else {})
        answer = team.ask("GET", path, params=sent)
        assert answer.status_code == 200, answer.text
        rows += answer.json()["data"]
        cursor = answer.json()["next_cursor"]
        if cursor is None:
            return rows


@pytest.mark.parametrize("limit", [1, 2, 5, 12, 500])
@pytest.mark.parametrize("send_filters", [True, False])
def test_pages_hold_every_reminder_once_in_order(many: SandboxHandle, limit: int, send_filters: bool) -> None:  # noqa: FBT001  a parameter of pytest
    """Ties of the stamp are told apart by the id; the cursor carries its query."""
    rows = read_all(many, limit=limit, send_filters=send_filters)
    assert ids(rows) == [f"{number:02d}" for number in range(12)]


def test_updated_since_is_inclusive_in_any_offset(many: SandboxHandle) -> None:
    """A record of that very millisecond is in the list."""
    assert ids(read_all(many, updated_since="2026-11-01T00:00:04.000Z")) == ["08", "09", "10", "11"]
    assert ids(read_all(many, updated_since="2026-11-01T01:00:05+01:00")) == ["10", "11"]
    assert ids(read_all(many, updated_since="2026-11-01T00:00:04.001Z", limit=1)) == ["10", "11"]


def test_filters_narrow_together(many: SandboxHandle) -> None:
    """Each filter is a comma-separated list; together they narrow."""
    assert ids(read_all(many, assignee_ids="bob", limit=3)) == ["00", "03", "06", "09"]
    assert ids(read_all(many, assignee_ids="bob,ada", limit=5)) == [f"{number:02d}" for number in range(12)]
    assert ids(read_all(many, ids="rem_07,rem_01,rem_07,none")) == ["01", "07"]
    assert ids(read_all(many, salesforce_task_ids="00TA00000000005AAA,00TA00000000004", limit=1)) == ["04", "05"]
    assert ids(read_all(many, ids="rem_03,rem_04", assignee_ids="bob")) == ["03"]
    assert ids(read_all(many, ids="rem_03,rem_04", salesforce_task_ids="00TA00000000004AAA")) == ["04"]
    assert ids(read_all(many, assignee_ids="bob", updated_since="2026-11-01T00:00:03Z")) == ["06", "09"]
    assert read_all(many, assignee_ids="nobody") == []


def test_deleted_reminders_are_listed_on_request_only(many: SandboxHandle) -> None:
    """By every index, and as the latest change."""
    many.ask("DELETE", "/v1/reminders/rem_03")
    assert "03" not in ids(read_all(many))
    assert ids(read_all(many, include_deleted="true"))[-1] == "03"
    assert read_all(many, ids="rem_03") == []
    assert ids(read_all(many, ids="rem_03", include_deleted="true")) == ["03"]
    assert ids(read_all(many, salesforce_task_ids="00TA00000000003AAA", include_deleted="true")) == ["03"]
    assert ids(read_all(many, assignee_ids="bob", include_deleted="true")) == ["00", "06", "09", "03"]


def test_a_reminder_changed_between_pages_moves_to_the_end(many: SandboxHandle) -> None:
    """Nothing is skipped: what was changed comes again."""
    first = many.ask("GET", "/v1/reminders", params={"limit": 6}).json()
    many.ask("PATCH", "/v1/reminders/rem_02", json={"name": "Changed"})
    rest = read_all(many, cursor=first["next_cursor"])
    assert ids(rest) == ["06", "07", "08", "09", "10", "11", "02"]


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("limit=ten", "limit"),
        ("limit=1&limit=2", "limit"),
        ("page=2", "page"),
        ("include_deleted=yes", "include_deleted"),
        ("updated_since=2026-11-01", "updated_since"),
        ("updated_since=2026-11-01T00:00:00", "updated_since"),
        ("updated_since=2026-11-01T00:00:00+00:00", "updated_since"),
        ("ids=", "ids"),
        ("ids=a,,b", "ids"),
        ("assignee_ids=" + ",".join(["ada"] * 201), "assignee_ids"),
        ("cursor=", "cursor"),
        ("cursor=eJwDAAAAAAE", "cursor"),
    ],
)
def test_wrong_parameters_are_refused_by_name(many: SandboxHandle, params: str, field: str) -> None:
    """Unknown, repeated and malformed query parameters get 400 (an unescaped + is a space)."""
    answer = many.ask("GET", f"/v1/reminders?{params}")
    assert (answer.status_code, answer.json()["error"]["fields"]) == (400, [field])


def test_a_cursor_belongs_to_its_query(many: SandboxHandle) -> None:
    """With other filters, or on another list, it is refused."""
    cursor = many.ask("GET", "/v1/reminders", params={"limit": 1, "assignee_ids": "bob"}).json()["next_cursor"]
    other_filters = many.ask("GET", "/v1/reminders", params={"cursor": cursor, "assignee_ids": "ada"})
    other_list = many.ask("GET", "/v1/users", params={"cursor": cursor})
    assert (other_filters.status_code, other_list.status_code) == (400, 400)


def test_users_and_people_are_listed_alike(team: SandboxHandle) -> None:
    """Ordered by stamp, with cursors and `updated_since`."""
    stamps = ["2026-11-03T00:00:00Z", "2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z"]
    for kind, email in (("users", "x@example.com"), ("people", None)):
        records = [
            {"id": f"x{number}", "name": "X", "email": email, "updated_at": stamp}
            for number, stamp in enumerate(stamps)
        ]
        team.load(sales_connect={kind: records})
        rows = read_all(team, f"/v1/{kind}", limit=1)
        assert [row["id"] for row in rows][:3] == ["x1", "x2", "x0"]
        later = read_all(team, f"/v1/{kind}", updated_since="2026-11-03T00:00:00Z")
        assert [row["id"] for row in later] == [row["id"] for row in rows][2:]
