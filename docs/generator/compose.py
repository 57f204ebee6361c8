"""What runs in production on one machine: the services of the rendered Compose file."""

from collections.abc import Mapping
from typing import Any

import yaml
from jinja2 import FileSystemLoader
from jinja2.sandbox import SandboxedEnvironment

from docs.generator.facts import ROOT, Facts
from docs.generator.svg import Picture

LEFT, BOX, GAP = 16, 40, 44
FILE = "template/compose.production.yml.jinja"


def production(facts: Facts) -> Picture:
    """Who waits for whom, those that wait for nobody at the bottom."""
    needs = services(facts)
    places = placed(needs)
    picture = Picture("What compose.production.yml starts")
    lowest = max(y for _, y, _ in places.values())
    for name, needed in needs.items():
        x, y, width = places[name]
        for other in needed:
            x_end, y_end, width_end = places[other]
            middle = x_end + width_end / 2
            picture.path(f"M{x + width / 2} {y + BOX}L{middle} {y_end - 2}", "line")
            picture.path(f"M{middle - 4} {y_end - 8} l4 6 l4 -6")
    for name, (x, y, width) in places.items():
        picture.box(x, y, width, BOX, "plain" if y == lowest else "box")
        centred = {"text-anchor": "middle"}
        picture.text(x + width / 2, y + BOX / 2 + 5, name, "mono", **centred)
    words = "An arrow: waits until the other is healthy, or has ended well."
    picture.text(LEFT, picture.height + 26, words, "small")
    return picture


def services(facts: Facts) -> dict[str, list[str]]:
    """With everything on, which service needs which others."""
    options = {"trim_blocks": True, "lstrip_blocks": True, "keep_trailing_newline": True}
    filters = ["jinja2_ansible_filters.AnsibleCoreFiltersExtension"]
    jinja = SandboxedEnvironment(extensions=filters, loader=FileSystemLoader(ROOT), **options)
    values = facts.sheet.fill(facts.everything()).values
    compose: dict[str, Any] = yaml.safe_load(jinja.get_template(FILE).render(values))
    return {name: sorted(one.get("depends_on", {})) for name, one in compose["services"].items()}


def placed(needs: Mapping[str, list[str]]) -> dict[str, tuple[float, float, float]]:
    """Left edge, upper edge and width of each, in rows."""
    depths = {name: depth(needs, name) for name in needs}
    deepest = max(depths.values())
    found: dict[str, tuple[float, float, float]] = {}
    for level in range(deepest, -1, -1):
        row = [name for name in needs if depths[name] == level]
        space = (440 - 2 * LEFT + 8) / len(row)
        width = min(space - 8, 150)
        for number, name in enumerate(row):
            x = LEFT - 4 + space * (number + 0.5) - width / 2
            found[name] = (x, 16 + (deepest - level) * (BOX + GAP), width)
    return found


def depth(needs: Mapping[str, list[str]], name: str) -> int:
    return max((depth(needs, other) + 1 for other in needs[name]), default=0)
