"""What must hold in every rendered tree. A check yields a sentence for each problem it finds.

`test_checks.py` plants each kind of fault and sees that it is found.
"""

import ast
import json
import re
import tomllib
from collections.abc import Callable, Iterator
from functools import cache

import yaml

from tests.dependencies import dependency_problems
from tests.manifest import mention_problems
from tests.questions import ROOT
from tests.trees import Tree

Check = Callable[[Tree], Iterator[str]]

UNREADABLE = "does not parse"
LONGEST_NAME = 120
PORTABLE = re.compile(r"[A-Za-z0-9._-]+(?<![.])")
WINDOWS_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)

LEFTOVER = re.compile(r"(?<!\$)\{\{|\{%|\{#")
# Files whose own syntax has double braces.
DOUBLE_BRACES = ("justfile", "Justfile")

# A hash after @ pins a GitHub action; examples are the trace ids of the W3C, and a request's id.
SECRET = re.compile(r"(?<![@0-9a-fA-F])[0-9a-fA-F]{32,}")
EXAMPLES = {
    "0af7651916cd43dd8448eb211c80319c",
    "4bf92f3577b34da6a3ce929d0e0e4736",
    "56e7ec2b862b4f17bc4880602eb69c9d",
}


class AnyTag(yaml.SafeLoader):
    """Reads the tags that GitLab and compose have of their own, such as !reference."""


AnyTag.add_multi_constructor("!", lambda _loader, _tag, _node: None)

PARSERS: dict[str, Callable[[str], object]] = {
    ".py": ast.parse,
    ".toml": tomllib.loads,
    ".json": json.loads,
    ".yml": lambda text: list(yaml.load_all(text, AnyTag)),
    ".yaml": lambda text: list(yaml.load_all(text, AnyTag)),
}


def file_problems(tree: Tree) -> Iterator[str]:
    for name, content in tree.files.items():
        yield from problems_of(name, content)


@cache
def problems_of(name: str, content: bytes) -> tuple[str, ...]:
    """Most files are alike in most trees: each is looked at once."""
    text = content.decode()
    checks = (parsing, whitespace, leftovers, secrets, portability)
    return tuple(problem for check in checks for problem in check(name, text))


def parsing(name: str, text: str) -> Iterator[str]:
    suffix = f".{name.rpartition('.')[2]}"
    if parse := PARSERS.get(suffix):
        try:
            parse(text)
        except (ValueError, SyntaxError, yaml.YAMLError) as error:
            yield f"{name} {UNREADABLE}: {error}"


def whitespace(name: str, text: str) -> Iterator[str]:
    if "\r" in text or "\t" in text:
        yield f"{name} has a tab or a carriage return"
    if text and not text.endswith("\n"):
        yield f"{name} does not end with a line break"
    if text.endswith("\n\n") or (text.startswith("\n") and name != "LICENSE"):
        yield f"{name} begins or ends with an empty line"
    if "\n\n\n\n" in text or (not name.endswith((".py", ".mako")) and "\n\n\n" in text):
        yield f"{name} has more empty lines than it needs"
    for number, line in enumerate(text.splitlines(), 1):
        if line != line.rstrip():
            yield f"{name}:{number} ends with blanks"


def leftovers(name: str, text: str) -> Iterator[str]:
    templated = (ROOT / "template" / f"{name}.jinja").exists()
    if templated and name not in DOUBLE_BRACES and (found := LEFTOVER.search(text)):
        yield f"{name} still has Jinja: {found.group()}"


def secrets(name: str, text: str) -> Iterator[str]:
    for found in SECRET.findall(text):
        if found not in EXAMPLES:
            yield f"{name} has what looks like a secret: {found}"


def portability(name: str, _text: str) -> Iterator[str]:
    """Windows and macOS can store the file too."""
    if len(name) > LONGEST_NAME:
        yield f"{name} is longer than {LONGEST_NAME} characters"
    for part in name.split("/"):
        if not PORTABLE.fullmatch(part) or WINDOWS_DEVICES.fullmatch(part):
            yield f"{name} is no name on every system"


def folder_problems(tree: Tree) -> Iterator[str]:
    for folder in tree.root.rglob("*/"):
        if not any(folder.iterdir()):
            yield f"{folder.relative_to(tree.root)} is empty"
    lower = [name.lower() for name in tree.names]
    if len(lower) != len(set(lower)):
        yield "two names differ only in case"


def problems(tree: Tree) -> list[str]:
    broken = [problem for problem in file_problems(tree) if UNREADABLE in problem]
    # The other checks read Python and TOML.
    return broken or [problem for check in CHECKS for problem in check(tree)]


CHECKS: tuple[Check, ...] = (
    file_problems,
    folder_problems,
    dependency_problems,
    mention_problems,
)
