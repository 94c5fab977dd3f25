"""What can go wrong in the engine, chosen by what the caller should do.

EngineError
├── ConfigError    a setting is wrong: say so, exit 1
├── LedgerError    the ledger cannot be used: say so, exit 1
│   └── ForeignLedger   it belongs to another org or tenant
└── Busy           another run of the same scope is going on: say so, exit 1
"""

from __future__ import annotations


class EngineError(Exception):
    """The run cannot go on; the message is one or two lines that say what to do."""


class ConfigError(EngineError):
    """A setting, or what it points at, is wrong."""


class LedgerError(EngineError):
    """The ledger cannot be opened, read or written."""


class ForeignLedger(LedgerError):
    """The ledger belongs to another Salesforce org or another Sales Connect tenant."""


class Busy(EngineError):
    """Another run of the same scope holds the lock (sync-rules §7.6)."""
