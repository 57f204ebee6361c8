"""Locks between processes. The system drops them when their holder ends, however it ends."""

import sys
from io import IOBase

if sys.platform != "win32":
    import fcntl


def hold(file: IOBase, *, shared: bool = False, wait: bool = True) -> bool:
    """Lock a file until it is closed, also in the processes that inherited it.

    A second call changes the lock. False means that somebody else holds it; only without `wait`.
    Windows has no such locks, and no server of ours that would need them.
    """
    if sys.platform != "win32":
        kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        try:
            fcntl.flock(file, kind if wait else kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True
