"""The tables' indexes, apart from the tables: naming databases loads what SQLAlchemy knows of each, and a run has one.

Only the migrations are held to them.
"""

from sqlalchemy import Index, text

from tasksync_engine.ledger.schema import claims, conflicts, history, links, metadata, runs

__all__ = ["metadata"]

_OPEN = text("state = 'open'")
_OWED = text("pointer_owed")

Index("ix_links_reminder", links.c.reminder_id)
Index("ix_links_task", links.c.task_id)
Index("uq_open_reminder", links.c.reminder_id, unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN)
Index("ix_links_state", links.c.state)
Index("ix_links_pointer_owed", links.c.id, sqlite_where=_OWED, postgresql_where=_OWED)
Index("uq_open_task", links.c.task_id, unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN)

Index("ix_conflicts_run", conflicts.c.run_id)
Index("ix_conflicts_at", conflicts.c.at)
Index("ix_conflicts_task", conflicts.c.task_id, conflicts.c.field)

Index("ix_history_run", history.c.run_id)
Index("ix_history_at", history.c.at)
Index("ix_history_reminder", history.c.reminder_id)
Index("ix_history_task", history.c.task_id)

Index("ix_runs_started", runs.c.started_at)
Index("ix_claims_shard", claims.c.shard)
