"""`tasksync doctor`: each thing that can be wrong is found, and told with what to do."""

import json
import re
import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest
import yaml

from tasksync_engine.ledger import open_ledger, runs
from tasksync_engine.ledger.store import now
from tests.project.copies import ROOT, free_ports


@pytest.fixture
def healthy(team, meltano):
    """A project after a sync of both directions."""
    team.remind("Call")
    meltano.sync()
    return meltano


@pytest.fixture
def found(tasksync):
    """Runs the doctor; gives what it found that is not ok, as (about, state, what and remedy), and how it ended."""

    def examine():
        ended = tasksync("doctor", "--json")
        told = ended.json["symptoms"]
        assert (ended.code == 1) == any(one["state"] == "fail" for one in told) == (not ended.json["ok"])
        return [(one["about"], one["state"], f"{one['what']} {one['remedy']}") for one in told if one["state"] != "ok"]

    return examine


def the(symptoms, about, state):
    """The one symptom about this."""
    (said,) = [what for told, how, what in symptoms if (told, how) == (about, state)]
    return said


def test_a_healthy_project_passes(healthy, tasksync):
    """Every thing is named, nothing is to be done, and the exit code is 0."""
    assert healthy
    ended = tasksync("doctor")
    assert (ended.code, ended.err) == (0, ""), ended.out
    assert ended.out.endswith("All is well.\n")
    told = {line[6:].partition(":")[0] for line in ended.out.splitlines() if line.startswith("ok")}
    assert told >= {"mapping", "catalog", "ledger", "scheduler", "sales connect", "template", "salesforce",
                    "permissions", "link field and mapping"}  # fmt: skip


def test_it_writes_nothing(healthy, tasksync, team, project):
    """Neither to a service, nor to the ledger, nor beside it."""
    before = team.writes(), healthy.ledger_path.read_bytes(), sorted(project.iterdir())
    tasksync("doctor")
    assert (team.writes(), healthy.ledger_path.read_bytes(), sorted(project.iterdir())) == before


def test_nothing_was_set_up_yet(team, meltano, found):
    """Without a ledger it says what comes first, and makes none."""
    assert team
    symptoms = found()
    assert "There is none at" in the(symptoms, "ledger", "warn")
    assert not meltano.ledger_path.exists()


@pytest.mark.parametrize(
    ("variable", "about"),
    [("SALESFORCE_CLIENT_SECRET", "salesforce"), ("SALES_CONNECT_TOKEN", "sales connect")],
)
def test_credentials_that_are_refused(healthy, found, monkeypatch, variable, about):
    """The other service is looked at all the same."""
    assert healthy
    monkeypatch.setenv(variable, "wrong")
    symptoms = found()
    assert variable in the(symptoms, about, "fail")
    assert len(symptoms) == 1


def test_a_service_that_cannot_be_reached(healthy, found, monkeypatch):
    """In words."""
    assert healthy
    monkeypatch.setenv("SALES_CONNECT_URL", f"http://127.0.0.1:{free_ports(1)[0]}")
    monkeypatch.setenv("TARGET_SALESCONNECT_RETRY_DELAY", "0")
    assert "Sales Connect at 127.0.0.1" in the(found(), "sales connect", "fail")


def test_a_ledger_of_another_org(healthy, found):
    """The credentials lead elsewhere."""
    with open_ledger(healthy.ledger_url) as ledger:
        ledger.put("org_id", "00D000000000001AAA")
    assert "belongs to Salesforce org 00D000000000001AAA" in the(found(), "salesforce", "fail")


def test_no_link_field(healthy, team, found):
    """With what to deploy."""
    assert healthy
    team.lose_link_field()
    assert "has no field Sales_Connect_Id__c" in the(found(), "link field and mapping", "fail")


@pytest.mark.parametrize(("member", "said"), [("unique", "is not unique"), ("case_sensitive", "is not case-sensitive")])
def test_a_link_field_that_lets_twins_in(healthy, sandbox, found, member, said):
    """Unique and case-sensitive, or two tasks could carry one id."""
    assert healthy
    field = {"name": "Sales_Connect_Id__c", "length": 255, "unique": True, "external_id": True, "case_sensitive": True}
    for change in ({"remove": [field["name"]]}, {"add": [{**field, member: False}]}):
        sandbox.control("salesforce", "POST", "schema", {"objects": {"Task": change}})
    assert said in the(found(), "link field and mapping", "fail")


def mapping(project, monkeypatch, change):
    """Both targets use a copy of the packaged mapping with a change."""
    document = yaml.safe_load((ROOT / "mappings/tasksync_mappings/reminder-task.yml").read_text(encoding="utf-8"))
    change(document)
    path = project / "mapping.yml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    for plugin in ("TARGET_SALESFORCE_TASKS", "TARGET_SALESCONNECT"):
        monkeypatch.setenv(f"{plugin}_MAPPING_PATH", str(path))


def test_a_picklist_value_that_the_org_lacks(healthy, project, found, monkeypatch):
    """Named with the field of the mapping."""
    assert healthy
    mapping(project, monkeypatch, lambda document: document["fields"]["status"]["values"].update(completed="Done"))
    assert "has no active value 'Done'" in the(found(), "link field and mapping", "fail")


def test_a_mapping_that_cannot_be_used(healthy, project, found, monkeypatch):
    """The services are looked at all the same."""
    assert healthy
    mapping(project, monkeypatch, lambda document: document.pop("fields"))
    assert "fields" in the(found(), "mapping", "fail")


def test_two_mappings(healthy, found, monkeypatch):
    """The two directions must mean the same."""
    assert healthy
    monkeypatch.setenv("TARGET_SALESCONNECT_MAPPING_PATH", "other.yml")
    assert "different mapping files" in the(found(), "mapping", "fail")


def test_a_column_that_the_catalog_lacks(healthy, project, found):
    """It would be dropped without a word."""
    assert healthy
    for name in ("tap-salesconnect", "tap-salesforce-tasks"):
        catalog = json.loads((ROOT / f"catalogs/{name}.json").read_text(encoding="utf-8"))
        for stream in catalog["streams"]:
            stream["schema"]["properties"].pop("Description", None)
        (project / f"catalogs/{name}.json").write_text(json.dumps(catalog), encoding="utf-8")
    said = the(found(), "catalog", "fail")
    assert "does not read Description" in said
    assert "extra_fields of tap-salesforce-tasks" in said
    (project / "catalogs/tap-salesconnect.json").unlink()
    (project / "catalogs/tap-salesforce-tasks.json").write_text("{}")
    symptoms = found()
    assert "is no catalog" in the(symptoms, "catalog", "fail")
    assert "is discovered on every run" in the(symptoms, "catalog", "warn")


def test_a_template_with_an_unknown_field(healthy, sandbox, found):
    """It renders as nothing."""
    assert healthy
    settings = {"account_id": sandbox.ask("GET", "/v1/settings/salesforce").json()["account_id"],
                "activity_detail_customization": "{{activity_subject}} {{nonsense}}"}  # fmt: skip
    sandbox.load(sales_connect={"settings": settings})
    assert "nonsense" in the(found(), "template", "warn")


def test_what_others_may_read(healthy, project, found):
    """Ledger and `.env` hold what is nobody else's business."""
    healthy.ledger_path.chmod(0o644)
    (project / ".env").write_text("")
    (project / ".env").chmod(0o644)
    symptoms = found()
    assert "chmod 600" in the(symptoms, "ledger", "warn")
    assert "chmod 600" in the(symptoms, "credentials", "warn")


@pytest.mark.parametrize(("version", "state", "said"), [("9999", "fail", "newer"), ("0001", "warn", "older")])
def test_a_ledger_of_another_version(healthy, found, version, state, said):
    """An older one is left as it is: the next run migrates it, not the doctor."""
    with closing(sqlite3.connect(healthy.ledger_path)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (version,))
    assert said in the(found(), "ledger", state)
    with closing(sqlite3.connect(healthy.ledger_path)) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(version,)]


@pytest.mark.parametrize(("minutes", "state"), [(20, "warn"), (90, "fail")])
def test_a_scheduler_that_sleeps(healthy, book_of, found, minutes, state):
    """Three times the interval is late, twelve times is dead."""
    for number in (1, 2):
        book_of(healthy, runs.end, number, started_at=now() - timedelta(minutes=minutes))
    said = the(found(), "scheduler", state)
    assert "began " in said
    assert "every 5 min" in said


def test_a_run_that_never_ended(healthy, book_of, found):
    """It was killed, or hangs."""
    book_of(healthy, runs.start, "to-salesforce", now() - timedelta(hours=5), dry_run=False)
    assert "was killed, or hangs" in the(found(), "lock", "warn")


@pytest.fixture
def book_of():
    """Calls one of the ledger's functions in a transaction of its own."""

    def write(meltano, function, *values, **named):
        with open_ledger(meltano.ledger_url) as ledger, ledger.transaction() as connection:
            return function(connection, *values, **named)

    return write


def test_a_clock_that_is_off(healthy, team, found):
    """More than a minute is told, more than the overlap of the readings is a failure."""
    assert healthy
    team.later(120)
    # The service tells whole seconds, and the way there takes a part of one.
    apart = re.search(r"are (\d+) s apart", the(found(), "salesforce", "warn"))
    assert apart
    assert 110 <= int(apart[1]) <= 125
    team.later(1200)
    assert "NTP" in the(found(), "sales connect", "fail")


def test_nobody_takes_part(healthy, team, found):
    """Nothing would be synced."""
    assert healthy
    for user in ("u1", "u2", "u4"):
        team.switch(user, on=False)
    assert "0 with task sync on" in the(found(), "sales connect", "warn")


@pytest.mark.usefixtures("healthy")
@pytest.mark.parametrize(("nth", "state", "said"), [(1, "fail", "user"), (2, "warn", "contact")])
def test_permissions_that_are_missing(sandbox, found, nth, state, said):
    """What may not be read is told by its name; without users nobody can be matched."""
    body = [{"errorCode": "INVALID_TYPE", "message": "not supported"}]
    sandbox.fault("salesforce", "status", method="GET", path="/query$", status=400, body=body, every=nth, times=1)
    assert f"{said} can be read (INVALID_TYPE)" in the(found(), "permissions", state)
