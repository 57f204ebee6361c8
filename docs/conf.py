"""The site: Sphinx with Markdown (MyST) and the theme Furo. Built by scripts/docs.py."""
# ruff: noqa: INP001  (Sphinx wants it here)

import re
from pathlib import Path

from sphinx.application import Sphinx

ROOT = Path(__file__).resolve().parent.parent
REPOSITORY = "https://github.com/fastapi-trellis/fastapi-trellis"

project = html_title = "fastapi-trellis"
extensions = ["myst_parser"]
exclude_patterns = ["generated/*.md", "generator", "proved.md"]  # included by other pages
myst_heading_anchors = 3
html_theme = "furo"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = html_show_sourcelink = html_show_copyright = False
html_theme_options = {
    "source_repository": REPOSITORY,
    "source_branch": "main",
    "source_directory": "docs/",
}


def link_to_repository(app: Sphinx, page: str, source: list[str]) -> None:
    """Links to files outside of this folder go to the repository."""
    folder = Path(app.srcdir, page).parent

    def public(match: re.Match[str]) -> str:
        target = (folder / match[1]).resolve()
        if target.is_relative_to(app.srcdir) or not target.exists():
            return match[0]
        kind = "tree" if target.is_dir() else "blob"
        return f"]({REPOSITORY}/{kind}/main/{target.relative_to(ROOT).as_posix()})"

    source[0] = re.sub(r"\]\((\.\./[^)#\s]+)\)", public, source[0])


def list_decisions(_: Sphinx, page: str, source: list[str]) -> None:
    """Their index is read elsewhere too, where a directive would be in the way."""
    if page == "decisions/README":
        source[0] += "\n```{toctree}\n:hidden:\n:glob:\n\n0*\n```\n"


def link_included(app: Sphinx, _: Path, page: str, source: list[str]) -> None:
    link_to_repository(app, page, source)


def setup(app: Sphinx) -> None:
    app.connect("source-read", link_to_repository)
    app.connect("source-read", list_decisions)
    app.connect("include-read", link_included)
