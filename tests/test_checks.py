"""The checks bite: each kind of fault is planted in a clean tree, and found."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.checks import problems
from tests.rendering import Renders
from tests.trees import Tree
from tests.variants import variants

Fault = Callable[[Path], object]


def append(name: str, text: str) -> Fault:
    def fault(tree: Path) -> None:
        with (tree / name).open("a") as file:
            file.write(text)

    return fault


def write(name: str, text: str = "# A file.\n") -> Fault:
    def fault(tree: Path) -> None:
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(text)

    return fault


def replace(name: str, old: str, new: str) -> Fault:
    def fault(tree: Path) -> None:
        text = (tree / name).read_text()
        assert old in text
        (tree / name).write_text(text.replace(old, new))

    return fault


FAULTS: tuple[tuple[Fault, str], ...] = (
    (append("app/main.py", "def broken(:\n"), "app/main.py does not parse"),
    (append("pyproject.toml", "[broken\n"), "pyproject.toml does not parse"),
    (write("deploy/broken.yaml", "a: [\n"), "deploy/broken.yaml does not parse"),
    (write("broken.json", "{,}\n"), "broken.json does not parse"),
    (append("README.md", "blanks \n"), "ends with blanks"),
    (append("README.md", "\n"), "README.md begins or ends with an empty line"),
    (append("README.md", "no end"), "README.md does not end with a line break"),
    (append("README.md", "a\n\n\nb\n"), "README.md has more empty lines than it needs"),
    (append("README.md", "a\tb\n"), "README.md has a tab"),
    (append("README.md", "{% if %}\n"), "README.md still has Jinja: {%"),
    (append("README.md", "{{ name }}\n"), "README.md still has Jinja: {{"),
    (append("README.md", "f" * 32 + "\n"), "README.md has what looks like a secret"),
    (write("docs/a:b.md"), "docs/a:b.md is no name on every system"),
    (write("docs/aux.md"), "docs/aux.md is no name on every system"),
    (write("docs/" + "a" * 120 + ".md"), "is longer than 120 characters"),
    (write("readme.md"), "two names differ only in case"),
    (lambda tree: (tree / "docs" / "nothing").mkdir(parents=True), "docs/nothing is empty"),
    (append("app/main.py", "import nothing_declared\n"), "nothing-declared is not declared"),
    (append("app/main.py", "import pytest\n"), "app/main.py imports pytest"),
    (append("app/main.py", "import locust\n"), "app/main.py imports locust"),
    (append("load/over_http.py", "import fastapi\n"), "load/over_http.py imports fastapi"),
    (
        replace("pyproject.toml", '"typer', '"unused>=1", "typer'),
        "unused is declared and app never",
    ),
    (replace("pyproject.toml", '"ruff>', '"unused>=1", "ruff>'), "no test imports it"),
    (replace("pyproject.toml", '"locust>', '"unused>=1", "locust>'), "and none imports it"),
    (append("README.md", "Set OTEL_SERVICE_NAME.\n"), "README.md mentions OTEL_"),
    (append("README.md", "See app/tracing.\n"), "README.md mentions app/tracing"),
    (append("app/main.py", "import app.sentry.feature\n"), "app/main.py mentions app.sentry"),
    (append("README.md", "It needs pyright.\n"), "README.md mentions pyright"),
    (append("README.md", "See .gitlab-ci.yml.\n"), "README.md mentions .gitlab-ci.yml"),
)


@pytest.fixture
def minimal(renders: Renders, tmp_path: Path) -> Path:
    """The tree with the fewest features: the default one."""
    return Path(shutil.copytree(renders.tree(variants()[0]), tmp_path / "tree"))


@pytest.mark.parametrize(("fault", "sentence"), FAULTS, ids=[fault[1] for fault in FAULTS])
def test_fault_is_found(fault: Fault, sentence: str, minimal: Path) -> None:
    clean = problems(Tree(minimal))

    fault(minimal)

    assert [found for found in problems(Tree(minimal)) if sentence in found and found not in clean]
