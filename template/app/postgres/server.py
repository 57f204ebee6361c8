"""A Postgres server of our own, for development and for tests."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from app.core.settings import StartupError
from app.postgres.binaries import find_binaries
from app.postgres.cluster import Cluster
from app.postgres.lock import hold
from app.postgres.root import reachable_data


@contextmanager
def run_postgres(data: Path, *, durable: bool) -> Generator[Cluster]:
    """Serve the data in a folder: the first to come starts the server, the last to go stops it.

    Without `durable`, for tests, nothing waits for the disk, and the data is removed at the end.

    Raises:
        StartupError: Postgres is not installed or does not start.
    """
    with _os_errors_explained():
        cluster = Cluster(find_binaries(), _prepared(data), durable)
        users = data.with_name(f"{data.name}.users").open("w")
    with users:
        try:
            with _turn(data):
                cluster.serve()
                hold(users, shared=True)
            yield cluster
        finally:
            with _turn(data):
                # Holding it alone, we are the last; a user that was killed does not count.
                if hold(users, wait=False):
                    cluster.stop()


def _prepared(data: Path) -> Path:
    data.parent.mkdir(parents=True, exist_ok=True)
    return reachable_data(data.parent.resolve() / data.name)


@contextmanager
def _turn(data: Path) -> Generator[None]:
    """Let one process at a time start or stop the server."""
    with _os_errors_explained(), data.with_name(f"{data.name}.lock").open("w") as turn:
        hold(turn)
        yield


@contextmanager
def _os_errors_explained() -> Generator[None]:
    try:
        yield
    except OSError as error:
        msg = f"Postgres for development: {error}. Repair that, or set DATABASE_URL."
        raise StartupError(msg) from error
