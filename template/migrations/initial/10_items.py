"""The table of `app.items`."""

import sqlalchemy as sa
from alembic import op


def upgrade() -> None:
    op.create_table(
        "item",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item")),
    )
    for column in ("created_at", "name", "updated_at"):
        op.create_index(f"ix_item_owner_id_{column}_id", "item", ["owner_id", column, "id"])


def downgrade() -> None:
    for column in ("created_at", "name", "updated_at"):
        op.drop_index(f"ix_item_owner_id_{column}_id", "item")
    op.drop_table("item")
