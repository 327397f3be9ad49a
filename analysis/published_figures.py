"""What papers printed of common ground, to stand beside a study's own figures and always marked as published.

Names are those of `statistics/catalogue/`. Sources: Affection = Achlioptas et al., arXiv 2210.01946, sec. 3 and
supplement, fig. 7 (read off its bars); ArtEmis = Achlioptas et al., arXiv 2101.07396, sec. 3, and its analysis code.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from annotation.emotions import AFFECTION


@dataclass(frozen=True)
class Publication:
    """title: the column's name. figures: name -> value; shares are 0 to 1."""

    title: str
    cite: str
    figures: Mapping[str, float]


def _family(name: str, values: Mapping[str, float]) -> dict[str, float]:
    return {f"{name}.{member}": value for member, value in values.items()}


AFFECTION_PAPER = Publication(
    title="Affection",
    cite="Affection (arXiv 2210.01946), sec. 3 and supplement fig. 7",
    figures={
        "majority.half_or_more": 0.675,
        "positive_and_negative": 0.5,
        **_family("polarity_share", {"positive": 0.713, "negative": 0.211, "else": 0.076}),
        **_family(
            "majority_label.half_or_more",
            {
                "contentment": 0.348,
                "excitement": 0.172,
                "amusement": 0.140,
                "awe": 0.136,
                "sadness": 0.077,
                "fear": 0.055,
                "disgust": 0.044,
                "something_else": 0.022,
                "anger": 0.0035,
            },
        ),
    },
)
ARTEMIS_PAPER = Publication(
    title="ArtEmis",
    cite="ArtEmis (arXiv 2101.07396), sec. 3 and analysis code",
    figures={
        "majority.half_or_more": 0.456,
        "positive_and_negative": 0.61,
        "mixed_polarity": 0.79,
        **_family("polarity_share", {"positive": 0.620, "negative": 0.263, "else": 0.116}),
        **_family(
            "majority_per_response.half_or_more",
            {
                "contentment": 0.135,
                "fear": 0.080,
                "sadness": 0.078,
                "awe": 0.073,
                "amusement": 0.063,
                "something_else": 0.041,
                "excitement": 0.035,
                "disgust": 0.028,
                "anger": 0.0075,
            },
        ),
    },
)
PUBLICATIONS = (AFFECTION_PAPER, ARTEMIS_PAPER)


def comparable(labels: Iterable[Mapping[str, Any]]) -> bool:
    """Whether a study asked by the papers' nine labels: else shares say other things."""
    return {label["id"] for label in labels} == {label["id"] for label in AFFECTION}
