"""Commands that documents show to users are there, and some test runs them."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from fastapi_trellis.cli import app
from tests.kubernetes import ROUTES
from tests.questions import ROOT

FOR_USERS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]

# What people are shown, and the test that does it: the longest beginning of a line counts.
RUN_BY = {
    "fastapi-trellis new": ("test_cli_new.py", "test_new_renders_commits_and_says_what_is_next"),
    "fastapi-trellis new orders --preset": ("test_cli_new.py", "test_preset_renders"),
    "fastapi-trellis options": ("test_cli_options.py", "test_options_are_for_people_too"),
    "fastapi-trellis options --json": ("test_cli_options.py", "test_options_have_every_question"),
    "fastapi-trellis add": ("test_cli_change.py", "test_add_shows_then_does"),
    "fastapi-trellis remove": ("test_cli_change.py", "test_remove_names_the_edits"),
    "fastapi-trellis set": ("test_cli_change.py", "test_set_and_nothing_to_do"),
    "fastapi-trellis update": ("test_cli_change.py", "test_update_tells_what_is_new_and_does_it"),
    "fastapi-trellis doctor": ("test_cli_doctor.py", "test_a_healthy_project_has_no_finding"),
    "copier copy": ("test_updates.py", "test_plain_commands_need_no_trust"),
    "copier update": ("test_updates.py", "test_plain_commands_need_no_trust"),
    "copier update --skip-answered --vcs-ref": ("test_updates.py", "test_toggle_equals_a_fresh"),
    "uv tool install git+": ("test_cli_wheel.py", "test_program_is_installed_from_its_repository"),
    "uv run app dev": ("test_scripts.py", "test_start_renders_and_serves"),
    "uv run app revision": ("test_tables.py", 'self.app("revision"'),
    "uv run just": ("test_commands.py", "test_ci_and_hooks_pass"),
    "uv sync": ("test_commands.py", "test_ci_and_hooks_pass"),
    ".venv/bin/app migrate": ("service.py", '"app", "migrate"'),
    ".venv/bin/app serve": ("service.py", '"serve"'),
    "sh deploy/secrets.sh": ("test_containers.py", '"sh", "deploy/secrets.sh"'),
    "docker compose -f compose.production.yml up": ("stack.py", '"up"'),
    "docker build": ("images.py", '"build", "--tag"'),
    "curl http://localhost/health/ready": ("test_containers.py", "/health/ready"),
    "python3 scripts/start.py": ("test_scripts.py", "test_start_renders_and_serves"),
    "python3 scripts/test.py": ("test_scripts.py", "test_proof_installs_itself"),
    "python3 scripts/docs.py": ("test_site.py", "test_site_is_built_from_nothing"),
}

# What no test here can do, and why.
ELSEWHERE = {
    "docker push": "there is no registry",
    "kubectl": "there is no cluster; what it is given is read by test_kubernetes.py",
}
SHELL = ("cd ", "git diff")


def commands(text: str) -> Iterator[str]:
    """The lines of its console blocks, without comments."""
    for block in re.findall(r"(?ms)^```console\n(.*?)^```", text):
        for line in block.splitlines():
            yield re.sub(r"\s+#.*", "", line)


@pytest.mark.parametrize("document", FOR_USERS, ids=lambda path: path.name)
def test_commands_that_are_shown_are_run(document: Path) -> None:
    for line in commands(document.read_text()):
        if line.startswith((*SHELL, *ELSEWHERE)) or not line:
            continue
        begins = [one for one in RUN_BY if line.startswith(one)]
        assert begins, f"{document.name} shows what nobody runs: {line}"
        file, words = RUN_BY[max(begins, key=len)]
        assert words in (ROOT / "tests" / file).read_text()


@pytest.mark.parametrize("document", FOR_USERS, ids=lambda path: path.name)
def test_commands_that_are_shown_are_understood(document: Path) -> None:
    """Their options are there; `new` adds its own to those that Typer knows."""
    known = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    for line in commands(document.read_text()):
        if line.startswith("fastapi-trellis "):
            name, *arguments = line.split()[1:]
            with known[name].make_context(name, arguments, resilient_parsing=True):
                pass


def test_probes_that_are_shown_are_there() -> None:
    text = (ROOT / "docs/deploy.md").read_text()

    assert set(re.findall(r"`(/health/\w+)`", text)) == ROUTES
