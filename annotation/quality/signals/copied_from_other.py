"""How near the text is to an earlier one of somebody else, 0 to 1.

Definition: as copied_from_self, over all earlier texts of other people in the study. None where the text has fewer than
5 words: two people may well write 'so cute' by themselves.
Source: as copied_from_self; the search filters by prefixes (Chaudhuri et al., ICDE 2006).
"""

from django.utils.translation import gettext_lazy as _

from annotation.quality.signal import AT_LEAST, Given, Signal


def measure(given: Given) -> float | None:
    return given.copies.from_other


SIGNAL = Signal(
    name="copied_from_other",
    title=_("Copied from somebody"),
    unit=_("similarity"),
    low=0,
    high=1,
    help=_("How near the text is to one that another person wrote before."),
    measure=measure,
    notable=(AT_LEAST, 0.8),
    is_share=True,
)
