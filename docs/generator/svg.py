"""A picture: boxes, lines and words, narrow enough to be read on a phone."""

from dataclasses import dataclass, field
from html import escape

NAMESPACE = "http://www.w3.org/2000/svg"
WIDTH = 440
STYLE = """
text { font: 14px system-ui, sans-serif; fill: #1f2933; }
.mono { font-family: ui-monospace, monospace; font-size: 13px; }
.small { font-size: 12px; fill: #52606d; }
.strong { font-weight: 600; }
.white { fill: #fff; font-weight: 600; }
.panel { fill: #fff; stroke: #cbd2d9; }
.box { fill: #f0f7f6; stroke: #0b7a75; }
.plain { fill: #f5f7fa; stroke: #9aa5b1; }
.mark { fill: #0b7a75; }
.line { stroke: #7b8794; fill: none; stroke-width: 1.5; }
.faint { stroke: #e4e7eb; }
"""


@dataclass
class Picture:
    title: str
    width: int = WIDTH
    height: float = 0
    shapes: list[str] = field(default_factory=list)

    def text(self, x: float, y: float, words: str, kind: str = "", **more: str) -> None:
        extra = "".join(f' {key}="{value}"' for key, value in more.items())
        self.shapes.append(f'<text x="{x}" y="{y}" class="{kind}"{extra}>{escape(words)}</text>')
        self.reach(y)

    def box(self, x: float, y: float, width: float, height: float, kind: str = "box") -> None:
        self.shapes.append(
            f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="6" class="{kind}"/>'
        )
        self.reach(y + height)

    def dot(self, x: float, y: float, radius: float) -> None:
        self.shapes.append(f'<circle cx="{x}" cy="{y}" r="{radius}" class="mark"/>')

    def path(self, way: str, kind: str = "line") -> None:
        self.shapes.append(f'<path d="{way}" class="{kind}"/>')

    def arrow(self, x: float, start: float, end: float) -> None:
        """Downwards."""
        self.path(f"M{x} {start}V{end} m-4 -6 l4 6 l4 -6")

    def reach(self, y: float) -> None:
        self.height = max(self.height, y)

    def svg(self) -> str:
        width, height = self.width, round(self.height + 16)
        size = f'width="{width}" height="{height}"'
        inside = f'width="{width - 1}" height="{height - 1}"'
        lines = [
            f'<svg xmlns="{NAMESPACE}" viewBox="0 0 {width} {height}" {size} role="img">',
            f"<title>{escape(self.title)}</title>",
            f"<style>{STYLE}</style>",
            f'<rect x="0.5" y="0.5" {inside} rx="8" class="panel"/>',
            *self.shapes,
            "</svg>\n",
        ]
        return "\n".join(lines)
