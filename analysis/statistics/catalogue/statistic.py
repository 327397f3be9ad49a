"""One statistic as readers meet it: its name, what it means, whence it comes, in which range."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Statistic:
    """One statistic as readers meet it.

    name: key in `AgreementSums.estimates()`; for a family the part before the member's name.
    members: what the members of a family are ('label', 'polarity' or 'polarity mix'); None for a single figure.
    unit, low, high: the range of the value; high None = no fixed end (for entropies: about the logarithm of the number
        of labels).
    live: it follows every response (`AgreementSums.estimates()`); others are computed from a frozen table when asked.
    """

    name: str
    title: str
    definition: str
    source: str
    unit: str
    low: float
    high: float | None
    members: str | None = None
    live: bool = True
