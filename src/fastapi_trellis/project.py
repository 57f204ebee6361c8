"""A rendered project: its folder, its answers, and whether it can be changed."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from fastapi_trellis.errors import Stop
from fastapi_trellis.git import GitError, git, top_of

ANSWERS = ".copier-answers.yml"


@dataclass(frozen=True)
class Project:
    """`top` is the root of its repository: a project may be one folder of several."""

    folder: Path
    top: Path
    recorded: Mapping[str, Any]

    @property
    def source(self) -> str:
        return str(self.recorded["_src_path"])

    @property
    def commit(self) -> str:
        """The release of the template that it was last rendered with."""
        return str(self.recorded["_commit"])

    @property
    def answers(self) -> dict[str, Any]:
        return {name: value for name, value in self.recorded.items() if not name.startswith("_")}

    @property
    def inside(self) -> Path:
        """Where it lies in its repository."""
        return self.folder.relative_to(self.top)

    def require_clean(self) -> None:
        """Copier asks for it too, and only so can everything be taken back.

        Raises:
            Stop: something is not committed.
        """
        try:
            git("rev-parse", "--verify", "--quiet", "HEAD", cwd=self.top)
        except GitError:
            raise Stop(
                "Nothing is committed yet: git add --all && git commit -m 'Render the service'"
            ) from None
        unmerged = git("diff", "--name-only", "--diff-filter=U", cwd=self.top).split("\n")[0]
        if unmerged:
            raise Stop(f"Conflicts are left, in {unmerged} first: mend, git add and commit it.")
        if git("status", "--porcelain", cwd=self.top):
            raise Stop(
                "There are changes that are not committed. Commit them, or put them aside with: "
                "git stash --include-untracked"
            )

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Be in its folder: a template may be recorded by a relative path."""
        before = Path.cwd()
        os.chdir(self.folder)
        try:
            yield
        finally:
            os.chdir(before)


def find_project(start: Path) -> Project:
    """The project that a folder belongs to.

    Raises:
        Stop: there is none, it is not in git, or its answers cannot be read.
    """
    start = start.resolve()
    folder = next((one for one in (start, *start.parents) if (one / ANSWERS).is_file()), None)
    if folder is None:
        raise Stop(f"{start} is not in a rendered project: it and its parents have no {ANSWERS}.")
    top = top_of(folder)
    if top is None:
        raise Stop(
            f"{folder} is not in git, which updates need: "
            "git init && git add --all && git commit -m 'Render the service'"
        )
    return Project(folder, top.resolve(), read_answers(folder / ANSWERS))


def read_answers(path: Path) -> dict[str, Any]:
    mend = f"Take back what was changed in it: git log -p -- {path.name}"
    try:
        answers = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise Stop(f"{path} cannot be read ({reason}). {mend}") from None
    if not isinstance(answers, dict) or not {"_src_path", "_commit"} <= answers.keys():
        raise Stop(f"{path} does not say which template it is from (_src_path, _commit). {mend}")
    return answers
