"""`update`: a newer release of the template."""

from typing import Annotated, Any

import typer

from fastapi_trellis.asking import Step
from fastapi_trellis.commands.arguments import HERE, Data, Folder, Preview, Ref, Trust, Yes
from fastapi_trellis.errors import Exit
from fastapi_trellis.form import prompt, shown
from fastapi_trellis.given import from_pairs
from fastapi_trellis.ordering import refuse
from fastapi_trellis.proceeding import How, proceed
from fastapi_trellis.project import Project, find_project
from fastapi_trellis.screen import interactive, say, show
from fastapi_trellis.template import Template, open_template

Check = Annotated[
    bool, typer.Option("--check", help="Only tell whether there is a newer one (exit code 6).")
]


def update(
    check: Check = False,
    ref: Ref = None,
    data: Data = None,
    preview: Preview = False,
    yes: Yes = False,
    trust: Trust = False,
    folder: Folder = HERE,
) -> Exit:
    """Bring in the template's newest release: shows what it would do, then does it."""
    project = find_project(folder)
    with project.entered(), open_template(project.source, ref) as template:
        current = template.commit_of(project.commit)
        if template.has(template.commit, current):
            show(f"{project.commit} is the newest release.")
            return Exit.DONE
        announce(template, project)
        if check:
            return Exit.NEWER
        answers = from_pairs(template.definition, data or [])
        ask = interactive() and not (yes or preview)
        answers = answer_new(template, project, answers, ask=ask)
        filled = template.sheet.fill({**project.answers, **answers})
        refuse(template.sheet, filled, answers)
        return proceed(project, template.ref, answers, filled, How(preview, yes, trust))


def announce(template: Template, project: Project) -> None:
    """The releases between, and what the changelog says of them."""
    current = template.commit_of(project.commit)
    newer = [
        tag
        for tag in template.releases
        if template.has(tag, template.commit) and not template.has(tag, current)
    ]
    show(f"From {project.commit} to {template.name}.", "bold")
    between = [tag for tag in newer if tag != template.name]
    if between:
        show(f"Also between: {', '.join(between)}.")
    for section in template.news(project.commit):
        show(f"\n{section}")
    show()


def answer_new(
    template: Template, project: Project, given: dict[str, Any], *, ask: bool
) -> dict[str, Any]:
    """The answers to questions that the project was never asked; their defaults are told."""
    answers = dict(given)
    old = template.at(project.commit).definition.asked
    for name, question in template.definition.asked.items():
        filled = template.sheet.fill({**project.answers, **answers})
        if name in old or name in answers or name not in filled.shown:
            continue
        if not ask:
            say(f"New question {name}: {shown(filled.values[name])}, unless --data says otherwise.")
            continue
        while (reply := prompt(template.sheet, question, filled)) is Step.BACK:
            pass
        answers[name] = reply
    return answers
