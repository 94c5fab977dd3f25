"""Runs the real taps and targets in this process, with state passed on as Meltano passes it on."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stdout, suppress
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from tap_salesconnect.tap import TapSalesconnect
from tap_salesforce_tasks.tap import TapSalesforceTasks
from target_salesconnect.target import TargetSalesconnect
from target_salesforce_tasks.target import TargetSalesforceTasks

if TYPE_CHECKING:
    from pathlib import Path

UNREAD = {"people"}, {"users"}


class Meltano:
    """Both directions over one ledger, with the bookmarks of each.

    Attributes:
        ledger_path: the ledger's file, unless it is elsewhere.
        ledger_url: the ledger as the plugins are told of it.
        states: the state of each direction, as `meltano state get` would show it.
        settings: further settings of both targets.
        read_settings: further settings of the taps, by direction.
    """

    def __init__(self, sandbox: Any, folder: Path, *, ledger_url: str | None = None) -> None:
        self.ledger_path = folder / "ledger.db"
        self.ledger_url = ledger_url or f"sqlite:///{self.ledger_path}"
        self.states: dict[str, Any] = {}
        self.settings: dict[str, Any] = {}
        self.read_settings: dict[str, dict[str, Any]] = {}
        self.sales_connect = {
            "api_url": sandbox.sales_connect_url,
            "token": "sandbox",
            "loopback_only": True,
            "retry_delay": 0,
        }
        self.salesforce = {
            "login_url": sandbox.salesforce_url,
            "client_id": "sandbox",
            "client_secret": "sandbox",
            "loopback_only": True,
            "retry_delay": 0,
        }

    def to_salesforce(self) -> None:
        """One run of this direction."""
        lines = self.read("to-salesforce", TapSalesconnect, self.sales_connect, {"people"})
        self.write("to-salesforce", TargetSalesforceTasks, self.salesforce, lines)

    def to_salesconnect(self) -> None:
        """One run of this direction."""
        lines = self.read("to-salesconnect", TapSalesforceTasks, self.salesforce, {"users"})
        self.write("to-salesconnect", TargetSalesconnect, self.sales_connect, lines)

    def sync(self) -> None:
        """Both directions, in the order of the job."""
        self.to_salesforce()
        self.to_salesconnect()

    def read(self, direction: str, tap_type: Any, config: dict[str, Any], deselected: set[str]) -> bytes:
        """Run a tap and return what it wrote."""
        state = self.states.get(direction)
        out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
        with redirect_stdout(out):
            tap = tap_type(
                config={**config, "ledger_url": self.ledger_url, **self.read_settings.get(direction, {})},
                state=json.loads(json.dumps(state)) if state else None,
            )
            for name, stream in tap.streams.items():
                stream.selected = name not in deselected
            try:
                tap.sync_all()
            except SystemExit as end:
                if end.code:
                    raise
            finally:
                tap.resources.close()
        out.flush()
        return out.buffer.getvalue()  # type: ignore[attr-defined]

    def write(self, direction: str, target_type: Any, config: dict[str, Any], lines: bytes) -> None:
        """Run a target on what a tap wrote, and keep its last STATE, also when it dies half-way."""
        out = io.StringIO()
        try:
            with redirect_stdout(out):
                target = target_type(config={**config, "ledger_url": self.ledger_url, **self.settings})
                target.listen(io.BytesIO(lines))
        finally:
            for line in out.getvalue().splitlines():
                with suppress(json.JSONDecodeError):
                    self.states[direction] = json.loads(line)

    def without_link_field(self, folder: Path) -> None:
        """From now on the mapping has no link field, and tap-salesforce-tasks does not ask for one."""
        mapping = folder / "without-link-field.yml"
        packaged = files("tasksync_mappings").joinpath("reminder-task.yml").read_text(encoding="utf-8")
        mapping.write_text(packaged.replace("task_field: Sales_Connect_Id__c", "task_field: null"), encoding="utf-8")
        self.settings["mapping_path"] = str(mapping)
        self.read_settings["to-salesconnect"] = {"link_field": ""}

    def lose_ledger(self) -> None:
        """Delete the ledger's files, as a lost disk would."""
        for path in self.ledger_path.parent.glob(f"{self.ledger_path.name}*"):
            path.unlink()
