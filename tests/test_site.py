"""The site is whole, and can be read without a network and on a phone."""

import re
import shutil
import sys
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Literal

import pytest
import typer
from playwright.sync_api import Page

from docs.generator.facts import facts
from fastapi_trellis.cli import app
from tests.conftest import only_one
from tests.manifest import TEMPLATE, manifest
from tests.questions import ROOT, options, questions
from tests.repository import TemplateRepository, changes
from tests.tools import PYTHON_VERSION, attempt, run

PUBLIC = "https://github.com/fastapi-trellis/fastapi-trellis"
ADDRESS = re.compile(r"(?:https?:)?//")
PHONE = 375  # pixels

# What scrolls sideways or is cut off, but for what is meant to scroll by itself.
TOO_WIDE = """[...document.querySelectorAll("html, body, .page, .page *")]
    .filter(one => one.clientWidth && one.scrollWidth > one.clientWidth + 1)
    .filter(one => getComputedStyle(one).overflowX != "visible")
    .filter(one => !one.closest(
        ".table-wrapper, .highlight, .terminal, .visually-hidden, .toc-drawer, .sidebar-drawer"))
    .map(one => `${one.tagName} ${one.className}`)"""
NO_PICTURE = "[...document.images].filter(one => !one.naturalWidth).map(one => one.src)"

# Not that of this session, whose environment has no pip.
PYTHON = Path(sys.base_prefix, "bin", f"python{PYTHON_VERSION}")

# What a browser loads by itself; an `a` is only followed by people.
LOADED = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src"}


@dataclass
class Site:
    folder: Path
    said: str

    def pages(self) -> list[Path]:
        return sorted(self.folder.rglob("*.html"))

    def page(self, name: str) -> "Parsed":
        return parsed(self.folder / f"{name}.html")


@pytest.fixture(scope="session")
def site(shared: Path) -> Site:
    """The build is strict: where it warns, this fails and shows the warning."""
    folder, log = shared / "site" / "pages", shared / "site.log"
    with only_one(shared / "site.lock"):
        if not log.exists():
            paths = f"{ROOT}:{ROOT / 'src'}"
            command = (sys.executable, "-m", "docs.generator", folder)
            result = attempt(*command, cwd=ROOT, env={"PYTHONPATH": paths})
            log.write_text(f"{result.stdout}{result.stderr}\nexit code {result.returncode}\n")
    return Site(folder, log.read_text())


@dataclass
class Parsed(HTMLParser):
    """The links, the names that can be linked to, and the words of a page."""

    links: list[str] = field(default_factory=list)
    loaded: list[str] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    codes: set[str] = field(default_factory=set)
    words: str = ""

    def __post_init__(self) -> None:
        super().__init__()
        self.code: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.names.add(given.get("id", ""))
        if tag == "code":
            self.code = ""
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag in LOADED and LOADED[tag] in given:
            self.loaded.append(given[LOADED[tag]])

    def handle_endtag(self, tag: str) -> None:
        if tag == "code" and self.code is not None:
            self.codes.add(self.code)
            self.code = None

    def handle_data(self, data: str) -> None:
        self.words += data
        if self.code is not None:
            self.code += data


@cache
def parsed(path: Path) -> Parsed:
    page = Parsed()
    page.feed(path.read_text())
    return page


def test_build_has_no_warning(site: Site) -> None:
    assert "WARNING" not in site.said
    assert site.said.endswith("exit code 0\n"), site.said


@pytest.mark.installs
def test_site_is_built_from_nothing(repository: TemplateRepository, tmp_path: Path) -> None:
    """By the one command, where nothing is installed."""
    checkout = Path(shutil.copytree(repository.path, tmp_path / "checkout"))

    run(PYTHON, "scripts/docs.py", cwd=checkout)

    assert (checkout / "build/pages/index.html").is_file()
    assert changes(checkout) == ""


def test_links_lead_somewhere(site: Site) -> None:
    broken = []
    for path in site.pages():
        for link in parsed(path).links:
            place, _, name = link.partition("#")
            if match := re.match(rf"{PUBLIC}/(?:blob|tree|edit|raw)/main/([^?]+)", place):
                whole = (ROOT / match[1]).exists()
            elif ADDRESS.match(link) or link.startswith("mailto:"):
                continue
            else:
                target = (path.parent / place).resolve() if place else path
                whole = target.is_file() and (not name or name in parsed(target).names)
            broken += [] if whole else [f"{path.relative_to(site.folder)}: {link}"]

    assert broken == []


def test_nothing_is_loaded_from_elsewhere(site: Site) -> None:
    for path in site.pages():
        assert [one for one in parsed(path).loaded if ADDRESS.match(one)] == [], path
    for path in site.folder.rglob("*"):
        if path.suffix in {".css", ".svg"}:
            found = re.findall(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//", path.read_text())
            assert found == [], path


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_fit_a_phone_and_ask_for_nothing(
    site: Site, page: Page, scheme: Literal["light", "dark"]
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.set_viewport_size({"width": PHONE, "height": 740})
    page.emulate_media(color_scheme=scheme)
    # The schemes differ in colours, and decisions in words: one of them will do.
    pages = [*site.folder.glob("*.html"), *site.folder.glob("decisions/0001*.html")]
    for path in pages if scheme == "light" else [site.folder / "options.html"]:
        page.goto(path.as_uri())
        assert (path.name, page.evaluate(TOO_WIDE)) == (path.name, [])
        assert (path.name, page.evaluate(NO_PICTURE)) == (path.name, [])

    assert [url for url in asked if not url.startswith("file:")] == []
    page.evaluate("document.querySelector('article').style.width = '600px'")
    assert page.evaluate(TOO_WIDE) != [], "what is too wide is not seen"


def test_search_needs_no_server(site: Site, page: Page) -> None:
    page.goto(f"{(site.folder / 'search.html').as_uri()}?q=celery")

    page.get_by_text(re.compile("found [1-9]")).wait_for()


def test_every_question_and_answer_has_its_entry(site: Site) -> None:
    page = site.page("options")

    for name, question in questions().items():
        assert {f"option-{name}".replace("_", "-"), f"option-{name}"} & page.names, name
        assert " ".join(question["help"].split()) in " ".join(page.words.split())
    for name, values in options().items():
        for value in values:
            shown = str(value).lower() if isinstance(value, bool) else value
            assert shown in page.codes, (name, value)


def test_every_setting_has_its_entry(site: Site) -> None:
    example = (TEMPLATE / ".env.example.jinja").read_text()
    shown = {code.partition("=")[0] for code in site.page("settings").codes}

    assert set(re.findall(r"(?m)^# ([A-Z][A-Z0-9_]+)=", example)) - shown == set()


def test_every_part_page_preset_and_command_has_its_entry(site: Site) -> None:
    features, comparison = site.page("features"), site.page("comparison")
    for part in manifest():
        assert (f"part-{part}.svg" in " ".join(features.loaded)) == bool(facts().owned([part]))
    for path in (TEMPLATE / "docs/features").iterdir():
        assert f"docs/features/{path.name}" in features.codes
    for preset in (ROOT / "presets").glob("*.yml"):
        assert preset.stem in comparison.codes
    for command in typer.main.get_command(app).commands:  # type: ignore[attr-defined]
        assert command in site.page("command-line").codes
