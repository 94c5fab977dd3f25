"""The ledger's versions: Alembic migrations that lie in this package."""

from __future__ import annotations

import logging
import warnings
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import inspect, text

from tasksync_engine.errors import LedgerError

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Engine

HEAD = "0003"
"""The newest revision; known here so that opening a current ledger does not have to load Alembic."""


@cache
def _config() -> Config:
    from alembic.config import Config  # noqa: PLC0415 - half a second of imports that only a new ledger needs

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def is_current(engine: Engine) -> bool:
    """Whether the ledger has this version's tables.

    Raises:
        LedgerError: The database holds other tables: it is not a ledger.
    """
    tables = set(inspect(engine).get_table_names())
    if "alembic_version" not in tables or "meta" not in tables:
        if tables - {"alembic_version"}:
            message = (
                f"The database {engine.url.render_as_string(hide_password=True)} holds other tables and is no ledger. "
                "Set TASKSYNC_LEDGER_URL to a database of its own."
            )
            raise LedgerError(message)
        return False
    with engine.connect() as connection:
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none() == HEAD


def upgrade(engine: Engine) -> None:
    """Bring the tables up to this version.

    Raises:
        LedgerError: The ledger was written by a newer version.
    """
    logging.getLogger("alembic").setLevel(logging.WARNING)  # its plugins announce themselves at every import
    from alembic import command  # noqa: PLC0415 - see _config
    from alembic.util import CommandError  # noqa: PLC0415 - see _config

    config = _config()
    with engine.begin() as connection, warnings.catch_warnings():
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            message = "This ledger was written by a newer tasksync. Install that version, or restore an older backup."
            raise LedgerError(message) from error
