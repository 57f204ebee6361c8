"""What `new` is to render: the answers, from wherever they come, and the place."""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi_trellis.asking import Step, ask_one
from fastapi_trellis.errors import Stop
from fastapi_trellis.form import Form, print_answers
from fastapi_trellis.presets import from_preset, presets
from fastapi_trellis.screen import say
from fastapi_trellis.sheet import Filled, Sheet
from fastapi_trellis.template import Template


@dataclass(frozen=True)
class Order:
    """`named` was said on the command line, `quieter` in the environment or a file."""

    template: Template
    named: dict[str, Any]
    quieter: dict[str, Any]
    preset: str | None
    folder: str | None

    def asked(self) -> Filled:
        """The answers to all questions; where nothing is given, a preset may be chosen."""
        if self.folder is not None:
            require_room(Path(self.folder))  # before the questions, and not after them
        given = {**self.quieter, **self.named}
        while True:
            chosen = self.preset if self.preset or given else choose_preset(self.template)
            answers = {**self._preset(chosen), **given}
            found = Form(self.template.sheet, answers, self._closing, self._suggested()).run()
            if isinstance(found, Filled):
                require_room(self.place(found))
                return found

    def taken(self) -> Filled:
        """The same without a question: the defaults for what is not given."""
        sheet = self.template.sheet
        given = {**self._preset(self.preset), **self.quieter, **self.named}
        filled = sheet.fill({**self._suggested(), **given})
        refuse(sheet, filled, self.named)
        require_room(self.place(filled))
        print_answers(sheet.definition, filled)
        say(self._closing(filled))
        return filled

    def place(self, filled: Filled) -> Path:
        return Path(self.folder or filled.values.get("project_slug", "service"))

    def _suggested(self) -> dict[str, Any]:
        """A name that fits the folder, where that makes one."""
        if self.folder is None or "project_name" not in self.template.definition.asked:
            return {}
        words = re.split("[-_ ]+", Path(self.folder).absolute().name)
        suggested = {"project_name": " ".join(word.capitalize() for word in words)}
        return {} if self.template.sheet.fill(suggested).refused else suggested

    def _preset(self, name: str | None) -> dict[str, Any]:
        return from_preset(self.template, name) if name else {}

    def _closing(self, filled: Filled) -> str:
        command = copier_command(self.template, filled, self.place(filled))
        return f"Into {self.place(filled)}. The same with Copier alone:\n  {command}"


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
