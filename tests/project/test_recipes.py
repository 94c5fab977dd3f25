"""docs/recipes.md: each recipe, with real Meltano and other people's plugins as they are in the registry."""

import json
import shutil
import sys

import psycopg.sql
import pytest
import yaml

from tests.ledger.postgresql import USER, running_postgresql

from .conftest import seeded
from .copies import ROOT
from .pages import commands, merge, pieces

PAGE = "docs/recipes.md"
PRODUCTION = {
    "SALESFORCE_CLIENT_ID": "sandbox",
    "SALESFORCE_CLIENT_SECRET": "sandbox",
    "SALES_CONNECT_TOKEN": "sandbox",
}


def add(project, *found):
    """Write pieces of YAML into the project's meltano.yml."""
    for piece in found:
        project.edit_meltano_yml(lambda document, piece=piece: merge(document, piece))


def edit_mapping(project, piece):
    """Change the copied mapping file as a recipe shows."""
    path = project.folder / "our-mapping.yml"
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    document |= {key: {**document[key], **value} for key, value in piece.items()}
    path.write_text(yaml.safe_dump(document), encoding="utf-8")


def there(sandbox, stream):
    """What Sales Connect holds, by id."""
    return {row["id"]: row for row in sandbox.ask("GET", f"/v1/{stream}", params={"limit": 500}).json()["data"]}


def tasks(sandbox):
    """What Salesforce holds, by id."""
    login = {"grant_type": "client_credentials", "client_id": "sandbox", "client_secret": "sandbox"}
    url = sandbox.salesforce_url
    token = sandbox._http.post(f"{url}/services/oauth2/token", data=login, timeout=60).json()["access_token"]  # noqa: SLF001
    found = sandbox._http.get(  # noqa: SLF001 - the handle's own connection
        f"{url}/services/data/v62.0/query",
        params={"q": "SELECT FIELDS(ALL) FROM Task LIMIT 200"},
        headers={"Authorization": f"Bearer {token}"},
        timeout=60,
    )
    return {row["Id"]: row for row in found.json()["records"]}


@pytest.fixture(scope="module")
def warehouse(new_project):
    """A project with the recipe's plugins, and a PostgreSQL server."""
    project = new_project()
    title = "Load a warehouse"
    add(project, *pieces(PAGE, title))
    install, *runs = commands(PAGE, title)
    project.run(install)
    (project.folder / "output").mkdir()
    with running_postgresql() as server:
        project.environment["TARGET_POSTGRES_SQLALCHEMY_URL"] = (
            f"postgresql+psycopg://{USER}@/postgres?host={server.folder}"
        )
        yield project, server, runs


def test_a_warehouse_is_loaded(warehouse, team_sandbox):
    """Every reminder, person and task arrives in files and in PostgreSQL, no ledger is made, and deletions show."""
    project, server, runs = warehouse
    project.use(team_sandbox)
    reminders, people, rows = there(team_sandbox, "reminders"), there(team_sandbox, "people"), tasks(team_sandbox)
    for command in runs:
        project.run(command)
    for stream, key, held in (("reminders", "id", reminders), ("people", "id", people), ("tasks", "Id", rows)):
        (file,) = (project.folder / "output").glob(f"{stream}*.jsonl")
        found = {json.loads(line)[key] for line in file.read_text(encoding="utf-8").splitlines()}
        assert found >= held.keys()
    assert not (project.folder / ".tasksync").exists()
    gone = next(iter(reminders))
    assert team_sandbox.ask("DELETE", f"/v1/reminders/{gone}").status_code == 204
    project.run(next(line for line in runs if "tap-salesconnect-alone target-postgres" in line))
    with server.connect() as connection:
        loaded = dict(connection.execute("SELECT id, deleted_at IS NOT NULL FROM tasks.reminders").fetchall())
        subjects = dict(select(connection, "id", "subject", "tasks.tasks"))
        assert {id_: subjects.get(id_) for id_ in rows} == {id_: row["Subject"] for id_, row in rows.items()}
    assert loaded.keys() >= reminders.keys()
    assert loaded[gone]
    assert not any(loaded[id_] for id_ in reminders if id_ != gone)


def select(connection, one, two, table):
    """Two columns; their names are as the target made them, in whatever case."""
    rows = connection.execute(psycopg.sql.SQL("SELECT * FROM {}").format(psycopg.sql.SQL(table)))
    names = [column.name.lower() for column in rows.description]
    return [(row[names.index(one)], row[names.index(two)]) for row in rows]


def test_another_taps_tasks_reach_sales_connect(project, team_sandbox):
    """Behind a stream map; a new task becomes a reminder, with its due date a date."""
    title = "Tasks from another Salesforce tap"
    add(project, *pieces(PAGE, title))

    def stand_in(document):
        (tap,) = (one for one in document["plugins"]["extractors"] if one["name"] == "tap-salesforce")
        del tap["pip_url"]
        tap |= {"capabilities": [], "executable": str(project.folder / "tap-salesforce")}

    project.edit_meltano_yml(stand_in)
    script = f"#!/bin/sh\ncd {ROOT} && exec {sys.executable} -m tests.sync.foreign_tap {team_sandbox.salesforce_url}\n"
    (project.folder / "tap-salesforce").write_text(script)
    (project.folder / "tap-salesforce").chmod(0o755)
    project.use(team_sandbox)
    to_salesforce, foreign = commands(PAGE, title)
    assert "run `to-salesforce` first" in project.run(foreign, exits=1)
    project.run(to_salesforce)
    project.run(foreign)
    made = {row["salesforce_task_id"]: row for row in there(team_sandbox, "reminders").values()}
    imported = [row for id_, row in tasks(team_sandbox).items() if id_ in made]
    assert imported
    assert all(made[row["Id"]]["due_date"] == row["ActivityDate"] for row in imported)
    before = len(team_sandbox.writes("sales_connect"))
    project.run(foreign)
    assert len(team_sandbox.writes("sales_connect")) == before


@pytest.fixture
def own_mapping(project, team_sandbox):
    """A project in production with a copied mapping, as the recipe for a field of one's own has it."""
    title = "A field of your own"
    copy_it, *rest = commands(PAGE, title)
    extra, settings = pieces(PAGE, title)
    project.use(team_sandbox)
    project.environment |= PRODUCTION
    change_schema(team_sandbox, add=[{"name": "Call_Reason__c", "type": "string", "length": 255}])
    project.run(copy_it)
    add(project, settings)
    return extra, [line.replace("make ", "make -o .venv/ready ") for line in rest]


def change_schema(sandbox, **task):
    """Change the org's Task."""
    sandbox.control("salesforce", "POST", "schema", {"objects": {"Task": task}})


def test_a_field_of_ones_own_travels(project, team_sandbox, own_mapping):
    """Both ways, once it is in the mapping, in the tap's settings and in the catalog."""
    extra, lines = own_mapping
    edit_mapping(project, extra)
    for line in lines:
        project.run(line)
    task = next(row for row in tasks(team_sandbox).values() if row["Sales_Connect_Id__c"])
    reminder = task["Sales_Connect_Id__c"]
    for value, edit in (
        ("Demo", lambda: team_sandbox.ask("PATCH", f"/v1/reminders/{reminder}", json={"call_reason": "Demo"})),
        ("Prices", lambda: patch(team_sandbox, task["Id"], Call_Reason__c="Prices")),
    ):
        assert edit().ok
        project.run(lines[-1])
        assert tasks(team_sandbox)[task["Id"]]["Call_Reason__c"] == value
        assert there(team_sandbox, "reminders")[reminder]["call_reason"] == value


def patch(sandbox, task_id, **fields):
    """Edit a task."""
    login = {"grant_type": "client_credentials", "client_id": "sandbox", "client_secret": "sandbox"}
    url = sandbox.salesforce_url
    token = sandbox._http.post(f"{url}/services/oauth2/token", data=login, timeout=60).json()["access_token"]  # noqa: SLF001
    headers = {"Authorization": f"Bearer {token}"}
    path = f"{url}/services/data/v62.0/sobjects/Task/{task_id}"
    return sandbox._http.patch(path, json=fields, headers=headers, timeout=60)  # noqa: SLF001 - see above


def test_an_orgs_own_picklist(project, team_sandbox, own_mapping):
    """The sync stops where the org lacks a mapped value; else what is listed travels, and what is not stays."""
    assert own_mapping
    title = "Another picklist"
    (run,), (piece,) = commands(PAGE, title), pieces(PAGE, title)
    change_schema(
        team_sandbox,
        picklists={"Status": ["Open", "Waiting", {"value": "Done", "closed": True}]},
        restricted=["Status"],
    )
    assert "Not Started" in project.run(run, exits=1)
    edit_mapping(project, piece)
    project.run(run)
    pushed = next(row for row in tasks(team_sandbox).values() if row["Sales_Connect_Id__c"])
    assert pushed["Status"] in {"Open", "Done"}
    reminder = pushed["Sales_Connect_Id__c"]
    assert patch(team_sandbox, pushed["Id"], Status="Waiting").ok
    assert team_sandbox.ask("PATCH", f"/v1/reminders/{reminder}", json={"details": "New", "status": "open"}).ok
    project.run(run)
    assert tasks(team_sandbox)[pushed["Id"]]["Status"] == "Waiting"
    assert team_sandbox.ask("PATCH", f"/v1/reminders/{reminder}", json={"status": "completed"}).ok
    project.run(run)
    assert tasks(team_sandbox)[pushed["Id"]]["Status"] == "Done"


def test_a_second_org_beside_the_first(project, team_sandbox, tmp_path):
    """Each has its ledger and its bookmarks; a ledger refuses the other's credentials."""
    title = "A second org beside the first"
    add(project, *pieces(PAGE, title))
    project.use(team_sandbox)
    project.meltano("run sync")
    before = len(team_sandbox.writes("salesforce"))
    sync, status = commands(PAGE, title)
    with seeded(tmp_path / "second") as second:
        addresses = {"SALESFORCE_LOGIN_URL": second.salesforce_url, "SALES_CONNECT_URL": second.sales_connect_url}
        text = "".join(f"{key}={value}\n" for key, value in (addresses | PRODUCTION).items())
        (project.folder / "emea.env").write_text(text)
        project.run(sync)
        assert second.writes("salesforce")
        assert len(team_sandbox.writes("salesforce")) == before
        assert "emea" in project.run(status)
        found = sorted(path.name for path in (project.folder / ".tasksync").glob("*.db"))
        assert found == ["emea.db", "sandbox.db"]
        states = project.meltano("state list")
        assert states.count("emea:") == states.count("sandbox:") == 2
        written = len(second.writes("salesforce"))
        shutil.copy(project.folder / ".tasksync/sandbox.db", project.folder / ".tasksync/emea.db")
        assert "belongs to" in project.run(sync, exits=1)
        assert len(second.writes("salesforce")) == written
