from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI

from app.auth.accounts import MakeAccounts
from app.auth_jwt.accounts import OwnAccounts
from app.core.feature import Feature


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncGenerator[dict[str, MakeAccounts]]:
    yield {"make_accounts": OwnAccounts}


feature = Feature(name="auth_jwt", router=APIRouter(lifespan=lifespan))
