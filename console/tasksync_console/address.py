"""Where the ledger lies: the same place that Meltano gives the plugins."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from tasksync_engine.errors import ConfigError

LEDGER_URL = "TASKSYNC_LEDGER_URL"
DEFAULT_ENVIRONMENT = "sandbox"
PROJECT_FILE = "meltano.yml"


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
    project = _project_folder()
    environment = os.environ.get("MELTANO_ENVIRONMENT") or DEFAULT_ENVIRONMENT
    url = os.environ.get(LEDGER_URL) or _from_dotenv(project / ".env")
    return Address(url or f"sqlite:///{project}/.tasksync/{environment}.db", environment)


def _project_folder() -> Path:
    given = os.environ.get("MELTANO_PROJECT_ROOT")
    if given:
        return Path(given).absolute()
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if (folder / PROJECT_FILE).is_file()), here)


def _from_dotenv(path: Path) -> str | None:
    if not path.is_file():
        return None
    from dotenv import dotenv_values  # noqa: PLC0415 - only where there is such a file

    try:
        return dotenv_values(path).get(LEDGER_URL)
    except (OSError, UnicodeDecodeError) as error:
        message = f"The file {path} cannot be read: make it readable UTF-8 text, or set {LEDGER_URL} in the terminal."
        raise ConfigError(message) from error
