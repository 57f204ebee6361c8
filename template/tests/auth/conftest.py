from collections.abc import AsyncGenerator

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient

from app.auth.models import User
from app.core.database.engine import Database
from app.features import FEATURES
from app.mail.mailer import get_mailer
from tests.auth.people import Mailbox, make_user, quick_hashes
from tests.support import Start, giving

__all__ = ["quick_hashes"]

ADA = "ada@example.com"
ROOT = "root@example.com"


@pytest.fixture
def mailbox(app: FastAPI, visitor: AsyncClient) -> Mailbox:
    """What the visitor's requests have mailed."""
    del visitor  # it comes first, and clears the overrides when it goes
    mailbox = Mailbox()
    app.dependency_overrides[get_mailer] = giving(mailbox)
    return mailbox


@pytest.fixture
async def ada(database: Database) -> User:
    return await make_user(database, ADA)


@pytest.fixture
async def root(database: Database) -> User:
    """An administrator."""
    return await make_user(database, ROOT, admin=True)


@pytest.fixture
async def live_visitor(migrated_database: str, start: Start) -> AsyncGenerator[AsyncClient]:
    """A visitor of an application of its own, with real commits: for requests at the same time."""
    settings = {"DATABASE_URL": migrated_database, "RATELIMIT_ENABLED": "false"}
    async with start(*FEATURES, anonymous=True, **settings) as client:
        yield client
