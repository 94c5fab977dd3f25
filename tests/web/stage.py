"""A console over a sandbox: empty, or with a sales team whose tasks were synced, edited, refused and disputed."""

from __future__ import annotations

import os
import random
import shutil
import threading
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import requests

from tasksync_console.asking import Services
from tasksync_console.web.guard import Guard
from tasksync_console.web.serving import listen, server_of
from tasksync_console.web.visit import Console
from tasksync_engine.ledger import open_ledger, runs
from tasksync_sandbox.seed.team import Size, make_team
from tests.project.copies import OURS, ROOT
from tests.sync.pipelines import Meltano

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import SandboxHandle

VERSION = "62.0"


@dataclass(frozen=True)
class Served:
    """A console that listens.

    Attributes:
        url: its address, without a slash at the end.
        console: what it is made of.
    """

    url: str
    console: Console


@contextmanager
def served(token: str | None = None, *, patience: float = 8.0) -> Iterator[Served]:
    """A console on a free port, in a thread, as `tasksync serve` makes it."""
    with closing(listen("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        console = Console(Guard(token), Services(patience), port)
        server = server_of(console)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not server.started:
            thread.join(0.01)
        try:
            yield Served(f"http://127.0.0.1:{port}", console)
        finally:
            server.should_exit = True
            thread.join(10)
            console.services.close()


def stand_in(folder: Path, sandbox: SandboxHandle) -> dict[str, str]:
    """A project in a folder, and the variables that lead the console to it, to its ledger and to a sandbox."""
    shutil.copy(ROOT / "meltano.yml", folder)
    return {
        "MELTANO_PROJECT_ROOT": str(folder),
        "TASKSYNC_LEDGER_URL": f"sqlite:///{folder / 'ledger.db'}",
        "SALESFORCE_LOGIN_URL": sandbox.salesforce_url,
        "SALES_CONNECT_URL": sandbox.sales_connect_url,
    }


def others() -> list[str]:
    """The variables of ours that somebody has set: a console under test knows none of them."""
    return [name for name in os.environ if name.startswith(OURS)]


class Story:
    """A team's fortnight: what `make screenshots` shows, and what the tests in a browser click on.

    Attributes:
        meltano: both pipelines over the ledger.
        salesforce: a session of Salesforce's REST API.
    """

    def __init__(self, sandbox: SandboxHandle, folder: Path) -> None:
        self.sandbox = sandbox
        self.meltano = Meltano(sandbox, folder)
        self.salesforce = requests.Session()
        self._log_in()
        now = sandbox.control("sales_connect", "GET", "clock")["now"]
        team = make_team(Size(), 7, now)
        sandbox.load(salesforce=team.objects, sales_connect=team.sales_connect)

    def close(self) -> None:
        """Close the connections."""
        self.salesforce.close()

    def _log_in(self) -> None:
        answer = self.salesforce.post(
            f"{self.sandbox.salesforce_url}/services/oauth2/token",
            data={"grant_type": "client_credentials", "client_id": "sandbox", "client_secret": "sandbox"},
            timeout=60,
        )
        self.salesforce.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def users(self) -> list[dict[str, Any]]:
        """Sales Connect's users."""
        return list(self.sandbox.ask("GET", "/v1/users").json()["data"])

    def remind(self, name: str, user: dict[str, Any], days: int = 0, **members: Any) -> str:
        """A reminder that is due so many days from the user's own today; returns its id."""
        today = datetime.now(UTC).astimezone(ZoneInfo(user["time_zone"])).date()
        due = (today + timedelta(days=days)).isoformat()
        body = {"type": "call", "name": name, "assignee_id": user["id"], "due_date": due, **members}
        answer = self.sandbox.ask("POST", "/v1/reminders", json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def edit_reminder(self, reminder_id: str, **members: Any) -> None:
        """Change members of a reminder."""
        assert self.sandbox.ask("PATCH", f"/v1/reminders/{reminder_id}", json=members).ok

    def task_of(self, reminder_id: str) -> str:
        """The id of a reminder's task."""
        soql = f"SELECT Id FROM Task WHERE Sales_Connect_Id__c = '{reminder_id}'"  # noqa: S608 - SOQL, of our own id
        answer = self.salesforce.get(f"{self._data()}/query", params={"q": soql}, timeout=60)
        return str(answer.json()["records"][0]["Id"])

    def edit_task(self, task_id: str, **fields: Any) -> None:
        """Change fields of a task."""
        answer = self.salesforce.patch(f"{self._data()}/sobjects/Task/{task_id}", json=fields, timeout=60)
        assert answer.status_code == 204, answer.text

    def _data(self) -> str:
        return f"{self.sandbox.salesforce_url}/services/data/v{VERSION}"

    def past_days(self) -> None:
        """A fortnight of runs, one of which stopped."""
        chance, now = random.Random(7), datetime.now(UTC)  # noqa: S311 - samples, no secrets
        with open_ledger(self.meltano.ledger_url) as ledger, ledger.transaction() as connection:
            for back in range(13, 0, -1):
                weekend = (now - timedelta(days=back)).weekday() >= 5
                for hour in (8, 12, 16):
                    at = (now - timedelta(days=back)).replace(hour=hour, minute=5)
                    for direction in ("to-salesforce", "to-salesconnect"):
                        number = runs.start(connection, direction, at, dry_run=False)
                        stopped = back == 4 and hour == 12 and direction == "to-salesforce"
                        changes = 0 if weekend or stopped else chance.randrange(2, 14)
                        runs.end(
                            connection,
                            number,
                            ended_at=at + timedelta(seconds=3),
                            outcome=runs.STOPPED if stopped else runs.OK,
                            complete=not stopped,
                            counts={"read": changes + 3, "updated": changes, "echoed": 3},
                            api_calls=chance.randrange(5, 12),
                            seconds=chance.uniform(0.8, 3.2),
                            message="Salesforce gave no answer: SERVER_UNAVAILABLE." if stopped else None,
                        )

    def play(self) -> dict[str, str]:
        """Sync, edit, dispute, refuse; returns the ids of some reminders by what befell them."""
        self.past_days()
        self.meltano.sync()
        ann, *rest = [user for user in self.users() if user["task_sync"]["enabled"]]
        bob = rest[0]
        names = ("Call back about the renewal", "Send the revised offer", "Ask for the signed order")
        quiet = [self.remind(name, ann, days=place % 2, details="As agreed.") for place, name in enumerate(names)]
        edited = self.remind("Prepare the quarterly review", ann, details="Slides from last time.")
        disputed = self.remind("Visit the Graz plant", ann, days=1, details="Bring samples.")
        done = self.remind("Thank for the introduction", bob)
        locked = self.remind("Confirm the delivery date", bob, priority="high")
        waiting = self.remind("Check the open invoice", bob, days=1)
        self.meltano.sync()
        self.edit_reminder(disputed, details="Bring samples and the price list.")
        self.edit_task(self.task_of(disputed), Description="Bring samples; ask for Ms Huber.")
        self.edit_reminder(done, status="completed")
        self.edit_reminder(locked, details="Ask the warehouse first.")
        self.edit_reminder(waiting, priority="high")
        self._refuse(self.task_of(locked), "ENTITY_IS_LOCKED", "the entity is locked for editing")
        self._refuse(self.task_of(waiting), "FIELD_CUSTOM_VALIDATION_EXCEPTION", "High needs a reason in the comments")
        self.meltano.sync()
        self.sandbox.clear_faults("salesforce")
        self.edit_reminder(edited, priority="high")
        self.edit_task(self.task_of(quiet[0]), Status="In Progress")
        self.edit_task(self.task_of(quiet[1]), Description="As agreed, but with 5 % off.")
        return {"quiet": quiet[0], "edited": edited, "disputed": disputed, "locked": locked, "done": done}

    def _refuse(self, task_id: str, code: str, message: str) -> None:
        self.sandbox.fault("salesforce", "row_error", code=code, message=message, where={"Id": task_id})
