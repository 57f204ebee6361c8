"""Show, confirm, do: the second half of each command that changes a project."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi_trellis import rendering
from fastapi_trellis.asking import confirmed
from fastapi_trellis.carrying_out import carry_out
from fastapi_trellis.errors import Exit, Stop
from fastapi_trellis.form import shown
from fastapi_trellis.next_steps import after_update
from fastapi_trellis.preview import preview, print_changes
from fastapi_trellis.project import Project
from fastapi_trellis.screen import interactive, show


@dataclass(frozen=True)
class How:
    """What was said about the way to do it."""

    preview: bool
    yes: bool
    trust: bool


def proceed(project: Project, ref: str | None, answers: Mapping[str, Any], how: How) -> Exit:
    """Update in a copy, show what happened there, and after a yes update the project itself."""

    def run(folder: Path) -> None:
        rendering.update(folder, ref, answers, trust=how.trust)

    project.require_clean()
    with project.entered():
        changes = preview(project, run)
        print_changes(changes)
        print_answers(project.answers, changes.answers)
        if how.preview:
            return Exit.DONE
        if not how.yes:
            if not interactive():
                raise Stop("Nothing was changed: with --yes it would be.")
            if not confirmed("Do it?", default=not (changes.edited or changes.conflicts)):
                raise Stop("Nothing was changed.")
        carry_out(project, changes, run, "Updating the project")
    show("Done.", "bold green")
    after_update(changes)
    return Exit.CONFLICTS if changes.conflicts else Exit.DONE


def print_answers(before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Also those that nobody gave: a release asks new questions, or takes an answer no more."""
    lines = [
        f"  {name}: {shown(before[name])} -> {shown(value)}"
        if name in before
        else f"  {name}: {shown(value)}  (new; another one with --data)"
        for name, value in after.items()
        if name not in before or before[name] != value
    ]
    lines += [f"  {name}: is not asked any more" for name in before if name not in after]
    if lines:
        show(f"answers ({len(lines)}):", "bold")
        for line in lines:
            show(line)
