"""A rendered service that runs, asked by programs that know nothing of it."""

import json
import re
import shutil
import subprocess
import urllib.parse
import urllib.request
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route

from tests.projects import Project
from tests.rendering import Renders
from tests.service import serving
from tests.summary import Count
from tests.tools import BIN, run
from tests.variants import todays, variants

pytestmark = pytest.mark.suites

FUZZER = """
[checks.positive_data_acceptance]
# What no schema can say: a cursor that no page gave, a link that nobody was sent (400), a
# permission that one cannot pass on (403), oneself as the one to change (409), an ETag that does
# not hold (412).
expected-statuses = ["2xx", "400", "403", "404", "409", "412"]

# Nor which of all addresses that the format allows can be written in one way only (422).
[[operations]]
include-path-regex = "^/auth/(register|forgot-password|request-verify-token)$"
[operations.checks.positive_data_acceptance]
expected-statuses = ["2xx", "422"]
"""

# They would end the log-in that the other requests use.
ENDS_LOG_IN = "^/auth/(logout|revoke|sessions/|change-password)"

ROOT = "root@example.com"
PASSWORD = "correct horse battery"  # noqa: S105  (of a service that lives for a test)


@pytest.mark.parametrize(
    ("database", "auth"),
    [("sqlite", "none"), *todays([("sqlite", "fastapi-users"), ("postgres", "jwt")], 2)],
)
def test_fuzzing_finds_nothing(
    database: str, auth: str, renders: Renders, tmp_path: Path, count: Count
) -> None:
    answers = variants()[0].but(database=database, auth=auth)
    project = Project.make(renders, answers, tmp_path / "project")
    project.sync()
    config = tmp_path / "schemathesis.toml"
    config.write_text(FUZZER)

    with ExitStack() as stack:
        settings = {"RATELIMIT_ENABLED": "false"}
        if database == "postgres":
            settings["DATABASE_URL"] = stack.enter_context(project.postgres(tmp_path))
        if auth != "none":
            settings |= {"AUTH_ACCESS_MINUTES": "60", "MAIL_URL": "discard://"}
        url = stack.enter_context(serving(project, **settings))
        options = ["--checks", "all", "--max-examples", "60", "--no-color"]
        if auth != "none":
            options += ["--exclude-path-regex", ENDS_LOG_IN]
            options += ["--header", f"Authorization: Bearer {access_token(project, url, settings)}"]
        schema = f"{url}/openapi.json"
        program = (BIN / "schemathesis", "--config-file", config, "run", schema)
        output = run(*program, *options, cwd=tmp_path)

    generated, passed = re.findall(r"(\d+) generated, (\d+) passed", output)[0]
    assert generated == passed
    count("requests of a fuzzer", int(passed))


def access_token(project: Project, url: str, settings: dict[str, str]) -> str:
    make_administrator(project, **settings)
    form = {"grant_type": "password", "username": ROOT, "password": PASSWORD}
    data = urllib.parse.urlencode(form).encode()
    with urllib.request.urlopen(f"{url}/auth/token", data) as response:  # noqa: S310  (loopback)
        return str(json.load(response)["access_token"])


def make_administrator(project: Project, **settings: str) -> None:
    project.run("app", "auth", "create-admin", ROOT, "--password", PASSWORD, **settings)


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the documentation pages load from a CDN, from npm's packages instead."""
    if shutil.which("npm") is None:
        pytest.skip("this machine has no npm")
    folder = tmp_path_factory.mktemp("npm")
    for package in ("swagger-ui-dist@5", "redoc@2"):
        archive = run("npm", "pack", "--silent", package, cwd=folder).split()[-1]
        target = folder / package
        target.mkdir()
        subprocess.run(
            ["tar", "xzf", folder / archive, "-C", target, "--strip-components=1"], check=True
        )
    return folder


def test_documentation_works_under_its_policy(
    page: Page, packages: Path, renders: Renders, tmp_path: Path, count: Count
) -> None:
    """Swagger UI calls the service, ReDoc shows it, and the browser has blocked nothing of it."""
    project = Project.make(renders, variants()[0], tmp_path / "project")
    project.sync()
    blocked: list[str] = []
    page.on("console", lambda message: blocked.append(message.text))

    def answer(route: Route) -> None:
        asked = re.fullmatch(
            r"https://cdn\.jsdelivr\.net/npm/([a-z@0-9-]+)/(.*)", route.request.url
        )
        if asked is None:
            route.fulfill(status=204)  # a picture from elsewhere
        else:
            route.fulfill(path=packages / asked[1] / asked[2])

    page.route(re.compile("^https://"), answer)
    with serving(project) as url:
        make_administrator(project)
        page.goto(f"{url}/docs")
        log_in(page)
        operation = page.locator("#operations-items-list_items")
        operation.click()
        operation.locator(".try-out__btn").click()
        operation.locator(".execute").click()
        answer_row = operation.locator(".live-responses-table tbody .response-col_status")
        assert answer_row.first.inner_text().startswith("200")
        page.goto(f"{url}/redoc")
        page.wait_for_selector("text=List your items")

    assert [text for text in blocked if "Content Security Policy" in text] == []
    count("pages in a browser", 2)


def log_in(page: Page) -> None:
    """Use the button that Swagger UI offers where OAuth2 is declared."""
    page.locator(".auth-wrapper .authorize").first.click()
    dialog = page.locator(".auth-container", has=page.locator("#oauth_username"))
    dialog.locator("#oauth_username").fill(ROOT)
    dialog.locator("#oauth_password").fill(PASSWORD)
    dialog.locator(".authorize").click()
    page.locator(".auth-container >> text=Logout").first.wait_for()
    page.locator(".close-modal").click()
