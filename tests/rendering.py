"""Render the template of this checkout: fast, and each variant once for all workers."""

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any
from unittest.mock import patch

import copier
from copier._main import Worker
from copier._template import load_template_config
from jinja2.sandbox import SandboxedEnvironment

from tests.questions import ROOT
from tests.variants import Variant


def copy_checkout(target: Path) -> None:
    """Copy the files that git knows or would add, as they are now: what a commit would hold."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    for name in filter(None, listing.stdout.split("\0")):
        if (ROOT / name).is_file():  # a deleted file stays listed until the next commit
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)


def render(source: Path, target: Path, answers: Mapping[str, Any], **settings: Any) -> None:
    """Answer and copy, as `copier copy --defaults --data ...` does; nothing is trusted."""
    copier.run_copy(str(source), target, dict(answers), defaults=True, quiet=True, **settings)


@contextmanager
def shortcuts() -> Iterator[None]:
    """Read copier.yml and compile each Jinja source once for all renders; ask no git of each file.

    Copier makes a new Jinja environment for each render, and renders each part of each path in
    it, also where there is nothing to render. `test_template.py` checks that a render with the
    shortcuts equals one without.
    """
    compiled: dict[tuple[object, ...], Any] = {}
    compile_source: Callable[..., Any] = SandboxedEnvironment.compile

    def compile_once(self: SandboxedEnvironment, source: Any, *names: Any, **options: Any) -> Any:
        key = (source, names, *sorted(options.items()), self.trim_blocks, self.lstrip_blocks)
        if key not in compiled:
            compiled[key] = compile_source(self, source, *names, **options)
        return compiled[key]

    render_string: Callable[..., str] = Worker._render_string  # noqa: SLF001

    def render_where_needed(self: Worker, string: str, *args: Any, **kwargs: Any) -> str:
        return render_string(self, string, *args, **kwargs) if "{" in string else string

    def relpath(self: Worker) -> Path:
        path = str(self.answers_file or self.template.answers_relpath)
        assert "{" not in path
        return Path(path)

    configs: dict[bytes, dict[str, Any]] = {}

    def config_of(path: Path) -> dict[str, Any]:
        text = path.read_bytes()
        if text not in configs:
            configs[text] = load_template_config(path)
        return deepcopy(configs[text])

    with (
        patch("copier._template.load_template_config", config_of),
        patch.object(SandboxedEnvironment, "compile", compile_once),
        patch.object(Worker, "_render_string", render_where_needed),
        patch.object(Worker, "answers_relpath", property(relpath)),
        patch("copier._main.Worker._sync_git_index_executable_bit"),
    ):
        yield


class Renders:
    """Rendered trees, shared by all workers of the session. Nobody writes into them."""

    def __init__(self, source: Path, folder: Path, *, start: float = 0) -> None:
        """Of several workers, each starts at another part of all: 0 is the first variant."""
        self.source = source
        self.folder = folder
        self.start = start

    def tree(self, variant: Variant) -> Path:
        path = self.folder / str(variant)
        if not path.exists():
            publish(path, lambda new: render(self.source, new, variant.data))
        return path

    def trees(self, variants: Sequence[Variant]) -> list[Path]:
        """In the given order; made from another place on, so that workers share the work."""
        first = int(self.start * len(variants))
        for variant in (*variants[first:], *variants[:first]):
            self.tree(variant)
        return [self.tree(variant) for variant in variants]


def publish(path: Path, make: Callable[[Path], None]) -> None:
    """Make a folder under another name, then give it its own: no worker sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent.parent) as private:
        new = Path(private, "new")
        new.mkdir()
        make(new)
        if not path.exists():
            try:
                new.rename(path)
            except OSError:  # another worker was faster: theirs is the same
                if not path.exists():
                    raise
