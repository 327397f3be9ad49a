"""How each kind of object is drawn: plain marks in a square from -1 to 1, x to the right, y down."""

from collections.abc import Callable, Mapping, Sequence

from PIL import ImageDraw

from modelserve.world.elements import KIND

RGB = tuple[int, int, int]
Point = tuple[float, float]

COLOURS: Mapping[str, RGB] = {
    "red": (214, 40, 40),
    "yellow": (250, 214, 40),
    "green": (46, 160, 67),
    "blue": (40, 90, 220),
    "purple": (150, 60, 190),
    "white": (246, 246, 246),
    "black": (28, 28, 30),
}
DARK, LIGHT = (24, 24, 24), (225, 225, 225)


class Brush:
    """Draws in the object's own square, into the picture and, with the object's number, into the map of regions."""

    def __init__(
        self,
        picture: ImageDraw.ImageDraw,
        regions: ImageDraw.ImageDraw,
        region: int,
        centre: Point,
        radius: float,
        fill: RGB,
    ) -> None:
        self._targets = (picture, regions)
        self._region, self._centre, self._radius = region, centre, radius
        self.fill = fill
        self.line = LIGHT if sum(fill) < 200 else DARK
        self._width = max(1, round(radius / 9))

    def _at(self, points: Sequence[Point]) -> list[Point]:
        return [(self._centre[0] + x * self._radius, self._centre[1] + y * self._radius) for x, y in points]

    def area(self, points: Sequence[Point], fill: RGB | None = None) -> None:
        placed = self._at(points)
        picture, regions = self._targets
        picture.polygon(placed, fill=fill or self.fill, outline=self.line, width=self._width)
        regions.polygon(placed, fill=self._region, outline=self._region, width=self._width)

    def disc(self, x: float, y: float, rx: float, ry: float, fill: RGB | None = None, *, edge: bool = True) -> None:
        (left, top), (right, bottom) = self._at([(x - rx, y - ry), (x + rx, y + ry)])
        box = (left, top, right, bottom)
        picture, regions = self._targets
        picture.ellipse(box, fill=fill or self.fill, outline=self.line if edge else None, width=self._width)
        regions.ellipse(box, fill=self._region, outline=self._region, width=self._width)

    def stroke(self, points: Sequence[Point], colour: RGB | None = None, *, width: float = 0.0) -> None:
        """A line; width in the object's own measure, 0 = as thin as outlines."""
        pixels = max(self._width, round(width * self._radius))
        placed = self._at(points)
        picture, regions = self._targets
        picture.line(placed, fill=colour or self.line, width=pixels, joint="curve")
        regions.line(placed, fill=self._region, width=pixels, joint="curve")


def _face(brush: Brush, mouth: Sequence[Point], brows: Sequence[Sequence[Point]] = ()) -> None:
    brush.disc(0, 0, 1, 1)
    for x in (-0.38, 0.38):
        brush.disc(x, -0.25, 0.13, 0.18, brush.line, edge=False)
    brush.stroke(mouth, width=0.14)
    for brow in brows:
        brush.stroke(brow, width=0.14)


def _smiling_face(brush: Brush) -> None:
    _face(brush, [(-0.55, 0.2), (-0.3, 0.52), (0, 0.62), (0.3, 0.52), (0.55, 0.2)])


def _crying_face(brush: Brush) -> None:
    _face(brush, [(-0.45, 0.66), (-0.2, 0.42), (0.2, 0.42), (0.45, 0.66)])
    for x in (-0.42, 0.42):
        brush.stroke([(x, 0.0), (x, 0.75)], (90, 190, 255), width=0.2)


def _angry_face(brush: Brush) -> None:
    brows = ([(-0.7, -0.72), (-0.1, -0.42)], [(0.7, -0.72), (0.1, -0.42)])
    _face(brush, [(-0.5, 0.55), (0.5, 0.55)], brows)


def _frightened_face(brush: Brush) -> None:
    brush.disc(0, 0, 0.85, 1)
    for x in (-0.34, 0.34):
        brush.disc(x, -0.3, 0.25, 0.3, (250, 250, 250))
        brush.disc(x, -0.3, 0.09, 0.1, DARK, edge=False)
    brush.disc(0, 0.5, 0.22, 0.36, DARK, edge=False)


def _balloon(brush: Brush) -> None:
    brush.stroke([(0, 0.4), (0.12, 0.7), (-0.05, 1.0)])
    brush.disc(0, -0.3, 0.68, 0.75)
    brush.area([(-0.14, 0.6), (0.14, 0.6), (0, 0.4)])


def _rocket(brush: Brush) -> None:
    brush.area([(-0.28, 0.55), (0.28, 0.55), (0, 1.0)], (255, 150, 30))
    brush.area([(-0.35, 0.1), (-0.8, 0.65), (-0.3, 0.6)])
    brush.area([(0.35, 0.1), (0.8, 0.65), (0.3, 0.6)])
    brush.area([(0, -1), (0.38, -0.45), (0.38, 0.6), (-0.38, 0.6), (-0.38, -0.45)])
    brush.disc(0, -0.2, 0.17, 0.17, (170, 220, 250))


def _cake(brush: Brush) -> None:
    for x in (-0.4, 0.0, 0.4):
        brush.stroke([(x, -0.25), (x, -0.6)], width=0.12)
        brush.disc(x, -0.78, 0.12, 0.18, (255, 170, 30), edge=False)
    brush.area([(-0.6, -0.25), (0.6, -0.25), (0.6, 0.25), (-0.6, 0.25)])
    brush.area([(-0.9, 0.25), (0.9, 0.25), (0.9, 0.85), (-0.9, 0.85)])


def _flower(brush: Brush) -> None:
    brush.stroke([(0, 0), (0, 1)], (30, 110, 40), width=0.14)
    for x, y in ((0, -0.78), (0.46, -0.44), (0.28, 0.1), (-0.28, 0.1), (-0.46, -0.44)):
        brush.disc(x, y, 0.33, 0.33)
    brush.disc(0, -0.3, 0.26, 0.26, (250, 200, 60))


def _tree(brush: Brush) -> None:
    brush.area([(-0.16, 0.2), (0.16, 0.2), (0.2, 1), (-0.2, 1)], (110, 72, 40))
    brush.area([(0, -1), (0.8, 0.42), (-0.8, 0.42)])


def _house(brush: Brush) -> None:
    brush.area([(-0.7, -0.1), (0.7, -0.1), (0.7, 0.95), (-0.7, 0.95)])
    brush.area([(-0.95, -0.1), (0, -0.95), (0.95, -0.1)], (120, 70, 50))
    brush.area([(-0.18, 0.35), (0.2, 0.35), (0.2, 0.95), (-0.18, 0.95)], (70, 45, 35))


def _sailing_boat(brush: Brush) -> None:
    brush.stroke([(0, -1), (0, 0.5)], width=0.1)
    brush.area([(0.08, -0.95), (0.85, 0.3), (0.08, 0.3)])
    brush.area([(-0.08, -0.6), (-0.65, 0.3), (-0.08, 0.3)])
    brush.area([(-0.95, 0.45), (0.95, 0.45), (0.6, 0.9), (-0.6, 0.9)], (120, 72, 40))


def _cat(brush: Brush) -> None:
    brush.area([(-0.75, -0.2), (-0.65, -1), (-0.1, -0.55)])
    brush.area([(0.75, -0.2), (0.65, -1), (0.1, -0.55)])
    brush.disc(0, 0.15, 0.85, 0.75)
    for x in (-0.33, 0.33):
        brush.disc(x, -0.02, 0.13, 0.17, (120, 220, 90), edge=False)
    for side in (-1, 1):
        brush.stroke([(0.2 * side, 0.42), (0.95 * side, 0.3)])
        brush.stroke([(0.2 * side, 0.5), (0.95 * side, 0.6)])


def _snake(brush: Brush) -> None:
    body = [(-0.9, 0.8), (-0.55, 0.45), (0, 0.75), (0.5, 0.5), (0.35, 0.05), (-0.25, -0.1), (-0.3, -0.55), (0.1, -0.7)]
    brush.stroke(body, brush.line, width=0.42)
    brush.stroke(body, brush.fill, width=0.28)
    brush.disc(0.2, -0.7, 0.32, 0.24)
    brush.stroke([(0.5, -0.7), (0.85, -0.8)], (220, 30, 60))


def _spider(brush: Brush) -> None:
    for side in (-1, 1):
        for y, end in ((-0.2, -0.85), (0.0, -0.3), (0.2, 0.35), (0.35, 0.95)):
            brush.stroke([(0, y), (0.6 * side, (y + end) / 2 - 0.12), (0.97 * side, end)], width=0.1)
    brush.disc(0, 0.15, 0.5, 0.5)
    brush.disc(0, -0.42, 0.28, 0.26)


def _rubbish(brush: Brush) -> None:
    brush.area(
        [(-1, 0.9), (-0.75, 0.2), (-0.35, 0.35), (-0.1, -0.35), (0.3, 0.05), (0.55, -0.1), (1, 0.9)], (96, 84, 60)
    )
    brush.area([(-0.55, 0.75), (-0.2, 0.3), (0.1, 0.7)])
    brush.area([(0.2, 0.45), (0.65, 0.3), (0.7, 0.75), (0.3, 0.8)])
    for x in (-0.4, 0.3):
        brush.stroke([(x, -0.35), (x + 0.14, -0.55), (x, -0.75), (x + 0.14, -0.95)], (120, 150, 40), width=0.1)


def _gravestone(brush: Brush) -> None:
    brush.area([(-0.6, 0.9), (-0.6, -0.4), (-0.4, -0.8), (0, -0.95), (0.4, -0.8), (0.6, -0.4), (0.6, 0.9)])
    brush.stroke([(0, -0.6), (0, 0.3)], width=0.15)
    brush.stroke([(-0.3, -0.3), (0.3, -0.3)], width=0.15)


def _broken_window(brush: Brush) -> None:
    brush.area([(-0.85, -0.85), (0.85, -0.85), (0.85, 0.85), (-0.85, 0.85)])
    brush.area([(-0.6, -0.6), (0.6, -0.6), (0.6, 0.6), (-0.6, 0.6)], (190, 215, 230))
    jagged = [
        (-0.3, -0.35),
        (0.0, -0.15),
        (0.35, -0.4),
        (0.2, 0.05),
        (0.45, 0.35),
        (0.0, 0.2),
        (-0.4, 0.4),
        (-0.15, 0.0),
    ]
    brush.area(jagged, (15, 15, 20))


def _box(brush: Brush) -> None:
    brush.area([(-0.85, -0.3), (0.85, -0.3), (0.85, 0.85), (-0.85, 0.85)])
    brush.area([(-0.85, -0.3), (-0.5, -0.75), (0.95, -0.75), (0.85, -0.3)])
    brush.stroke([(0, -0.3), (0, 0.85)], width=0.16)


DRAW: Mapping[str, Callable[[Brush], None]] = {
    "smiling_face": _smiling_face,
    "crying_face": _crying_face,
    "angry_face": _angry_face,
    "frightened_face": _frightened_face,
    "balloon": _balloon,
    "rocket": _rocket,
    "cake": _cake,
    "flower": _flower,
    "tree": _tree,
    "house": _house,
    "sailing_boat": _sailing_boat,
    "cat": _cat,
    "snake": _snake,
    "spider": _spider,
    "rubbish": _rubbish,
    "gravestone": _gravestone,
    "broken_window": _broken_window,
    "box": _box,
}
_BY_PLACE = tuple(DRAW[name] for name in KIND.names)


def draw_kind(kind: int, brush: Brush) -> None:
    """Draw KIND.elements[kind]."""
    _BY_PLACE[kind](brush)
