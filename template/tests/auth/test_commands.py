import asyncio

from sqlalchemy import select
from typer.testing import CliRunner, Result

from app.audit.models import AuditEvent
from app.auth.models import Session
from app.auth.passwords import verify_password
from app.cli import cli
from app.core.database.engine import open_database
from app.core.database.models import now
from app.core.database.settings import DatabaseSettings
from tests.auth.people import PASSWORD, find_user, make_user


def run(*arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(cli, ["auth", *arguments], input=typed, catch_exceptions=False)


async def user_of(email: str) -> tuple[list[str], bool]:
    async with open_database(DatabaseSettings.load()) as database:
        user = await find_user(database, email)
    assert user is not None
    return user.roles, user.is_active


async def written_down() -> list[str]:
    async with open_database(DatabaseSettings.load()) as database, database.read() as session:
        return sorted(await session.scalars(select(AuditEvent.name)))


def test_first_administrator_is_made(migrated_database: str) -> None:
    assert migrated_database
    made = run("create-admin", "Root@example.com", typed=f"{PASSWORD}\n{PASSWORD}\n")

    assert made.output.endswith("root@example.com is an administrator now.\n")
    assert PASSWORD not in made.output
    assert asyncio.run(user_of("root@example.com")) == (["admin", "user"], True)
    assert run("list").output == "root@example.com  admin,user  active\n"


def test_somebody_is_made_administrator_and_locked(migrated_database: str) -> None:
    assert migrated_database

    async def make() -> None:
        async with open_database(DatabaseSettings.load()) as database:
            user = await make_user(database, "ada@example.com")
            async with database.write.begin() as session:
                session.add(
                    Session(
                        user_id=user.id,
                        is_cookie=False,
                        address="",
                        user_agent="",
                        expires_at=now(),
                    )
                )

    asyncio.run(make())

    promoted = run("create-admin", "ada@example.com", "--password", PASSWORD)
    locked = run("revoke", "ada@example.com")

    assert "a password that stays" in promoted.output
    assert locked.output.endswith("ada@example.com is locked.\n")
    assert asyncio.run(user_of("ada@example.com")) == (["admin", "user"], False)
    assert asyncio.run(written_down()) == ["logout", "user.changed", "user.changed"]


def test_account_that_nobody_confirmed_is_not_promoted(migrated_database: str) -> None:
    """Else whoever knows the address of the next administrator could wait for it there."""
    assert migrated_database

    async def squat() -> None:
        async with open_database(DatabaseSettings.load()) as database:
            await make_user(database, "root@example.com", is_verified=False)

    async def password_is_still(guess: str) -> bool:
        async with open_database(DatabaseSettings.load()) as database:
            user = await find_user(database, "root@example.com")
        assert user is not None
        return (await verify_password(guess, user.hashed_password))[0]

    asyncio.run(squat())
    run("create-admin", "root@example.com", "--password", "the operator's own")

    assert not asyncio.run(password_is_still(PASSWORD))
    assert asyncio.run(password_is_still("the operator's own"))
    assert asyncio.run(written_down()) == ["user.changed", "user.deleted"]


def test_mistakes_are_answered_in_a_sentence(migrated_database: str) -> None:
    assert migrated_database
    for arguments, sentence in (
        (("create-admin", "nobody", "--password", PASSWORD), "must be an e-mail address"),
        (("create-admin", "a@example.com", "--password", "short"), "must have 10 to 128"),
        (("revoke", "nobody@example.com"), "nobody@example.com has no account."),
    ):
        result = run(*arguments)
        assert result.exit_code == 1
        assert sentence in result.output
