"""Labels on a ring, joined where they come together beyond chance: the stronger, the thicker the line."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from analysis.charts import marks

HEIGHT = 440  # px
RING_ACROSS, RING_DOWN = 33, 165  # percent, px
SMALLEST, LARGEST = 6, 22  # px, of a circle
N_WIDTHS = 4


@dataclass(frozen=True)
class Node:
    """share: of the answers, 0 to 1, which the circle's area follows."""

    name: str
    share: float
    css: str


@dataclass(frozen=True)
class Link:
    """From the one node's place to the other's. strength: 0 to 1, from the weakest to the strongest drawn."""

    one: int
    other: int
    strength: float
    words: str


def label_graph(title: str, description: str, nodes: Sequence[Node], links: Sequence[Link]) -> str:
    """The nodes clockwise from the top, in their order."""
    places = [
        (50 + RING_ACROSS * math.sin(angle), HEIGHT / 2 - RING_DOWN * math.cos(angle))
        for angle in (2 * math.pi * number / max(len(nodes), 1) for number in range(len(nodes)))
    ]
    most = max((node.share for node in nodes), default=0) or 1
    drawn = []
    for link in sorted(links, key=lambda link: link.strength):
        (x1, y1), (x2, y2) = places[link.one], places[link.other]
        width = 1 + min(int(max(link.strength, 0) * N_WIDTHS), N_WIDTHS - 1)
        line = marks.line(round(x1, 2), round(y1, 1), round(x2, 2), round(y2, 1), f"link w{width}")
        drawn.append(line.replace("/>", f"><title>{marks.escape(link.words)}</title></line>"))
    for node, (x, y) in zip(nodes, places, strict=True):
        radius = SMALLEST + (LARGEST - SMALLEST) * math.sqrt(node.share / most)
        drawn.append(
            f'<circle class="dot {node.css}" cx="{marks.percent(x)}" cy="{y:.1f}" r="{radius:.1f}">'
            f"<title>{marks.escape(node.name)}: {marks.as_percent(node.share)}</title></circle>"
        )
        above = y < HEIGHT / 2 - RING_DOWN / 2
        drawn.append(marks.text(x, y - radius - 6 if above else y + radius + 16, node.name, "", "middle"))
    return marks.frame(HEIGHT, title, description, drawn)
