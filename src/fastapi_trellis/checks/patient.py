"""What the checks are given, and what they give back."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from fastapi_trellis.project import Project
from fastapi_trellis.sheet import Filled
from fastapi_trellis.template import Template


@dataclass(frozen=True)
class Finding:
    """What is wrong, and the command that mends it."""

    what: str
    mend: str


class NotLookedAt(Exception):  # noqa: N818  (no error: something is not there to be asked)
    """A check needs what is not there; the message says what."""


@dataclass(frozen=True)
class Patient:
    project: Project
    template: Template | None  # None where it cannot be reached

    @cached_property
    def filled(self) -> Filled:
        if self.template is None:
            raise NotLookedAt("the template cannot be reached")
        return self.template.at(self.project.commit).sheet.fill(self.project.answers)

    @property
    def run(self) -> str:
        return "uv run " if self.project.answers.get("package_manager") == "uv" else ""

    def program(self, name: str) -> Path:
        """One of the project's own environment."""
        folder = "Scripts" if sys.platform == "win32" else "bin"
        found = self.project.folder / ".venv" / folder / name
        if not found.exists():
            raise NotLookedAt(f"there is no {found.relative_to(self.project.folder)}")
        return found

    def ask(
        self, *command: str | Path, env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        private = ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME")
        kept = {key: value for key, value in os.environ.items() if key not in private}
        try:
            return subprocess.run(
                [str(part) for part in command],
                cwd=self.project.folder,
                env={**kept, **(env or {})},
                check=False,
                capture_output=True,
                text=True,
                timeout=120,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise NotLookedAt(str(error)) from None
