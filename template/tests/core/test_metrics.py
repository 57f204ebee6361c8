import pytest
from httpx2 import AsyncClient

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
