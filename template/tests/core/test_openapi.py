import base64
import hashlib
import re
from collections import Counter

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from httpx2 import AsyncClient

from app.core.identity import needs_log_in
from tests.support import Start

METHODS = {"get", "put", "post", "patch", "delete"}


def test_operation_ids_are_unique_names(app: FastAPI) -> None:
    operations = [
        operation
        for path in app.openapi()["paths"].values()
        for method, operation in path.items()
        if method in METHODS
    ]
    ids = Counter(operation["operationId"] for operation in operations)

    assert max(ids.values()) == 1
    assert [name for name in ids if not re.fullmatch(r"[a-z]+(_[a-z0-9]+)+", name)] == []
    assert all(operation["tags"] for operation in operations)


# What is somebody's, and so is for nobody without a log-in.
CLOSED = re.compile(r"/(api-keys|audit-events|item-reports|items|tasks|users)(/me|/{[\w:]+})?")


def test_what_is_somebodys_asks_who_it_is(app: FastAPI) -> None:
    routes = [
        route for route in iter_route_contexts(app.routes) if CLOSED.fullmatch(str(route.path))
    ]

    assert routes
    assert [route.path for route in routes if not needs_log_in(route)] == []


def test_every_error_is_declared_as_a_problem(app: FastAPI) -> None:
    document = app.openapi()
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}

    for path in document["paths"].values():
        for operation in path.values():
            for status, response in operation["responses"].items():
                if status >= "400":
                    assert response["content"] == problem
    assert document["openapi"].startswith("3.1")
    assert "HTTPValidationError" not in document["components"]["schemas"]
    read = document["paths"]["/items/{item_id}"]["get"]["responses"]
    assert set(read) >= {"200", "404", "422", "default"}


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
async def test_docs_run_only_their_own_script(client: AsyncClient, path: str) -> None:
    response = await client.get(path)

    assert response.status_code == 200
    policy = response.headers["content-security-policy"]
    assert response.headers.get_list("content-security-policy") == [policy]
    for script in re.findall(r"<script>(.*?)</script>", response.text, re.DOTALL):
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    for source in re.findall(r'src="(https?://[^/"]+)', response.text):
        assert source in policy
    script_policy = re.search(r"script-src ([^;]*)", policy)
    assert script_policy is not None
    assert "unsafe" not in script_policy[1]


async def test_docs_are_closed_in_production(start: Start) -> None:
    async with start(APP_ENVIRONMENT="production") as client:
        closed = [(await client.get(path)).status_code for path in ("/docs", "/openapi.json")]
    async with start(APP_ENVIRONMENT="production", APP_DOCS="true") as client:
        opened = (await client.get("/openapi.json")).status_code

    assert closed == [404, 404]
    assert opened == 200
