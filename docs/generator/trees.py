"""What an answer adds: the paths that its parts own, as a tree."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from docs.generator.facts import files_under
from docs.generator.svg import Picture

LINE = 22
INDENT = 20


@dataclass
class Node:
    """A folder or a file; `files` is set where the manifest names it."""

    files: int = 0
    children: dict[str, "Node"] = field(default_factory=dict)


def tree(title: str, paths: Iterable[str]) -> Picture:
    root = Node()
    for path in paths:
        add(root, path)
    picture = Picture(title)
    picture.text(16, 28, title, "strong")
    draw(picture, root, 0, 28)
    return picture


def add(root: Node, path: str) -> None:
    node = root
    folders = path.strip("/").split("/")
    for number, name in enumerate(folders, 1):
        folder = number < len(folders) or path.endswith("/")
        node = node.children.setdefault(f"{name}/" if folder else name, Node())
    node.files = len(files_under(path))


def draw(picture: Picture, node: Node, depth: int, y: float) -> float:
    """Draw what is below a node, and say how far down it came."""
    start, bottom, x = y, y, 22 + depth * INDENT
    for name, child in node.children.items():
        y += LINE
        bottom = y
        picture.path(f"M{x} {y - 5}h10")
        picture.text(x + 15, y, name, "mono")
        if child.files > 1:
            picture.text(
                picture.width - 16, y, f"{child.files} files", "small", **{"text-anchor": "end"}
            )
        y = draw(picture, child, depth + 1, y)
    if node.children:
        picture.path(f"M{x} {start + 6}V{bottom - 5}")
    return y
