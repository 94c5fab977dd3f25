"""The subcommands: each reads its arguments, opens the ledger and leaves the work to its module.

Imports stand inside the commands: `tasksync check` ends every sync, and should not wait for what only others need.
"""
