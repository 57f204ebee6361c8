"""What every model shares: names of constraints, time stamps, columns that behave alike on all."""

from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import DateTime, Dialect, Enum, MetaData
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator


def now() -> datetime:
    return datetime.now(UTC)


class UtcDateTime(TypeDecorator[datetime]):
    """A moment. SQLite forgets time zones, so it is stored and returned in UTC everywhere."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        del dialect
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        del dialect
        return None if value is None else value.replace(tzinfo=value.tzinfo or UTC)


def values_of(kind: type[StrEnum]) -> list[str]:
    return [member.value for member in kind]


def text_of(kind: type[StrEnum]) -> Enum:
    """Store the values as text, in no type of the database's own: a new one needs no migration."""
    return Enum(kind, native_enum=False, length=16, values_callable=values_of)


class Base(DeclarativeBase):
    # Without names, a constraint cannot be changed by a migration on every database.
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: UtcDateTime}  # noqa: RUF012  (SQLAlchemy declares it so)


class Identified(Base):
    """A table with an id."""

    __abstract__ = True

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4, sort_order=-1)


class Record(Identified):
    """A table with an id and time stamps."""

    __abstract__ = True

    created_at: Mapped[datetime] = mapped_column(default=now, sort_order=90)
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now, sort_order=91)
