"""Time one render of the template."""

import tempfile
import time
from pathlib import Path
from statistics import median

import copier

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    seconds = []
    for number in range(7):
        with tempfile.TemporaryDirectory() as folder:
            begin = time.perf_counter()
            copier.run_copy(
                str(ROOT),
                folder,
                data={"project_name": f"Service {number}"},
                defaults=True,
                quiet=True,
                vcs_ref="HEAD",
            )
            seconds.append(time.perf_counter() - begin)
    print(f"one render, from git: {median(seconds):.2f} s (median of {len(seconds)})")


if __name__ == "__main__":
    main()
