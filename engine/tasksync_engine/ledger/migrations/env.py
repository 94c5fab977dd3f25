"""Alembic's entry: runs over the connection that `ledger.migrate` hands in."""

from alembic import context

from tasksync_engine.ledger.indexes import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
