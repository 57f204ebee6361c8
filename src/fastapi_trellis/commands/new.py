"""`new`: ask, render, lock, commit."""

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from fastapi_trellis import given, rendering
from fastapi_trellis.commands.arguments import Data, Ref, Trust, Url, Yes
from fastapi_trellis.errors import Misused
from fastapi_trellis.next_steps import after_new
from fastapi_trellis.ordering import Order
from fastapi_trellis.screen import interactive, progress, show
from fastapi_trellis.sheet import Filled
from fastapi_trellis.starting import commit, lock
from fastapi_trellis.template import Template, open_template

OWN = ("--template", "--ref", "--preset", "--data", "--data-file", "--yes", "--trust")

Words = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[FOLDER] [--QUESTION ANSWER]...",
        help="Where to, and answers: --database postgres --cache. Else the folder is the slug.",
        show_default=False,
    ),
]
Preset = Annotated[str | None, typer.Option(help="Answers of the template's own: see `options`.")]
DataFile = Annotated[Path | None, typer.Option(help="Answers from a YAML file.")]
NoGit = Annotated[bool, typer.Option("--no-git", help="No git init, no first commit.")]
NoLock = Annotated[bool, typer.Option("--no-lock", help="No uv lock.")]


def new(
    words: Words = None,
    url: Url = None,
    ref: Ref = None,
    preset: Preset = None,
    data: Data = None,
    data_file: DataFile = None,
    yes: Yes = False,
    trust: Trust = False,
    no_git: NoGit = False,
    no_lock: NoLock = False,
) -> None:
    """Render a new service: ask what is not answered, render, lock, and make the first commit."""
    with open_template(url, ref) as template:
        definition = template.definition
        flags, folders = given.from_words(definition, words or [], OWN)
        if len(folders) > 1:
            raise Misused(f"One folder, and not {len(folders)}: {' '.join(folders)}")
        named = {**given.from_pairs(definition, data or []), **flags}
        quieter = given.from_environment(definition)
        if data_file:
            quieter = {**given.from_file(definition, data_file), **quieter}
        order = Order(template, named, quieter, preset, folders[0] if folders else None)
        filled = order.asked() if interactive() and not yes else order.taken()
        target = order.place(filled)
        render(template, filled, target, trust=trust, with_git=not no_git, with_lock=not no_lock)


def render(
    template: Template,
    filled: Filled,
    target: Path,
    *,
    trust: bool,
    with_git: bool,
    with_lock: bool,
) -> None:
    """Make all of it beside its place, and move it there in one step: half of it is never seen."""
    target = target.absolute()
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(
        prefix=f".{target.name}-", dir=target.parent, ignore_cleanup_errors=True
    ) as folder:
        made = Path(folder, target.name)
        with progress(f"Rendering {target.name} from {template.ref}"):
            rendering.copy(template.url, template.ref, made, filled.answers, trust=trust)
        locked = with_lock and lock(made, filled)
        committed = with_git and commit(made, target.parent)
        if target.exists():
            target.rmdir()  # it is empty, or this refuses
        made.rename(target)
    show(f"{filled.values.get('project_name', target.name)} is in {target}.", "bold green")
    after_new(filled, target, locked=locked, committed=committed)
