"""Recordings: real commands run in an empty folder, and what they print becomes a picture."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

from docs.generator.facts import ROOT

COLUMNS = 72
PUBLIC = "gh:fastapi-trellis/fastapi-trellis"

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


def recordings() -> Iterator[tuple[str, str]]:
    """Names and pictures: a new service, and what adding tasks to it would do."""
    with tempfile.TemporaryDirectory(prefix="trellis-") as name:
        folder = Path(name).resolve()
        release(folder / "template")
        first = record(folder, folder, "new", "orders", "--preset", "api", "--yes", "--no-lock")
        yield "new", drawn("new", first)
        second = record(folder, folder / "orders", "add", "tasks", "--preview")
        yield "add", drawn("add", second)


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
    program = (sys.executable, "-m", "fastapi_trellis")
    printed = output(folder, *program, *arguments, TRELLIS_TEMPLATE=str(home / "template"))
    printed = re.sub(r"\x1b\[\?25[lh]", "", printed)
    for path, name in ((f"{home / 'template'}", PUBLIC), (f"{home}{os.sep}", "")):
        printed = printed.replace(path, name)
    return f"\x1b[1m$ fastapi-trellis {' '.join(arguments)}\x1b[0m\n{printed}"


def drawn(name: str, printed: str) -> str:
    console = Console(
        record=True, width=COLUMNS, file=StringIO(), force_terminal=True, color_system="truecolor"
    )
    console.print(Text.from_ansi(printed))
    return console.export_svg(
        title="fastapi-trellis", theme=MONOKAI, code_format=FORMAT, unique_id=name
    )


def output(folder: Path, *command: str, **variables: str) -> str:
    """What a command prints, in colours and without anything that moves."""
    identity = {
        f"GIT_{who}_{what}": value
        for who in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", "A team"), ("EMAIL", "team@example.com"))
    }
    kept = {key: value for key, value in os.environ.items() if not key.startswith("TRELLIS_")}
    looks = {"FORCE_COLOR": "1", "TTY_INTERACTIVE": "0", "COLUMNS": str(COLUMNS)}
    result = subprocess.run(
        command,
        cwd=folder,
        env={**kept, **identity, **looks, "PYTHONPATH": str(ROOT / "src"), **variables},
        check=False,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if result.returncode:
        raise RuntimeError(f"This failed: {' '.join(command)}\n{result.stdout}")
    return result.stdout
