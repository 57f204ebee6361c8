"""Files for other programs are judged by those programs: each distinct content of each file."""

import json
import os
import re
import tomllib
from pathlib import Path

import pytest
import yaml

from tests.engine import COMPOSE, UNPACKING, obstacle, prepare_programs
from tests.questions import ROOT
from tests.rendering import Renders
from tests.repository import commit
from tests.summary import Count
from tests.tools import BIN, attempt, environment, run
from tests.trees import Tree
from tests.variants import services

SCHEMA = ("check-jsonschema", "--builtin-schema")

JUDGES: tuple[tuple[str, tuple[str, ...]], ...] = (
    (".github/workflows/", ("actionlint", "-shellcheck=")),
    (".github/workflows/", ("zizmor", "--offline", "--no-progress", "--quiet")),
    (".github/workflows/", (*SCHEMA, "vendor.github-workflows")),
    (".github/dependabot.yml", (*SCHEMA, "vendor.dependabot")),
    (".gitlab-ci.yml", (*SCHEMA, "vendor.gitlab-ci")),
    ("renovate.json", (*SCHEMA, "vendor.renovate")),
    (".pre-commit-config.yaml", ("prek", "validate-config")),
    ("Dockerfile", ("hadolint",)),
    ("deploy/secrets.sh", ("shellcheck",)),
)


def judge(command: tuple[str, ...], *paths: Path) -> None:
    # actionlint finds shellcheck on the PATH.
    search = os.pathsep.join((str(BIN), environment()["PATH"]))
    run(BIN / command[0], *command[1:], *paths, cwd=paths[0].parent, env={"PATH": search})


def distinct(renders: Renders, prefix: str) -> list[tuple[str, bytes]]:
    """The files of all variants, each content once."""
    return sorted(
        {
            (name, (tree.root / name).read_bytes())
            for service in services()
            for tree in map(Tree, renders.trees(service.variants))
            for name in tree.names
            if name.startswith(prefix)
        }
    )


@pytest.mark.parametrize(("prefix", "command"), JUDGES, ids=[judge[1][0] for judge in JUDGES])
def test_distinct_files_are_valid(
    prefix: str, command: tuple[str, ...], renders: Renders, tmp_path: Path, count: Count
) -> None:
    contents = distinct(renders, prefix)
    paths = [tmp_path / str(number) / name for number, (name, _) in enumerate(contents)]
    for path, (_, content) in zip(paths, contents, strict=True):
        path.parent.mkdir(parents=True)
        path.write_bytes(content)

    assert paths
    judge(command, *paths)

    count("files judged by their programs", len(paths))


def test_scripts_of_workflows_are_valid(renders: Renders, tmp_path: Path, count: Count) -> None:
    """Each distinct one, in one workflow: actionlint asks shellcheck of each step of each file."""
    workflows = [yaml.safe_load(text) for _, text in distinct(renders, ".github/workflows/")]
    scripts = {
        step["run"]
        for workflow in workflows
        for job in workflow["jobs"].values()
        for step in job.get("steps", [])
        if "run" in step
    }

    assert findings(["ls *"], tmp_path) == ["SC2035"]
    assert findings(sorted(scripts), tmp_path) == []

    count("scripts of workflows judged", len(scripts))


def findings(scripts: list[str], folder: Path) -> list[str]:
    """What shellcheck says of them; what actionlint itself misses here, the real files have."""
    job = {"runs-on": "ubuntu-latest", "steps": [{"run": script} for script in scripts]}
    path = folder / "workflow.yml"
    path.write_text(yaml.safe_dump({"on": "push", "jobs": {"all": job}}))
    command = ("-shellcheck", str(BIN / "shellcheck"), "-format", "{{json .}}", str(path))
    found = json.loads(attempt(BIN / "actionlint", *command, cwd=folder).stdout)
    return [
        code for one in found if one["kind"] == "shellcheck"
        for code in re.findall("SC[0-9]+", one["message"])[:1]
    ]  # fmt: skip


@pytest.mark.skipif(obstacle(*UNPACKING) is not None, reason=str(obstacle(*UNPACKING)))
def test_compose_takes_every_file(renders: Renders, tmp_path: Path, count: Count) -> None:
    """By itself, and the one for TLS beside the one for production."""
    prepare_programs()
    names = ("compose.yml", "compose.production.yml", "compose.tls.yml", "deploy/production.env")
    found = {
        tuple((name, tree.files[name]) for name in names)
        for service in services()
        for tree in map(Tree, renders.trees(service.variants))
        if "compose.yml" in tree.names
    }
    for number, files in enumerate(sorted(found)):
        folder = tmp_path / str(number)
        for name, content in files:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
        for chosen in (names[:1], names[1:2], names[1:3]):
            options = [part for name in chosen for part in ("--file", name)]
            run(COMPOSE, *options, "config", "--quiet", cwd=folder)

    assert found
    count("Compose files that Compose takes", 3 * len(found))


def test_nginx_and_the_service_have_one_limit() -> None:
    settings = (ROOT / "template" / "app" / "core" / "settings.py").read_text()
    nginx = (ROOT / "template" / "deploy" / "nginx" / "nginx.conf").read_text()

    (limit,) = re.findall(r"max_body_bytes: int = Field\(default=([\d_]+)", settings)
    assert re.findall(r"client_max_body_size (\d+);", nginx) == [limit.replace("_", "")]


def test_own_workflows_are_valid() -> None:
    workflows = list((ROOT / ".github" / "workflows").glob("*.yml"))

    for prefix, command in JUDGES:
        if prefix == ".github/workflows/":
            judge(command, *workflows)
    judge(("actionlint",), *workflows)  # with shellcheck


def test_git_takes_every_file(renders: Renders, tmp_path: Path) -> None:
    """No rule of the rendered .gitignore hides a file that was rendered."""
    tree = Tree(renders.tree(services()[-1].variants[0]))
    for name, content in tree.files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)

    commit(tmp_path, "Render")

    assert sorted(run("git", "ls-files", cwd=tmp_path).split()) == tree.names


def test_versions_of_tools_are_ranges() -> None:
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]

    packages = [line for group in groups.values() for line in group if isinstance(line, str)]

    assert [package for package in packages if ">=" not in package] == []
