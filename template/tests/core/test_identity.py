"""What a log-in feature relies on, with one made for the tests."""

from fastapi import APIRouter
from httpx2 import AsyncClient, Response
from limits.aio.storage import MemoryStorage
from sqlalchemy import select
from starlette.requests import HTTPConnection

from app.core.database.engine import Database
from app.core.database.session import SessionDep
from app.core.feature import Feature
from app.core.identity import (
    ADMIN,
    ANONYMOUS,
    USER,
    Authenticator,
    CurrentPrincipal,
    LoggedIn,
    Permission,
    Principal,
    Unauthenticated,
    known_permissions,
    requires,
)
from app.core.problems import AppError
from app.core.ratelimit import Limiter, RateLimit, RateLimitSettings
from app.items.models import Item
from app.main import create_app
from tests.support import Start

READ = Permission("notes:read")
ERASE = Permission("notes:erase", roles=frozenset({"editor"}))
PEOPLE = {
    "user": Principal("ada", roles=frozenset({USER}), session="one"),
    "editor": Principal("eve", roles=frozenset({"editor", USER}), session="two"),
    "admin": Principal("root", roles=frozenset({ADMIN}), session="three"),
    "key": Principal("root", roles=frozenset({ADMIN}), scopes=frozenset({"notes:read"})),
}

router = APIRouter(prefix="/notes", tags=["notes"])


@router.get("", dependencies=[requires(READ)])
async def list_notes(principal: CurrentPrincipal) -> str:
    return principal.id


@router.delete("", dependencies=[requires(ERASE)])
async def erase_notes() -> None:
    """Erase all."""


@router.get("/mine")
async def list_my_notes(principal: LoggedIn) -> str:
    return principal.id


async def authenticate(connection: HTTPConnection, _: Database) -> Principal | None:
    name = connection.headers.get("x-name")
    if name is None:
        return None
    if name not in PEOPLE:
        raise Unauthenticated("Nobody has this name.")
    return PEOPLE[name]


NAME = Authenticator(
    name="name",
    scheme={"type": "oauth2", "flows": {"password": {"tokenUrl": "/token"}}},
    authenticate=authenticate,
)
NOTES = Feature(name="notes", router=router)
LOG_IN = Feature(name="names", authenticators=[NAME])


async def ask(client: AsyncClient, name: str | None, method: str, path: str) -> Response:
    headers = {} if name is None else {"X-Name": name}
    return await client.request(method, path, headers=headers)


async def test_permission_is_asked_for(start: Start) -> None:
    expected = {
        None: [401, 401, 401],
        "nobody": [401, 401, 401],
        "user": [200, 403, 200],
        "editor": [200, 200, 200],
        "admin": [200, 200, 200],
        "key": [200, 403, 403],
    }
    requests = [("GET", "/notes"), ("DELETE", "/notes"), ("GET", "/notes/mine")]

    async with start(NOTES, LOG_IN, anonymous=True) as client:
        found = {
            name: [(await ask(client, name, *request)).status_code for request in requests]
            for name in expected
        }
        refused = await ask(client, "user", "DELETE", "/notes")

    assert found == expected
    assert refused.json()["detail"] == "This needs the permission notes:erase."


async def test_service_without_a_log_in_is_open(start: Start) -> None:
    async with start(NOTES, anonymous=True) as client:
        answer = await client.get("/notes")
        assert (await client.delete("/notes")).status_code == 200
        assert "securitySchemes" not in (await client.get("/openapi.json")).text

    assert answer.json() == ANONYMOUS.id


async def test_document_tells_what_each_route_needs(start: Start) -> None:
    async with start(NOTES, LOG_IN, anonymous=True) as client:
        document = (await client.get("/openapi.json")).json()

    erase = document["paths"]["/notes"]["delete"]
    assert erase["security"] == [{"name": ["notes:erase"]}]
    assert erase["description"] == "Erase all.\n\nNeeds the permission `notes:erase`."
    assert {"401", "403"} <= erase["responses"].keys()
    assert document["paths"]["/notes/mine"]["get"]["security"] == [{"name": []}]
    assert "security" not in document["paths"]["/health/live"]["get"]
    flow = document["components"]["securitySchemes"]["name"]["flows"]["password"]
    assert flow == {"tokenUrl": "/token", "scopes": {"notes:erase": "", "notes:read": ""}}


def test_permissions_are_found_on_the_routes() -> None:
    assert known_permissions(create_app([NOTES])) == {"notes:read": READ, "notes:erase": ERASE}


class Noted(AppError):
    keeps_changes = True


async def test_failure_can_keep_what_it_wrote_down(start: Start, migrated_database: str) -> None:
    failing = APIRouter()

    @failing.post("/fail")
    async def fail(session: SessionDep, keep: bool) -> None:
        session.add(Item(owner_id="somebody", name=f"keep {keep}"))
        raise Noted if keep else AppError

    @failing.get("/kept")
    async def list_kept(session: SessionDep) -> list[str]:
        return list(await session.scalars(select(Item.name)))

    feature = Feature(name="failing", router=failing)
    async with start(feature, DATABASE_URL=migrated_database) as client:
        for keep in (True, False):
            answer = await client.post("/fail", params={"keep": keep})
            assert answer.status_code == 400
        kept = (await client.get("/kept")).json()

    assert kept == ["keep True"]


async def test_count_of_a_limit_can_begin_again() -> None:
    limiter = Limiter(MemoryStorage(), RateLimitSettings.load())
    once = RateLimit("once", "1/hour")

    await once.count(limiter, "ada")
    await limiter.forget(once.limit, once.name, "ada")

    assert await once.count(limiter, "ada")
