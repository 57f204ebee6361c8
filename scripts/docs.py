"""Build the documentation site into build/pages: python3 scripts/docs.py

It needs Python 3.11 or newer, pip and git; all else it installs into build/. Pages and pictures
that come from the template are made anew each time, in docs/generated. Any warning is an error.
"""

import os
import sys

import bootstrap


def main() -> int:
    if sys.argv[1:]:
        print(__doc__)
        return 0 if sys.argv[1:] in (["-h"], ["--help"]) else 2
    bootstrap.need_python()
    programs = bootstrap.environment("site")
    os.environ["PYTHONPATH"] = os.pathsep.join([str(bootstrap.ROOT), str(bootstrap.ROOT / "src")])
    target = bootstrap.BUILD / "pages"
    bootstrap.run([str(programs / "python"), "-m", "docs.generator", str(target)])
    bootstrap.say(f"The site is {target.relative_to(bootstrap.ROOT)}/index.html")
    return 0


if __name__ == "__main__":
    sys.exit(main())
