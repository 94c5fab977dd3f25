"""`tasksync enable` and `disable`."""

import pytest

from tasksync_engine.ledger import open_ledger


def box(sandbox, user):
    """A user's task sync box in Sales Connect."""
    users = sandbox.ask("GET", "/v1/users").json()["data"]
    return next(one["task_sync"] for one in users if one["id"] == user)


@pytest.mark.parametrize("given", ["u3", "cid@example.com", "CID@example.com"])
def test_a_user_is_switched_on_and_the_next_run_takes_them(team, meltano, tasksync, sandbox, given):
    """By email or id; their task goes over with the next sync."""
    meltano.sync()
    task = team.task("Visit", OwnerId="005Tm0000000003AAA")
    ended = tasksync("enable", given)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("Task sync is on for cid@example.com (u3), since 20")
    assert "The next `meltano run sync` reads all their reminders" in ended.out
    assert "leaves them out where there is none" in ended.out
    assert box(sandbox, "u3")["enabled"] is True
    meltano.sync()
    assert team.reminder_of(task)["assignee_id"] == "u3"


def test_a_user_is_switched_off_and_their_links_stay(team, meltano, tasksync, sandbox):
    """What changes meanwhile is parked with the reason `roster`, as the command says."""
    reminder = team.remind("Call")
    meltano.sync()
    ended = tasksync("disable", "ann@example.com")
    assert ended.code == 0
    assert "Task sync is off for ann@example.com (u1)." in ended.out
    assert "1 open link of theirs stay" in ended.out
    assert box(sandbox, "u1")["enabled"] is False
    team.edit_reminder(reminder, details="new")
    meltano.sync()
    assert [change["code"] for change in tasksync("parked", "--json").json] == ["roster"]
    assert team.task_of(reminder)["Description"] is None


@pytest.mark.usefixtures("team", "meltano")
def test_a_box_that_stands_as_it_shall_is_left(tasksync, sandbox):
    """Switching on again would move E, and with it what is synced: nothing is written."""
    before = box(sandbox, "u1")
    sandbox.forget_calls()
    told = tasksync("enable", "u1", "--json").json
    assert (told["is_on"], told["changed"], told["open_links"]) == (True, False, 0)
    assert "is already on for" in tasksync("enable", "u1").out
    assert not any("PATCH" in call for call in sandbox.calls("sales_connect")["by_endpoint"])
    assert box(sandbox, "u1") == before


@pytest.mark.usefixtures("team", "meltano")
@pytest.mark.parametrize("command", ["enable", "disable"])
def test_an_unknown_user_is_told(tasksync, command):
    """With exit code 1, and nothing is switched."""
    ended = tasksync(command, "nobody@example.com")
    assert (ended.code, ended.out) == (1, "")
    assert "has no user with the email or id nobody@example.com" in ended.err


@pytest.mark.usefixtures("meltano")
@pytest.mark.parametrize("command", ["enable", "disable"])
def test_an_empty_word_is_nobody(team, tasksync, sandbox, command):
    """A variable that is not set names nobody, and not the one user who has no email address either."""
    nameless = {**team._user(9, "eve", on=command == "disable"), "email": ""}  # noqa: SLF001 - the team's own users
    sandbox.load(sales_connect={"users": [nameless]})
    before = box(sandbox, "u9")
    ended = tasksync(command, " ")
    assert (ended.code, ended.out) == (1, "")
    assert box(sandbox, "u9") == before


@pytest.mark.usefixtures("meltano")
def test_an_email_of_two_users_asks_for_the_id(team, tasksync, sandbox):
    """Nobody is guessed."""
    sandbox.load(sales_connect={"users": [{**team._user(9, "ann", on=False)}]})  # noqa: SLF001 - the team's own users
    ended = tasksync("disable", "ann@example.com")
    assert ended.code == 1
    assert "one of u1, u9" in ended.err
    assert box(sandbox, "u1")["enabled"] is True


@pytest.mark.usefixtures("team")
def test_nobody_is_switched_in_another_tenant(meltano, tasksync, sandbox):
    """The ledger says whose it is."""
    meltano.sync()
    with open_ledger(meltano.ledger_url) as ledger:
        ledger.put("account_id", "another")
    ended = tasksync("disable", "u1")
    assert ended.code == 1
    assert "belongs to Sales Connect tenant another" in ended.err
    assert box(sandbox, "u1")["enabled"] is True


@pytest.mark.usefixtures("team", "meltano")
def test_a_refusal_is_told_in_words(tasksync, sandbox):
    """Not as a traceback; the service's own reason may hold personal data and stays out."""
    sandbox.fault("sales_connect", "status", method="PATCH", path="/v1/users/", status=403,
                  body={"error": {"code": "forbidden", "message": "not you, Ann"}})  # fmt: skip
    ended = tasksync("disable", "u1")
    assert (ended.code, ended.out) == (1, "")
    assert "403" in ended.err
    assert "not you" not in ended.err
