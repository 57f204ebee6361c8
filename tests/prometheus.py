"""The real Prometheus, with the files of a rendered project, on ports of this machine."""

import json
import shutil
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.service import free_port

PROMETHEUS = shutil.which("prometheus")
PROMTOOL = shutil.which("promtool")
PATIENCE = 120  # seconds: with all else that is proved at the same time
MISSING = "this machine has no Prometheus: alerts and dashboards are not proved"


@dataclass(frozen=True)
class Prometheus:
    url: str
    log: Path

    def get(self, path: str, **parameters: str) -> Any:
        url = f"{self.url}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        with urllib.request.urlopen(url) as answer:  # noqa: S310  (loopback)
            return json.load(answer)["data"]

    def values(self, expression: str) -> list[float]:
        """What an expression yields now, without what is no number."""
        found = [float(one["value"][1]) for one in self.get("query", query=expression)["result"]]
        return [value for value in found if value == value]  # noqa: PLR0124  (NaN is not itself)

    def wait_for(self, condition: Callable[[], object], what: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, f"{what}\n{self.log.read_text()[-4000:]}"
            time.sleep(0.2)


@contextmanager
def scraping(folder: Path, rendered: Path, changes: Mapping[str, str]) -> Iterator[Prometheus]:
    """Run with `deploy/prometheus` of a tree, in which texts are replaced by those of here."""
    shutil.copytree(rendered, folder)
    config = folder / "prometheus.yml"
    text = config.read_text()
    for old, new in changes.items():
        assert old in text, old
        text = text.replace(old, new)
    config.write_text(text)

    port, log = free_port(), folder / "prometheus.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [
                PROMETHEUS or "prometheus",
                f"--config.file={config}",
                f"--storage.tsdb.path={folder / 'data'}",
                f"--web.listen-address=127.0.0.1:{port}",
            ],
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    prometheus = Prometheus(f"http://127.0.0.1:{port}", log)
    try:
        prometheus.wait_for(lambda: answers(prometheus, process), "it does not start")
        yield prometheus
    finally:
        process.terminate()
        process.wait(30)


def answers(prometheus: Prometheus, process: subprocess.Popen[bytes]) -> bool:
    assert process.poll() is None, prometheus.log.read_text()
    try:
        prometheus.get("status/buildinfo")
    except urllib.error.URLError:
        return False
    return True
