"""Write the generated parts, then build the site: `python3 scripts/docs.py` does it all."""

import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

from sphinx.cmd.build import main as sphinx

from docs.generator import flows, pages, terminal
from docs.generator.compose import production
from docs.generator.conversation import conversation
from docs.generator.facts import ROOT, Facts, facts
from docs.generator.matrix import matrix
from docs.generator.svg import Picture
from docs.generator.trees import tree

GENERATED = ROOT / "docs" / "generated"


def generate(folder: Path = GENERATED) -> None:
    """Write everything anew; nothing of an earlier time is left."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    # Defaults of whoever builds the site are not those of the template.
    settings = folder / "settings-of-copier.yml"
    settings.write_text("{}")
    os.environ["COPIER_SETTINGS_PATH"] = str(settings)
    known = facts()
    for name, text in texts(known).items():
        (folder / f"{name}.md").write_text("\n".join(text))
    for name, picture in pictures(known):
        (folder / name).write_text(picture.svg())
    with terminal.home() as home:
        recordings = chain(conversation(known, home), terminal.recordings(home))
        for name, recording in recordings:
            (folder / f"terminal-{name}.svg").write_text(recording)


def texts(known: Facts) -> dict[str, Iterable[str]]:
    return {
        "options": pages.options(known),
        "settings": pages.settings(),
        "features": pages.features(known),
        "answers": pages.answers(known),
        "presets": pages.presets(known),
    }


def pictures(known: Facts) -> Iterator[tuple[str, Picture]]:
    yield "architecture.svg", flows.architecture(known)
    yield "request.svg", flows.life_of_a_request()
    yield "matrix.svg", matrix(known)
    yield "production.svg", production(known)
    for part in known.features:
        if paths := known.owned([part]):
            yield f"part-{part}.svg", tree(part, paths)
    for question in known.choices():
        for one in question["answers"]:
            if paths := known.owned(known.brings(question, one["value"])):
                name = pages.picture_name(question["name"], one["value"])
                yield name, tree(f"{question['name']}={pages.shown(one['value'])}", paths)


def main(target: Path) -> int:
    generate()
    shutil.rmtree(target, ignore_errors=True)
    strict = ("--fail-on-warning", "--keep-going", "--nitpicky", "--fresh-env", "--quiet")
    cache = ("--doctree-dir", str(target.parent / "doctrees"))
    return sphinx([*strict, *cache, str(ROOT / "docs"), str(target)])


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
