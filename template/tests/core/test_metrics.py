import os
from pathlib import Path
from typing import Any, cast

import pytest
from httpx2 import AsyncClient
from prometheus_client import values

from app.features import FEATURES
from tests.support import Start


async def test_requests_are_counted_by_route_template(client: AsyncClient) -> None:
    await client.get("/items/00000000-0000-4000-8000-000000000000")
    await client.request("BREW", "/teapot")

    response = await client.get("/metrics")

    assert response.status_code == 200
    assert 'method="GET",route="/items/{item_id}",status="404"' in response.text
    assert 'method="OTHER",route="unmatched",status="404"' in response.text
    assert "BREW" not in response.text


async def test_metrics_ask_for_their_token(start: Start) -> None:
    async with start(METRICS_TOKEN="s3cret") as client:
        without = await client.get("/metrics")
        wrong = await client.get("/metrics", headers=[(b"Authorization", "Bearer sésame".encode())])
        right = await client.get("/metrics", headers={"Authorization": "Bearer s3cret"})

    assert without.status_code == wrong.status_code == 401
    assert without.headers["www-authenticate"] == "Bearer"
    assert right.status_code == 200


@pytest.mark.parametrize("unset", [{}, {"METRICS_TOKEN": ""}])
async def test_deployed_metrics_without_a_token_are_closed(
    start: Start, unset: dict[str, str]
) -> None:
    async with start(*FEATURES, APP_ENVIRONMENT="production", **unset) as client:
        response = await client.get("/metrics")

    assert response.status_code == 404


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="only Linux tells who is gone")
async def test_what_a_killed_worker_had_open_is_not_counted(
    client: AsyncClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    count_open(os.getpid(), 2)
    count_open(99_999_999, 40)  # no system gives this number to a process

    response = await client.get("/metrics")

    assert "\nopen 2.0\n" in response.text


def count_open(process: int, count: int) -> None:
    new_value = cast("Any", values).MultiProcessValue(lambda: process)
    new_value("gauge", "open", "open", (), (), "Open.", multiprocess_mode="livesum").set(count)
