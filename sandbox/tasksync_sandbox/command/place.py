"""Where a sandbox lives: its data folder and its ports, and whether it runs there."""

from __future__ import annotations

import fcntl
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Running:
    """A running sandbox, as it wrote itself down in its data folder.

    Attributes:
        pid: of its process.
        salesforce_url: base address.
        sales_connect_url: base address.
    """

    pid: int
    salesforce_url: str
    sales_connect_url: str

    @property
    def urls(self) -> tuple[str, str]:
        """Both base addresses."""
        return self.salesforce_url, self.sales_connect_url


@dataclass(frozen=True)
class Place:
    """A data folder, and the ports to serve on."""

    data: Path
    salesforce_port: int
    sales_connect_port: int

    @property
    def log(self) -> Path:
        """Where a detached sandbox writes what it has to say."""
        return self.data / "sandbox.log"

    @property
    def certificate(self) -> Path:
        """What clients of `--tls` trust."""
        return self.data / "certificate.pem"

    def fits(self, running: Running, *, tls: bool) -> bool:
        """Say whether a sandbox serves as wanted here; port 0 is any port."""
        scheme = "https" if tls else "http"
        wanted = zip(running.urls, (self.salesforce_port, self.sales_connect_port), strict=True)
        return all(url.startswith(f"{scheme}:") and (not port or url.endswith(f":{port}")) for url, port in wanted)

    def is_served(self) -> bool:
        """Say whether a process serves this data folder; its lock dies with it."""
        lock = self.data / "lock"
        if not lock.exists():
            return False
        with lock.open("r+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    def running(self) -> Running | None:
        """The sandbox that serves this data folder; None when there is none, or none that answers yet."""
        if not self.is_served() or not self._note.exists():
            return None
        return Running(**json.loads(self._note.read_text()))

    def write_down(self, running: Running) -> None:
        """Let other processes find this one."""
        draft = self._note.with_suffix(".new")
        draft.write_text(json.dumps(running.__dict__))
        draft.replace(self._note)

    def forget(self) -> None:
        """Take the note away."""
        self._note.unlink(missing_ok=True)

    @property
    def _note(self) -> Path:
        return self.data / "running.json"
