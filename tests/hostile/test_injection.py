"""Texts that try to be more than a value: what arrives is the literal value, and no line of a log is theirs."""

from __future__ import annotations

import csv
import io
import logging
from typing import TYPE_CHECKING

import pytest

from tasksync_clients import soql
from tasksync_clients.salesforce.bulk_csv import Upload
from tests.sync.pipelines import Meltano
from tests.sync.team import Team, salesforce_user

from .test_answers import CONTROLS, Listener
from .values import CONTROLS as CONTROL_TEXT
from .values import INJECTED, ODD, PERSONAL

if TYPE_CHECKING:
    from collections.abc import Iterator

TEXTS = [*INJECTED, *ODD, "x" * 20_000, "a\tb", "''", '""', "\\", "line\nline", "%", "_", "?", "#", "&", "=", "/", ";"]


@pytest.fixture
def lines() -> Iterator[list[str]]:
    """All that is logged, at any level, by the plugins and the libraries."""
    handler = Listener()
    loggers = [
        logging.getLogger(name) for name in (None, "tasksync", "urllib3", "tap-salesconnect", "target-salesconnect")
    ]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.addHandler(handler)
        logger.setLevel(logging.DEBUG)
    yield handler.lines
    for logger, level in zip(loggers, levels, strict=True):
        logger.removeHandler(handler)
        logger.setLevel(level)


def _settled(text: str) -> str:
    """A text as both sides may keep it: Salesforce trims, and has one kind of line end."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()[:15_000]


def test_details_and_names_arrive_as_they_are(sandbox, tmp_path, lines):
    """Every text reaches the other side as the text that it is, in both directions, and no other record is touched."""
    team, meltano = Team(sandbox), Meltano(sandbox, tmp_path)
    bystander = team.task("Bystander", OwnerId=salesforce_user(3), Description="untouched")
    pushed = {team.remind(f"{PERSONAL} {at}", details=PERSONAL + text): text for at, text in enumerate(TEXTS)}
    imported = {team.task(f"{PERSONAL} {at}", Description=PERSONAL + text): text for at, text in enumerate(TEXTS)}
    meltano.sync()
    tasks = {row["Sales_Connect_Id__c"]: row for row in team.tasks()}
    for reminder_id, text in pushed.items():
        assert _settled(tasks[reminder_id]["Description"]) == _settled(PERSONAL + text)
    reminders = {row["salesforce_task_id"]: row for row in team.reminders()}
    for task_id, text in imported.items():
        assert _settled(reminders[task_id]["details"]) == _settled(PERSONAL + text)
    assert len(tasks) == len(TEXTS) + 1
    assert next(row for row in team.tasks() if row["Id"] == bystander)["Description"] == "untouched"
    before = team.writes()
    meltano.sync()
    assert team.writes() == before
    for line in lines:
        assert not CONTROLS.search(line), repr(line)
        assert PERSONAL not in line, line


NAMES = [text for text in [*INJECTED, *ODD] if len(text) < 200 and text.strip()]


def test_names_and_templates_arrive_as_they_are(sandbox, tmp_path):
    """A name becomes a Subject letter by letter, but for its line breaks: braces in it are no template."""
    team, meltano = Team(sandbox), Meltano(sandbox, tmp_path)
    made = {team.remind(text): text for text in NAMES}
    meltano.sync()
    tasks = {row["Sales_Connect_Id__c"]: row["Subject"] for row in team.tasks()}
    for reminder_id, text in made.items():
        assert tasks[reminder_id] == " ".join(text.replace("\r\n", "\n").split("\n")).strip(), text


IDS = [
    "r' OR Name != '",
    'r"1',
    "r\\",
    "r 1",
    "r;1",
    "r%27",
    "r&ids=x",
    "r#1",
    "r/../1",
    "\u00fcr",
    "r'1",
    "=1+1",
    "{{r}}",
    "r?x=1",
    "r)",
]


def test_ids_with_odd_characters_are_ids(sandbox, tmp_path, lines):
    """An id is looked up, linked and written as it is, whatever characters it has; what can be none is parked."""
    team, meltano = Team(sandbox), Meltano(sandbox, tmp_path)
    loaded = [_reminder(team, id_) for id_ in IDS]
    sandbox.load(sales_connect={"reminders": loaded})
    meltano.sync()
    tasks = {row["Sales_Connect_Id__c"]: row["Id"] for row in team.tasks()}
    assert tasks.keys() == set(IDS)
    before = team.writes()
    meltano.sync()
    assert team.writes() == before
    for line in lines:
        assert not CONTROLS.search(line), repr(line)


BAD_IDS = ["r,1", "r\n2026-11-20 INFO all is well", "r\x1b[31m", "\0", "r" * 300, "\u2028", "\u00fc\u202er"]


def test_ids_that_can_be_none_are_parked(sandbox, tmp_path, lines, ledger_rows):
    """An id with a comma, a control character or too many letters is parked, and holds up nothing else."""
    team, meltano = Team(sandbox), Meltano(sandbox, tmp_path)
    sandbox.load(sales_connect={"reminders": [_reminder(team, id_) for id_ in [*BAD_IDS, "good"]]})
    meltano.sync()
    meltano.sync()
    assert {row["Sales_Connect_Id__c"] for row in team.tasks()} == {"good"}
    parked = ledger_rows(meltano, "SELECT code FROM parked")
    assert len(parked) == len(BAD_IDS)
    for line in lines:
        assert not CONTROLS.search(line), repr(line)


def _reminder(team: Team, id_: str) -> dict[str, object]:
    stamp = team.stamp(team.enabled_at.__class__.now(team.enabled_at.tzinfo))
    return {
        "id": id_,
        "type": "call",
        "name": "Call",
        "status": "open",
        "priority": "normal",
        "due_date": None,
        "details": None,
        "assignee_id": "u1",
        "person": None,
        "campaign": None,
        "salesforce_task_id": None,
        "created_at": stamp,
        "updated_at": stamp,
        "deleted_at": None,
        "version": 1,
    }


POINTERS = [
    "x' OR Id != '",
    "00T",
    "00T000000000001AAA', '00T",
    "a,b",
    "\x1b[31m",
    "../..",
    "00T000000000009AAA\n",
    "x" * 18,
]


@pytest.mark.parametrize("pointer", POINTERS)
def test_pointers_that_name_nothing_name_nothing(sandbox, tmp_path, pointer):
    """A pointer that anybody wrote finds its own record or none: the reminder gets a task, and the task a reminder."""
    team, meltano = Team(sandbox), Meltano(sandbox, tmp_path)
    bystander = team.task("Bystander", OwnerId=salesforce_user(3))
    reminder = _reminder(team, "odd") | {"salesforce_task_id": pointer[:17]}
    sandbox.load(sales_connect={"reminders": [reminder]})
    task = team.task("Odd", Sales_Connect_Id__c=pointer)
    meltano.sync()
    assert sum(row["Sales_Connect_Id__c"] == "odd" for row in team.tasks()) == 1
    assert len(team.reminders()) == 2
    assert {bystander, task} < {row["Id"] for row in team.tasks()}


EMAILS = [
    "x' OR IsActive = true OR Email = '",
    "a\\",
    "o'brien@example.com",
    "\x1b[31m@example.com",
    "x" * 400,
    "%",
    "a,b@example.com",
    "",
]


@pytest.mark.parametrize("email", EMAILS)
def test_emails_match_only_themselves(sandbox, tmp_path, lines, email):
    """A user with an odd email is nobody else in Salesforce: left out, and the others sync."""
    team, meltano = Team(sandbox), Meltano(sandbox, tmp_path)
    user = {
        "id": "u9",
        "email": email,
        "name": email,
        "time_zone": "Europe/Vienna",
        "salesforce_user_id": None,
        "task_sync": {"enabled": True, "enabled_at": team.stamp(team.enabled_at)},
        "updated_at": team.stamp(team.enabled_at),
    }
    sandbox.load(sales_connect={"users": [user]})
    team.remind("Hers", assignee_id="u1")
    team.remind("Odd", assignee_id="u9")
    meltano.sync()
    assert [row["Subject"] for row in team.tasks()] == ["Hers"]
    for line in lines:
        assert not CONTROLS.search(line), repr(line)
        assert not email or email not in line


@pytest.mark.parametrize("text", [*TEXTS, CONTROL_TEXT])
def test_soql_literals_cannot_be_left(text):
    """A quoted text holds no quote, backslash or line break that is not escaped."""
    quoted = soql.quote(text)
    assert quoted[0] == quoted[-1] == "'"
    inner = quoted[1:-1]
    at = 0
    while at < len(inner):
        assert inner[at] not in "'\n\r"
        at += 2 if inner[at] == "\\" else 1
    assert at == len(inner)


@pytest.mark.parametrize("text", [*TEXTS, CONTROL_TEXT.replace("\0", "")])
def test_csv_cells_cannot_be_left(text):
    """An uploaded text is one cell of its own line, whatever quotes, commas and line breaks it has."""
    content = b"".join(Upload(["Id", "Description", "Subject"], [{"Id": "1", "Description": text, "Subject": "last"}]))
    rows = list(csv.reader(io.StringIO(content.decode(), newline="")))
    assert rows == [["Id", "Description", "Subject"], ["1", text or "#N/A", "last"]]
