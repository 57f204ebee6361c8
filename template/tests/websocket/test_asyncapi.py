import json
from typing import Any

from httpx2 import AsyncClient
from typer.testing import CliRunner

from app.cli import cli
from app.websocket.feature import feature
from tests.realtime.people import NOTES, REALTIME
from tests.support import Start


async def test_document_describes_every_message(start: Start) -> None:
    async with start(REALTIME, feature, NOTES) as client:
        document = (await client.get("/asyncapi.json")).json()

    channel = document["channels"]["socket"]
    assert channel["address"] == "/ws"
    assert channel["description"] == "Topics: news, notes."
    assert channel["messages"].keys() == {
        *("Authenticate", "Subscribe", "Unsubscribe", "Ping"),
        *("Ready", "Subscribed", "Unsubscribed", "Told", "ResetTopic", "Failed", "Pong"),
    }
    for reference in channel["messages"].values():
        message = follow(document, reference["$ref"])
        assert follow(document, message["payload"]["$ref"])["type"] == "object"


def follow(document: dict[str, Any], reference: str) -> dict[str, Any]:
    for part in reference.removeprefix("#/").split("/"):
        document = document[part]
    return document


async def test_document_is_not_served_where_docs_are_not(start: Start) -> None:
    async with start(REALTIME, feature, APP_DOCS="false") as client:
        assert (await client.get("/asyncapi.json")).status_code == 404


async def test_command_exports_it(client: AsyncClient) -> None:
    result = CliRunner().invoke(cli, ["websocket", "asyncapi"])

    assert json.loads(result.output) == (await client.get("/asyncapi.json")).json()
