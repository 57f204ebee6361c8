"""Prove the template: python3 scripts/test.py [options of pytest]

Without options everything is proved, on all cores. `-m fast` is the quick loop, `-k postgres` a
part. It needs Python 3.11 or newer, pip and git; all else it installs into build/.
"""

import os
import sys

import bootstrap


def main() -> int:
    if sys.argv[1:] in (["-h"], ["--help"]):
        print(__doc__)
        return 0
    bootstrap.need_python()
    programs = bootstrap.environment("dev")
    # A third of its time a suite waits for servers and clocks: more workers than cores.
    workers = (os.cpu_count() or 1) * 3 // 2
    # One at a time, and the slowest first: so all of them end together.
    spread = (f"-n{workers}", "--dist", "load", "--maxschedchunk", "1")
    command = [str(programs / "python"), "-m", "pytest", *spread]
    return bootstrap.hand_over([*command, *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
