from collections.abc import Callable

from httpx2 import AsyncClient

from app.core.database.engine import Database
from app.core.identity import ADMIN, Principal
from app.tasks.declarations import KINDS
from app.tasks.models import Task
from app.tasks.outbox import Outbox
from tests.support import SOMEBODY
from tests.tasks.support import Number

LogIn = Callable[[Principal], None]


async def add(database: Database, owner_id: str = SOMEBODY.id, name: str = "double") -> Task:
    async with database.transaction() as session:
        return await Outbox(session, owner_id).add(KINDS[name], Number(value=1))


async def test_owner_reads_a_task(client: AsyncClient, database: Database) -> None:
    task = await add(database)

    answer = await client.get(f"/tasks/{task.id}")

    assert answer.status_code == 200
    body = answer.json()
    assert (body["name"], body["state"], body["attempts"]) == ("double", "waiting", 0)
    assert body["result"] is None
    assert "arguments" not in body


async def test_others_do_not_and_administrators_do(
    client: AsyncClient, database: Database, log_in: LogIn
) -> None:
    task = await add(database, "somebody-else")
    assert (await client.get(f"/tasks/{task.id}")).status_code == 404
    assert (await client.get("/tasks")).json()["items"] == []

    log_in(Principal("root", roles=frozenset({ADMIN})))

    assert (await client.get(f"/tasks/{task.id}")).status_code == 200
    assert str(task.id) in [one["id"] for one in (await client.get("/tasks")).json()["items"]]


async def test_error_is_shown_as_a_problem(client: AsyncClient, database: Database) -> None:
    task = await add(database)
    async with database.transaction() as session:
        found = await session.get_one(Task, task.id)
        found.error = {"type": "about:blank", "title": "Internal Server Error", "status": 500}

    body = (await client.get(f"/tasks/{task.id}")).json()

    assert body["error"]["status"] == 500


async def test_list_is_filtered_and_has_pages(client: AsyncClient, database: Database) -> None:
    tasks = [await add(database) for _ in range(3)]
    await add(database, name="refuse")

    query = {"name": "double", "state": "waiting", "limit": "2"}
    first = (await client.get("/tasks", params=query)).json()
    query["cursor"] = first["next_cursor"]
    second = (await client.get("/tasks", params=query)).json()

    ids = [one["id"] for one in first["items"] + second["items"]]
    assert sorted(ids) == sorted(str(task.id) for task in tasks)
    assert second["next_cursor"] is None
