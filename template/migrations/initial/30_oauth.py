"""The table of `app.auth_fastapi_users`."""

import sqlalchemy as sa
from alembic import op


def upgrade() -> None:
    op.create_table(
        "oauth_account",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("oauth_name", sa.String(length=100), nullable=False),
        sa.Column("account_id", sa.String(length=320), nullable=False),
        sa.Column("account_email", sa.String(length=320), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_oauth_account")),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user_account.id"],
            name=op.f("fk_oauth_account_user_id_user_account"),
            ondelete="CASCADE",
        ),
        sa.UniqueConstraint(
            "oauth_name", "account_id", name=op.f("uq_oauth_account_oauth_name_account_id")
        ),
    )
    op.create_index("ix_oauth_account_user_id", "oauth_account", ["user_id"])


def downgrade() -> None:
    op.drop_table("oauth_account")
