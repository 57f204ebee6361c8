from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI

from app.auth.accounts import MakeAccounts
from app.auth_fastapi_users.accounts import LibraryAccounts
from app.core.feature import Feature


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncGenerator[dict[str, MakeAccounts]]:
    yield {"make_accounts": LibraryAccounts}


feature = Feature(name="auth_fastapi_users", router=APIRouter(lifespan=lifespan))
