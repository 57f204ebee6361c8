"""What to do next, as it fits the answers."""

import shlex
from collections.abc import Iterator
from pathlib import Path

from fastapi_trellis.preview import Changes
from fastapi_trellis.screen import show
from fastapi_trellis.sheet import Filled

COMMIT = "git init --initial-branch main && git add --all && git commit -m 'Render the service'"
WITH_PIP = "python -m pip install -e . --group dev"


def after_new(filled: Filled, target: Path, *, locked: bool, committed: bool) -> None:
    show("Next:\n")
    for command in commands_after_new(filled, target, locked=locked, committed=committed):
        show(f"    {command}")
    if filled.values.get("package_manager"):
        show("\nIt answers on http://127.0.0.1:8000, and /docs there shows what it can do.")
    if "postgres" in filled.parts:
        show("While DATABASE_URL is not set, it starts a PostgreSQL of its own in .dev.")
    if "docker" in filled.parts:
        show("In containers: docker compose up --build (docs/containers.md)")
    if "kubernetes" in filled.parts:
        show("On Kubernetes: docs/kubernetes.md")
    show("To change an answer later: fastapi-trellis add, remove, set")


def commands_after_new(
    filled: Filled, target: Path, *, locked: bool, committed: bool
) -> Iterator[str]:
    yield f"cd {shlex.quote(str(target))}"
    manager = filled.values.get("package_manager")
    if manager == "uv" and not locked:
        yield "uv lock"
    if not committed:
        yield COMMIT
    if manager == "uv":
        yield "uv run app dev"
    elif manager == "pip":
        yield "python -m venv .venv && . .venv/bin/activate"
        yield WITH_PIP
        yield "app dev"


def after_update(changes: Changes) -> None:
    uv = changes.answers.get("package_manager") == "uv"
    run = "uv run " if uv else ""
    show("Next:\n")
    if changes.conflicts:
        show("    mend the conflicts, between <<<<<<< and >>>>>>>, and git add each file")
    show("    git diff")
    show(f"    {'uv sync' if uv else WITH_PIP}")
    show(f'    {run}app revision "Update"    where tables have changed; the tests say so')
    show(f"    {run}just check")
    show("    git add --all && git commit")
    show("\nTo take it all back instead: git reset --hard && git clean -d --force")
