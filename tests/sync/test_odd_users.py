"""Users of Sales Connect that are not what the API promises: the roster keeps what it knows of them."""

import logging

import pytest

from tasksync_engine.users import participants

SOUND = {"id": "u1", "email": "ann@example.com", "task_sync": {"enabled": True, "enabled_at": "2026-11-20T08:00:00Z"}}


@pytest.mark.parametrize(
    "odd",
    [
        {"id": None},
        {"id": 5},
        {"id": ""},
        {"id": "u1\nu2"},
        {"id": "x" * 300},
        {"task_sync": "on"},
        {"task_sync": {"enabled": "yes"}},
        {"salesforce_user_id": "somebody"},
    ],
    ids=str,
)
def test_an_odd_user_is_left_out_and_said(caplog, odd):
    """The others are taken, and the log names what is wrong, not whom."""
    with caplog.at_level(logging.WARNING):
        found = participants([SOUND | {"id": "u2"}, SOUND | odd])
    assert [one.sales_connect_id for one in found] == ["u2"]
    assert "is not what the API promises" in caplog.text
    assert "ann@example.com" not in caplog.text


def test_users_who_are_left_out_are_one_line(team, meltano, sandbox, caplog):
    """However many they are: five are named, and where the others are."""
    nobody = [{**team._user(number, f"nobody{number}")} for number in range(10, 18)]  # noqa: SLF001 - the team's own
    sandbox.load(sales_connect={"users": nobody})
    meltano.to_salesforce()
    (line,) = [record.getMessage() for record in caplog.records if "left out" in record.getMessage()]
    assert line.startswith("Users with task sync on that are left out: 9. The first: u10 (no active Salesforce user")
    assert line.count("no active") == 5
    assert line.endswith("`tasksync status` names all.")
    assert "@" not in line
