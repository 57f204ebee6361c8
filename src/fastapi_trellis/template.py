"""The template: where it is, its releases, and its files as one release has them."""

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from packaging.version import InvalidVersion, Version

from fastapi_trellis.definition import Definition
from fastapi_trellis.errors import Stop, Unreachable
from fastapi_trellis.git import GitError, git
from fastapi_trellis.screen import progress
from fastapi_trellis.sheet import Sheet

TEMPLATE_URL = "https://github.com/fastapi-trellis/fastapi-trellis.git"

SHORT = {"gh:": "https://github.com/", "gl:": "https://gitlab.com/"}  # as Copier has them


@dataclass(frozen=True)
class Template:
    """A release of the template. `url` is what Copier is told, `clone` what is read here."""

    url: str
    clone: Path
    ref: str

    def read(self, path: str) -> str | None:
        """The text of a file, None where there is none."""
        folder = Path(self.url).expanduser()
        if self.ref == "HEAD" and (folder / ".git").exists():
            # As Copier does: a checkout is rendered with what is not committed.
            return (folder / path).read_text("utf-8") if (folder / path).is_file() else None
        try:
            return git("show", f"{self.ref}:{path}", cwd=self.clone)
        except GitError:
            return None

    @cached_property
    def definition(self) -> Definition:
        text = self.read("copier.yml")
        if text is None:
            raise Stop(f"{self.url} has no copier.yml at {self.ref}: it is no template.")
        return Definition.parse(text)

    @cached_property
    def sheet(self) -> Sheet:
        return Sheet(self.definition)

    @cached_property
    def commit(self) -> str:
        return self.commit_of(self.ref)

    def commit_of(self, ref: str) -> str:
        try:
            return git(
                "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}", cwd=self.clone
            ).strip()
        except GitError:
            raise Stop(f"{self.url} has nothing called {ref}.") from None

    def has(self, older: str, newer: str) -> bool:
        """Whether all of an older commit is in a newer one."""
        try:
            git("merge-base", "--is-ancestor", older, newer, cwd=self.clone)
        except GitError:
            return False
        return True

    @property
    def name(self) -> str:
        """What people call this release."""
        return self.ref if self.ref in self.releases else self.commit[:10]

    def at(self, ref: str) -> "Template":
        return replace(self, ref=ref)

    @cached_property
    def releases(self) -> list[str]:
        """The tags that are versions, the oldest first; no pre-releases, as Copier counts."""
        tags = git("tag", "--list", cwd=self.clone).split()
        versions = {tag: number for tag in tags if (number := version(tag))}
        final = [tag for tag, number in versions.items() if not number.is_prerelease]
        return sorted(final, key=lambda tag: versions[tag])

    def news(self, since: str) -> list[str]:
        """The sections of the changelog above those that an older release has."""
        old = set(sections(self.at(since).read("CHANGELOG.md") or ""))
        return [one for one in sections(self.read("CHANGELOG.md") or "") if one not in old]


@contextmanager
def open_template(url: str | None = None, ref: str | None = None) -> Iterator[Template]:
    """Clone the template, without its files, for as long as a command runs.

    Without a reference it is the newest release, as with Copier; in a checkout, what is there.

    Raises:
        Unreachable: it cannot be cloned.
    """
    checkout = own_checkout()
    chosen = absolute(url or os.environ.get("TRELLIS_TEMPLATE") or checkout or TEMPLATE_URL)
    with tempfile.TemporaryDirectory(prefix="trellis-", ignore_cleanup_errors=True) as folder:
        clone = Path(folder, "template.git")
        with progress(f"Reading the template {chosen}"):
            clone_bare(chosen, clone)
        template = Template(chosen, clone, ref or "HEAD")
        if ref is None and chosen != checkout:
            template = template.at((template.releases or ["HEAD"])[-1])
        _ = template.commit  # a name that is not there is refused here
        yield template


def clone_bare(url: str, target: Path) -> None:
    source = url.removeprefix("git+")
    for short, long in SHORT.items():
        if source.startswith(short):
            source = f"{long}{source.removeprefix(short).strip('/').removesuffix('.git')}.git"
    local = Path(source).expanduser()
    if local.is_dir() and not any((local / name).exists() for name in (".git", "HEAD")):
        raise Stop(f"{url} is not in git: what is rendered from it could never be updated.")
    lean = [] if local.exists() else ["--filter=blob:none"]
    place = local if local.exists() else source
    try:
        git("clone", "--quiet", "--bare", *lean, "--", place, target, cwd=Path.cwd())
    except GitError as error:
        raise Unreachable(f"The template {url} cannot be reached: {error}") from None


def absolute(url: str) -> str:
    """A local template is recorded where it is, so that updates find it from everywhere."""
    local = Path(url).expanduser()
    return str(local.resolve()) if local.exists() else url


def own_checkout() -> str | None:
    """The checkout of the template that this program runs in, where it is not installed."""
    root = Path(__file__).resolve().parents[2]
    there = (root / "copier.yml").is_file() and (root / ".git").exists()
    return str(root) if there else None


def version(tag: str) -> Version | None:
    try:
        return Version(tag)
    except InvalidVersion:
        return None


def sections(changelog: str) -> list[str]:
    return [part.strip() for part in re.split(r"(?m)^(?=## )", changelog) if part.startswith("## ")]
