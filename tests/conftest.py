"""Seal the session from the developer's own settings, and share the renders."""

import fcntl
import os
import shutil
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import zip_longest
from pathlib import Path

import pytest

from tests.everything import Packages, install
from tests.rendering import Renders, copy_checkout, publish, shortcuts
from tests.repository import TemplateRepository
from tests.tools import PYTHON_VERSION
from tests.variants import all_at_once, day, first_shard, variant

collect_ignore = ["long"]  # tests of rendered projects: tests/projects.py
pytest_plugins = ["tests.browser", "tests.images", "tests.summary", "tests.small"]

SLOW = ("suites", "installs", "updates")  # in the order in which they start
GIT = """
[user]
    name = Tester
    email = tester@example.com
[init]
    defaultBranch = main
[safe]
    directory = *
[core]
    compression = 0
    fsync = none
[gc]
    auto = 0
"""

MINUTES = "34"  # after which a run begins no more suites of those that take turns

MEMORY = Path("/dev/shm")  # noqa: S108  (a folder of its own is made in it)
ROOM = 12 * 2**30  # bytes: what a whole run writes, and as much again


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--record", action="store_true", help="Write docs/proved.md.")
    parser.addoption("--renew-snapshots", action="store_true", help="Write tests/presets/*.tree.")


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):
        return  # a worker has the environment of the process that started it
    minutes = float("inf" if all_at_once() else os.environ.get("TRELLIS_MINUTES", MINUTES))
    os.environ["TRELLIS_UNTIL"] = str(time.time() + 60 * minutes)
    os.environ.setdefault("TRELLIS_SUITES", str(day()))  # also of workers that start after midnight
    if "TMPDIR" not in os.environ and in_memory():
        memory = Path(tempfile.mkdtemp(prefix="trellis-", dir=MEMORY))
        memory.chmod(0o755)  # root's Postgres runs as somebody else
        config.add_cleanup(lambda: shutil.rmtree(memory, ignore_errors=True))
        os.environ["TMPDIR"] = str(memory)
        os.environ["UV_LINK_MODE"] = "copy"  # its downloads are on a disk
        tempfile.tempdir = None  # it is looked up again
    home = Path(tempfile.mkdtemp(prefix="trellis-home-"))
    config.add_cleanup(lambda: shutil.rmtree(home, ignore_errors=True))
    (home / "gitconfig").write_text(GIT)
    (home / "copier.yml").write_text("{}")
    # Downloads and interpreters stay where the developer has them; all else is new.
    for variable, folder in (("XDG_CACHE_HOME", ".cache"), ("XDG_DATA_HOME", ".local/share")):
        os.environ.setdefault(variable, str(Path.home() / folder))
    os.environ |= {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home),
        "COPIER_SETTINGS_PATH": str(home / "copier.yml"),
        "GIT_CONFIG_GLOBAL": str(home / "gitconfig"),
        "GIT_CONFIG_NOSYSTEM": "1",
    }


def in_memory() -> bool:
    """Whether files may be kept in memory, where making and removing one takes a twentieth.

    Asked of the folder: a container may give it little, or allow no program there.
    """
    if not MEMORY.is_dir() or not os.access(MEMORY, os.W_OK):
        return False
    found = os.statvfs(MEMORY)
    return found.f_bavail * found.f_frsize >= ROOM and not found.f_flag & os.ST_NOEXEC


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what is not slow as fast, and start the slowest first, so that workers end together."""
    if not first_shard():
        others = [item for item in items if "service" not in getattr(item, "fixturenames", ())]
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if item not in others]

    def rank(item: pytest.Item) -> int:
        if item.get_closest_marker("suites"):
            # Decision 13: with processes and clocks; the summary names what was run again.
            item.add_marker(pytest.mark.flaky(reruns=1))
        found = [place for place, mark in enumerate(SLOW) if item.get_closest_marker(mark)]
        if not found:
            item.add_marker("fast")
        return min(found, default=len(SLOW))

    items.sort(key=rank)
    spare = [item for item in items if item.get_closest_marker("spare")]
    items[:] = [*(item for item in items if item not in spare), *in_turn(spare)]


def in_turn(items: list[pytest.Item]) -> list[pytest.Item]:
    """The suites, so that every combination is proved; then one of each kind after the other."""
    suites = [item for item in items if item.get_closest_marker("suites")]
    kinds = defaultdict[str, list[pytest.Item]](list)
    for item in items:
        if item not in suites:
            kinds[item.nodeid.partition("[")[0]].append(item)
    turns = zip_longest(*kinds.values())
    return [*suites, *(item for turn in turns for item in turn if item is not None)]


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("spare") and time.time() > float(os.environ["TRELLIS_UNTIL"]):
        pytest.skip("left for another day: TRELLIS_MINUTES=60 is more time, TRELLIS_SUITES=all all")


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A folder that all workers of this session see."""
    folder = tmp_path_factory.getbasetemp()
    return folder if worker_id == "master" else folder.parent


@pytest.fixture(scope="session")
def source(shared: Path) -> Path:
    """The checkout as it was when the session began, in a folder without git."""
    path = shared / "source" / "trellis"
    publish(path, copy_checkout)
    return path


@pytest.fixture(scope="session", autouse=True)
def quick() -> Iterator[None]:
    with shortcuts():
        yield


@pytest.fixture(scope="session")
def renders(source: Path, shared: Path, worker_id: str) -> Renders:
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    number = int(worker_id.removeprefix("gw")) if workers > 1 else 0
    return Renders(source, shared / "renders", start=number / workers)


@pytest.fixture(scope="session")
def large(renders: Renders, shared: Path) -> Path:
    """The environment with the packages of all variants, which no test changes."""
    path = shared / "large"
    with only_one(shared / "large.lock"):
        if not (path / "complete").exists():
            install(path, renders.tree(variant({"python_version": PYTHON_VERSION})))
            (path / "complete").touch()
    return path


@pytest.fixture(scope="session")
def packages(large: Path) -> Packages:
    return Packages.of(large)


@contextmanager
def only_one(path: Path) -> Iterator[None]:
    """Let the other workers wait until this one is ready."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def repository(source: Path, tmp_path_factory: pytest.TempPathFactory) -> TemplateRepository:
    """The template in git, with a release: what people copy from and update to."""
    return TemplateRepository.make(source, tmp_path_factory.mktemp("repository"))


@pytest.fixture
def place(shared: Path, worker_id: str) -> Path:
    """The same folder for all suites of a worker."""
    path = shared / f"suites-{worker_id}"
    path.mkdir(exist_ok=True)
    return path


@pytest.fixture(scope="session")
def bytecode(shared: Path) -> dict[str, str]:
    """Python compiles each file for all suites once, and finds it by its path and its time."""
    return {"PYTHONPYCACHEPREFIX": str(shared / "bytecode")}
