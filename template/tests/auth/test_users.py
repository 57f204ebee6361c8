import pytest
from httpx2 import AsyncClient

from app.auth.models import User
from tests.auth.people import bearer, log_in, status_with


@pytest.mark.parametrize("path", ["/users", "/users/{id}", "/audit-events"])
async def test_administration_is_for_administrators(
    visitor: AsyncClient, ada: User, root: User, path: str
) -> None:
    path = path.format(id=ada.id)

    assert (await visitor.get(path)).status_code == 401
    for user, status in ((ada, 403), (root, 200)):
        headers = bearer(await log_in(visitor, user.email))
        assert (await visitor.get(path, headers=headers)).status_code == status


async def test_users_are_listed_in_pages(visitor: AsyncClient, ada: User, root: User) -> None:
    headers = bearer(await log_in(visitor, root.email))

    first = (await visitor.get("/users?limit=1&sort=created_at", headers=headers)).json()
    found = (await visitor.get("/users?email_contains=ROOT", headers=headers)).json()

    assert [user["email"] for user in first["items"]] == [ada.email]
    assert first["next_cursor"]
    assert [user["email"] for user in found["items"]] == [root.email]


async def test_role_is_given_and_taken(visitor: AsyncClient, ada: User, root: User) -> None:
    headers, hers = [bearer(await log_in(visitor, user.email)) for user in (root, ada)]
    path = f"/users/{ada.id}"

    given = await visitor.patch(path, json={"roles": ["admin", "user"]}, headers=headers)

    assert given.json()["roles"] == ["admin", "user"]
    assert (await visitor.get("/users", headers=hers)).status_code == 200
    await visitor.patch(path, json={"roles": []}, headers=headers)
    assert (await visitor.get("/items", headers=hers)).status_code == 403


async def test_unknown_role_is_refused(visitor: AsyncClient, ada: User, root: User) -> None:
    headers = bearer(await log_in(visitor, root.email))

    response = await visitor.patch(f"/users/{ada.id}", json={"roles": ["wizard"]}, headers=headers)

    assert response.status_code == 400
    assert response.json()["detail"].startswith("No role wizard: take admin, ")


@pytest.mark.parametrize("body", [{"email": "x@example.com"}, {"is_active": None}, {"id": "x"}])
async def test_only_what_is_named_can_be_changed(
    visitor: AsyncClient, ada: User, root: User, body: dict[str, object]
) -> None:
    headers = bearer(await log_in(visitor, root.email))

    assert (await visitor.patch(f"/users/{ada.id}", json=body, headers=headers)).status_code == 422


async def test_locked_user_stays_out_also_later(
    visitor: AsyncClient, ada: User, root: User
) -> None:
    headers, hers = bearer(await log_in(visitor, root.email)), await log_in(visitor, ada.email)
    path = f"/users/{ada.id}"

    assert (await visitor.patch(path, json={"is_active": False}, headers=headers)).is_success
    assert await status_with(visitor, hers) == 401
    await visitor.patch(path, json={"is_active": True}, headers=headers)

    assert await status_with(visitor, hers) == 401
    assert await status_with(visitor, await log_in(visitor, ada.email)) == 200


async def test_removed_user_is_gone(visitor: AsyncClient, ada: User, root: User) -> None:
    headers, hers = bearer(await log_in(visitor, root.email)), await log_in(visitor, ada.email)
    path = f"/users/{ada.id}"

    assert (await visitor.delete(path, headers=headers)).status_code == 204

    assert await status_with(visitor, hers) == 401
    assert (await visitor.get(path, headers=headers)).status_code == 404


async def test_administrators_cannot_lock_themselves_out(visitor: AsyncClient, root: User) -> None:
    headers = bearer(await log_in(visitor, root.email))
    path = f"/users/{root.id}"

    assert (await visitor.patch(path, json={"roles": []}, headers=headers)).status_code == 409
    assert (await visitor.delete(path, headers=headers)).status_code == 409


async def test_openapi_tells_what_each_route_needs(visitor: AsyncClient) -> None:
    document = (await visitor.get("/openapi.json")).json()

    schemes = document["components"]["securitySchemes"]
    assert schemes["password"]["flows"]["password"]["tokenUrl"] == "/auth/token"
    create = document["paths"]["/items"]["post"]
    assert create["security"] == [{"password": ["items:write"]}, {"cookie": []}, {"apiKey": []}]
    assert create["description"] == "Needs the permission `items:write`."
    assert {"401", "403"} <= set(create["responses"])
    assert "security" not in document["paths"]["/auth/token"]["post"]
