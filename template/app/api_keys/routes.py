from uuid import UUID

from fastapi import APIRouter, Response, status

from app.api_keys.schemas import ApiKeyCreate, ApiKeyCreated, ApiKeyRead
from app.api_keys.service import AlreadyExpired, ApiKeyNotFound, ApiKeys, NotConfirmed, ScopeNotHeld
from app.core.problems import responses

router = APIRouter(prefix="/api-keys", tags=["api keys"])


@router.get("")
async def list_api_keys(keys: ApiKeys) -> list[ApiKeyRead]:
    """List your keys, without what they open."""
    return [ApiKeyRead.model_validate(key) for key in await keys.list()]


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    responses=responses(NotConfirmed, ScopeNotHeld, AlreadyExpired),
)
async def create_api_key(keys: ApiKeys, data: ApiKeyCreate, response: Response) -> ApiKeyCreated:
    """Make a key for a program, with no more permissions than it needs."""
    key, secret = await keys.create(data)
    response.headers["Cache-Control"] = "no-store"
    return ApiKeyCreated(**ApiKeyRead.model_validate(key).model_dump(), key=secret)


@router.delete(
    "/{key_id}", status_code=status.HTTP_204_NO_CONTENT, responses=responses(ApiKeyNotFound)
)
async def revoke_api_key(keys: ApiKeys, key_id: UUID) -> None:
    """Revoke a key, at once and for good."""
    await keys.revoke(key_id)
