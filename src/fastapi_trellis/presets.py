"""Presets: answers files of the template, each explained by the comment at its top."""

from dataclasses import dataclass
from typing import Any

from fastapi_trellis.errors import Misused
from fastapi_trellis.git import git
from fastapi_trellis.given import from_text, nearest
from fastapi_trellis.template import Template


@dataclass(frozen=True)
class Preset:
    name: str
    about: str
    text: str


def presets(template: Template) -> list[Preset]:
    listing = git("ls-tree", "--name-only", template.ref, "presets/", cwd=template.clone)
    paths = [path for path in listing.splitlines() if path.endswith(".yml")]
    texts = {path: template.read(path) or "" for path in paths}
    found = [
        Preset(path.removeprefix("presets/").removesuffix(".yml"), about(text), text)
        for path, text in texts.items()
    ]
    return sorted(found, key=lambda one: len(one.text.splitlines()))


def about(text: str) -> str:
    """The comment at the top."""
    lines = text.splitlines()
    end = next((at for at, line in enumerate(lines) if not line.startswith("#")), len(lines))
    return " ".join(line.lstrip("# ").strip() for line in lines[:end])


def from_preset(template: Template, name: str) -> dict[str, Any]:
    known = {one.name: one for one in presets(template)}
    if name not in known:
        raise Misused(f"There is no preset {name}: {nearest(name, known)}")
    return from_text(template.definition, known[name].text, f"presets/{name}.yml")
