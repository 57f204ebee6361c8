"""Secrets on their way to the service: what the pages say is done, and the service takes it."""

import re
from pathlib import Path

import pytest
import yaml

from tests.everything import Packages, enter
from tests.manifests import STAGES, Manifests, kustomize
from tests.projects import Project
from tests.rendering import Renders
from tests.repository import commit
from tests.tools import run
from tests.trees import Tree
from tests.variants import Variant, fullest, smallest, variant

PAGES = ("docs/secrets.md", "docs/kubernetes.md")
EXAMPLE = "deploy/secrets/example.env"
PASSWORD = "x" * 40
ROTATED = f"postgresql+asyncpg://app:{'0a' * 32}@postgres/app"
SIZES = (smallest(), variant({}), variant({"database": "postgres", "kubernetes": True}), fullest())


def blocks(text: str, language: str) -> list[str]:
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL)
    return [re.sub(f"^{indent}", "", block, flags=re.MULTILINE) for indent, block in found]


def example_of(tree: Path) -> dict[str, str]:
    lines = (tree / EXAMPLE).read_text().splitlines()
    found = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name: value for name, _, value in found}


@pytest.mark.parametrize("chosen", SIZES, ids=str)
def test_pages_and_example_are_right(chosen: Variant, renders: Renders) -> None:
    tree = Tree(renders.tree(chosen))
    pages = [text for name, text in tree.texts() if name in PAGES]

    parsed = [list(yaml.safe_load_all(one)) for text in pages for one in blocks(text, "yaml")]

    assert len(parsed) == (4 if chosen["kubernetes"] else 2)
    settings = re.findall(r"^# ([A-Z_]+)=", (tree.root / ".env.example").read_text(), re.MULTILINE)
    assert example_of(tree.root).keys() <= set(settings)
    assert all("change-me" in value for value in example_of(tree.root).values())


def test_url_of_a_server_that_went_goes_with_it(renders: Renders, tmp_path: Path) -> None:
    """And what the team has written into one stays, such as another password."""
    before = fullest().but(broker="redis")
    (tmp_path / "deploy").mkdir()
    for answers in (before, before.but(broker="rabbitmq", cache=False, sse=False, websocket=False)):
        script = Tree(renders.tree(answers)).files["deploy/secrets.sh"]
        (tmp_path / "deploy/secrets.sh").write_bytes(script)
        run("sh", "deploy/secrets.sh", cwd=tmp_path)
        made = {path.name: path.read_text() for path in (tmp_path / "secrets/app").iterdir()}
        (tmp_path / "secrets/app/DATABASE_URL").write_text(ROTATED)

    assert made["TASKS_BROKER_URL"].endswith("@rabbitmq//")
    assert "REDIS_URL" not in made
    assert made["DATABASE_URL"] == ROTATED


def test_page_makes_a_file_of_each_line(renders: Renders, tmp_path: Path) -> None:
    tree = Tree(renders.tree(fullest()))
    for name in (EXAMPLE, ".gitignore", "docs/secrets.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(tree.files[name])
    commit(tmp_path, "Render")
    [copy] = [one for one in blocks(tree.files["docs/secrets.md"].decode(), "sh") if "cp " in one]
    [split] = [one for one in blocks(tree.files["docs/secrets.md"].decode(), "sh") if "%%" in one]

    run(
        "bash", "-eo", "pipefail", "-c", f"{copy}\necho 'A=b==' >> {copy.split()[-1]}", cwd=tmp_path
    )
    run("sh", "-ec", split, cwd=tmp_path)

    made = {path.name: path.read_text() for path in (tmp_path / "secrets/app").iterdir()}
    assert made == example_of(tmp_path) | {"A": "b=="}
    (tmp_path / "deploy/secrets/production.enc.env").write_text("DATABASE_URL=ENC[]\n")
    shown = run("git", "status", "--short", "--untracked-files=all", cwd=tmp_path)
    assert shown.split() == ["??", "deploy/secrets/production.enc.env"]


@pytest.mark.suites
@pytest.mark.skipif(kustomize() is None, reason="neither kustomize nor kubectl is here")
def test_service_takes_what_a_pod_is_told(
    renders: Renders, large: Path, packages: Packages, tmp_path: Path
) -> None:
    project = Project.make(renders, fullest(), tmp_path / "project")
    enter(project, large, packages)
    example = example_of(project.path)
    filled = mount(
        tmp_path / "filled",
        {name: value.replace("change-me", PASSWORD) for name, value in example.items()},
    )

    for stage in STAGES:
        [settings] = Manifests.build(project.path, "my-service", stage).kind("ConfigMap")
        told = settings["data"] | {"MAIL_SENDER": "hello@example.org"}
        shown = project.run("app", "settings", **told, SECRETS_DIR=str(filled))
        assert [name for name in (*told, *example) if name not in shown] == []
        assert PASSWORD not in shown

    with pytest.raises(AssertionError) as refused:
        project.run("app", "settings", **told, SECRETS_DIR=str(mount(tmp_path / "raw", example)))
    assert [name for name in example if name not in str(refused.value)] == []


def mount(folder: Path, secret: dict[str, str]) -> Path:
    """As a Secret is mounted: each file is a link into a folder that is swapped as a whole."""
    data = folder / "..2026_11_21"
    data.mkdir(parents=True)
    (folder / "..data").symlink_to(data.name)
    for name, value in secret.items():
        (data / name).write_text(value)
        (folder / name).symlink_to(Path("..data", name))
    return folder
