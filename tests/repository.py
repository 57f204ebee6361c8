"""The template as a git repository, and projects rendered from it."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import copier

from tests.tools import run
from tests.trees import digest

RELEASE = "v1.0.0"


@dataclass(frozen=True)
class TemplateRepository:
    path: Path

    @classmethod
    def make(cls, source: Path, folder: Path) -> "TemplateRepository":
        path = folder / "template"
        shutil.copytree(source, path)
        commit(path, "Release")
        run("git", "tag", RELEASE, cwd=path)
        return cls(path)

    def copy(self, project: Path, answers: Mapping[str, Any], release: str = RELEASE) -> Path:
        """Render and commit a project, as people do; the same answers are rendered once."""
        what = digest(repr((release, sorted(answers.items()))).encode())
        fresh = self.path.parent / "projects" / what
        if not fresh.exists():
            copier.run_copy(
                str(self.path), fresh, dict(answers), vcs_ref=release, defaults=True, quiet=True
            )
            commit(fresh, "Render the service")
        shutil.copytree(fresh, project)
        return project


def commit(folder: Path, message: str) -> None:
    if not (folder / ".git").exists():
        run("git", "init", "--quiet", cwd=folder)
    run("git", "add", "--all", cwd=folder)
    run("git", "commit", "--quiet", "--allow-empty", "--message", message, cwd=folder)


def changes(project: Path) -> str:
    """What git would commit."""
    return run("git", "status", "--porcelain", cwd=project)


def update(
    project: Path, answers: Mapping[str, Any] | None = None, *, to: str | None = None
) -> None:
    """`copier update` with other answers: to another release, or else to the same one.

    Only an update to another release may need trust, and these are our own.
    """
    copier.run_update(
        project,
        dict(answers or {}),
        vcs_ref=to or copier.VcsRef.CURRENT,
        defaults=True,
        overwrite=True,
        quiet=True,
        unsafe=to is not None,
    )
