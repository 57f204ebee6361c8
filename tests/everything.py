"""One environment with the packages of all variants, which shows each project only its own.

An environment for each suite would write the byte code of some ninety packages each time. So a
project gets a small one, with itself in it, that sees the packages of the large one; and a guard
in it hides what the project neither declares nor needs for what it declares, from imports and
from whoever asks which packages are there. `test_everything.py` shows that it bites.
"""

import importlib.metadata
import re
import shutil
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import Distribution
from pathlib import Path, PurePosixPath

from packaging.requirements import Requirement

from tests.manifest import manifest
from tests.projects import Project, dependencies
from tests.tools import UV, run

# Begins with every Python of the environment, also in processes that tests start.
GUARD = """
import sys
from importlib.machinery import PathFinder

HIDDEN_MODULES = frozenset({modules})
HIDDEN_DISTRIBUTIONS = frozenset({distributions})


class Declared(PathFinder):
    @classmethod
    def find_spec(cls, fullname, path=None, target=None):
        if fullname in HIDDEN_MODULES:
            return None
        return super().find_spec(fullname, path, target)

    @staticmethod
    def find_distributions(*context):
        for found in PathFinder.find_distributions(*context):
            if found._path.name.partition("-")[0].lower() not in HIDDEN_DISTRIBUTIONS:
                yield found


sys.meta_path[sys.meta_path.index(PathFinder)] = Declared
"""


def normal(name: str) -> str:
    return re.sub("[-_.]+", "-", name).lower()


@dataclass(frozen=True)
class Packages:
    """What is installed in an environment, by normal names."""

    folder: Path
    found: dict[str, Distribution] = field(default_factory=dict)

    @classmethod
    def of(cls, environment: Path) -> "Packages":
        [folder] = environment.glob("lib/python*/site-packages")
        installed = importlib.metadata.distributions(path=[str(folder)])
        return cls(folder, {normal(one.metadata["Name"]): one for one in installed})

    @cached_property
    def modules(self) -> dict[str, frozenset[str]]:
        """The modules of each package, and the packages that they are in."""
        return {name: frozenset(modules_of(one)) for name, one in self.found.items()}

    def needed(self, requirements: Iterable[str]) -> set[str]:
        """The packages that the requirements bring, directly or not."""
        seen: set[tuple[str, str]] = set()
        waiting = [
            (normal(one.name), extra)
            for one in map(Requirement, requirements)
            for extra in ("", *one.extras)
        ]
        while waiting:
            name, extra = waiting.pop()
            if (name, extra) in seen or name not in self.found:
                continue
            seen.add((name, extra))
            for line in self.found[name].requires or ():
                one = Requirement(line)
                if holds(one, extra):
                    waiting += [(normal(one.name), more) for more in ("", *one.extras)]
        return {name for name, _ in seen}

    def missing(self, requirements: Iterable[str]) -> set[str]:
        """What the requirements ask for here, and the environment has not."""
        asked = (one for one in map(Requirement, requirements) if holds(one, ""))
        return {normal(one.name) for one in asked} - self.found.keys()

    def guard(self, requirements: Iterable[str]) -> str:
        """The program that hides all that the requirements do not bring."""
        needed = self.needed(requirements)
        hidden = self.found.keys() - needed
        visible = frozenset().union(*(self.modules[name] for name in needed))
        modules = frozenset().union(*(self.modules[name] for name in hidden)) - visible
        tops = {name for name in modules if name.rpartition(".")[0] not in modules}
        names = {name.replace("-", "_") for name in hidden} | hidden
        return GUARD.format(modules=sorted(tops), distributions=sorted(names))


def holds(requirement: Requirement, extra: str) -> bool:
    """Whether it is asked for on this machine, by what is asked for with an extra."""
    return requirement.marker is None or requirement.marker.evaluate({"extra": extra})


def modules_of(distribution: Distribution) -> Iterator[str]:
    for file in distribution.files or ():
        path = PurePosixPath(file)
        if path.suffix in {".py", ".so"} and path.parts[0] not in {"..", "__pycache__"}:
            parts = [*path.parts[:-1], path.name.partition(".")[0]]
            if parts[-1] == "__init__":
                parts.pop()
            yield from (".".join(parts[:length]) for length in range(1, len(parts) + 1))


def install(environment: Path, project: Path) -> None:
    """Make the large one: the packages of any project, and of each feature."""
    entries = manifest().values()
    more = [one for e in entries for key in ("packages", "dev_packages") for one in e.get(key, [])]
    packages = sorted({*dependencies(project), *more})
    run(UV, "venv", "--quiet", "--python", sys.executable, environment, cwd=project)
    install = (UV, "pip", "install", "--quiet", "--python", environment)
    run(*install, *packages, cwd=project)


def enter(project: Project, large: Path, packages: Packages) -> None:
    """Make the small environment of a project."""
    small = project.environment
    run(UV, "venv", "--quiet", "--clear", "--python", sys.executable, small, cwd=project.path)
    [site] = small.glob("lib/python*/site-packages")
    guard = packages.guard(dependencies(project.path))
    (site / "trellis_guard.py").write_text(guard)
    # Sorted by name: the guard stands before the packages' own .pth files import anything.
    (site / "a_guard.pth").write_text("import trellis_guard\n")
    (site / "b_packages.pth").write_text(
        f"import site; site.addsitedir({str(packages.folder)!r})\n"
    )
    for program in (large / "bin").iterdir():
        target = small / "bin" / program.name
        if not target.exists() and not program.name.startswith("activate"):
            borrow(program, target, large)
    editable = (UV, "pip", "install", "--quiet", "--no-deps", "--python", small, "--editable", ".")
    run(*editable, cwd=project.path)


def borrow(program: Path, target: Path, large: Path) -> None:
    """Scripts run in the small environment; other programs are where they are."""
    content = program.read_bytes()
    if content.startswith(b"#!"):
        old, new = str(large).encode(), str(target.parent.parent).encode()
        target.write_bytes(content.replace(old, new))
        shutil.copymode(program, target)
    else:
        target.symlink_to(program)
