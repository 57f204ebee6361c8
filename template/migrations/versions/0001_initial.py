"""The first tables: each part of the service has its own in `migrations/initial`."""

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType

revision: str = "0001"
down_revision: str | Sequence[str] | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def parts() -> list[ModuleType]:
    """In the order of their numbers: a table comes after those that it refers to."""
    files = Path(__file__).parent.with_name("initial").glob("[0-9]*.py")
    return [import_module(f"migrations.initial.{name}") for name in sorted(f.stem for f in files)]


def upgrade() -> None:
    for part in parts():
        part.upgrade()


def downgrade() -> None:
    for part in reversed(parts()):
        part.downgrade()
