"""What of an analysis of words a page shows, and how its numbers are written."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analysis.charts.marks import as_number, as_percent
from analysis.figures import moment
from analysis.language.measures import MEASURES, Measure
from analysis.language.published import SOURCES, VOCABULARY
from analysis.models import AnalysisResult

BY_NAME = {measure.name: measure for measure in MEASURES}
INTERVAL = "Interval: 95 %, taking an image's texts together."
PUBLISHED_SOURCES = "Published: " + "; ".join(SOURCES.values()) + "."


@dataclass(frozen=True)
class Selection:
    """What of the analysis a page shows: a source and an emotion ('' = all), and the measure of the comparison."""

    row: AnalysisResult
    source: str = ""
    emotion: str = ""
    measure: str = "concreteness"

    @property
    def found(self) -> Mapping[str, Any]:
        result: Mapping[str, Any] = self.row.result
        return result

    @property
    def cell(self) -> Mapping[str, Any]:
        return self.cell_of(self.source, self.emotion)

    def cell_of(self, source: str, emotion: str) -> Mapping[str, Any]:
        cell: Mapping[str, Any] = self.found["cells"][f"{source}|{emotion}"]
        return cell

    @property
    def part(self) -> str:
        """The selection in words; '' for everything."""
        names = {label["id"]: label["name"] for label in self.found["labels"]}
        return ", ".join(word for word in (self.source, names.get(self.emotion, "")) if word)

    @property
    def about(self) -> str:
        """Below every figure: what it rests on."""
        part = f" of {self.part}" if self.part else ""
        n = self.found["n_simulated"]
        simulated = f" The study holds {n:,} simulated responses." if n else ""
        return (
            f"{self.cell['n_texts']:,} explanations{part}.{simulated} Snapshot {self.row.snapshot_id[:12]}, computed "
            f"{moment(self.row.created_at)}."
        )


def headline(selection: Selection) -> dict[str, str]:
    """How many texts, words and different words the selection holds, and what was published beside."""
    cell = selection.cell
    return {
        "n_texts": f"{cell['n_texts']:,}",
        "n_words": f"{cell['n_words']:,}",
        "vocabulary": f"{cell['vocabulary']:,}",
        "used_once": as_percent(cell["used_once"] / cell["vocabulary"]) if cell["vocabulary"] else "–",
        "published": f"{VOCABULARY['affection']:,}",
    }


def mean(cell: Mapping[str, Any], name: str) -> tuple[float | None, float | None, float | None, int]:
    value, low, high, n = cell["measures"].get(name) or (None, None, None, 0)
    return value, low, high, n


def written(measure: Measure, value: float | None) -> str:
    if measure.unit == "share":
        return as_percent(value)
    return as_number(value, 1 if measure.unit == "words" else 2)


def with_interval(measure: Measure, value: float | None, low: float | None, high: float | None) -> str:
    if value is None or low is None or high is None:
        return written(measure, value)
    return f"{written(measure, value)} [{written(measure, low)}, {written(measure, high)}]"


def upper(numbers: Sequence[float | None]) -> float:
    """A round number above all of these."""
    most = max((number for number in numbers if number is not None), default=1.0)
    size = 10 ** math.floor(math.log10(most)) if most > 0 else 1
    return math.ceil(most / size + 0.2) * size
