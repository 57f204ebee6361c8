"""What people change in a rendered project, near what the template switches on and off."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

MINE = "mine"  # in every edit, so that it is found again

FEATURE = '''"""Notes that are mine."""

from app.core.feature import Feature
from app.notes.models import Note
from app.notes.settings import NotesSettings

feature = Feature(name="notes")
__all__ = ["Note", "NotesSettings", "feature"]
'''
MODELS = """from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database.models import Record


class Note(Record):
    __tablename__ = "note"

    text: Mapped[str] = mapped_column(String(200))
"""
SETTINGS = f'''from pydantic_settings import SettingsConfigDict

from app.core.settings import Settings


class NotesSettings(Settings):
    model_config = SettingsConfigDict(env_prefix="NOTES_")

    owner: str = "{MINE}"
'''
TEST = f"""import httpx2

from app.notes.settings import NotesSettings


def test_settings_are_mine() -> None:
    assert NotesSettings.load().owner == "{MINE}"


async def test_route_is_mine(client: httpx2.AsyncClient) -> None:
    response = await client.get("/items/{MINE}/names")

    assert response.json() == ["{MINE}"]
"""
REVISION = '''"""The table of notes, which are mine."""

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str = "0001"
branch_labels: None = None
depends_on: None = None


def upgrade() -> None:
    op.create_table(
        "note",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_note")),
    )


def downgrade() -> None:
    op.drop_table("note")
'''
ROUTE = f'''

@router.get("/{MINE}/names")
async def list_mine() -> list[str]:
    """List what is mine."""
    return ["{MINE}"]
'''
SERVICE = f"""  notes:
    image: {MINE}/notes:1
"""
PACKAGE = '    "humanize>=4",\n'


@dataclass(frozen=True)
class Edit:
    """An edit of a file that the template renders, or a file of the team's own."""

    path: str
    change: Callable[[str], str] | None = None
    """None: the file is deleted."""
    own: bool = False

    def apply(self, project: Path) -> None:
        path = project / self.path
        if self.change is None:
            path.unlink()
            return
        before = "" if self.own else path.read_text()
        after = self.change(before)
        assert after != before, f"{self.path} has changed: the edit has lost its place"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(after)

    def possible(self, project: Path) -> bool:
        return self.own or (project / self.path).exists()


def write(path: str, text: str) -> Edit:
    return Edit(path, lambda _: text, own=True)


def append(path: str, text: str) -> Edit:
    return Edit(path, lambda before: before + text)


def after(path: str, place: str, text: str) -> Edit:
    return Edit(path, lambda before: before.replace(place, place + text, 1))


def replace(path: str, old: str, new: str) -> Edit:
    return Edit(path, lambda before: before.replace(old, new, 1))


EDITS = (
    # A feature of their own: a folder and a line, with settings, a table and its revision.
    write("app/notes/__init__.py", f"# {MINE}\n"),
    write("app/notes/feature.py", FEATURE),
    write("app/notes/models.py", MODELS),
    write("app/notes/settings.py", SETTINGS),
    write("tests/notes/test_notes.py", TEST),
    write("docs/features/notes.md", f"# Notes\n\nThey are {MINE}.\n"),
    write("migrations/versions/0002_notes.py", REVISION),
    after("app/features.py", "    # Yours.\n", '    "app.notes",\n'),
    append(".env.example", f"# NOTES_OWNER={MINE}\n"),
    # A route below those of the template, a comment between its lines.
    append("app/items/routes.py", ROUTE),
    after("app/features.py", '    "app.items",\n', f"    # {MINE}: nothing in the middle yet.\n"),
    # What `uv add humanize` writes: `test_edits.py` compares.
    after("pyproject.toml", '    "pydantic-settings>=2.16",\n', PACKAGE),
    replace("pyproject.toml", 'version = "0.1.0"', 'version = "0.2.0"'),
    # Names, pages, commands, files.
    Edit("README.md", lambda text: re.sub(r"\A# .*", f"# The service that is {MINE}", text)),
    append("README.md", f"\n## Notes\n\nThey are {MINE}.\n"),
    append("justfile", f"\n# A verb of ours.\n{MINE}:\n    app notes\n"),
    append(".gitignore", f"{MINE}.txt\n"),
    Edit(".editorconfig"),
    # A step of each pipeline, a service beside the others, settings of each stage.
    after(".github/workflows/ci.yml", "      # Yours.\n", f"      - run: echo {MINE}\n"),
    after(".gitlab-ci.yml", "    # Yours.\n", f"    - echo {MINE}\n"),
    after("compose.yml", "\n  # Yours.\n", SERVICE),
    after("compose.production.yml", "\n  # Yours.\n", SERVICE),
    after("deploy/production.env", "# Yours.\n", f"NOTES_OWNER={MINE}\n"),
    after(
        "deploy/kubernetes/overlays/production/settings.env",
        "# Yours.\n",
        f"NOTES_OWNER={MINE}\n",
    ),
)


def edit(project: Path) -> list[Edit]:
    """Make all edits that the project has a place for."""
    return repeat(EDITS, project)


def repeat(edits: Iterable[Edit], project: Path) -> list[Edit]:
    """The same edits in another project; those whose file is not there are left out."""
    made = [one for one in edits if one.possible(project)]
    for one in made:
        one.apply(project)
    return made


CONFLICT = re.compile(rb"^<<<<<<< ", re.MULTILINE)


def conflicts(project: Path) -> list[str]:
    """The files with conflict markers, once for each."""
    files = (path for path in project.rglob("*") if path.is_file() and ".git" not in path.parts)
    return [
        path.relative_to(project).as_posix()
        for path in sorted(files)
        for _ in CONFLICT.findall(path.read_bytes())
    ]
