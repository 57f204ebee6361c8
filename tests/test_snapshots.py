"""The rendered tree of each preset, line by line: a change shows which answers it touches.

Renew them with `python3 scripts/test.py tests/test_snapshots.py --renew-snapshots`.
"""

import re
from pathlib import Path

import pytest
import yaml

from tests.questions import ROOT
from tests.rendering import render
from tests.trees import Tree

PRESETS = sorted((ROOT / "tests" / "presets").glob("*.yml"))


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.stem)
def test_tree_is_as_recorded(
    preset: Path, source: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    render(source, tmp_path / "tree", yaml.safe_load(preset.read_text()) or {})
    forget_source(tmp_path / "tree")
    lines = Tree(tmp_path / "tree").lines()

    recorded = preset.with_suffix(".tree")
    if request.config.getoption("--renew-snapshots"):
        recorded.write_text("\n".join(lines) + "\n")

    assert recorded.read_text().splitlines() == lines


def forget_source(tree: Path) -> None:
    """Where the template lay while it was rendered differs from session to session."""
    answers = tree / ".copier-answers.yml"
    answers.write_text(re.sub("(?m)^_src_path: .*", "_src_path: here", answers.read_text()))
