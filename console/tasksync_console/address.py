"""Where the ledger lies: the same place that Meltano gives the plugins."""

from __future__ import annotations

from dataclasses import dataclass

from tasksync_console.project import Project
from tasksync_engine.errors import ConfigError

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
        from sqlalchemy import make_url  # noqa: PLC0415 - its import takes half a second
        from sqlalchemy.exc import ArgumentError  # noqa: PLC0415 - see above

        try:
            url = make_url(self.url)
        except (ArgumentError, ValueError) as error:
            message = f"{LEDGER_URL} is not a database address that SQLAlchemy knows."
            raise ConfigError(message) from error
        if url.get_backend_name() == "sqlite" and url.database:
            return url.database
        return url.render_as_string(hide_password=True)


def find_address() -> Address:
    """The ledger's address: the terminal's variable, then `.env`, then the project's own file.

    Raises:
        ConfigError: `.env` cannot be read.
    """
    project = Project.here()
    url = project.variable(LEDGER_URL)
    return Address(url or f"sqlite:///{project.folder}/.tasksync/{project.environment}.db", project.environment)
