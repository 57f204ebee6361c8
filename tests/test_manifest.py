"""What copier.yml says of the features is true of the template."""

import re
from collections.abc import Iterator

import pytest

from tests.manifest import TEMPLATE, enabled, manifest, owned, template_files
from tests.questions import ROOT, copier_yml, options
from tests.rendering import Renders
from tests.trees import Tree
from tests.variants import Service, services


@pytest.mark.parametrize("feature", manifest())
def test_every_path_exists(feature: str) -> None:
    paths = manifest()[feature].get("paths", [])

    missing = [path for path in paths if not any(owned_by(path))]

    assert missing == []


def owned_by(path: str) -> Iterator[str]:
    folder = path.rstrip("/") + "/"
    return (name for name in template_files() if f"/{name}/".startswith(folder))


def test_every_file_has_one_owner_at_most() -> None:
    owners = {name: [f for f in manifest() if owned(f, name)] for name in template_files()}

    assert {name: found for name, found in owners.items() if len(found) > 1} == {}


@pytest.mark.parametrize("service", services(), ids=str)
def test_a_render_has_the_core_and_what_is_enabled(service: Service, renders: Renders) -> None:
    for variant in service.variants:
        on = enabled(variant.data)
        expected = [
            name
            for name in template_files()
            if all(on[feature] for feature in manifest() if owned(feature, name))
        ]
        assert Tree(renders.tree(variant)).names == [
            ".copier-answers.yml" if "_copier_conf" in name else name for name in expected
        ]


def test_every_switch_is_known_and_read() -> None:
    switches = set(re.findall(r"^(\w+):", copier_yml()["enabled"]["default"], re.MULTILINE))
    texts = [path.read_text() for path in TEMPLATE.rglob("*.jinja")]
    texts += [(ROOT / "copier.yml").read_text()]
    read = {found for text in texts for found in re.findall(r"enabled\.(\w+)", text)}

    assert read | manifest().keys() <= switches


def test_conditions_read_switches_and_no_answers() -> None:
    """So that a rule between answers is in one place."""
    for path in TEMPLATE.rglob("*.jinja"):
        conditions = re.findall(r"{% *(?:el)?if (.*?)%}|{% *for (.*?)%}", path.read_text())
        read = {word for line in conditions for word in re.findall(r"(?<![.\w])\w+", "".join(line))}
        assert read & options().keys() == set(), path


def test_excluded_names_may_be_unknown_to_older_releases() -> None:
    """An update renders the old release with the new `_exclude` and the old answers."""
    for pattern in copier_yml()["_exclude"]:
        for name in ("features", "enabled"):
            assert not re.search(rf"\b{name}\b(?! \| default)", pattern.replace("for feature,", ""))


def test_nothing_needs_trust() -> None:
    assert {"_tasks", "_jinja_extensions", "_external_data"} & copier_yml().keys() == set()
