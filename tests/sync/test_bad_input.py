"""Bad input: one or two lines that say what is wrong and what to do, exit code 1, nothing written."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy

from tap_salesconnect.tap import TapSalesconnect
from target_salesforce_tasks.target import TargetSalesforceTasks
from tasksync_clients import ClientError
from tasksync_engine.errors import EngineError

PACKAGED = Path("mappings/tasksync_mappings/reminder-task.yml")


def mapping(folder, old, new):
    """A copy of the packaged mapping file with a mistake in it."""
    text = (Path(__file__).parents[2] / PACKAGED).read_text(encoding="utf-8")
    assert old in text
    path = folder / "mapping.yml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    return {"mapping_path": str(path)}


def no_database(folder):
    """A file that is something else."""
    path = folder / "notes.txt"
    path.write_text("not a database" * 100, encoding="utf-8")
    return {"ledger_url": f"sqlite:///{path}"}


def other_tables(folder):
    """Somebody else's database."""
    url = f"sqlite:///{folder / 'other.db'}"
    engine = sqlalchemy.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text("CREATE TABLE invoices (id INTEGER)"))
    engine.dispose()
    return {"ledger_url": url}


CASES = {
    "wrong secret": (lambda _: {"client_secret": "wrong"}, "SALESFORCE_CLIENT_SECRET"),
    "unreachable": (lambda _: {"login_url": "http://127.0.0.1:9"}, "SALESFORCE_LOGIN_URL"),
    "another host in the sandbox": (lambda _: {"login_url": "https://login.salesforce.com"}, "this machine only"),
    "no login address": (lambda _: {"login_url": ""}, "SALESFORCE_LOGIN_URL"),
    "no credentials": (lambda _: {"client_secret": ""}, "SALESFORCE_CLIENT_SECRET"),
    "field that the org lacks": (lambda folder: mapping(folder, "task: ActivityDate", "task: Due__c"), "Task.Due__c"),
    "picklist value that the org lacks": (lambda folder: mapping(folder, "Not Started", "Offen"), "'Offen'"),
    "mistake in the mapping": (lambda folder: mapping(folder, "kind: date", "kind: day"), "fields.due_date.kind"),
    "no mapping file": (lambda folder: {"mapping_path": str(folder / "none.yml")}, "mapping_path"),
    "ledger in no folder": (lambda _: {"ledger_url": "sqlite:////proc/none/ledger.db"}, "TASKSYNC_LEDGER_URL"),
    "ledger that is no address": (lambda _: {"ledger_url": "ledger.db"}, "TASKSYNC_LEDGER_URL"),
    "ledger that is no database": (no_database, "TASKSYNC_LEDGER_URL"),
    "ledger with other tables": (other_tables, "TASKSYNC_LEDGER_URL"),
    "ledger server that is down": (
        lambda _: {"ledger_url": "postgresql://me:hush-hush@127.0.0.1:9/tasksync"},
        "TASKSYNC_LEDGER_URL",
    ),
    "no ledger": (lambda _: {"ledger_url": ""}, "TASKSYNC_LEDGER_URL"),
    "unknown policy": (lambda _: {"conflict_policy": "oldest"}, "conflict_policy"),
}


@pytest.mark.parametrize("name", CASES)
def test_bad_input_is_told_in_words(team, meltano, tmp_path, name):
    """Each names the setting or the place, in at most two lines, and no secret."""
    team.remind()
    make, said = CASES[name]
    lines = meltano.read("to-salesforce", TapSalesconnect, meltano.sales_connect, {"people"})
    before = len(team.sandbox.writes("salesforce"))
    meltano.settings = {**meltano.salesforce, **make(tmp_path)}
    with pytest.raises((ClientError, EngineError)) as caught:
        meltano.write("to-salesforce", TargetSalesforceTasks, {}, lines)
    message = str(caught.value)
    assert said in message
    assert len(message.splitlines()) <= 2
    assert len(message) < 500
    assert "hush-hush" not in message
    assert len(team.sandbox.writes("salesforce")) == before


def test_another_orgs_ledger_is_refused(team, meltano, ledger):
    """The ledger notes whose it is on first use."""
    team.remind()
    meltano.sync()
    engine = sqlalchemy.create_engine(meltano.ledger_url)
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text("UPDATE meta SET value = '00DXX0000000001AAA' WHERE key = 'org_id'"))
    engine.dispose()
    team.remind("Second")
    with pytest.raises(EngineError, match="belongs to Salesforce org 00DXX0000000001AAA"):
        meltano.to_salesforce()
    with pytest.raises((EngineError, SystemExit)):
        meltano.to_salesconnect()
    assert len(team.tasks()) == 1
    assert ledger("SELECT outcome FROM runs ORDER BY id DESC LIMIT 1") == [{"outcome": "stopped"}]


def test_a_missing_link_field_is_named(team, meltano):
    """Before anything is written."""
    team.remind()
    team.sandbox.control("salesforce", "POST", "schema", {"objects": {"Task": {"remove": ["Sales_Connect_Id__c"]}}})
    with pytest.raises(EngineError, match="Task has no field Sales_Connect_Id__c"):
        meltano.to_salesforce()
    assert team.sandbox.writes("salesforce") == []


def test_a_stream_of_another_tap_is_refused(team, meltano, tmp_path):
    """From the command line: the message, exit code 1, no traceback."""
    assert team
    (tmp_path / "config.json").write_text(json.dumps({**meltano.salesforce, "ledger_url": meltano.ledger_url}))
    schema = {"type": "SCHEMA", "stream": "animals", "schema": {"properties": {}}, "key_properties": []}
    process = subprocess.run(  # noqa: S603 - our own command
        [str(Path(sys.executable).with_name("target-salesforce-tasks")), "--config", str(tmp_path / "config.json")],
        input=json.dumps(schema) + "\n",
        capture_output=True,
        text=True,
        check=False,
    )
    said = [line for line in process.stderr.splitlines() if "| INFO " not in line]
    assert process.returncode == 1
    assert len(said) == 1
    assert "does not know the stream 'animals'" in said[0]


@pytest.mark.parametrize("line", [b'{"type":"RECORD","stream":"reminders","rec', b"<html>", b'{"type":"RECORD"}'])
def test_input_that_is_no_singer_message_is_refused(meltano, sandbox, line, caplog):
    """A tap that was cut off; its line is not repeated, for it may hold personal data."""
    assert sandbox
    with pytest.raises(EngineError, match="no Singer message") as caught:
        meltano.write("to-salesforce", TargetSalesforceTasks, meltano.salesforce, line + b"\n")
    assert line.decode() not in str(caught.value)
    assert line.decode() not in caplog.text
    assert "Traceback" not in caplog.text
