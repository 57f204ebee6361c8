"""What people and CI type in a rendered project works there, as it is written in its files."""

from pathlib import Path

import pytest
import yaml

from tests.conftest import Count
from tests.projects import Project
from tests.rendering import Renders
from tests.repository import commit
from tests.tools import UV, run
from tests.variants import Variant, all_services

pytestmark = pytest.mark.suites

# Advisories appear from day to day: they are for the project's CI, not for this proof.
LEFT_OUT = ("audit",)


def steps(project: Path) -> list[str]:
    """The commands of its CI, whichever that is."""
    if (project / ".gitlab-ci.yml").exists():
        job = yaml.safe_load((project / ".gitlab-ci.yml").read_text())["check"]
        found = [*job["before_script"], *job["script"]]
    else:
        workflow = yaml.safe_load((project / ".github" / "workflows" / "ci.yml").read_text())
        found = [step["run"] for step in workflow["jobs"]["check"]["steps"] if "run" in step]
    return [line for line in found if not line.endswith(LEFT_OUT)]


def variant_for(package_manager: str, ci: str, checker: str) -> Variant:
    return next(
        variant
        for variant in all_services()[-1].variants
        if (variant["package_manager"], variant["ci"]) == (package_manager, ci)
        and (variant["type_checker"], variant["pre_commit"]) == (checker, True)
    )


@pytest.mark.parametrize(
    ("package_manager", "ci", "checker"),
    [("uv", "github", "pyright"), ("pip", "gitlab", "mypy")],
)
def test_ci_and_hooks_pass(
    package_manager: str,
    ci: str,
    checker: str,
    renders: Renders,
    tmp_path: Path,
    count: Count,
) -> None:
    variant = variant_for(package_manager, ci, checker)
    project = Project.make(renders, variant, tmp_path / "project")
    project.create()
    if package_manager == "uv":
        run(UV, "lock", "--quiet", cwd=project.path)  # the project's own, made after the render
    commit(project.path, "Render")

    for step in steps(project.path):
        project.shell(step)
    project.shell(f"{'uv run ' if package_manager == 'uv' else ''}prek run --all-files")

    assert run("git", "status", "--porcelain", cwd=project.path) == ""
    count("suites run")
    count("installs from nothing")
