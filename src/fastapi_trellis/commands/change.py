"""`add`, `remove` and `set`: other answers, with the release of the template that is there."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from fastapi_trellis.commands.arguments import HERE, Folder, Preview, Trust, Yes
from fastapi_trellis.definition import Definition
from fastapi_trellis.errors import Exit, Misused
from fastapi_trellis.form import shown
from fastapi_trellis.given import from_pairs, nearest
from fastapi_trellis.ordering import refuse
from fastapi_trellis.proceeding import How, proceed
from fastapi_trellis.project import Project, find_project
from fastapi_trellis.screen import say
from fastapi_trellis.template import open_template

Names = Annotated[list[str], typer.Argument(metavar="NAME...", help="Such as cache or tasks.")]
Pairs = Annotated[list[str], typer.Argument(metavar="QUESTION=ANSWER...")]


def add(
    names: Names,
    preview: Preview = False,
    yes: Yes = False,
    trust: Trust = False,
    folder: Folder = HERE,
) -> Exit:
    """Switch something on: shows what it would do, then does it."""
    return switch(names, folder, How(preview, yes, trust), on=True)


def remove(
    names: Names,
    preview: Preview = False,
    yes: Yes = False,
    trust: Trust = False,
    folder: Folder = HERE,
) -> Exit:
    """Switch something off: shows what would go, also of your own edits, then does it."""
    return switch(names, folder, How(preview, yes, trust), on=False)


def set_answers(
    pairs: Pairs,
    preview: Preview = False,
    yes: Yes = False,
    trust: Trust = False,
    folder: Folder = HERE,
) -> Exit:
    """Answer questions otherwise: set database=postgres ci=gitlab."""

    def answers(definition: Definition) -> dict[str, Any]:
        return from_pairs(definition, pairs)

    return change(find_project(folder), answers, How(preview, yes, trust))


def switch(names: list[str], folder: Path, how: How, *, on: bool) -> Exit:
    def answers(definition: Definition) -> dict[str, Any]:
        return {switchable(definition, name): on for name in names}

    return change(find_project(folder), answers, how)


def switchable(definition: Definition, name: str) -> str:
    """The question that a name switches; what is one of several answers is set."""
    key = name.replace("-", "_")
    switches = [one for one, question in definition.asked.items() if question.type == "bool"]
    if key in switches:
        return key
    for question in definition.asked.values():
        if question.name == key or name in question.values:
            answer = name if name in question.values else "..."
            raise Misused(f"{name} is one of several: fastapi-trellis set {question.name}={answer}")
    raise Misused(f"Nothing is called {name}: {nearest(key, switches)}")


def change(project: Project, answers_of: Callable[[Definition], dict[str, Any]], how: How) -> Exit:
    with project.entered(), open_template(project.source, project.commit) as template:
        sheet = template.sheet
        answers = answers_of(template.definition)
        filled = sheet.fill({**project.answers, **answers})
        refuse(sheet, filled, answers)
        before = sheet.fill(project.answers)
        different = {name for name in answers if before.values[name] != answers[name]}
        for name in answers.keys() - different:
            say(f"{name} is {shown(answers[name])} already.")
        return proceed(project, None, answers, how) if different else Exit.DONE
