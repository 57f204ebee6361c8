"""What authentication adds to a request, and what a flood of log-ins does to all others."""

import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Generator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse
from itertools import repeat
from pathlib import Path
from statistics import median, quantiles
from typing import NamedTuple
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit
from urllib.request import Request, urlopen

import copier
from service import ROOT, ROUNDS, SECONDS, SETTINGS, answers, found

LOG_INS, AT_ONCE = 200, 50
PAUSE = 0.005  # seconds, between two requests of the client that looks on
PATIENCE = 60
EMAIL, PASSWORD = "ada@example.com", "correct horse battery"
FORM = urlencode({"grant_type": "password", "username": EMAIL, "password": PASSWORD}).encode()
ENVIRONMENT = {
    **os.environ,
    **SETTINGS,
    "AUTH_LINK_URL": "https://app.example.com/{page}#token={token}",
    "AUTH_REQUIRE_VERIFIED": "false",
    "AUTH_SECRETS": secrets.token_hex(24),
    "MAIL_URL": "discard://",
    "RATELIMIT_ENABLED": "false",
    "SERVER_GRACEFUL_TIMEOUT": "5",
}


class Service(NamedTuple):
    url: str
    pid: int


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        everybody, accounts = (rendered(Path(folder, auth), auth) for auth in ("none", "jwt"))
        run(accounts, ".venv/bin/app", "auth", "create-admin", EMAIL, "--password", PASSWORD)
        with serving(everybody) as bare, serving(accounts) as service:
            compare_requests(bare, service)
        with serving(accounts) as service:  # anew, for its memory
            compare_floods(service)


def rendered(project: Path, auth: str) -> Path:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    data = {"auth": auth, "python_version": version}
    copier.run_copy(str(ROOT), project, data, defaults=True, quiet=True, vcs_ref="HEAD")
    run(project, "uv", "sync", "--quiet", "--no-dev", "--python", sys.executable)
    run(project, ".venv/bin/app", "migrate")
    return project


def run(project: Path, *command: str) -> None:
    subprocess.run(command, cwd=project, env=ENVIRONMENT, check=True, stdout=subprocess.DEVNULL)


@contextmanager
def serving(project: Path) -> Generator[Service]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [".venv/bin/app", "serve", "--port", str(port)]
    process = subprocess.Popen(command, cwd=project, env=ENVIRONMENT, stdout=subprocess.DEVNULL)
    service, end = Service(f"http://127.0.0.1:{port}", process.pid), time.monotonic() + PATIENCE
    try:
        while not answers(f"{service.url}/health/live"):
            assert process.poll() is None, "the service has ended"
            assert time.monotonic() < end, "the service does not answer"
            time.sleep(0.02)
        yield service
    finally:
        process.terminate()
        process.wait()


def compare_requests(bare: Service, service: Service) -> None:
    post(f"{bare.url}/items", {"name": "Desk lamp"})
    ways = {"none": (bare, "Accept: */*")}
    ways |= {way: (service, header) for way, header in credentials(service.url).items()}
    rounds = [{way: measure(*ask) for way, ask in ways.items()} for _ in range(ROUNDS)]
    print(f"GET /items?limit=1, 32 connections, median of {ROUNDS} alternating rounds")
    for way in ways:
        rate, cpu = (median(one[way][figure] for one in rounds) for figure in (0, 1))
        ratio = median(one[way][0] / one["none"][0] for one in rounds)
        added = median(one[way][1] - one["none"][1] for one in rounds)
        print(f"  {way:8} requests/s {rate:6.0f}   ratio {ratio:.2f}", end="   ")
        print(f"CPU {cpu:5.0f} µs   added {added:+5.0f} µs")


def credentials(url: str) -> dict[str, str]:
    """Log in, make an item and a key, and return the header of each way to prove who asks."""
    with urlopen(f"{url}/auth/token", FORM, PATIENCE) as answer:
        bearer = f"Bearer {json.load(answer)['access_token']}"
    post(f"{url}/items", {"name": "Desk lamp"}, Authorization=bearer)
    wanted = {"name": "Benchmark", "scopes": ["items:read"]}
    key = json.load(post(f"{url}/api-keys", wanted, Authorization=bearer))["key"]
    person = {"email": EMAIL, "password": PASSWORD}
    cookie = post(f"{url}/auth/cookie", person, Origin=url).headers["Set-Cookie"].partition(";")[0]
    return {
        "bearer": f"Authorization: {bearer}",
        "cookie": f"Cookie: {cookie}",
        "API key": f"X-API-Key: {key}",
    }


def post(url: str, data: Mapping[str, object], **headers: str) -> HTTPResponse:
    headers["Content-Type"] = "application/json"
    request = Request(url, json.dumps(data).encode(), headers)
    answer: HTTPResponse = urlopen(request, timeout=PATIENCE)
    return answer


def measure(service: Service, header: str) -> tuple[float, float]:
    """Return the requests of a second, and the microseconds of CPU of each."""
    command = ["wrk", "-t1", "-c32", "-H", header, f"{service.url}/items?limit=1"]
    subprocess.run([*command, "-d1s"], check=True, capture_output=True)
    before = cpu_seconds(service.pid)
    timed = [*command, f"-d{SECONDS}s"]
    output = subprocess.run(timed, check=True, capture_output=True, text=True).stdout
    used = cpu_seconds(service.pid) - before
    assert "Non-2xx" not in output, output
    requests = int(found(r"(\d+) requests in", output)[0])
    return float(found(r"Requests/sec:\s+([\d.]+)", output)[0]), used / requests * 1e6


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def compare_floods(service: Service) -> None:
    memory = peak_megabytes(service.pid)
    rounds, statuses, rates = [], Counter[int](), []
    with ProcessPoolExecutor(1) as other:  # so that two clients do not wait for one another
        for _ in range(ROUNDS):
            alone = look_on(service.url, other.submit(time.sleep, SECONDS))
            begin, coming = time.monotonic(), other.submit(flood, service.url)
            rounds.append((alone, look_on(service.url, coming)))
            statuses += coming.result()
            rates.append(coming.result()[200] / (time.monotonic() - begin))
    print(f"{LOG_INS} log-ins, {AT_ONCE} at once, median of {ROUNDS} alternating rounds")
    report_waits(rounds)
    print(f"  let in {median(rates):.1f} a second; answers of all rounds {dict(statuses)}")
    print(f"  peak memory {memory:.0f} MB before, {peak_megabytes(service.pid):.0f} MB after")


def report_waits(rounds: list[tuple[list[float], list[float]]]) -> None:
    for name, cut in {"p50": 49, "p99": 98}.items():
        figures = [[quantiles(times, n=100)[cut] * 1000 for times in one] for one in rounds]
        without, beside = (median(column) for column in zip(*figures, strict=True))
        ratio = median(one[1] / one[0] for one in figures)
        print(f"  GET /health/live, {name} ms   without {without:6.2f}", end="   ")
        print(f"beside {beside:6.2f}   ratio {ratio:.1f}")


def look_on(url: str, end: Future[None] | Future[Counter[int]]) -> list[float]:
    """Ask a route that has nothing to do with it until then; return how long each answer took."""
    client = HTTPConnection(urlsplit(url).netloc, timeout=PATIENCE)
    seconds = []
    while not end.done():
        begin = time.perf_counter()
        client.request("GET", "/health/live")
        assert client.getresponse().read()
        seconds.append(time.perf_counter() - begin)
        time.sleep(PAUSE)
    client.close()
    return seconds


def flood(url: str) -> Counter[int]:
    with ThreadPoolExecutor(AT_ONCE) as threads:
        return Counter(threads.map(log_in, repeat(url, LOG_INS)))


def log_in(url: str) -> int:
    try:
        with urlopen(f"{url}/auth/token", FORM, PATIENCE) as answer:
            return int(answer.status)
    except HTTPError as error:
        return error.code


def peak_megabytes(pid: int) -> float:
    return int(found(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[0]) / 1024


if __name__ == "__main__":
    main()
