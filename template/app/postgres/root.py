"""Postgres refuses to run as root: there it runs as `nobody`, on files that `nobody` can reach.

Permissions of folders that are not ours stay as they are. What lies below a locked one, such as
/root, gets a stand-in in a folder of its own.
"""

import hashlib
import os
import shutil
import stat
import sys
import tempfile
from pathlib import Path

if sys.platform != "win32":
    import pwd

STAND_INS = Path("/var/lib/development-postgres")


def account() -> tuple[int, int] | None:
    """Return the user and group that Postgres runs as; None where it can be our own."""
    if sys.platform != "win32" and os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        return nobody.pw_uid, nobody.pw_gid
    return None


def hand_over(folder: Path) -> None:
    """Give a folder of ours to the account that Postgres runs as."""
    if owner := account():
        shutil.chown(folder, *owner)


def reachable_data(data: Path) -> Path:
    """Return where the data really goes; a link at the wanted path shows the way."""
    if _reachable(data):
        return data
    stand_in = _stand_ins() / hashlib.sha256(os.fsencode(data)).hexdigest()[:16]
    if data.is_symlink() and data.readlink() == stand_in:
        return stand_in
    # Left by a folder at this path that somebody has deleted, to begin again.
    shutil.rmtree(stand_in, ignore_errors=True)
    # A project that was copied or moved brings along a link to the data of the other one.
    if data.is_symlink() and data.readlink().parent == STAND_INS:
        data.unlink()
    data.symlink_to(stand_in)
    return stand_in


def reachable_install(install: Path, version: str) -> Path:
    """Return the install itself, or a copy of it made once per version."""
    if _reachable(install):
        return install
    package = install.parent
    copy = _stand_ins() / f"{package.name}-{version}"
    if not copy.exists():
        _copy(package, install, copy)
    return copy / package.name / install.name


def _reachable(path: Path) -> bool:
    if account() is None:
        return True
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in path.parents)


def _stand_ins() -> Path:
    STAND_INS.mkdir(parents=True, exist_ok=True)
    STAND_INS.chmod(0o755)
    return STAND_INS


def _copy(package: Path, install: Path, copy: Path) -> None:
    # The programs look for their libraries beside the package (Linux) or in it (macOS).
    wanted = [install, package.with_name(f"{package.name}.libs"), package / ".dylibs"]
    with tempfile.TemporaryDirectory(dir=copy.parent) as folder:
        complete = Path(folder) / copy.name
        for part in filter(Path.is_dir, wanted):
            shutil.copytree(part, complete / part.relative_to(package.parent))
        for path in [complete, *complete.rglob("*")]:
            path.chmod(0o755)
        # Renamed when complete, so that nobody finds half of it; one made meanwhile is as good.
        if not copy.exists():
            complete.rename(copy)
