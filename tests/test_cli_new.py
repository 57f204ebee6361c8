"""`fastapi-trellis new`, where nobody is there to answer."""

from pathlib import Path

import pytest
import yaml

from tests.command_line import FIRST, SECOND, Result, trellis
from tests.questions import ROOT
from tests.rendering import render
from tests.repository import changes
from tests.rules import refusal
from tests.tools import run

PRESETS = sorted((ROOT / "presets").glob("*.yml"))


def answers(project: Path) -> dict[str, object]:
    loaded: dict[str, object] = yaml.safe_load((project / ".copier-answers.yml").read_text())
    return loaded


@pytest.fixture
def new(small: Path, tmp_path: Path) -> "New":
    return New(small, tmp_path)


class New:
    def __init__(self, template: Path, folder: Path) -> None:
        self.template = template
        self.folder = folder

    def __call__(self, *arguments: str | Path, **variables: str) -> Result:
        template = str(self.template)
        return trellis("new", *arguments, cwd=self.folder, TRELLIS_TEMPLATE=template, **variables)


def test_new_renders_commits_and_says_what_is_next(new: New, tmp_path: Path) -> None:
    result = new("--project-name", "Order Desk", "--no-lock")

    project = tmp_path / "order-desk"
    assert result.code == 0, result.err
    assert "uv run app dev" in result.out
    assert answers(project)["_commit"] == SECOND
    assert changes(project) == ""
    assert run("git", "log", "--format=%s", cwd=project) == "Render the service\n"
    assert [path.name for path in tmp_path.iterdir()] == ["order-desk"]


@pytest.mark.parametrize(
    ("folder", "named", "name"),
    [
        ("order-desk", {}, "Order Desk"),
        ("services/order_desk", {"TRELLIS_PROJECT_SLUG": "desk"}, "Order Desk"),
        ("orders", {"TRELLIS_PROJECT_NAME": "Mine"}, "Mine"),
        ("2026", {}, "My Service"),  # no slug comes of it
        ("fastapi", {}, "My Service"),  # nor of a package
    ],
)
def test_service_is_called_as_its_folder(
    folder: str, named: dict[str, str], name: str, new: New, tmp_path: Path
) -> None:
    result = new(folder, "--no-lock", "--no-git", **named)

    assert result.code == 0, result.err
    assert answers(tmp_path / folder)["project_name"] == name


def test_answers_come_from_everywhere_and_the_nearest_wins(new: New, tmp_path: Path) -> None:
    (tmp_path / "answers.yml").write_text(
        "auth: none\ncache: false\ndescription:\nlicense: MIT\nci: gitlab\n"
    )

    result = new(
        *("--preset", "api", "--data-file", "answers.yml", "--data", "license=Apache-2.0"),
        *("here", "--database=sqlite", "--no-docker", "--no-git"),
        *("--no-sentry=no", "--tracing=off"),
        TRELLIS_CI="none",
        TRELLIS_LICENSE="proprietary",
    )

    assert result.code == 0, result.err
    found = answers(tmp_path / "here")
    expected = {
        "auth": "none",
        "cache": False,
        "license": "Apache-2.0",
        "ci": "none",
        "database": "sqlite",
        "docker": False,
        "sentry": True,
        "tracing": False,
        "description": "",
    }
    assert expected.items() <= found.items()
    assert not (tmp_path / "here" / ".git").exists()


def test_the_command_of_copier_renders_the_same(new: New, small: Path) -> None:
    result = new("one", "--cache", "--project-name", "It's", "--no-git", "--no-lock")

    line = next(line for line in result.err.splitlines() if "copier copy" in line).strip()
    assert line == (
        f"copier copy --defaults --vcs-ref {SECOND} --data 'project_name=It'\"'\"'s' "
        f"--data cache=true {small} one"
    )


def test_another_release_can_be_named(new: New, tmp_path: Path) -> None:
    assert new("old", "--ref", FIRST, "--no-lock").code == 0

    assert answers(tmp_path / "old")["_commit"] == FIRST


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["--databse", "postgres"], 2, "There is no option --databse: did you mean --database?"),
        (["--data", "chache=yes"], 2, "Nothing asks for chache: did you mean cache?"),
        (["--database", "postgrs"], 2, "database cannot be postgrs: did you mean postgres?"),
        (["--no-database"], 2, "There is no option --no-database: did you mean --database?"),
        (["--cache=perhaps"], 2, "cache is yes or no, and not perhaps."),
        (["--database"], 2, "--database needs an answer."),
        (["-x"], 2, "There is no option -x"),
        (["one", "two"], 2, "One folder, and not 2: one two"),
        (["--preset", "ful"], 2, "There is no preset ful: did you mean full?"),
        (["--data", "cache"], 2, "cache is no answer: write question=answer."),
        (["--data-file", "none.yml"], 2, "none.yml cannot be read"),
        (["--ref", "v9"], 3, "has nothing called v9."),
        (["--broker", "rabbitmq"], 3, "broker is only asked with tasks"),
        (["--project-slug", "My Service"], 3, "The slug is lower-case words"),
        (["--kubernetes"], 3, refusal({"kubernetes": True})),
        (["full"], 3, "full is there already, and not empty"),
        (["--template", "."], 3, "is not in git: what is rendered from it could never"),
        (["--template", "file:///nowhere.git"], 4, "The template file:///nowhere.git cannot be"),
    ],
)
def test_new_refuses_in_a_sentence(
    arguments: list[str], code: int, sentence: object, new: New, tmp_path: Path
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").touch()

    result = new(*arguments)

    expected = sentence[1] if isinstance(sentence, tuple) else str(sentence)
    assert (result.code, expected in result.err) == (code, True), result.err
    assert [path.name for path in tmp_path.rglob("*")] == ["full", "mine"]


def test_inside_a_repository_no_other_one_is_made(new: New, tmp_path: Path) -> None:
    run("git", "init", "--quiet", cwd=tmp_path)

    result = new("one", "--no-lock")

    assert f"It lies in the repository {tmp_path}: commit it there." in result.err
    assert not (tmp_path / "one" / ".git").exists()


def test_without_an_identity_it_is_rendered_all_the_same(new: New, tmp_path: Path) -> None:
    (tmp_path / "config").write_text("[user]\n    useConfigOnly = true\n")

    result = new("one", "--no-lock", GIT_CONFIG_GLOBAL=str(tmp_path / "config"))

    assert result.code == 0
    assert "Not committed" in result.err
    assert (tmp_path / "one" / "README.md").exists()


def test_a_misspelt_variable_is_told(new: New) -> None:
    result = new("one", "--no-git", "--no-lock", TRELLIS_DATABSE="postgres")

    assert "did you mean TRELLIS_DATABASE?" in result.err


@pytest.mark.parametrize("preset", PRESETS, ids=lambda path: path.stem)
def test_preset_renders_and_is_explained(preset: Path, source: Path, tmp_path: Path) -> None:
    text = preset.read_text()
    given = yaml.safe_load(text)

    render(source, tmp_path / "tree", given)

    assert text.splitlines()[0].startswith("# ")
    assert text.splitlines()[0].endswith(".")
    assert given.items() <= answers(tmp_path / "tree").items()
