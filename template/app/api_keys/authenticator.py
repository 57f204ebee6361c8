import hmac
from datetime import timedelta

from sqlalchemy import or_, select
from starlette.requests import HTTPConnection

from app.api_keys.models import ApiKey
from app.api_keys.service import MARK
from app.audit.trail import record
from app.auth.models import User
from app.auth.sessions import digest
from app.core.database.engine import Database
from app.core.database.models import now
from app.core.identity import Authenticator, Principal, Unauthenticated

HEADER = "X-API-Key"
NOTE_USE_EVERY = timedelta(minutes=1)


async def by_api_key(connection: HTTPConnection, database: Database) -> Principal | None:
    given = connection.headers.get(HEADER)
    if given is None:
        return None
    mark, _, rest = given.partition("_")
    prefix, _, secret = rest.partition("_")
    statement = (
        select(ApiKey, User.roles)
        .join(User, User.id == ApiKey.user_id)
        .where(ApiKey.prefix == prefix, ApiKey.revoked_at.is_(None), User.is_active)
        .where(or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > now()))
    )
    async with database.read.begin() as session:
        row = (await session.execute(statement)).one_or_none()
    if row is None or mark != MARK or not hmac.compare_digest(row[0].digest, digest(secret)):
        raise Unauthenticated("The API key is not valid, or not any more.")
    key, roles = row
    await note_use(connection, database, key)
    return Principal(str(key.user_id), roles=frozenset(roles), scopes=frozenset(key.scopes))


async def note_use(connection: HTTPConnection, database: Database, key: ApiKey) -> None:
    """Remember when it was used last, to within a minute: not every request should write."""
    if key.last_used_at is not None and now() - key.last_used_at < NOTE_USE_EVERY:
        return
    async with database.write.begin() as session:
        used = await session.get(ApiKey, key.id)
        if used is not None:
            if used.last_used_at is None:
                record(session, connection, "key.used", actor=key.user_id, prefix=key.prefix)
            used.last_used_at = now()


api_key = Authenticator(
    name="apiKey",
    scheme={"type": "apiKey", "in": "header", "name": HEADER},
    authenticate=by_api_key,
)
