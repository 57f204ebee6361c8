"""The Valkey of `app dev` goes with its starter."""

import os
import signal
import socket
import subprocess
import sys
import time

HOLD = """
import sys
from pathlib import Path
from app.redis.development import development_redis

with development_redis(Path()) as variables:
    print(variables["REDIS_URL"], flush=True)
    sys.stdin.read()
"""


def answers(url: str) -> bool:
    port = int(url.rpartition(":")[2].partition("/")[0])
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def start_holder() -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603  (our own program)
        [sys.executable, "-c", HOLD],
        env={**os.environ, "APP_ENVIRONMENT": "development"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def url_of(holder: subprocess.Popen[str]) -> str:
    assert holder.stdout is not None
    return holder.stdout.readline().strip()


def test_server_ends_with_its_starter_however_that_ends() -> None:
    with start_holder() as one, start_holder() as two, start_holder() as three:
        urls = [url_of(holder) for holder in (one, two, three)]
        there = [answers(url) for url in urls]
        one.send_signal(signal.SIGINT)
        two.send_signal(signal.SIGTERM)
        three.send_signal(signal.SIGKILL)

    for _ in range(100):
        if not any(map(answers, urls)):
            break
        time.sleep(0.02)
    assert there == [True] * 3
    assert [answers(url) for url in urls] == [False] * 3
