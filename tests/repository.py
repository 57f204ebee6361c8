"""The template as a git repository, and projects rendered from it."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import copier

from tests.tools import run

RELEASE = "v1.0.0"


@dataclass(frozen=True)
class TemplateRepository:
    path: Path

    @classmethod
    def make(cls, source: Path, path: Path) -> "TemplateRepository":
        shutil.copytree(source, path, dirs_exist_ok=True)
        commit(path, "Release")
        run("git", "tag", RELEASE, cwd=path)
        return cls(path)

    def copy(self, project: Path, answers: Mapping[str, Any]) -> Path:
        """Render and commit a project, as people do."""
        copier.run_copy(
            str(self.path), project, dict(answers), vcs_ref=RELEASE, defaults=True, quiet=True
        )
        commit(project, "Render the service")
        return project


def commit(folder: Path, message: str) -> None:
    if not (folder / ".git").exists():
        run("git", "init", "--quiet", cwd=folder)
    run("git", "add", "--all", cwd=folder)
    run("git", "commit", "--quiet", "--allow-empty", "--message", message, cwd=folder)


def changes(project: Path) -> str:
    """What git would commit."""
    return run("git", "status", "--porcelain", cwd=project)


def update(project: Path, **answers: Any) -> None:
    """`copier update` to the same release, with other answers."""
    copier.run_update(
        project,
        answers,
        vcs_ref=copier.VcsRef.CURRENT,
        defaults=True,
        overwrite=True,
        quiet=True,
    )
