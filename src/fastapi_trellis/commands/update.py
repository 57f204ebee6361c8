"""`update`: a newer release of the template."""

from typing import Annotated

import typer

from fastapi_trellis.commands.arguments import HERE, Data, Folder, Preview, Ref, Trust, Yes
from fastapi_trellis.errors import Exit
from fastapi_trellis.given import from_pairs
from fastapi_trellis.ordering import refuse
from fastapi_trellis.proceeding import How, proceed
from fastapi_trellis.project import Project, find_project
from fastapi_trellis.screen import show
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
        if answers:
            refuse(template.sheet, template.sheet.fill({**project.answers, **answers}), answers)
        return proceed(project, template.ref, answers, How(preview, yes, trust))


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
