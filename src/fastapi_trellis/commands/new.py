"""`new`: ask, render, lock, commit."""

import shlex
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from fastapi_trellis import given, rendering
from fastapi_trellis.asking import Step, ask_one
from fastapi_trellis.commands.arguments import Data, Ref, Trust, Url, Yes
from fastapi_trellis.errors import Misused, Stop
from fastapi_trellis.form import Form, print_answers
from fastapi_trellis.next_steps import after_new
from fastapi_trellis.presets import from_preset, presets
from fastapi_trellis.screen import interactive, progress, say, show
from fastapi_trellis.sheet import Filled, Sheet
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
    with open_template(absolute(url), ref) as template:
        definition = template.definition
        flags, folders = given.from_words(definition, words or [], OWN)
        if len(folders) > 1:
            raise Misused(f"One folder, and not {len(folders)}: {' '.join(folders)}")
        named = {**given.from_pairs(definition, data or []), **flags}
        quieter = given.from_environment(definition)
        if data_file:
            quieter = {**given.from_file(definition, data_file), **quieter}
        asking = interactive() and not yes

        def place(filled: Filled) -> Path:
            return Path(folders[0] if folders else filled.values.get("project_slug", "service"))

        def closing(filled: Filled) -> str:
            command = copier_command(template, filled, place(filled))
            return f"Into {place(filled)}. The same with Copier alone:\n  {command}"

        if folders:
            require_room(Path(folders[0]))
        given_answers = {**quieter, **named}
        if interactive() and not yes:
            filled = asked(template, given_answers, preset, closing)
        else:
            filled = template.sheet.fill({**preset_answers(template, preset), **given_answers})
            refuse(template.sheet, filled, named)
            print_answers(definition, filled)
            say(closing(filled))
        target = place(filled)
        require_room(target)
        render(template, filled, target, trust=trust, with_git=not no_git, with_lock=not no_lock)


def asked(
    template: Template, before: dict[str, Any], preset: str | None, closing: Callable[[Filled], str]
) -> Filled:
    """The answers to all questions; where nothing is given, a preset may be."""
    while True:
        chosen = preset if preset or before else choose_preset(template)
        answers = {**preset_answers(template, chosen), **before}
        found = Form(template.sheet, answers, closing).run()
        if isinstance(found, Filled):
            return found


def preset_answers(template: Template, name: str | None) -> dict[str, Any]:
    return from_preset(template, name) if name else {}


def choose_preset(template: Template) -> str | None:
    known = presets(template)
    if not known:
        return None
    say("Arrow keys and Enter choose; Ctrl+B goes back, Ctrl+C leaves everything as it is.", "dim")
    choices = [("each question by itself", "", "Every question, with its default.")]
    choices += [(one.name, one.name, one.about) for one in known]
    while (reply := ask_one("Begin with", choices)) is Step.BACK:
        pass
    return str(reply) or None


def refuse(sheet: Sheet, filled: Filled, named: dict[str, Any]) -> None:
    """Refuse what breaks a rule, and what was said although nobody asks for it."""
    for sentence in filled.refused.values():
        raise Stop(sentence)
    for name in named:
        if name not in filled.shown:
            condition = str(sheet.definition.asked[name].raw["when"]).strip("{} ")
            raise Stop(f"{name} is only asked with {condition}: answer that too, or leave it out.")


def absolute(url: str | None) -> str | None:
    """A local template is recorded where it is, so that updates find it from everywhere."""
    local = url is not None and Path(url).expanduser().exists()
    return str(Path(url or "").expanduser().resolve()) if local else url


def require_room(target: Path) -> None:
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise Stop(f"{target} is there already, and not empty: name another folder.")


def copier_command(template: Template, filled: Filled, target: Path) -> str:
    short = template.sheet.shortest(filled.answers)
    texts = {name: str(value).lower() if isinstance(value, bool) else value
             for name, value in short.items()}  # fmt: skip
    data = [part for name, value in texts.items() for part in ("--data", f"{name}={value}")]
    command = ["copier", "copy", "--defaults", "--vcs-ref", template.ref, *data, template.url]
    return shlex.join([*command, str(target)])


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
