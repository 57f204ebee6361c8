"""Recordings: real commands run in an empty folder, and what they print becomes a picture."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

from docs.generator.facts import ROOT

PROGRAM = (sys.executable, "-m", "fastapi_trellis")
IDENTITY = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "A team"), ("EMAIL", "team@example.com"))
}

COLUMNS = 72
PUBLIC = "gh:fastapi-trellis/fastapi-trellis"
ADDRESS = "https://github.com/fastapi-trellis/fastapi-trellis.git"

# As Rich has it, but with the fonts of the reader's machine and no others.
FORMAT = """<svg class="rich-terminal" viewBox="0 0 {width} {height}"
 width="{width}" height="{height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace;
 font-size: {char_height}px; line-height: {line_height}px; font-variant-east-asian: full-width; }}
.{unique_id}-title {{ font: bold 18px system-ui, sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


@contextmanager
def home() -> Iterator[Path]:
    """An empty folder, with the template beside it as if it had been released."""
    with tempfile.TemporaryDirectory(prefix="trellis-") as name:
        folder = Path(name).resolve()
        release(folder / "template")
        yield folder


def recordings(folder: Path) -> Iterator[tuple[str, str]]:
    """Names and pictures: a new service, and what adding tasks to it would do."""
    first = record(folder, folder, "new", "orders", "--preset", "api", "--yes", "--no-lock")
    yield "new", drawn("new", Text.from_ansi(first))
    second = record(folder, folder / "orders", "add", "tasks", "--preview")
    yield "add", drawn("add", Text.from_ansi(second))


def release(target: Path) -> None:
    """What is here, as if it had been released: files that git knows or would add."""
    listed = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    for name in filter(None, output(ROOT, *listed).split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
    output(target, "git", "init", "--quiet")
    output(target, "git", "add", "--all")
    output(target, "git", "commit", "--quiet", "--message", "Release")
    output(target, "git", "tag", f"v{newest()}")


def newest() -> str:
    found = re.search(r"(?m)^## (\S+)", (ROOT / "CHANGELOG.md").read_text())
    return found[1] if found else "0"


def record(home: Path, folder: Path, *arguments: str) -> str:
    """The command, and all that it prints."""
    looks = variables(home, FORCE_COLOR="1", TTY_INTERACTIVE="0", COLUMNS=str(COLUMNS))
    printed = output(folder, *PROGRAM, *arguments, environment=looks)
    printed = re.sub(r"\x1b\[\?25[lh]", "", printed)
    printed = printed.replace(f"{home}{os.sep}", "")
    return f"\x1b[1m$ fastapi-trellis {' '.join(arguments)}\x1b[0m\n{printed}"


def drawn(name: str, printed: Text) -> str:
    console = Console(
        record=True, width=COLUMNS, file=StringIO(), force_terminal=True, color_system="truecolor"
    )
    console.print(printed)
    console.print()  # the picture cuts the last line
    return console.export_svg(
        title="fastapi-trellis", theme=MONOKAI, code_format=FORMAT, unique_id=name
    )


def variables(home: Path, **others: str) -> dict[str, str]:
    """The environment of somebody who commits, and whose template is in that folder."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("TRELLIS_")}
    # For git, the folder is the public repository: what is printed is what anybody would see.
    public = {"COUNT": "1", "KEY_0": f"url.{home}/template.insteadOf", "VALUE_0": ADDRESS}
    own = {f"GIT_CONFIG_{key}": value for key, value in public.items()}
    own |= {"PYTHONPATH": str(ROOT / "src"), "TRELLIS_TEMPLATE": PUBLIC}
    return {**kept, **IDENTITY, **own, **others}


def output(folder: Path, *command: str, environment: Mapping[str, str] | None = None) -> str:
    result = subprocess.run(
        command,
        cwd=folder,
        env=environment or {**os.environ, **IDENTITY},
        check=False,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if result.returncode:
        raise RuntimeError(f"This failed: {' '.join(command)}\n{result.stdout}")
    return result.stdout
