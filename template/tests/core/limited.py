"""A route with a limit."""

from fastapi import APIRouter, Depends
from httpx2 import AsyncClient

from app.core.feature import Feature
from app.core.ratelimit import RateLimit

router = APIRouter()


@router.get("/limited", dependencies=[Depends(RateLimit("test", "2/minute"))])
async def read_limited() -> None:
    return None


FEATURE = Feature(name="limited", router=router)


async def statuses(client: AsyncClient, count: int) -> list[int]:
    return [(await client.get("/limited")).status_code for _ in range(count)]
