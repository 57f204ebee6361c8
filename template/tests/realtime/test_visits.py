import signal
from types import FrameType

import pytest
from starlette.requests import HTTPConnection

from app.core.database.engine import Database
from app.core.feature import Feature
from app.core.identity import Authenticator, Principal
from app.core.problems import Unavailable
from app.core.settings import forget_all
from app.main import create_app
from app.realtime.listeners import Reason
from app.realtime.stop import on_stop
from app.realtime.visits import reason_to_end

ADA = Principal("ada", session="1")


async def reason_to_go(
    answer: Principal | Exception, database: Database, monkeypatch: pytest.MonkeyPatch
) -> Reason:
    """Return why Ada may not stay, whose log-in is now answered with something."""
    monkeypatch.setenv("REALTIME_CHECK_SECONDS", "0.01")
    monkeypatch.setenv("REALTIME_MAX_SECONDS", "0.05")
    forget_all()

    async def authenticate(_: HTTPConnection, __: Database) -> Principal:
        if isinstance(answer, Exception):
            raise answer
        return answer

    way = Authenticator("name", {"type": "http", "scheme": "bearer"}, authenticate)
    app = create_app([Feature(name="people", authenticators=[way])])
    connection = HTTPConnection({"type": "http", "app": app, "headers": []})
    return await reason_to_end(connection, database, ADA)


async def test_changed_rights_end_a_connection(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = Principal("ada", roles=frozenset({"admin"}), session="1")

    assert await reason_to_go(changed, database, monkeypatch) == "logged out"


async def test_nobody_is_sent_away_for_a_database_that_is(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = Unavailable("The database does not answer.")

    assert await reason_to_go(away, database, monkeypatch) == "expired"


async def test_stop_is_heard_before_the_server_acts_on_it() -> None:
    heard: list[str] = []

    def server(number: int, frame: FrameType | None) -> None:
        del number, frame
        heard.append("server")

    before = signal.signal(signal.SIGTERM, server)
    with on_stop(lambda: heard.append("streams")):
        signal.raise_signal(signal.SIGTERM)
    after = signal.signal(signal.SIGTERM, before)

    assert after is server
    assert heard == ["server"]
