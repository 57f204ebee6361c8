"""A feature for a rendered project, whose tasks are hard on whoever runs them."""

import json
import os
import signal
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.projects import Project
from tests.service import free_port, wait_until_ready
from tests.tools import environment

FEATURE = r"""
import asyncio
import os
from pathlib import Path

from fastapi import APIRouter
from pydantic import BaseModel

from app.core.feature import Feature
from app.tasks.declarations import TaskContext, task
from app.tasks.service import Tasks

DIARY = Path(os.environ["TRIAL_DIARY"])


class Trial(BaseModel):
    number: int
    seconds: float = 0
    poison: bool = False


def note(word: str, number: int) -> None:
    with DIARY.open("a") as diary:
        diary.write(f"{word} {number}\n")


@task("trial", max_attempts=3)
async def trial(context: TaskContext, arguments: Trial) -> Trial:
    note("begun", arguments.number)
    if arguments.poison:
        raise RuntimeError("poison")
    await asyncio.sleep(arguments.seconds)
    note("done", arguments.number)
    return arguments


router = APIRouter()


@router.post("/trials", status_code=202)
async def create_trials(tasks: Tasks, trials: list[Trial]) -> int:
    for one in trials:
        await tasks.enqueue(trial, one)
    return len(trials)


feature = Feature(name="trial", router=router)
"""


def add_trial(project: Project) -> None:
    folder = project.path / "app" / "trial"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "feature.py").write_text(FEATURE.replace("\\\\", "\\"))
    features = project.path / "app" / "features.py"
    text = features.read_text()
    assert "# Yours." in text
    features.write_text(text.replace("# Yours.", '"app.trial",'))


@dataclass
class Site:
    """The service and a worker of a project, which come and go."""

    project: Project
    settings: dict[str, str]
    port: int = field(default_factory=free_port)

    @property
    def diary(self) -> Path:
        return self.project.path / "diary"

    @contextmanager
    def process(self, *arguments: str, **settings: str) -> Iterator[subprocess.Popen[bytes]]:
        """Run a command of the project until the end; kill it if it does not end itself."""
        variables = {**self.settings, "TRIAL_DIARY": str(self.diary), **settings}
        log = self.project.path / f"{arguments[0]}.log"
        with log.open("ab") as output:
            process = subprocess.Popen(
                [self.project.bin / "app", *arguments],
                cwd=self.project.path,
                env=environment(**variables),
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # so that its children can be killed with it
            )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                kill(process)
                raise

    @contextmanager
    def service(self, **settings: str) -> Iterator[subprocess.Popen[bytes]]:
        with self.process("serve", "--port", str(self.port), **settings) as process:
            wait_until_ready(self.url(""), process, self.project.path / "serve.log")
            yield process

    @contextmanager
    def worker(self) -> Iterator[subprocess.Popen[bytes]]:
        with self.process("tasks", "worker", "--concurrency", "2") as process:
            yield process

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def enqueue(self, *trials: dict[str, Any]) -> None:
        request = urllib.request.Request(  # noqa: S310  (loopback)
            self.url("/trials"),
            json.dumps(trials).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request) as answer:  # noqa: S310  (loopback)
            assert answer.status == 202

    def count(self, state: str) -> int:
        """Ask the service how many trials are in a state."""
        number, cursor = 0, ""
        while True:
            path = f"/tasks?name=trial&state={state}&limit=100{cursor}"
            with urllib.request.urlopen(self.url(path)) as answer:  # noqa: S310  (loopback)
                page = json.load(answer)
            number += len(page["items"])
            if page["next_cursor"] is None:
                return number
            cursor = f"&cursor={page['next_cursor']}"

    def noted(self, word: str) -> list[int]:
        lines = self.diary.read_text().splitlines() if self.diary.exists() else []
        return [int(line.split()[1]) for line in lines if line.startswith(f"{word} ")]

    def logs(self) -> str:
        return "\n".join(log.read_text()[-4000:] for log in self.project.path.glob("*.log"))


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and its children, as when the machine is switched off."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(10)


def wait_for(condition: Callable[[], bool], site: Site, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, site.logs()
        time.sleep(0.1)
