"""`add`, `remove`, `set` and `update`, where nobody is there to answer."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.command_line import FIRST, SECOND, trellis
from tests.repository import changes, commit
from tests.rules import refusal
from tests.tools import run
from tests.trees import Tree, difference

pytestmark = pytest.mark.updates

Make = Callable[..., Path]


def test_add_shows_then_does_and_remove_takes_it_back(project: Make) -> None:
    folder = project()
    before = Tree(folder)

    shown = trellis("add", "cache", cwd=folder)
    assert (shown.code, changes(folder)) == (3, "")
    assert "  cache: no -> yes\n" in shown.out
    assert "with --yes it would be" in shown.err
    assert "app/cache/ (" in shown.out
    assert ".env.example" in shown.out

    done = trellis("add", "cache", "--yes", cwd=folder)
    assert done.code == 0, done.err
    assert "cache: true" in (folder / ".copier-answers.yml").read_text()
    assert (folder / "app/cache/feature.py").exists()

    commit(folder, "Add the cache")
    assert trellis("remove", "cache", "-y", cwd=folder / "app").code == 0
    assert difference(before, Tree(folder)) == []


def test_remove_names_the_edits_that_would_go(project: Make) -> None:
    folder = project(cache=True)
    (folder / "app/cache/feature.py").write_text("mine = True\n")
    (folder / "app/cache/own.py").touch()
    (folder / "docs/features/own.md").touch()
    commit(folder, "Edit")

    result = trellis("remove", "cache", "--preview", cwd=folder)

    assert (result.code, changes(folder)) == (0, "")
    assert "removed although you edited them (1)" in result.out
    assert "git show HEAD:app/cache/feature.py" in result.out
    assert "your own, and left behind (1):\n  app/cache/own.py\nanswers (1)" in result.out


def test_set_and_nothing_to_do(project: Make) -> None:
    folder = project(license="MIT")

    assert trellis("set", "license=MIT", "--yes", cwd=folder).err.endswith("already.\n")
    assert "\n  LICENSE\n" in trellis("set", "license=proprietary", cwd=folder).out


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["add", "chache"], 2, "Nothing is called chache: did you mean cache?"),
        (["add", "postgres"], 2, "fastapi-trellis set database=postgres"),
        (["set", "databse=postgres"], 2, "Nothing asks for databse: did you mean database?"),
        (["add", "kubernetes"], 3, refusal({"kubernetes": True})),
        (["set", "broker=rabbitmq"], 3, "broker is only asked with tasks"),
    ],
)
def test_change_refuses_in_a_sentence(
    arguments: list[str], code: int, sentence: object, project: Make
) -> None:
    folder = project()

    result = trellis(*arguments, "--yes", cwd=folder)

    expected = sentence[1] if isinstance(sentence, tuple) else str(sentence)
    assert (result.code, expected in result.err) == (code, True), result.err
    assert changes(folder) == ""


def test_what_is_not_committed_is_left_alone(project: Make) -> None:
    folder = project(release=FIRST)
    (folder / "mine.txt").write_text("mine")

    for command in (["add", "cache"], ["update"]):
        result = trellis(*command, "--yes", cwd=folder)
        assert result.code == 3
        assert "git stash --include-untracked" in result.err
    assert changes(folder) == "?? mine.txt\n"


def test_an_ignored_file_in_the_way_is_left_alone(project: Make) -> None:
    folder = project()
    (folder / ".git/info/exclude").write_text("docs/features/cache.md\n")
    (folder / "docs/features").mkdir(parents=True, exist_ok=True)
    (folder / "docs/features/cache.md").write_text("mine")

    result = trellis("add", "cache", "--yes", cwd=folder)

    assert (folder / "docs/features/cache.md").read_text() == "mine"
    assert (result.code, "would write over" in result.err) == (3, True), result.err
    assert changes(folder) == ""


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a: [", "cannot be read"),
        ("cache: true\n", "does not say which template"),
        ("- 1\n", "does not say which template"),
    ],
)
def test_a_broken_answers_file_is_a_sentence(text: str, sentence: str, project: Make) -> None:
    folder = project()
    (folder / ".copier-answers.yml").write_text(text)

    for command in ("update", "doctor", "diff"):
        result = trellis(command, cwd=folder)
        assert (result.code, sentence in result.err) == (3, True), result.err


def test_no_project_no_git_and_no_commit_are_sentences(project: Make, tmp_path: Path) -> None:
    folder = project()
    (tmp_path / "empty").mkdir()

    assert "is not in a rendered project" in trellis("update", cwd=tmp_path / "empty").err
    shutil.rmtree(folder / ".git")
    assert "is not in git" in trellis("update", cwd=folder).err
    run("git", "init", "--quiet", cwd=folder)
    assert "Nothing is committed yet" in trellis("add", "cache", cwd=folder).err


def test_update_tells_what_is_new_and_does_it(project: Make) -> None:
    folder = project(release=FIRST)

    checked = trellis("update", "--check", cwd=folder)
    assert (checked.code, changes(folder)) == (6, "")
    assert f"From {FIRST} to {SECOND}." in checked.out
    assert "Answer `sparkle`: a little more light." in checked.out
    assert "## 0.1.0" not in checked.out

    done = trellis("update", "--data", "sparkle=yes", "--yes", cwd=folder)
    assert done.code == 0, done.err
    assert "# In the second release." in (folder / "app/main.py").read_text()
    assert "sparkle: true" in (folder / ".copier-answers.yml").read_text()
    assert "uv run just check" in done.out

    commit(folder, "Update")
    again = trellis("update", "--check", cwd=folder)
    assert (again.code, again.out) == (0, f"{SECOND} is the newest release.\n")


def test_conflicts_are_told_before_and_found_after(project: Make) -> None:
    folder = project(release=FIRST)
    main = folder / "app/main.py"
    main.write_text(f"{main.read_text()}\n# Of our own.\n")
    commit(folder, "Edit")

    result = trellis("update", "--yes", cwd=folder)

    assert (result.code, "conflicts to mend afterwards (1)" in result.out) == (5, True)
    assert "app/main.py has conflict markers" in trellis("doctor", cwd=folder).out
    assert "Conflicts are left" in trellis("add", "cache", cwd=folder).err


def test_a_project_in_a_folder_of_a_repository(small: Path, tmp_path: Path) -> None:
    run("git", "init", "--quiet", cwd=tmp_path)
    trellis("new", "services/one", "--template", small, "--no-lock", cwd=tmp_path)
    commit(tmp_path, "Add a service")
    folder = tmp_path / "services/one"

    assert trellis("diff", cwd=folder).out.splitlines()[0] == "changed (0)"
    assert trellis("add", "sentry", "--yes", cwd=folder).code == 0
    assert "?? services/one/app/sentry/" in changes(tmp_path)


def test_diff_shows_what_the_team_changed(project: Make) -> None:
    folder = project(cache=True)
    objects = len(list((folder / ".git/objects").rglob("*")))
    (folder / "app/main.py").write_text("mine = True\n")
    (folder / "README.md").unlink()
    (folder / "own.txt").touch()
    run("git", "rm", "-r", "--quiet", "--cached", "app", cwd=folder)

    result = trellis("diff", cwd=folder)

    lines = ["changed (1):", "  app/main.py", "deleted (1):", "  README.md", "of your own (1)"]
    assert result.out.splitlines() == lines
    assert len(list((folder / ".git/objects").rglob("*"))) == objects
    below = trellis("diff", "main.py", cwd=folder / "app")
    assert below.out.splitlines()[0] == "changed (1):"


def test_a_script_of_the_template_runs_only_if_trusted(
    project: Make, small: Path, tmp_path: Path
) -> None:
    folder = project()
    template = Path(shutil.copytree(small, tmp_path / "template"))
    questions = template / "copier.yml"
    script = '[touch, "from-a-script"]'
    migration = f"\n_migrations:\n  - {{version: v1.2.0, command: {script}}}\n"
    questions.write_text(questions.read_text() + migration)
    commit(template, "Release 1.2.0")
    run("git", "tag", "v1.2.0", cwd=template)
    answers = folder / ".copier-answers.yml"
    answers.write_text(answers.read_text().replace(str(small), str(template)))
    commit(folder, "Follow the template")

    refused = trellis("update", "--yes", cwd=folder)
    assert (refused.code, "say --trust" in refused.err) == (3, True), refused.err
    assert changes(folder) == ""

    assert trellis("update", "--yes", "--trust", cwd=folder).code == 0
    assert (folder / "from-a-script").exists()
