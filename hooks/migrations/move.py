"""Carry a team's edits of a file, or of a folder, to its new place: move.py OLD NEW

A step of `_migrations`, after the update. Copier takes a file that moved for one that went and one
that came, and the edits would go with the old one. They are merged here into the new one, as Copier
merges all others: against what the release before had rendered. Files that nobody edited need
nothing, and one that the team deleted stays away.

NEW is where it is today: what moves a second time gets a second step, and its NEW in the first one.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import yaml
from copier import run_copy

ANSWERS = ".copier-answers.yml"
# As Copier names the sides of a conflict.
SIDES = ("before updating", "last update", "after updating")

MOST_CONFLICTS = 127  # git merge-file returns their number; above it, it could not merge


def committed(path: str) -> bytes | None:
    """A file as it was before the update, which begins with everything committed."""
    shown = subprocess.run(["git", "show", f"HEAD:./{path}"], check=False, capture_output=True)
    return None if shown.returncode else shown.stdout


def render_again(folder: Path) -> None:
    """What the release before had rendered."""
    answers = yaml.safe_load(committed(ANSWERS) or b"{}")
    source, release = answers.pop("_src_path"), answers.pop("_commit")
    run_copy(source, folder, answers, vcs_ref=release, defaults=True, quiet=True)


def files(base: Path, place: str) -> Iterator[str]:
    """The file at a place, or the files below it, by what follows the place."""
    found = base / place
    paths = found.rglob("*") if found.is_dir() else [found]
    yield from (path.relative_to(found).as_posix() for path in paths if path.is_file())


def carry(base: Path, old: str, new: Path) -> None:
    if not new.exists():  # it belongs to an answer that is no longer given
        return
    mine = committed(old)
    # Copier takes the old file away, but for one that it cannot patch.
    Path(old).unlink(missing_ok=True)
    Path(f"{old}.rej").unlink(missing_ok=True)
    if mine is None:
        new.unlink()
    elif mine != (base / old).read_bytes():
        merge(mine, base / old, new)


def merge(mine: bytes, base: Path, new: Path) -> None:
    ours = base.with_name(f"{base.name}.mine")
    ours.write_bytes(mine)
    labels = [word for side in SIDES for word in ("-L", side)]
    command = ["git", "merge-file", "--stdout", *labels, str(ours), str(base), str(new)]
    merged = subprocess.run(command, check=False, capture_output=True)
    if merged.returncode > MOST_CONFLICTS:
        new.write_bytes(mine)
        said = merged.stderr.decode().strip()
        print(f"{new} is as you had it, without what is new in it: {said}", file=sys.stderr)
        return
    new.write_bytes(merged.stdout)
    if merged.returncode:
        print(f"Conflict in {new}: its edits come from an older place.", file=sys.stderr)


def main(old: str, new: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder, "base")
        render_again(base)
        for name in files(base, old):
            carry(base, str(Path(old, name)), Path(new, name))


if __name__ == "__main__":
    main(*sys.argv[1:])
