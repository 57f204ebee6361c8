"""The service: its settings and its migrations, as its own environment sees them."""

import difflib
import os
import re
from collections.abc import Iterator
from pathlib import Path

from fastapi_trellis.checks.patient import Finding, NotLookedAt, Patient

EXAMPLE = re.compile(r"^(?:# ?)?([A-Z][A-Z0-9_]*)=", re.MULTILINE)
COMPOSE = re.compile(r"\$\{([A-Z][A-Z0-9_]*)")
SET = re.compile(r"^(?:export )?([A-Za-z]\w*)=", re.MULTILINE)


def names(path: Path, pattern: re.Pattern[str]) -> set[str]:
    return set(pattern.findall(path.read_text("utf-8"))) if path.is_file() else set()


def misnamed_variables(patient: Patient) -> Iterator[Finding]:
    """A name in `.env` that `.env.example` does not have sets nothing."""
    folder = patient.project.folder
    # Compose reads `.env` too.
    compose = {name for path in folder.glob("compose*.yml") for name in names(path, COMPOSE)}
    known = names(folder / ".env.example", EXAMPLE) | compose
    for name in sorted(names(folder / ".env", SET) - known):
        near = difflib.get_close_matches(name, known, 1)
        hint = f"did you mean {near[0]}?" if near else "a setting of your own?"
        mend = (
            f"sed -i 's/^{name}=/{near[0]}=/' .env" if near else f"echo '# {name}=' >> .env.example"
        )
        yield Finding(f".env sets {name}, which .env.example does not have: {hint}", mend)


def undocumented_settings(patient: Patient) -> Iterator[Finding]:
    """Each setting has its line in `.env.example`."""
    result = patient.ask(patient.program("app"), "settings")
    if result.returncode:
        reason = " ".join(result.stderr.split())[-300:]
        yield Finding(f"the settings cannot be read: {reason}", f"{patient.run}app settings")
        return
    known = names(patient.project.folder / ".env.example", EXAMPLE)
    for name in sorted(names_in(result.stdout) - known):
        yield Finding(f".env.example has no line for {name}", f"echo '# {name}=' >> .env.example")


def names_in(listing: str) -> set[str]:
    return set(re.findall(r"^([A-Z][A-Z0-9_]*)=", listing, re.MULTILINE))


def pending_migrations(patient: Patient) -> Iterator[Finding]:
    """Asks the database that the settings name, and changes nothing in it."""
    variables = {**os.environ, **dotenv(patient.project.folder / ".env")}
    url = variables.get("DATABASE_URL", "")
    if not url and not (patient.project.folder / "app.db").exists():
        raise NotLookedAt("DATABASE_URL is not set, and there is no app.db")
    result = patient.ask(patient.program("alembic"), "check")
    said = " ".join((result.stdout + result.stderr).split())
    if "not up to date" in said:
        yield Finding("the database is behind the revisions", f"{patient.run}app migrate")
    elif "New upgrade operations" in said:
        yield Finding(
            "models changed without a revision", f'{patient.run}app revision "What changed"'
        )
    elif result.returncode:
        raise NotLookedAt(f"alembic check: {said[-200:]}")


def dotenv(path: Path) -> dict[str, str]:
    lines = path.read_text("utf-8").splitlines() if path.is_file() else []
    return {key.strip(): value.strip() for key, _, value in (line.partition("=") for line in lines)}
