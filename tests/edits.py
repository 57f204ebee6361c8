"""What people change in a rendered project, near what the template switches on and off."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.tools import UV, run

MINE = "mine"  # in every edit, so that it is found again

FEATURE = '''"""Notes that are mine."""

from app.core.feature import Feature

feature = Feature(name="notes")
'''
TEST = """from app.notes.feature import feature


def test_notes_are_mine() -> None:
    assert feature.name == "notes"
"""
SERVICE = f"""  notes:
    image: {MINE}/notes:1
"""


@dataclass(frozen=True)
class Edit:
    """An edit of a file, and the text by which it is found again; None: the file is gone."""

    path: str
    make: Callable[[str], str]
    text: str | None

    def apply(self, project: Path) -> None:
        path = project / self.path
        if self.text is None:
            path.unlink()
            return
        before = path.read_text() if path.exists() else ""
        after = self.make(before)
        assert after != before, f"{self.path} has changed: the edit has lost its place"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(after)

    def stands(self, project: Path) -> bool:
        path = project / self.path
        if self.text is None:
            return not path.exists()
        return path.exists() and self.text in path.read_text()


def write(path: str, text: str) -> Edit:
    return Edit(path, lambda _: text, text)


def append(path: str, text: str) -> Edit:
    return Edit(path, lambda before: before + text, text)


def after(path: str, place: str, text: str) -> Edit:
    return Edit(path, lambda before: before.replace(place, place + text, 1), text)


def replace(path: str, old: str, new: str) -> Edit:
    return Edit(path, lambda before: before.replace(old, new, 1), new)


def delete(path: str) -> Edit:
    return Edit(path, str, None)


EDITS = (
    write("app/notes/__init__.py", f"# {MINE}\n"),
    write("app/notes/feature.py", FEATURE),
    write("tests/notes/test_notes.py", TEST),
    write("docs/features/notes.md", f"# Notes\n\nThey are {MINE}.\n"),
    after("app/features.py", "    # Yours.\n", '    "app.notes",\n'),
    after("app/features.py", '    "app.items",\n', f"    # {MINE}: nothing in the middle yet.\n"),
    append(".env.example", f"# NOTES_OWNER={MINE}\n"),
    append(".gitignore", f"{MINE}.txt\n"),
    append("README.md", f"\n## Notes\n\nThey are {MINE}.\n"),
    replace("README.md", "# My Service\n", f"# The service that is {MINE}\n"),
    append("justfile", f"\n# A verb of ours.\n{MINE}:\n    app notes\n"),
    replace("pyproject.toml", 'version = "0.1.0"', 'version = "0.2.0"'),
    after(".github/workflows/ci.yml", "      # Yours.\n", f"      - run: echo {MINE}\n"),
    after("compose.yml", "\n  # Yours.\n", SERVICE),
    after("compose.production.yml", "\n  # Yours.\n", SERVICE),
    after("deploy/production.env", "# Yours.\n", f"NOTES_OWNER={MINE}\n"),
    delete(".editorconfig"),
)

PACKAGE = "humanize>=4"
CONFLICT = re.compile(rb"^<<<<<<< ", re.MULTILINE)


def edit(project: Path) -> None:
    for one in EDITS:
        if (project / one.path).exists() or one.path.endswith(("notes.md", ".py")):
            one.apply(project)
    # As people add a package. It writes at the end of the list, beside what is switched.
    run(UV, "add", "--quiet", "--frozen", PACKAGE, cwd=project)


def lost(project: Path, *, at_first: list[Edit]) -> list[str]:
    """The edits that an update has taken away, and the conflicts it has left."""
    found = [f"{one.path}: {one.text}" for one in at_first if not one.stands(project)]
    if PACKAGE not in (project / "pyproject.toml").read_text():
        found.append(PACKAGE)
    files = (path for path in project.rglob("*") if path.is_file() and ".git" not in path.parts)
    return found + [
        f"{path} has a conflict" for path in files if CONFLICT.search(path.read_bytes())
    ]


def made(project: Path) -> list[Edit]:
    return [one for one in EDITS if one.stands(project)]
