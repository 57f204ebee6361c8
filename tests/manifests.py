"""The manifests of a rendered project, as kustomize builds them, and the schemas of Kubernetes."""

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from tests.tools import run

Object = dict[str, Any]

FOLDER = "deploy/kubernetes"
STAGES = ("staging", "production")
DEFINITIONS = "_definitions.json"
# The oldest that docs/kubernetes.md promises, and the newest whose schemas there are.
VERSIONS = ("v1.30.0-local-strict", "v1.37.0-local-strict")


def kustomize() -> tuple[str, ...] | None:
    """The command that builds an overlay, if this machine has one."""
    for command in (("kustomize", "build"), ("kubectl", "kustomize")):
        if shutil.which(command[0]):
            return command
    return None


def inputs(project: Path) -> Iterator[tuple[str, str]]:
    for path in sorted((project / FOLDER).rglob("*.*")):
        if path.is_file():
            yield path.relative_to(project).as_posix(), path.read_text()


built: dict[object, list[Object]] = {}


def objects(project: Path, files: tuple[tuple[str, str], ...], stage: str) -> list[Object]:
    """What kustomize makes of the files, which are the same in many projects."""
    command = kustomize()
    assert command is not None
    if (files, stage) not in built:
        text = run(*command, project / FOLDER / "overlays" / stage, cwd=project)
        built[files, stage] = list(yaml.load_all(text, yaml.CSafeLoader))
    return built[files, stage]


@cache
def validator(version: str, name: str) -> Draft202012Validator | None:
    folder = files("kubernetes_validate") / "kubernetes-json-schema" / version
    if not (folder / f"{name}.json").is_file():
        return None
    parts = [json.loads((folder / part).read_text()) for part in (f"{name}.json", DEFINITIONS)]
    registry: Registry[Any] = Registry().with_resources(
        (part["$id"], Resource.from_contents(part)) for part in parts
    )
    return Draft202012Validator(parts[0], registry=registry)


@dataclass(frozen=True)
class Manifests:
    """All objects of a stage, and what the rest of the project says about them."""

    objects: list[Object]
    slug: str
    stage: str
    settings: dict[str, str]
    secrets: frozenset[str]

    @classmethod
    def build(cls, project: Path, slug: str, stage: str) -> "Manifests":
        example = (project / ".env.example").read_text()
        page = (project / "docs/kubernetes.md").read_text()
        listed = page.partition("| Secret |")[2].partition("```")[0]
        return cls(
            objects(project, tuple(inputs(project)), stage),
            slug,
            stage,
            dict(re.findall(r"^# ([A-Z][A-Z0-9_]+)=(.*)$", example, re.MULTILINE)),
            frozenset(re.findall(r"^ *\| `([^`]+)` \|", listed, re.MULTILINE)),
        )

    def kind(self, *kinds: str) -> list[Object]:
        return [one for one in self.objects if one["kind"] in kinds]

    @cached_property
    def workloads(self) -> list[Object]:
        return self.kind("Deployment", "Job", "StatefulSet", "DaemonSet", "CronJob")

    def pods(self, selector: Object) -> list[Object]:
        """The templates of the pods that labels select."""
        templates = [one["spec"]["template"] for one in self.workloads]
        return [one for one in templates if selector.items() <= one["metadata"]["labels"].items()]

    def value(self, setting: str) -> str | None:
        """What the pods are told, or the default."""
        maps = [one["data"] for one in self.kind("ConfigMap")]
        return next((data[setting] for data in maps if setting in data), self.settings.get(setting))


def name(one: Object) -> str:
    return f"{one['kind']} {one['metadata']['name']}"


def ports(template: Object, field: str = "containerPort") -> set[Any]:
    containers = template["spec"]["containers"]
    return {port[field] for one in containers for port in one.get("ports", []) if field in port}


def schemas(manifests: Manifests) -> Iterator[str]:
    for one in manifests.objects:
        group, _, version = one["apiVersion"].rpartition("/")
        short = "-".join(filter(None, (one["kind"].lower(), group.partition(".")[0], version)))
        for release in VERSIONS:
            known = validator(release, short)
            if known is None:
                yield f"{name(one)}: {release} does not know {one['apiVersion']}"
                continue
            for error in known.iter_errors(one):
                yield f"{name(one)}: {error.json_path} {error.message[:200]}"
