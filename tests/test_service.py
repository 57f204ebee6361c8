"""A rendered service that runs, asked by programs that know nothing of it."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, sync_playwright

from tests.conftest import Count
from tests.projects import Project
from tests.rendering import Renders
from tests.service import serving
from tests.tools import BIN, run
from tests.variants import variants

pytestmark = pytest.mark.suites

FUZZER = """
[checks.positive_data_acceptance]
# 400: a cursor that no page gave; 412: an ETag that does not hold. No schema can say either.
expected-statuses = ["2xx", "400", "404", "412"]
"""

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
QUIET = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_fuzzing_finds_nothing(
    database: str, renders: Renders, tmp_path: Path, count: Count
) -> None:
    project = Project.make(renders, variants()[0].but(database=database), tmp_path / "project")
    project.sync()
    config = tmp_path / "schemathesis.toml"
    config.write_text(FUZZER)

    with ExitStack() as stack:
        settings = {"RATELIMIT_ENABLED": "false"}
        if database == "postgres":
            settings["DATABASE_URL"] = stack.enter_context(project.postgres(tmp_path))
        url = stack.enter_context(serving(project, **settings))
        options = ("--checks", "all", "--max-examples", "60", "--no-color")
        schema = f"{url}/openapi.json"
        output = run(
            *(BIN / "schemathesis", "--config-file", config, "run", schema, *options), cwd=tmp_path
        )

    generated, passed = re.findall(r"(\d+) generated, (\d+) passed", output)[0]
    assert generated == passed
    count("requests of a fuzzer", int(passed))


@pytest.fixture
def page() -> Iterator[Page]:
    """A page of a real browser, which the machine must have; .ci/run sees to that."""
    if CHROMIUM is None:
        pytest.skip("this machine has no Chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET.split())
        yield browser.new_page()
        browser.close()


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
        page.goto(f"{url}/docs")
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
