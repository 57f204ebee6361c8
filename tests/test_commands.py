"""What people and CI type in a rendered project works there, as it is written in its files."""

from functools import partial
from pathlib import Path

import pytest
import yaml

from tests.manifest import enabled, manifest
from tests.projects import Project, steadily
from tests.rendering import Renders
from tests.repository import commit
from tests.summary import Count
from tests.tools import UV, run
from tests.variants import Variant, covering, fullest, smallest, todays

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


def chosen() -> list[Variant]:
    """Everything with uv on GitHub; of those with pip on GitLab another one each day."""
    known = pip_variants()
    return [fullest(), *todays(known, len(known))]


def pip_variants() -> list[Variant]:
    """A handful in which every package of every feature is installed by pip, and one without."""
    others = {"package_manager": "pip", "ci": "gitlab"}
    most = (fullest().but(auth="fastapi-users", type_checker="pyright"),)
    candidates = list(dict.fromkeys(one.but(**others) for one in (*most, *covering())))

    def parts(variant: Variant) -> set[str]:
        return {name for name, on in enabled(variant.data).items() if on and has_packages(name)}

    found = [smallest().but(**others)]
    missing = set().union(*map(parts, candidates)) - parts(found[0])
    while missing:
        found.append(max(candidates, key=lambda variant: len(parts(variant) & missing)))
        missing -= parts(found[-1])
    return found


def has_packages(feature: str) -> bool:
    return bool({"packages", "dev_packages"} & manifest()[feature].keys())


@pytest.mark.parametrize("variant", chosen(), ids=str)
def test_ci_and_hooks_pass(
    variant: Variant, renders: Renders, tmp_path: Path, count: Count
) -> None:
    project = Project.make(renders, variant, tmp_path / "project")
    project.create()
    if variant["package_manager"] == "uv":
        run(UV, "lock", "--quiet", cwd=project.path)  # the project's own, made after the render
    commit(project.path, "Render")

    for step in steps(project.path):
        steadily(partial(project.shell, step), count)
    if variant["pre_commit"]:
        run_in_it = "uv run " if variant["package_manager"] == "uv" else ""
        project.shell(f"{run_in_it}prek run --all-files")

    assert run("git", "status", "--porcelain", cwd=project.path) == ""
    count("suites run")
    count("installs from nothing")
