"""What the documents of this repository say is true."""

import re

import pytest

from tests.questions import ROOT, questions

GENERATED = "generated"  # a folder that is made with the site: tests/test_site.py
DOCUMENTS = [
    path
    for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"))
    if path.parent.name != GENERATED
]


def test_readme_lists_every_question_and_answer() -> None:
    table = "".join(re.findall(r"^\|.*\n", (ROOT / "README.md").read_text(), re.MULTILINE))

    assert [name for name in questions() if f"`{name}`" not in table] == []
    for question in questions().values():
        choices = question.get("choices", [])
        for value in choices.values() if isinstance(choices, dict) else choices:
            assert f"`{value}`" in table


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: object) -> None:
    path = ROOT / str(document)
    links = re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", path.read_text())

    ours = [link for link in links if not link.startswith(GENERATED)]

    assert [link for link in ours if not (path.parent / link).exists()] == []
