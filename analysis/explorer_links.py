"""Where a number leads: the address of the image explorer with the filters that find the images behind it.

The address is relative, so that figures need not know the study's slug. It holds on pages one level below the study
(/studies/<slug>/ itself, /studies/<slug>/common-ground, ...), which is where figures stand.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlencode


def images(**filters: str | float | Sequence[str]) -> str:
    """images(emotion="awe", agreement_min=0.5): the fields of `analysis.explorer.ExplorerForm`."""
    return f"explorer?{urlencode(filters, doseq=True)}"


def answered(begin: datetime, end: datetime) -> dict[str, str]:
    """The filters that find the images that somebody answered from `begin` on and before `end`; both UTC."""
    moments = {"answered_from": begin, "answered_before": end}
    return {name: each.replace(tzinfo=None).isoformat(timespec="minutes") for name, each in moments.items()}


@dataclass(frozen=True)
class TwoSides:
    """Where the numbers of two sides lead: the explorer's filters of either, and whose study the second side is.

    first, second: None where no filter finds a side's images. second_study: a slug, where the second side is another
    study. by_polarity: the labels are positive, negative and else.
    """

    first: dict[str, str] | None = field(default_factory=dict)
    second: dict[str, str] | None = field(default_factory=dict)
    second_study: str = ""
    by_polarity: bool = False

    def images(self, side: str, **filters: str) -> str:
        """The images of one side, with further filters; '' where none finds them."""
        own = self.first if side == "first" else self.second
        if own is None:
            return ""
        found = images(**{**own, **filters})
        return f"../{self.second_study}/{found}" if self.second_study and side == "second" else found

    def of(self, side: str, label: str) -> str:
        """The images of one side on which somebody chose the label."""
        return self.images(side, **self._chose(label))

    def of_both(self, label: str) -> str:
        """The images that both sides answered and on which somebody chose the label, as far as a filter finds them."""
        if self.first and self.second and set(self.first) == set(self.second) == {"group"}:
            return images(group=self.first["group"], also_group=self.second["group"], **self._chose(label))
        return images(**(self.first or {} if self.first == self.second else {}), **self._chose(label))

    def _chose(self, label: str) -> dict[str, str]:
        return {"mix": f"has_{label}"} if self.by_polarity else {"felt": label}
