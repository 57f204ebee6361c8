"""A rendered tree, read once."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import yaml

ANSWERS = ".copier-answers.yml"


@dataclass(frozen=True)
class Tree:
    root: Path

    @cached_property
    def files(self) -> dict[str, bytes]:
        """The content of each file by its path, without those of git."""
        return {name: (self.root / name).read_bytes() for name in self.names}

    @cached_property
    def names(self) -> list[str]:
        return sorted(
            path.relative_to(self.root).as_posix()
            for path in self.root.rglob("*")
            if path.is_file() and ".git" not in path.relative_to(self.root).parts
        )

    def texts(self, suffix: str = "") -> Iterator[tuple[str, str]]:
        for name, content in self.files.items():
            if name.endswith(suffix):
                yield name, content.decode()

    def answers(self) -> dict[str, object]:
        loaded: dict[str, object] = yaml.safe_load(self.files[ANSWERS])
        return loaded

    def lines(self) -> list[str]:
        """Path, mode and hash of each file: what a snapshot keeps."""
        return [
            f"{self.mode(name)} {digest(content)} {name}" for name, content in self.files.items()
        ]

    def mode(self, name: str) -> str:
        # As git sees it: the rest depends on the umask of who renders.
        return "755" if (self.root / name).stat().st_mode & 0o100 else "644"

    def python(self) -> dict[str, str]:
        return {name: digest(self.files[name]) for name in self.names if name.endswith(".py")}


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]


def difference(one: Tree, other: Tree, *, without: tuple[str, ...] = ()) -> list[str]:
    """The paths whose content or mode differs."""
    lines = set(one.lines()) ^ set(other.lines())
    paths = {line.split(" ", 2)[2] for line in lines}
    return sorted(path for path in paths if not path.startswith(without))
