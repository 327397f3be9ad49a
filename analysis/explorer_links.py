"""Where a number leads: the address of the image explorer with the filters that find the images behind it.

The address is relative, so that figures need not know the study's slug. It holds on pages one level below the study
(/studies/<slug>/ itself, /studies/<slug>/common-ground, ...), which is where figures stand.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode


def images(**filters: str | float | Sequence[str]) -> str:
    """images(emotion="awe", agreement_min=0.5): the fields of `analysis.explorer.ExplorerForm`."""
    return f"explorer?{urlencode(filters, doseq=True)}"


@dataclass(frozen=True)
class TwoSides:
    """Where the labels of two sides lead: the explorer's filters of either, and whose study the second side is.

    second_study: a slug, where the second side is another study.
    """

    first: dict[str, str] = field(default_factory=dict)
    second: dict[str, str] = field(default_factory=dict)
    second_study: str = ""

    def of(self, side: str, label: str) -> str:
        """The images of one side on which somebody chose the label."""
        if side == "first":
            return images(**self.first, felt=label)
        found = images(**self.second, felt=label)
        return f"../{self.second_study}/{found}" if self.second_study else found

    def of_both(self, label: str) -> str:
        """The images that both sides answered and on which somebody chose the label, as far as a filter finds them."""
        if set(self.first) == set(self.second) == {"group"}:
            return images(group=self.first["group"], also_group=self.second["group"], felt=label)
        return images(**self.first, felt=label) if self.first == self.second else images(felt=label)
