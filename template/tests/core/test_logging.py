import json
import logging

import pytest
import structlog
from fastapi import APIRouter, BackgroundTasks

from app.core.feature import Feature
from app.core.logging import mask_secrets
from tests.support import Start


@pytest.mark.parametrize(
    ("event", "masked"),
    [
        ({"password": "hunter2"}, {"password": "***"}),
        ({"Authorization": "Bearer abc"}, {"Authorization": "***"}),
        (
            {"headers": {"x-api-key": "k", "host": "h"}},
            {"headers": {"x-api-key": "***", "host": "h"}},
        ),
        ({"urls": ["redis://u:p@h/0"]}, {"urls": ["redis://***@h/0"]}),
        ({"event": "sent Bearer eyJ.a-b_c to x"}, {"event": "sent Bearer *** to x"}),
        (
            {"error": "null value\nDETAIL:  Failing row contains (a\nb, hunter2).\n[SQL: INSERT]"},
            {"error": "null value\nDETAIL:  ***\n[SQL: INSERT]"},
        ),
        (
            {"error": "invalid input for query argument $2: 'hunter2' (expected int)"},
            {"error": "invalid input for query argument ***"},
        ),
        ({"count": 3, "author": "ann"}, {"count": 3, "author": "ann"}),
    ],
)
def test_secrets_are_masked(event: dict[str, object], masked: dict[str, object]) -> None:
    assert mask_secrets(None, "", event) == masked


async def test_request_id_reaches_background_work_and_libraries(
    start: Start, capsys: pytest.CaptureFixture[str]
) -> None:
    router = APIRouter()

    def work() -> None:
        structlog.get_logger().info("worked")
        logging.getLogger("library").warning("warned of postgres://u:hunter2@h")

    @router.post("/work")
    async def do_work(background: BackgroundTasks) -> None:
        background.add_task(work)

    async with start(Feature(name="work", router=router), LOG_FORMAT="json") as client:
        await client.post("/work", headers={"X-Request-ID": "request-9"})

    lines = [line for line in capsys.readouterr().out.splitlines() if "request-9" in line]
    assert {
        word for word in ("worked", "warned", '"request"') for line in lines if word in line
    } == {
        "worked",
        "warned",
        '"request"',
    }
    assert not any("hunter2" in line for line in lines)


async def test_level_is_obeyed(start: Start, capsys: pytest.CaptureFixture[str]) -> None:
    async with start(LOG_LEVEL="ERROR"):
        structlog.get_logger().warning("quiet")
        structlog.get_logger().error("loud")

    output = capsys.readouterr().out
    assert "loud" in output
    assert "quiet" not in output


async def test_what_json_cannot_hold_is_logged_all_the_same(
    start: Start, capsys: pytest.CaptureFixture[str]
) -> None:
    async with start(LOG_FORMAT="json"):
        structlog.get_logger().info("odd", number=10**20, text="\ud800")

    line = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (line["number"], line["text"]) == (10**20, "\ud800")
