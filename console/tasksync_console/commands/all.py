"""The command with all its subcommands."""

from tasksync_console.commands import changing, examining, ledger, looking, planning, serving, sharding
from tasksync_console.commands.application import app

__all__ = ["REGISTERED", "app"]

REGISTERED = (looking, examining, planning, changing, serving, sharding, ledger)
"""The modules with subcommands."""
