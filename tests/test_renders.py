"""Every combination of answers is rendered, and each render is clean."""

import tomllib
from pathlib import Path

import pytest

from tests.checks import problems
from tests.manifest import owned
from tests.questions import Answer, options
from tests.rendering import Renders, render
from tests.summary import Count
from tests.tools import BIN, attempt
from tests.trees import ANSWERS, Tree, difference
from tests.variants import JOINING, Service, services, variants


@pytest.mark.parametrize("service", services(), ids=str)
def test_every_render_is_clean(service: Service, renders: Renders, count: Count) -> None:
    paths = renders.trees(service.variants)

    found = {path.name: problems(Tree(path)) for path in paths}

    assert {name: listed for name, listed in found.items() if listed} == {}
    count("variants rendered", len(paths))


@pytest.mark.parametrize("service", services(), ids=str)
def test_ruff_finds_nothing(service: Service, renders: Renders, tmp_path: Path) -> None:
    paths = renders.trees(service.variants)

    # One run for all: each tree is judged by the rules of its own pyproject.toml.
    check = attempt(BIN / "ruff", "check", "--no-cache", "--quiet", *paths, cwd=tmp_path)
    style = attempt(BIN / "ruff", "format", "--no-cache", "--check", *paths, cwd=tmp_path)

    assert (check.returncode, check.stdout) == (0, ""), check.stderr
    assert style.returncode == 0, style.stdout
    # It saw them all, and left none out for a rule of some .gitignore.
    files = sum(len(Tree(path).python()) for path in paths)
    assert int(style.stdout.split()[0]) >= files


def test_ruff_judges_by_the_rules_of_the_project(renders: Renders, tmp_path: Path) -> None:
    tree = renders.tree(variants()[0])
    (tmp_path / "pyproject.toml").write_text((tree / "pyproject.toml").read_text())
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "planted.py").write_text("import os\n\nprint(" + "1 + " * 30 + "1)\n")

    found = attempt(BIN / "ruff", "check", "--output-format=concise", ".", cwd=tmp_path)

    assert [rule for rule in ("F401", "T201", "E501", "INP001") if rule not in found.stdout] == []


@pytest.mark.parametrize("service", services(), ids=str)
def test_tooling_and_broker_change_no_python(service: Service, renders: Renders) -> None:
    """So one run of the suite speaks for all variants of a service."""
    found: dict[tuple[Answer, ...], set[str]] = {}
    for variant, path in zip(service.variants, renders.trees(service.variants), strict=True):
        joining = tuple(variant[name] for name in JOINING)
        found.setdefault(joining, set()).add(str(sorted(Tree(path).python().items())))

    assert [joining for joining, python in found.items() if len(python) > 1] == []


@pytest.mark.parametrize("service", services(), ids=str)
def test_a_render_is_repeatable(service: Service, renders: Renders, tmp_path: Path) -> None:
    for variant in (service.variants[0], service.variants[-1]):
        again = tmp_path / str(variant)
        render(renders.source, again, variant.data)

        assert difference(Tree(again), Tree(renders.tree(variant))) == []


@pytest.mark.parametrize("version", options()["python_version"])
def test_python_version_is_the_least_that_it_takes(version: str, renders: Renders) -> None:
    variant = next(one for one in variants() if one["python_version"] == version)

    pyproject = tomllib.loads((renders.tree(variant) / "pyproject.toml").read_text())

    assert pyproject["project"]["requires-python"] == f">={version}"


def test_log_in_changes_no_file_of_others(renders: Renders) -> None:
    """Whoever writes a feature need not know how people log in."""
    # They list what is there: features, settings, packages, answers, pages.
    lists = {"app/features.py", ".env.example", "tests/settings.env", "pyproject.toml", "README.md"}
    lists |= {ANSWERS, "compose.yml", "docs/containers.md"}
    lists |= {"deploy/production.env", "deploy/secrets.sh"}
    lists |= {"deploy/secrets/example.env", "docs/secrets.md"}
    trees = [Tree(renders.tree(variants()[0].but(auth=auth))) for auth in options()["auth"]]
    identity = {"accounts", "jwt", "fastapi_users"}

    changed = {name for one in trees for other in trees for name in difference(one, other)}

    assert len(trees) == 3
    assert {name for name in changed if not any(owned(feature, name) for feature in identity)} == (
        lists
    )
