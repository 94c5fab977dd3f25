"""Where the ledger lies, the same place that Meltano gives the plugins, and the open ledger."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tasksync_console.project import Project
from tasksync_engine.errors import ConfigError

if TYPE_CHECKING:
    from sqlalchemy import URL

    from tasksync_engine.ledger import Ledger

LEDGER_URL = "TASKSYNC_LEDGER_URL"


@dataclass(frozen=True, slots=True)
class Address:
    """The ledger's database.

    Attributes:
        url: Its SQLAlchemy URL; may hold a password.
        environment: The Meltano environment.
    """

    url: str
    environment: str

    def shown(self) -> str:
        """What a person may see of it: a file's path, or the URL without its password.

        Raises:
            ConfigError: It is no database address.
        """
        return self.file() or self._parsed().render_as_string(hide_password=True)

    def file(self) -> str | None:
        """The ledger's file, where it is one.

        Raises:
            ConfigError: It is no database address.
        """
        url = self._parsed()
        return url.database if url.get_backend_name() == "sqlite" else None

    def is_missing(self) -> bool:
        """Whether it is a file that does not exist: nothing was synced here yet.

        Raises:
            ConfigError: It is no database address.
        """
        file = self.file()
        return file is not None and not Path(file).exists()

    def _parsed(self) -> URL:
        from sqlalchemy import make_url  # noqa: PLC0415 - its import takes half a second
        from sqlalchemy.exc import ArgumentError  # noqa: PLC0415 - see above

        try:
            return make_url(self.url)
        except (ArgumentError, ValueError) as error:
            message = f"{LEDGER_URL} is not a database address that SQLAlchemy knows."
            raise ConfigError(message) from error


def find_address() -> Address:
    """The ledger's address: the terminal's variable, then `.env`, then the project's own file.

    Raises:
        ConfigError: `.env` cannot be read.
    """
    project = Project.here()
    url = project.variable(LEDGER_URL)
    return Address(url or f"sqlite:///{project.folder}/.tasksync/{project.environment}.db", project.environment)


def open_here() -> Ledger:
    """The project's ledger, which must be there.

    Raises:
        ConfigError: `.env` cannot be read.
        LedgerError: There is none, or it cannot be opened.
    """
    from tasksync_engine.ledger import open_ledger  # noqa: PLC0415 - SQLAlchemy is slow to import

    return open_ledger(find_address().url, create=False)
