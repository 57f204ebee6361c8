import asyncio
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
from app.realtime.listeners import Ended
from app.realtime.stop import on_stop
from app.realtime.visits import EARLY, Visit

ADA = Principal("ada", session="1")


def visit_of(answer: Principal | Exception, database: Database) -> Visit:
    """Return the visit of Ada, whose log-in is now answered with something."""

    async def authenticate(_: HTTPConnection, __: Database) -> Principal:
        if isinstance(answer, Exception):
            raise answer
        return answer

    way = Authenticator("name", {"type": "http", "scheme": "bearer"}, authenticate)
    app = create_app([Feature(name="people", authenticators=[way])])
    return Visit(HTTPConnection({"type": "http", "app": app, "headers": []}), database, ADA)


async def test_changed_rights_end_a_visit(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REALTIME_CHECK_SECONDS", "0.0001")
    forget_all()
    visit = visit_of(Principal("ada", roles=frozenset({"admin"}), session="1"), database)
    # A loop's alarm may ring a little early.
    visit.next_check = asyncio.get_running_loop().time() + EARLY / 2

    with pytest.raises(Ended, match="logged out"):
        await visit.check_in_time()


async def test_nobody_is_sent_away_for_a_database_that_is(database: Database) -> None:
    visit = visit_of(Unavailable("The database does not answer."), database)
    visit.next_check = 0

    await visit.check_in_time()

    assert visit.seconds_to_check() > 0


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
