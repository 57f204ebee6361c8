"""The template is a real project, and the shortcuts of this proof are honest."""

import ast
import io
import re
import sys
import tokenize
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.manifest import TEMPLATE
from tests.rendering import Renders
from tests.summary import Count
from tests.tools import BIN, attempt, run
from tests.trees import Tree, difference
from tests.variants import Variant, fullest, variants

# Lists: of packages and rules, and of every setting.
LONG = {"pyproject.toml.jinja", ".env.example.jinja"}
MOST_LINES = 120
MOST_LINES_OF_CODE = 7150
MOST_OF_A_FEATURE = 1040
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
NO_CODE = {
    *(tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE),
    *(tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER),
}
MOST_CONDITIONS = 10


@pytest.mark.parametrize("variant", [variants()[0], fullest()], ids=["default", "everything"])
def test_shortcuts_change_no_byte(variant: Variant, renders: Renders, tmp_path: Path) -> None:
    """Copier itself, in a process of its own and with other hashes, renders the same."""
    data = [f"--data={name}={answer}" for name, answer in variant.answers]

    run(
        *(sys.executable, "-m", "copier", "copy", "--quiet", "--defaults", *data),
        *(renders.source, tmp_path / "tree"),
        cwd=tmp_path,
        env={"PYTHONHASHSEED": "7"},
    )

    assert difference(Tree(tmp_path / "tree"), Tree(renders.tree(variant))) == []


def test_template_is_clean_where_it_is(renders: Renders) -> None:
    """No rendering is needed to lint it: an editor works in template/ itself."""
    pyproject = renders.tree(fullest()) / "pyproject.toml"
    rules = ("--no-cache", "--config", pyproject)
    # `app/features.py` has another name here, so that ruff does not see that it is ours.
    ours = ("--config", 'lint.isort.known-first-party = ["app"]')

    check = attempt(BIN / "ruff", "check", *rules, *ours, ".", cwd=TEMPLATE)
    style = attempt(BIN / "ruff", "format", "--check", *rules, ".", cwd=TEMPLATE)

    assert check.returncode == 0, check.stdout
    assert style.returncode == 0, style.stdout


def test_jinja_is_in_few_and_small_files() -> None:
    templates = list(TEMPLATE.rglob("*.jinja"))

    for path in templates:
        text = path.read_text()
        assert len(text.splitlines()) <= MOST_LINES or path.name in LONG, path
        assert len(re.findall(r"{%-? *(el)?if", text)) <= MOST_CONDITIONS, path
        assert not re.search(r"{[{%]-|-[}%]}", text), f"{path} trims blanks: let the line do it"
        assert not re.search(r"{% *(el)?if [^%]*\b(and|or)\b", text), f"{path}: name the condition"
        for line in text.splitlines():
            assert "{%" not in line or re.fullmatch(r" *{%.*%}", line), f"{path}: {line}"


def test_no_jinja_in_names_and_in_python() -> None:
    names = [path.relative_to(TEMPLATE).as_posix() for path in TEMPLATE.rglob("*")]

    assert [name for name in names if "{" in name] == []
    assert [name for name in names if name.endswith(".py.jinja")] == ["app/features.py.jinja"]


def test_service_keeps_within_its_lines(count: Count) -> None:
    """docs/decisions/0026-lines-given-back.md"""
    app = TEMPLATE / "app"
    parts = Counter[str]()
    for path in app.rglob("*.py"):
        parts[path.relative_to(app).parts[0]] += lines_of_code(path.read_text())
    # No project keeps accounts in both ways.
    lines = parts.total() - min(parts["auth_jwt"], parts["auth_fastapi_users"])

    assert lines < MOST_LINES_OF_CODE
    assert {name for name, size in parts.items() if size > MOST_OF_A_FEATURE} == {"core"}
    count("lines of code with everything", lines)


def lines_of_code(text: str) -> int:
    """Count the lines that are neither blank nor a comment nor of a docstring."""
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    code = {
        line
        for token in tokens
        if token.type not in NO_CODE
        for line in range(token.start[0], token.end[0] + 1)
    }
    return len(code - set(docstring_lines(ast.parse(text))))


def docstring_lines(tree: ast.Module) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            text = node.body[0]
            yield from range(text.lineno, (text.end_lineno or text.lineno) + 1)
