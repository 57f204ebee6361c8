"""What an update would do, found out by doing it in a throw-away clone of the project."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fastapi_trellis.errors import Stop
from fastapi_trellis.git import git, paths
from fastapi_trellis.pristine import pristine
from fastapi_trellis.project import ANSWERS, Project, read_answers
from fastapi_trellis.screen import progress, show

Run = Callable[[Path], None]

FEW = 3  # files of a folder that are listed one by one


@dataclass
class Changes:
    """Paths, seen from the root of the repository, and the answers."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)
    answers: dict[str, Any] = field(default_factory=dict)  # as they are recorded afterwards
    edited: list[str] = field(default_factory=list)  # removed although somebody changed them
    left: list[str] = field(default_factory=list)  # of the project, where the rest of a folder goes

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)


def preview(project: Project, run: Run) -> Changes:
    """Run it in a clone, and compare.

    Raises:
        Stop: it is refused there, or would write over a file that git does not know.
    """
    with progress("Trying it in a copy of the project"), clone_of(project) as clone:
        run(clone / project.inside)
        changes = differences(clone)
        recorded = read_answers(clone / project.inside / ANSWERS)
    changes.answers = {key: one for key, one in recorded.items() if not key.startswith("_")}
    in_the_way = [path for path in changes.added if (project.top / path).exists()]
    if in_the_way:
        raise Stop(f"git ignores {in_the_way[0]}, which this would write over: move it away first.")
    if changes.removed:
        with progress("Looking for edits in what would go"), pristine(project) as rendered:
            changes.edited = [one for one in changes.removed if was_edited(project, one, rendered)]
            changes.left = left_behind(project, changes.removed, rendered)
    return changes


@contextmanager
def clone_of(project: Project) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="trellis-", ignore_cleanup_errors=True) as folder:
        clone = Path(folder, "clone")
        git("clone", "--quiet", "--", project.top, clone, cwd=project.top)
        yield clone


def differences(clone: Path) -> Changes:
    conflicts = paths(git("diff", "--name-only", "-z", "--diff-filter=U", cwd=clone))
    # Also what the project's own rules ignore: in a fresh clone it is all of this run.
    git("add", "--all", "--force", cwd=clone)
    listing = paths(git("diff", "--cached", "--name-status", "--no-renames", "-z", cwd=clone))
    found = Changes(conflicts=sorted(set(conflicts)))
    for state, path in zip(listing[::2], listing[1::2], strict=True):
        {"A": found.added, "D": found.removed}.get(state, found.changed).append(path)
    return found


def was_edited(project: Project, path: str, rendered: Path) -> bool:
    original = rendered / Path(path).relative_to(project.inside)
    return original.is_file() and original.read_bytes() != (project.top / path).read_bytes()


def left_behind(project: Project, removed: list[str], rendered: Path) -> list[str]:
    """Files of one's own in folders that lose all that the template had there."""
    gone = set(removed)

    def inside(path: Path) -> str:
        return (project.inside / path.relative_to(rendered)).as_posix()

    folders = {rendered / Path(one).relative_to(project.inside).parent for one in removed}
    emptied = {
        inside(folder)
        for folder in folders
        if folder.is_dir() and all(inside(one) in gone for one in folder.iterdir())
    }
    tracked = paths(git("ls-files", "-z", cwd=project.top))
    return [one for one in tracked if one not in gone and Path(one).parent.as_posix() in emptied]


def print_changes(changes: Changes) -> None:
    """Folders in one line where much happens; what would be lost at the end, where it is read."""
    for title, style, found in (
        ("added", "green", changes.added),
        ("changed", "cyan", changes.changed),
        ("removed", "red", changes.removed),
    ):
        if found:
            show(f"{title} ({len(found)}):", style)
            for line in folded(found):
                show(f"  {line}")
    if changes.edited:
        show(f"removed although you edited them ({len(changes.edited)}):", "bold red")
        for path in changes.edited:
            show(f"  {path}    keep a copy: git show HEAD:{path}")
    if changes.left:
        show(f"your own, and left behind ({len(changes.left)}):", "yellow")
        for path in changes.left:
            show(f"  {path}")
    if changes.conflicts:
        show(f"conflicts to mend afterwards ({len(changes.conflicts)}):", "bold red")
        for path in changes.conflicts:
            show(f"  {path}")


def folded(found: list[str]) -> list[str]:
    """Several files of one part are one line."""
    groups: dict[str, list[str]] = {}
    for path in found:
        groups.setdefault("/".join(path.split("/")[:2]), []).append(path)
    lines = []
    for folder, files in groups.items():
        few = len(files) <= FEW
        lines += files if few else [f"{folder}/ ({len(files)} files)"]
    return lines
