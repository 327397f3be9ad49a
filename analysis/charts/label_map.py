"""Labels as circles on a map, joined where they blend."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from analysis.charts import marks

HEIGHT = 440  # px
SIDE, TOP, BOTTOM = 13, 46, 56  # percent; px
LARGEST, SMALLEST = 30, 5  # px, radius
WIDEST = 9.0  # px


@dataclass(frozen=True)
class Node:
    """x, y: -1 to 1, up is positive. share: of all responses; the circle's area follows it."""

    name: str
    x: float
    y: float
    share: float
    css: str
    href: str = ""


@dataclass(frozen=True)
class Edge:
    """Two nodes by their place in the list; strength: 0 to 1, how thick the line is. words: its tip."""

    first: int
    second: int
    strength: float
    words: str
    href: str = ""


def label_map(title: str, description: str, nodes: Sequence[Node], edges: Sequence[Edge]) -> str:
    """Circles above lines; the words stand below their circle."""
    most = max((node.share for node in nodes), default=0) or 1

    def place(node: Node) -> tuple[float, float]:
        down = TOP + (HEIGHT - TOP - BOTTOM) * (1 - node.y) / 2
        return SIDE + (100 - 2 * SIDE) * (node.x + 1) / 2, round(down, 1)

    parts = []
    for edge in edges:
        (x1, y1), (x2, y2) = place(nodes[edge.first]), place(nodes[edge.second])
        width = 1 + (WIDEST - 1) * min(max(edge.strength, 0), 1)
        line = marks.line(x1, y1, x2, y2, "tie").replace(
            "/>", f' stroke-width="{width:.1f}"><title>{marks.escape(edge.words)}</title></line>'
        )
        parts.append(line)
    for node in nodes:
        x, y = place(node)
        radius = SMALLEST + (LARGEST - SMALLEST) * math.sqrt(max(node.share, 0) / most)
        circle = f'<circle class="dot {node.css}" cx="{marks.percent(x)}" cy="{y:g}" r="{radius:.1f}"/>'
        words = marks.text(x, y + radius + 15, node.name, "name haloed", "middle")
        parts.append(marks.link(node.href, [circle, words]))
    return marks.frame(HEIGHT, title, description, parts)
