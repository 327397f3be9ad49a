"""The demo study's photographs and what is known about them; their sources are in CREDITS.md."""

import csv
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "photographs"
FACTS_FILE = Path(__file__).parent / "photographs.csv"


@dataclass(frozen=True)
class Photograph:
    """One photograph: its file, and its row of photographs.csv.

    valence_mean, arousal_mean: OASIS ratings on 1..7 (1 = very negative or very low, 7 = very positive or very high).
    valence_sd, arousal_sd: standard deviations between raters.
    """

    image_file: str
    theme: str
    category: str
    valence_mean: float
    valence_sd: float
    arousal_mean: float
    arousal_sd: float
    description: str

    @property
    def path(self) -> Path:
        return FOLDER / self.image_file

    @property
    def metadata(self) -> dict[str, str | float]:
        """What goes into the stimulus's metadata: everything but the file and the description."""
        return {
            "theme": self.theme,
            "category": self.category,
            "valence_mean": self.valence_mean,
            "valence_sd": self.valence_sd,
            "arousal_mean": self.arousal_mean,
            "arousal_sd": self.arousal_sd,
        }


def demo_photographs() -> list[Photograph]:
    """All of them, in the order of their file names."""
    with FACTS_FILE.open(newline="", encoding="utf-8") as file:
        return [
            Photograph(
                image_file=row["image_file"],
                theme=row["theme"],
                category=row["category"],
                valence_mean=float(row["valence_mean"]),
                valence_sd=float(row["valence_sd"]),
                arousal_mean=float(row["arousal_mean"]),
                arousal_sd=float(row["arousal_sd"]),
                description=row["description"],
            )
            for row in csv.DictReader(file)
        ]
