"""Name, version and description of the service: `pyproject.toml` alone states them."""

from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points

from app.core.settings import StartupError


@dataclass(frozen=True)
class Project:
    name: str
    version: str
    summary: str

    @property
    def title(self) -> str:
        return self.name.replace("-", " ").title()


@cache
def project() -> Project:
    """Read them from the installed distribution, found by its command `app`.

    Raises:
        StartupError: the project is not installed.
    """
    commands = entry_points(group="console_scripts", name="app")
    distributions = [command.dist for command in commands if command.module == "app.__main__"]
    if not distributions or distributions[0] is None:
        raise StartupError("The project is not installed in this environment: see its README.")
    metadata = distributions[0].metadata
    return Project(metadata["Name"], metadata["Version"], str(metadata.json.get("summary", "")))
