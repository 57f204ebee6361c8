"""Hash and check passwords with Argon2, which is slow and takes 46 MiB each time, on purpose.

It runs in a few threads, so that a flood of log-ins takes neither the event loop nor the memory.
"""

from collections.abc import Callable
from functools import cache
from typing import Annotated, Any, TypeVar

from anyio import CapacityLimiter, to_thread
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from pydantic import AfterValidator, Field, SecretStr

from app.auth.settings import AuthSettings
from app.core.problems import Unavailable

MAX_LENGTH = 128
QUEUE_PER_THREAD = 25  # at 50 ms each, nobody waits for much more than a second

T = TypeVar("T")


def check_text(password: SecretStr) -> SecretStr:
    """JSON can carry what is no text, and cannot be hashed."""
    if password.get_secret_value().encode(errors="replace").decode() != password.get_secret_value():
        raise ValueError("must be text")
    return password


def check_length(password: SecretStr) -> SecretStr:
    shortest = AuthSettings.load().min_password_length
    if not shortest <= len(password) <= MAX_LENGTH:
        raise ValueError(f"must have {shortest} to {MAX_LENGTH} characters")
    return password


def show_length(schema: dict[str, Any]) -> None:
    schema |= {"minLength": AuthSettings.load().min_password_length, "maxLength": MAX_LENGTH}


Password = Annotated[SecretStr, AfterValidator(check_text), Field(max_length=1000)]
NewPassword = Annotated[
    Password, AfterValidator(check_length), Field(json_schema_extra=show_length)
]


class TooManyLogIns(Unavailable):
    detail = "Too many people log in just now. Try again in a moment."


async def hash_password(password: str) -> str:
    return await in_thread(lambda: hasher().hash(password))


async def verify_password(password: str, hashed: str | None) -> tuple[bool, str | None]:
    """Check a password against a hash; without one it takes as long, and is wrong.

    An account that has no password, only log-ins elsewhere, keeps something else in its place.

    Returns:
        Whether it is right, and a new hash if the stored one should be replaced.
    """
    if hashed is None or not hashed.startswith("$argon2") or len(password) > MAX_LENGTH:
        await in_thread(lambda: hasher().verify("", decoy()))
        return False, None
    return await in_thread(lambda: hasher().verify_and_update(password, hashed))


async def in_thread(function: Callable[[], T]) -> T:
    """Call a function in one of the threads, soon.

    Raises:
        TooManyLogIns: too many wait already.
    """
    ours = threads()
    if ours.statistics().tasks_waiting >= QUEUE_PER_THREAD * ours.total_tokens:
        raise TooManyLogIns
    async with ours:
        # With a limit of its own, or it would wait for whatever else runs in threads.
        return await to_thread.run_sync(function, limiter=CapacityLimiter(1))


@cache
def threads() -> CapacityLimiter:
    return CapacityLimiter(AuthSettings.load().hashing_threads)


@cache
def hasher() -> PasswordHash:
    """As OWASP has it (Password Storage Cheat Sheet), on one core: others answer meanwhile."""
    return PasswordHash([Argon2Hasher(time_cost=1, memory_cost=47_104, parallelism=1)])


@cache
def decoy() -> str:
    """A hash of nobody's password; made when first needed, in a thread."""
    return hasher().hash("nobody has this password")
