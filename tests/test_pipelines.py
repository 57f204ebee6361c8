"""The pipelines of a project do what they say, beyond its checks (`test_commands.py`)."""

import json
import os
from collections.abc import Iterable
from pathlib import Path

import pytest
import yaml

from tests.projects import Project
from tests.rendering import Renders
from tests.repository import TemplateRepository, commit
from tests.tools import BIN, PYTHON_VERSION, UV, environment, run
from tests.variants import smallest

pytestmark = pytest.mark.suites

# GitHub is not here: its command writes down what it was asked.
GH = """#!/bin/sh
echo "$@" >> "$GH_LOG"
"""
GITLAB = {"TEMPLATE_TOKEN": "token", "CI_SERVER_HOST": "gitlab.test", "CI_PROJECT_PATH": "a/b"}
PIPELINES = [
    pytest.param(("github", "uv"), id="github"),
    pytest.param(("gitlab", "pip"), id="gitlab"),
]


def lines_of(project: Path, workflow: str, job: str) -> list[str]:
    """What a job runs; the one of GitLab is named like the workflow of GitHub."""
    if (project / ".gitlab-ci.yml").exists():
        pipeline = yaml.safe_load((project / ".gitlab-ci.yml").read_text())
        lines: list[str] = pipeline[workflow]["script"]
        return lines
    path = project / ".github" / "workflows" / f"{workflow}.yml"
    steps = yaml.safe_load(path.read_text())["jobs"][job]["steps"]
    return [step["run"] for step in steps if "run" in step]


class Host:
    """Where a project is pushed to, and what was asked of it."""

    def __init__(self, project: Path, folder: Path) -> None:
        self.origin = folder / "origin.git"
        self.log = folder / "requests.log"
        self.log.touch()
        self.checkout = folder / "checkout"
        run("git", "clone", "--quiet", "--bare", project, self.origin, cwd=folder)
        options = ("receive.advertisePushOptions", "true")
        run("git", "config", *options, cwd=self.origin)
        # As both hosts do it: one commit, and no branch.
        url = f"file://{self.origin}"
        run("git", "clone", "--quiet", "--depth=1", url, self.checkout, cwd=folder)
        run("git", "checkout", "--quiet", "--detach", cwd=self.checkout)
        self.programs = folder / "programs"
        self.programs.mkdir()
        (self.programs / "gh").write_text(GH)
        (self.programs / "gh").chmod(0o755)
        (self.programs / "copier").symlink_to(BIN / "copier")
        (self.programs / "uv").symlink_to(UV)

    def run(self, lines: Iterable[str]) -> str:
        """Run what is not an installation, in one shell, as GitLab does; GitHub's lines agree."""
        script = "\n".join(line for line in lines if "install" not in line)
        search = os.pathsep.join((str(self.programs), environment()["PATH"]))
        remote = "https://oauth2:token@gitlab.test/a/b.git"
        config = {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"url.{self.origin}.insteadOf",
            "GIT_CONFIG_VALUE_0": remote,
        }
        variables = {**GITLAB, **config, "PATH": search, "GH_LOG": str(self.log)}
        return run("bash", "-eo", "pipefail", "-c", script, cwd=self.checkout, env=variables)

    def proposed(self, name: str) -> str:
        return run("git", "show", f"template-update:{name}", cwd=self.origin)


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


@pytest.fixture
def rendered(request: pytest.FixtureRequest, tmp_path: Path, source: Path) -> tuple[Path, Path]:
    """A project, and the template that it is of."""
    ci, package_manager = request.param
    repository = TemplateRepository.make(source, tmp_path / "template")
    answers = {"ci": ci, "package_manager": package_manager, "python_version": PYTHON_VERSION}
    return repository.copy(tmp_path / "project", {**smallest().data, **answers}), repository.path


def release(template: Path, version: str) -> None:
    commit(template, version)
    run("git", "tag", version, cwd=template)


@pytest.mark.parametrize("rendered", PIPELINES, indirect=True)
def test_newer_template_becomes_a_request(rendered: tuple[Path, Path], tmp_path: Path) -> None:
    project, template = rendered
    edit(template / "template" / "justfile.jinja", "# List the verbs.", "# List all verbs.")
    edit(template / "template" / "app" / "main.py", '"""', '"""Newer. ')
    release(template, "v1.1.0")
    edit(project / "app" / "main.py", '"""', '"""Ours. ')
    commit(project, "Ours")
    host = Host(project, tmp_path)

    host.run(lines_of(project, "template", "update"))

    assert "# List all verbs." in host.proposed("justfile")
    assert "_commit: v1.1.0" in host.proposed(".copier-answers.yml")
    assert "<<<<<<< " in host.proposed("app/main.py")
    if (project / ".github").exists():
        assert "uvicorn" in host.proposed("uv.lock")
        assert "pr create --head template-update" in host.log.read_text()
        assert "To be solved by hand: app/main.py " in host.log.read_text()


@pytest.mark.parametrize("rendered", PIPELINES, indirect=True)
def test_conflicts_that_somebody_solves_stay_solved(
    rendered: tuple[Path, Path], tmp_path: Path
) -> None:
    project, template = rendered
    bound = '"pydantic-settings>='
    edit(template / "template" / "pyproject.toml.jinja", bound, '"pydantic-settings>1,>=')
    release(template, "v1.1.0")
    edit(project / "pyproject.toml", bound, '"pydantic-settings!=1,>=')
    commit(project, "Ours")
    host = Host(project, tmp_path)
    lines = lines_of(project, "template", "update")
    host.run(lines)
    assert "<<<<<<< " in host.proposed("pyproject.toml")
    run("git", "switch", "--quiet", "--create", "solve", cwd=host.checkout)
    run("git", "config", "user.name", "Ada", cwd=host.checkout)
    run("git", "commit", "--quiet", "--amend", "--message", "Solve", cwd=host.checkout)
    run("git", "push", "--quiet", "--force", "origin", "solve:template-update", cwd=host.checkout)
    run("git", "switch", "--quiet", "--detach", "HEAD~1", cwd=host.checkout)

    said = host.run(lines)

    assert "others have worked on it" in said
    assert "Solve" in run("git", "log", "-1", "--format=%s", "template-update", cwd=host.origin)
    if (project / ".github").exists():
        return  # it asks GitHub whether the request is open
    run("git", "switch", "--quiet", "--detach", "FETCH_HEAD", cwd=host.checkout)  # merged
    edit(template / "template" / "justfile.jinja", "# List the verbs.", "# List all verbs.")
    release(template, "v1.2.0")
    assert "others have" not in host.run(lines)
    assert "# List all verbs." in host.proposed("justfile")


def test_release_tells_what_is_in_it(renders: Renders, tmp_path: Path) -> None:
    """The packages of the service, and none of its developers'."""
    project = Project.make(renders, smallest(), tmp_path / "project")
    run(UV, "lock", "--quiet", cwd=project.path)
    commit(project.path, "Render")
    host = Host(project.path, tmp_path)

    host.run(lines_of(project.path, "release", "release"))

    names = {
        one["name"] for one in json.loads((host.checkout / "sbom.json").read_text())["components"]
    }
    assert {"fastapi", "pydantic-core"} <= names
    assert not {"ruff", "pytest"} & names
    assert host.log.read_text().startswith("release create")


@pytest.mark.parametrize("rendered", PIPELINES, indirect=True)
def test_without_a_newer_template_nothing_is_asked(
    rendered: tuple[Path, Path], tmp_path: Path
) -> None:
    project, _ = rendered
    if (project / ".github").exists():
        run(UV, "lock", "--quiet", cwd=project)
        commit(project, "Lock")
    host = Host(project, tmp_path)

    said = host.run(lines_of(project, "template", "update"))

    assert "Nothing is new." in said
    assert "template-update" not in run("git", "branch", "--list", cwd=host.origin)
    assert host.log.read_text() == ""
