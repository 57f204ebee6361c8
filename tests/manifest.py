"""What each feature owns, as copier.yml says, and the words that must go with it."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

from tests.questions import ROOT, copier_yml
from tests.trees import Tree

TEMPLATE = ROOT / "template"

# Words beyond the paths, modules, packages and settings that the manifest itself gives away.
MORE_WORDS: dict[str, tuple[str, ...]] = {}

# Words that may stand although the feature is off: where, and why.
ALLOWED = {
    "deploy/secrets": {".gitignore": "secrets stay out of git when their part goes"},
    "asyncpg": {
        "app/core/database/": "the core serves both databases, and says which URLs it takes",
        "tests/core/": "and its tests prove both",
    },
    "aiosqlite": {
        "app/core/database/": "the core serves both databases, and says which URLs it takes",
        "tests/": "the tests of that",
    },
    "mypy": {".gitignore": "its cache, should anybody run it"},
}


def manifest() -> dict[str, dict[str, list[str]]]:
    features: dict[str, dict[str, list[str]]] = copier_yml()["features"]["default"]
    return features


def template_files() -> list[str]:
    """The files of the template under the names they are rendered to."""
    return sorted(
        path.relative_to(TEMPLATE).as_posix().removesuffix(".jinja")
        for path in TEMPLATE.rglob("*")
        if path.is_file() and not re.search(r"__pycache__|/\.\w+_cache/", path.as_posix())
    )


def owned(feature: str, name: str) -> bool:
    paths = manifest()[feature].get("paths", [])
    return any(f"/{name}" == path or f"/{name}".startswith(with_slash(path)) for path in paths)


def with_slash(path: str) -> str:
    return path if path.endswith("/") else f"{path}/"


def enabled(answers: Mapping[str, Any]) -> dict[str, bool]:
    """The map of copier.yml, once more: a boolean is its own feature, a choice its value."""
    known = {str(value): True for value in answers.values() if not isinstance(value, bool)}
    known |= {name: value for name, value in answers.items() if isinstance(value, bool)}
    known |= {
        "accounts": answers["auth"] != "none",
        "fastapi_users": answers["auth"] == "fastapi-users",
        "pipelines": answers["ci"] != "none",
        "kubernetes_tasks": answers["kubernetes"] and answers["tasks"],
        "realtime": answers["sse"] or answers["websocket"],
        "docker_realtime": answers["docker"] and (answers["sse"] or answers["websocket"]),
        "docker_cache": answers["docker"] and answers["cache"],
        "docker_tasks": answers["docker"] and answers["tasks"],
        "redis": answers["cache"] or (answers["tasks"] and answers["broker"] == "redis"),
    }
    return {feature: known.get(feature, False) for feature in manifest()}


@cache
def python_owners() -> tuple[str, ...]:
    """The features that have Python files, or change who imports what."""
    folders = ("/app/", "/tests/", "/migrations/")
    return tuple(
        feature
        for feature, entry in manifest().items()
        if any(path.startswith(folders) for path in entry.get("paths", []))
    )


@cache
def words(feature: str) -> frozenset[str]:
    """What nobody mentions where the feature is off."""
    found = set(MORE_WORDS.get(feature, ()))
    entry = manifest()[feature]
    for path in (path.strip("/") for path in entry.get("paths", [])):
        found.add(path)
        if path.startswith("app/"):
            found.add(path.replace("/", "."))
        elif (TEMPLATE / path).suffix:
            found.add(Path(path).name)  # links to it are relative
        for settings in (TEMPLATE / path).rglob("*.py"):
            found |= set(re.findall(r'env_prefix="(\w+)"', settings.read_text()))
    lists = ("packages", "dev_packages", "load_packages")
    for requirement in chain.from_iterable(entry.get(key, []) for key in lists):
        package = Requirement(requirement).name
        if package not in of_everybody():
            found |= {package, package.replace("-", "_")}
    return frozenset(found)


@cache
def of_everybody() -> frozenset[str]:
    """The packages of every project: a feature may ask for one of them with an extra."""
    pyproject = (TEMPLATE / "pyproject.toml.jinja").read_text()
    return frozenset(re.findall(r'^ +"([\w-]+)', pyproject, re.MULTILINE))


def mention_problems(tree: Tree) -> Iterator[str]:
    answers = tree.answers()
    for feature, on in enabled(answers).items():
        if not on:
            for name, text in tree.texts():
                yield from (f"{name} mentions {word}" for word in mentioned(feature, name, text))


@cache
def mentioned(feature: str, name: str, text: str) -> frozenset[str]:
    # The name of each feature, as a comment, stands on both sides of what it switches.
    text = re.sub(rf"^\s*# {feature}$", "", text, flags=re.MULTILINE)
    return frozenset(
        word
        for word in words(feature)
        if not name.startswith(tuple(ALLOWED.get(word, {"\0": ""}))) and in_text(word, text)
    )


def in_text(word: str, text: str) -> bool:
    end = "" if word.endswith("_") else r"(?![\w-])"  # the prefix of settings goes on
    return re.search(rf"(?<![\w-]){re.escape(word)}{end}", text) is not None
