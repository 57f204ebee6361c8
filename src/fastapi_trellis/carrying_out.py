"""Do in the project what the preview did in its copy, all of it or nothing."""

import signal
from pathlib import Path

from fastapi_trellis.git import git
from fastapi_trellis.preview import Changes, Run
from fastapi_trellis.project import Project
from fastapi_trellis.rendering import handled
from fastapi_trellis.screen import progress, say


def carry_out(project: Project, changes: Changes, run: Run, what: str) -> None:
    """Run it, and take back what it did where it does not come to its end."""
    rejects = {path for path in possible_rejects(project, changes) if path.exists()}
    try:
        with progress(what):
            run(project.folder)
    except BaseException:
        # Nobody is left to take it back if a second Ctrl+C ends this.
        with handled(signal.SIG_IGN):
            restore(project, changes, rejects)
        raise


def restore(project: Project, changes: Changes, rejects: set[Path]) -> None:
    """Touch nothing but what the run itself would change: other files may be somebody's."""
    git("reset", "--quiet", cwd=project.top)
    old = "\0".join(changes.changed + changes.removed)
    if old:
        from_stdin = ("--pathspec-from-file=-", "--pathspec-file-nul")
        git("checkout", "--quiet", "HEAD", *from_stdin, cwd=project.top, given=old)
    for path in [
        *(project.top / one for one in changes.added),
        *possible_rejects(project, changes),
    ]:
        if path not in rejects:
            path.unlink(missing_ok=True)
            remove_empty(path.parent, project.top)
    left = git("status", "--porcelain", cwd=project.top)
    if left:
        say("Not from this run, and left as it is:")
        say(left)


def possible_rejects(project: Project, changes: Changes) -> list[Path]:
    """Where git writes what it cannot apply, before Copier makes conflicts of it."""
    return [project.top / f"{path}.rej" for path in changes.changed + changes.added]


def remove_empty(folder: Path, top: Path) -> None:
    while folder != top and folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent
