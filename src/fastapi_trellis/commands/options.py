"""`options`: every question, answer and rule, and what each answer brings."""

import json
from typing import Annotated, Any

import typer

from fastapi_trellis.commands.arguments import Ref, Url
from fastapi_trellis.definition import Question
from fastapi_trellis.form import shown
from fastapi_trellis.presets import presets
from fastapi_trellis.screen import out, show
from fastapi_trellis.sheet import Filled, listed
from fastapi_trellis.template import Template, open_template

AsJson = Annotated[bool, typer.Option("--json", help="For programs; with paths and packages.")]


def options(as_json: AsJson = False, url: Url = None, ref: Ref = None) -> None:
    """List the questions, their answers and rules, what each brings, and the presets."""
    with open_template(url, ref) as template:
        described = describe(template)
    if as_json:
        print(json.dumps(described, indent=2, ensure_ascii=False))  # noqa: T201
        return
    for group in described["groups"]:
        show(group["name"], "bold")
        for one in group["questions"]:
            default = f" (else {shown(one['default'])})" if one["default"] != "" else ""
            show(f"  {one['name']:18} {one['help']}{default}")
            values = [shown(answer["value"]) for answer in one["answers"]]
            if values and one["type"] != "bool":
                show(f"  {'':18} {listed(values)}", "dim")
            for rule in one["rules"] if values else []:
                show(f"  {'':18} {rule}", "yellow")
    show("presets", "bold")
    for preset in described["presets"]:
        show(f"  {preset['name']:18} {preset['about']}")
    out.print()


def describe(template: Template) -> dict[str, Any]:
    """All of copier.yml that others need: documents, programs, a matrix."""
    definition = template.definition
    filled = template.sheet.fill({})
    groups: dict[str, list[dict[str, Any]]] = {}
    for question in definition.asked.values():
        groups.setdefault(question.group, []).append(described(template, question, filled))
    return {
        "template": template.url,
        "version": template.ref,
        "commit": template.commit,
        "groups": [{"name": name, "questions": found} for name, found in groups.items()],
        "features": definition.features,
        "presets": [
            {"name": one.name, "about": one.about, "file": f"presets/{one.name}.yml"}
            for one in presets(template)
        ],
    }


def described(template: Template, question: Question, filled: Filled) -> dict[str, Any]:
    labels = {choice.value: choice.label for choice in question.choices}
    when = question.raw.get("when", True)
    return {
        "name": question.name,
        "type": question.type,
        "help": question.help,
        "default": filled.values[question.name],
        "asked_when": None if when is True else str(when).strip("{} "),
        "rules": question.rules,
        "answers": [
            {
                "value": value,
                "label": labels.get(value, shown(value)),
                "brings": template.sheet.switches_on({}, question.name, value),
            }
            for value in question.values
        ],
    }
