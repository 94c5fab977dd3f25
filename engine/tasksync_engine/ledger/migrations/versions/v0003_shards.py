"""Shards: which users each one has, what it claims while it works on it, and what it leaves to the next run."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("roster", "runs"):
        with op.batch_alter_table(table) as altered:
            altered.add_column(sa.Column("shard", sa.String(length=32), nullable=True))
    with op.batch_alter_table("deletions") as deletions:
        deletions.add_column(sa.Column("user_id", sa.String(length=255), nullable=True))
    op.create_table(
        "shards",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("reserved", sa.Integer(), nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "claims",
        sa.Column("side", sa.String(length=8), nullable=False),
        sa.Column("record_id", sa.String(length=255), nullable=False),
        sa.Column("shard", sa.String(length=32), nullable=True),
        sa.Column("settled_at", sa.String(length=32), nullable=True),
        sa.Column("settled_by", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("side", "record_id"),
    )
    op.create_index("ix_claims_shard", "claims", ["shard"], unique=False)
    op.create_table(
        "rereads",
        sa.Column("side", sa.String(length=8), nullable=False),
        sa.Column("record_id", sa.String(length=255), nullable=False),
        sa.Column("user_id", sa.String(length=255), nullable=True),
        sa.Column("noted_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("side", "record_id"),
    )
