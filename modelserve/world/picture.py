"""A scene's picture, and the map of which pixel shows which part of it. Pillow and NumPy only."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from modelserve.world.elements import COLOUR, LIGHT, PLACE, WEATHER
from modelserve.world.scene import Scene
from modelserve.world.shapes import COLOURS, RGB, Brush, draw_kind

# Numbers in the map of regions; objects follow, from left to right.
PLACE_REGION, SKY_REGION, WEATHER_REGION, FIRST_THING_REGION = 0, 1, 2, 3
DESIGN_SIDE = 64  # the measures below are pixels of a picture of this side
HORIZON = 34
NOISE = 5.0  # standard deviation of a pixel's grain, of 255

SKIES: dict[str, tuple[RGB, RGB]] = {
    "day": ((110, 180, 240), (190, 225, 248)),
    "sunset": ((150, 80, 140), (255, 170, 80)),
    "night": ((8, 10, 34), (30, 34, 76)),
}
GROUNDS: dict[str, RGB] = {
    "meadow": (112, 190, 80),
    "sea": (40, 110, 170),
    "mountains": (140, 128, 112),
    "city": (120, 120, 124),
    "desert": (226, 194, 128),
    "swamp": (82, 84, 44),
}
LIGHTING = {"day": 1.0, "sunset": 0.85, "night": 0.5}
SIZES = {1: 15.0, 2: 13.0, 3: 10.0}  # radius of an object by how many there are


@dataclass(frozen=True, slots=True)
class Picture:
    """pixels (H, W, 3) uint8; regions (H, W) uint8: number of the part that a pixel shows."""

    pixels: NDArray[np.uint8]
    regions: NDArray[np.uint8]


def draw_scene(scene: Scene, side: int, random: np.random.Generator) -> Picture:
    """The picture, side x side; random places, sizes and grain, which mean nothing."""
    scale = side / DESIGN_SIDE
    place = PLACE.names[scene.background[0]]
    light = LIGHT.names[scene.background[1]]
    weather = WEATHER.names[scene.background[2]]
    uniform = random.random(64)
    top, bottom = (np.array(colour, dtype=np.float64) for colour in SKIES[light])
    sky = np.linspace(top, bottom, side, axis=0)  # (H, 3)
    picture = Image.fromarray(np.broadcast_to(sky[:, None, :], (side, side, 3)).astype(np.uint8))
    regions = Image.new("L", (side, side), SKY_REGION)
    on_picture, on_regions = ImageDraw.Draw(picture), ImageDraw.Draw(regions)
    stage = _Stage(on_picture, on_regions, scale, LIGHTING[light])
    _draw_light(stage, light, uniform)
    _draw_weather(stage, weather, uniform)
    _draw_place(stage, place, uniform)
    if weather == "storm":
        _draw_lightning(stage, uniform)
    n_things = len(scene.things)
    for number, thing in enumerate(scene.things):
        across, down, size = uniform[3 * number : 3 * number + 3]
        slot = DESIGN_SIDE / n_things
        radius = SIZES[n_things] * (0.92 + 0.16 * size)
        slack = max(slot / 2 - radius, 0.0) + (4.0 if n_things == 1 else 0.0)
        centre_x = slot * (number + 0.5) + (2 * across - 1) * slack
        centre_y = 43.0 - 4.0 + 8.0 * down
        region = FIRST_THING_REGION + number
        fill = COLOURS[COLOUR.names[thing.colour]]
        brush = Brush(on_picture, on_regions, region, (centre_x * scale, centre_y * scale), radius * scale, fill)
        draw_kind(thing.kind, brush)
    _draw_falling(stage, weather, uniform)
    grain = random.normal(0.0, NOISE, (side, side, 1)).astype(np.float32)
    pixels = np.clip(np.asarray(picture, dtype=np.float32) + grain, 0, 255).astype(np.uint8)
    return Picture(pixels, np.asarray(regions, dtype=np.uint8))


class _Stage:
    """Draws background shapes, measured in pixels of DESIGN_SIDE, into picture and map."""

    def __init__(
        self, picture: ImageDraw.ImageDraw, regions: ImageDraw.ImageDraw, scale: float, lighting: float
    ) -> None:
        self._picture, self._regions, self._scale, self._lighting = picture, regions, scale, lighting

    def lit(self, colour: RGB) -> RGB:
        red, green, blue = (round(channel * self._lighting) for channel in colour)
        return red, green, blue

    def area(self, points: list[tuple[float, float]], colour: RGB, region: int | None) -> None:
        placed = [(x * self._scale, y * self._scale) for x, y in points]
        self._picture.polygon(placed, fill=colour)
        if region is not None:
            self._regions.polygon(placed, fill=region)

    def box(self, left: float, top: float, right: float, bottom: float, colour: RGB, region: int | None) -> None:
        self.area([(left, top), (right, top), (right, bottom), (left, bottom)], colour, region)

    def disc(self, x: float, y: float, rx: float, ry: float, colour: RGB, region: int | None) -> None:
        s = self._scale
        place = ((x - rx) * s, (y - ry) * s, (x + rx) * s, (y + ry) * s)
        self._picture.ellipse(place, fill=colour)
        if region is not None:
            self._regions.ellipse(place, fill=region)

    def arc(self, x: float, y: float, radius: float, width: float, colour: RGB, region: int) -> None:
        """The upper half of a ring."""
        s = self._scale
        place = ((x - radius) * s, (y - radius) * s, (x + radius) * s, (y + radius) * s)
        pixels = max(1, round(width * s))
        self._picture.arc(place, 180, 360, fill=colour, width=pixels)
        self._regions.arc(place, 180, 360, fill=region, width=pixels)

    def stroke(self, points: list[tuple[float, float]], colour: RGB, width: float = 1.0) -> None:
        placed = [(x * self._scale, y * self._scale) for x, y in points]
        self._picture.line(placed, fill=colour, width=max(1, round(width * self._scale)))


def _draw_light(stage: _Stage, light: str, uniform: NDArray[np.float64]) -> None:
    if light == "night":
        stage.disc(8 + 48 * uniform[20], 8, 4.5, 4.5, (240, 238, 205), SKY_REGION)
        for x, y in uniform[30:54].reshape(12, 2):
            stage.box(64 * x, 30 * y, 64 * x + 1, 30 * y + 1, (250, 250, 230), SKY_REGION)
    elif light == "sunset":
        stage.disc(12 + 40 * uniform[20], HORIZON - 4, 8, 8, (255, 225, 120), SKY_REGION)


def _draw_weather(stage: _Stage, weather: str, uniform: NDArray[np.float64]) -> None:
    shift = 6 * uniform[21] - 3
    if weather == "rainbow":
        for ring, colour in enumerate(((220, 50, 50), (250, 210, 60), (70, 180, 80), (70, 90, 220))):
            stage.arc(32 + shift, 36, 30 - 2.5 * ring, 3.0, colour, WEATHER_REGION)
    elif weather != "clear":
        grey = {"rain": (130, 134, 142), "snow": (214, 218, 226), "storm": (62, 60, 72)}[weather]
        for x, y, rx, ry in ((14, 7, 13, 7), (32, 9, 15, 9), (50, 7, 13, 7)):
            stage.disc(x + shift, y, rx, ry, grey, WEATHER_REGION)


def _draw_place(stage: _Stage, place: str, uniform: NDArray[np.float64]) -> None:
    ground = stage.lit(GROUNDS[place])
    if place == "mountains":
        for x, peak, half in ((12, 12, 20), (48, 9, 22), (30, 18, 16)):
            x += 6 * uniform[23] - 3
            stage.area([(x - half, HORIZON + 1), (x, peak), (x + half, HORIZON + 1)], stage.lit((120, 112, 118)), 0)
            stage.area([(x - 5, peak + 5), (x, peak), (x + 5, peak + 5)], stage.lit((245, 245, 250)), 0)
    elif place == "city":
        for number, left in enumerate(range(-2, 64, 11)):
            top = 12 + 12 * uniform[24 + number]
            stage.box(left, top, left + 9, HORIZON + 1, stage.lit((92, 90, 100)), PLACE_REGION)
            for window in range(int(top) + 3, HORIZON - 2, 5):
                stage.box(left + 2, window, left + 4, window + 2, (250, 225, 130), PLACE_REGION)
                stage.box(left + 6, window, left + 8, window + 2, (250, 225, 130), PLACE_REGION)
    stage.box(0, HORIZON, 65, 65, ground, PLACE_REGION)
    if place == "desert":
        for x, y in ((14, HORIZON), (46, HORIZON + 1)):
            stage.disc(x + 4 * uniform[23], y, 18, 5, ground, PLACE_REGION)
    mark = stage.lit(
        {"meadow": (60, 140, 50), "sea": (150, 205, 235), "swamp": (150, 165, 60)}.get(place, (96, 92, 84))
    )
    for x, y in uniform[32:56].reshape(12, 2):
        x, y = 62 * x, HORIZON + 4 + 25 * y
        if place == "meadow":
            stage.stroke([(x, y), (x + 1, y - 3)], mark)
        elif place == "sea":
            stage.stroke([(x - 3, y), (x, y - 1), (x + 3, y)], mark)
        elif place == "swamp":
            stage.disc(x, y, 2.5, 1.2, mark, None)


def _draw_lightning(stage: _Stage, uniform: NDArray[np.float64]) -> None:
    x = 16 + 32 * uniform[22]
    bolt = [(x, 12), (x + 6, 12), (x + 2, 20), (x + 7, 20), (x - 4, 35), (x - 1, 23), (x - 5, 23)]
    stage.area([(px, py) for px, py in bolt], (255, 240, 90), WEATHER_REGION)


def _draw_falling(stage: _Stage, weather: str, uniform: NDArray[np.float64]) -> None:
    """Rain and snow, before everything; they hide nothing, so the map does not know them."""
    for x, y in uniform[:60].reshape(30, 2)[:, ::-1]:
        x, y = 64 * x, 14 + 50 * y
        if weather == "rain":
            stage.stroke([(x, y), (x - 1.5, y + 4)], (170, 200, 245))
        elif weather == "snow":
            stage.box(x, y, x + 1, y + 1, (255, 255, 255), None)
