"""What the pages are made of: the questions as `options --json` has them, and the manifest."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from fastapi_trellis.commands.options import describe
from fastapi_trellis.sheet import Sheet
from fastapi_trellis.template import open_template

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "template"

LISTS = ("packages", "dev_packages", "load_packages")

Question = dict[str, Any]


@dataclass(frozen=True)
class Facts:
    groups: list[dict[str, Any]]
    features: dict[str, dict[str, Any]]
    presets: list[dict[str, str]]
    sheet: Sheet
    moved: dict[str, set[str]] = field(default_factory=dict)

    def questions(self) -> Iterator[Question]:
        for group in self.groups:
            yield from group["questions"]

    def choices(self) -> Iterator[Question]:
        """The questions whose answers bring or change parts."""
        return (one for one in self.questions() if one["answers"] and self.moves(one))

    def moves(self, question: Question) -> set[str]:
        """The parts that an answer to this question may switch, whatever the others are."""
        name = question["name"]
        if name not in self.moved:
            self.moved[name] = {
                part
                for base in self.bases()
                for one in question["answers"]
                for part in self.parts(base) ^ self.parts({**base, name: one["value"]})
            }
        return self.moved[name]

    def bases(self) -> Iterator[dict[str, Any]]:
        """The defaults, everything on, and what makes each other question be asked."""
        yield {}
        yield self.everything()
        yield from ({when: True} for one in self.questions() if (when := one["asked_when"]))

    def everything(self) -> dict[str, Any]:
        switches = {one["name"]: True for one in self.questions() if one["type"] == "bool"}
        return {"database": "postgres", "broker": "rabbitmq", **switches}

    def parts(self, answers: Mapping[str, Any]) -> set[str]:
        """What of the manifest these answers switch on."""
        return self.sheet.fill(answers).parts & set(self.features)

    def brings(self, question: Question, value: object) -> list[str]:
        """What is on with this answer and off with another, the question being asked at all."""
        found = {
            one["value"]: self.parts_with(question, one["value"]) for one in question["answers"]
        }
        always = set.intersection(*found.values())
        return [part for part in self.features if part in found[value] - always]

    def parts_with(self, question: Question, value: object) -> set[str]:
        asked_when = question["asked_when"]
        given = {asked_when: True} if asked_when else {}
        return self.parts({**given, question["name"]: value})

    def owned(self, parts: Iterable[str]) -> list[str]:
        return [path for part in parts for path in self.features[part].get("paths", [])]

    def preset(self, name: str) -> dict[str, Any]:
        answers: dict[str, Any] = yaml.safe_load((ROOT / f"presets/{name}.yml").read_text())
        return answers

    def files(self, answers: Mapping[str, Any]) -> list[str]:
        """The files that a service with these answers is rendered with."""
        off = [part for part in self.features if part not in self.parts(answers)]
        gone = {name for path in self.owned(off) for name in files_under(path)}
        return [name for name in template_files() if name not in gone]

    def packages(self, part: str) -> list[str]:
        return [name for key in LISTS for name in self.features[part].get(key, [])]


@cache
def facts() -> Facts:
    with open_template(str(ROOT)) as template:
        described = describe(template)
        return Facts(
            described["groups"], described["features"], described["presets"], template.sheet
        )


@cache
def template_files() -> tuple[str, ...]:
    """The files of the template under the names that they are rendered to."""
    found = (path.relative_to(TEMPLATE) for path in TEMPLATE.rglob("*") if path.is_file())
    return tuple(
        sorted(
            f"/{path.as_posix().removesuffix('.jinja')}"
            for path in found
            if not any(part.endswith(("__pycache__", "_cache")) for part in path.parts)
        )
    )


def files_under(path: str) -> list[str]:
    """The files that a path of the manifest stands for."""
    folder = path if path.endswith("/") else f"{path}/"
    return [name for name in template_files() if name == path or name.startswith(folder)]
