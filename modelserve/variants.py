"""The four ways in which a speaker speaks (Affection, arXiv 2210.01946, table 2). Without torch."""

from dataclasses import dataclass

MACHINE_WRITTEN = "Machine-written"
"""Stands beside every explanation that a network wrote, wherever it is shown."""


@dataclass(frozen=True, slots=True)
class Variant:
    """is_grounded: it is told an emotion; is_pragmatic: a listener chooses among its texts."""

    name: str
    title: str
    is_grounded: bool
    is_pragmatic: bool
    meaning: str


VARIANTS = {
    variant.name: variant
    for variant in (
        Variant("default", "Default", False, False, "from the image alone"),
        Variant("grounded", "Emotion-grounded", True, False, "for the emotion that is asked for, or the likeliest"),
        Variant("pragmatic", "Pragmatic", False, True, "of many, the one by which a listener finds the image"),
        Variant("grounded_pragmatic", "Emotion-grounded pragmatic", True, True, "both"),
    )
}
