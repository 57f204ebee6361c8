"""`diff`: what the team changed since the template rendered the project."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Annotated

import typer

from fastapi_trellis.commands.arguments import HERE, Folder
from fastapi_trellis.git import git, paths
from fastapi_trellis.pristine import pristine
from fastapi_trellis.project import Project, find_project
from fastapi_trellis.screen import out, progress, show

# Revisions are the project's from its first day: an update brings none.
OWN = ("migrations/initial/", "migrations/versions/")

Patch = Annotated[bool, typer.Option("--patch", help="Line by line, as a patch.")]
Paths = Annotated[list[str] | None, typer.Argument(metavar="[PATH]...", help="Only these.")]


def diff(only: Paths = None, patch: Patch = False, folder: Folder = HERE) -> None:
    """Show what the team changed since the render, also what is not committed yet."""
    project = find_project(folder)
    here = Path.cwd() if Path.cwd().is_relative_to(project.folder) else project.folder
    chosen = [os.path.relpath(here / path, project.folder) for path in only or []]
    with compared(project) as (rendered, now, environment):
        command = ["diff", "--no-renames", "--relative", rendered, now, "--", *(chosen or ["."])]
        if patch:
            # Git's own colours and pager, which may be left before the end.
            subprocess.run(
                ["git", *command],
                cwd=project.folder,
                env={**os.environ, **environment},
                check=False,
            )
            return
        command[1:1] = ["--name-status", "-z"]
        listing = paths(git(*command, cwd=project.folder, env=environment))
    states = dict(zip(listing[1::2], listing[::2], strict=True))
    states = {path: one for path, one in states.items() if one != "D" or not path.startswith(OWN)}
    for title, state in (("changed", "M"), ("deleted", "D")):
        found = [path for path, one in states.items() if one == state]
        show(f"{title} ({len(found)}){':' if found else ''}", "bold")
        for path in found:
            show(f"  {path}")
    own = sum(state == "A" for state in states.values())
    show(f"of your own ({own})", "bold")
    if states and out.is_terminal:
        show("\nLine by line: fastapi-trellis diff --patch [PATH]")


@contextmanager
def compared(project: Project) -> Iterator[tuple[str, str, dict[str, str]]]:
    """The render and the project as git trees, which add nothing to the project's repository."""
    objects = git("rev-parse", "--path-format=absolute", "--git-path", "objects", cwd=project.top)
    with ExitStack() as stack:
        # Over before a pager begins.
        with progress(f"Rendering {project.commit} to compare with"):
            rendered = stack.enter_context(pristine(project))
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="trellis-"))
        own = {
            "GIT_OBJECT_DIRECTORY": str(Path(folder, "objects")),
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": objects.strip(),
        }
        Path(folder, "objects").mkdir()
        index = {**own, "GIT_INDEX_FILE": str(Path(folder, "index"))}
        directory = git("rev-parse", "--absolute-git-dir", cwd=project.top).strip()
        add = ("--git-dir", directory, "--work-tree", rendered, "add", "--all", "--force", ".")
        git(*add, cwd=rendered, env=index)
        tree = git("write-tree", cwd=project.top, env=index).strip()
        if project.inside != Path():
            index["GIT_INDEX_FILE"] = str(Path(folder, "index of all"))
            prefix = f"--prefix={project.inside.as_posix()}/"
            git("read-tree", prefix, tree, cwd=project.top, env=index)
            tree = git("write-tree", cwd=project.top, env=index).strip()
        index["GIT_INDEX_FILE"] = str(Path(folder, "index of now"))
        with suppress(FileNotFoundError):
            shutil.copy(Path(directory, "index"), index["GIT_INDEX_FILE"])
        git("add", "--all", ".", cwd=project.folder, env=index)
        yield tree, git("write-tree", cwd=project.top, env=index).strip(), own
