"""What was released: a file for each version in `tests/releases`, oldest first.

A tag may not reach a checkout, and a commit does: its id says as much as a signed tag of the same
name would, as it is the hash of all that was in it.
"""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from packaging.version import Version

from tests.questions import ROOT
from tests.repository import TemplateRepository, commit
from tests.tools import attempt, run

FOLDER = Path(__file__).with_name("releases")

# A version above all releases: what is in this checkout.
NOW = "v1000.0.0"


@dataclass(frozen=True)
class Release:
    version: Version
    commit: str
    projects: Mapping[str, Mapping[str, Any]]
    """Answers of projects that were rendered from it, by name."""

    def __str__(self) -> str:
        return str(self.version)

    @property
    def tag(self) -> str:
        return f"v{self.version}"


@cache
def releases() -> tuple[Release, ...]:
    found = [
        Release(Version(path.stem), **yaml.safe_load(path.read_text()))
        for path in FOLDER.glob("*.yml")
    ]
    return tuple(sorted(found, key=lambda release: release.version))


def history(source: Path, folder: Path) -> TemplateRepository:
    """The repository with a tag for each release, and this checkout on top of them."""
    path = folder / "template"
    run("git", "clone", "--quiet", ROOT, path, cwd=folder)
    for release in releases():
        known = attempt("git", "cat-file", "-e", release.commit, cwd=path).returncode == 0
        assert known, f"{release} is not in this checkout: git fetch --unshallow brings it"
        run("git", "tag", "--force", release.tag, release.commit, cwd=path)
    run("git", "rm", "--quiet", "-r", ".", cwd=path)
    shutil.copytree(source, path, dirs_exist_ok=True)
    commit(path, "Now")
    run("git", "tag", NOW, cwd=path)
    return TemplateRepository(path)
