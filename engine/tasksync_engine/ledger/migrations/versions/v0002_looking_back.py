"""Looking back over what was written: by run, by time and by side; and what the sync needs without a link field.

That is pointers that a pushed reminder still lacks, and what tells the task that a create made whose answer was lost.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("history") as history:
        history.add_column(sa.Column("side", sa.String(length=8), nullable=True))
    op.create_index("ix_history_run", "history", ["run_id"], unique=False)
    op.create_index("ix_history_at", "history", ["at"], unique=False)
    op.create_index("ix_conflicts_at", "conflicts", ["at"], unique=False)
    op.create_index("ix_runs_started", "runs", ["started_at"], unique=False)
    op.create_index("ix_conflicts_run", "conflicts", ["run_id"], unique=False)
    with op.batch_alter_table("parked") as parked:
        parked.add_column(sa.Column("owed", sa.Boolean(), nullable=False, server_default=sa.true()))
    with op.batch_alter_table("roster") as roster:
        roster.add_column(sa.Column("time_zone", sa.Text(), nullable=True))
    with op.batch_alter_table("links") as links:
        links.add_column(sa.Column("pointer_owed", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("intents") as intents:
        intents.add_column(sa.Column("sent", sa.Text(), nullable=True))
        intents.add_column(sa.Column("later", sa.Text(), nullable=True))
    op.create_index("ix_links_state", "links", ["state"], unique=False)
    op.create_index(
        "ix_links_pointer_owed",
        "links",
        ["id"],
        unique=False,
        sqlite_where=sa.text("pointer_owed"),
        postgresql_where=sa.text("pointer_owed"),
    )
