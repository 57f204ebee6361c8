import asyncio

import pytest
from typer.testing import CliRunner, Result

from app.cli import cli
from app.core.settings import forget_all
from app.realtime.messages import Message
from app.realtime.resources import open_hub


async def run(*arguments: str) -> Result:
    # The command starts an event loop of its own.
    return await asyncio.to_thread(CliRunner().invoke, cli, ["realtime", "publish", *arguments])


async def test_command_reaches_who_listens_elsewhere(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URL", redis_url)
    forget_all()
    async with open_hub() as hub, asyncio.timeout(10):
        with hub.listen(["items:ada"]) as listener:
            result = await run("items", "item.seen", '{"number": 1}', "--owner", "ada")
            [message] = await listener.next()

    assert result.exit_code == 0
    assert isinstance(message, Message)
    assert (message.name, message.data) == ("item.seen", '{"number":1}')


async def test_command_says_what_it_needs() -> None:
    assert "Set REDIS_URL" in str((await run("items", "item.seen")).exception)
    assert "not JSON" in str((await run("items", "item.seen", "{")).exception)
