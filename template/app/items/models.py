from enum import StrEnum

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database.models import Record, text_of


class ItemStatus(StrEnum):
    DRAFT = "draft"
    ACTIVE = "active"
    ARCHIVED = "archived"


class Item(Record):
    __tablename__ = "item"
    # Each order in which an owner's items are listed has its index.
    __table_args__ = (
        Index(None, "owner_id", "created_at", "id"),
        Index(None, "owner_id", "updated_at", "id"),
        Index(None, "owner_id", "name", "id"),
    )

    owner_id: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(Text, default="")
    status: Mapped[ItemStatus] = mapped_column(text_of(ItemStatus), default=ItemStatus.DRAFT)
    version: Mapped[int] = mapped_column(default=1)

    # Every UPDATE and DELETE also asks for the version that was read: of two writers, one fails.
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  (SQLAlchemy declares it so)
