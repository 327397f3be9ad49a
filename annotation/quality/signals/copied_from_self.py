"""How near the text is to another one of the same person, 0 to 1.

Definition: 1 - changed words / words of the longer text, for the nearest text that she wrote before about another
stimulus of the study; 1 = word for word, 0 = none is near. Changed are the words of the longer text that are not part
of the two texts' longest common subsequence of words; nothing within the guarantee of
annotation/quality/near_duplicates.py is missed. Texts of fewer than 5 words are compared word for word. None where the
text is empty.
Source: Hirschberg, Algorithms for the Longest Common Subsequence Problem (JACM 1977), for the subsequence.
"""

from django.utils.translation import gettext_lazy as _

from annotation.quality.signal import AT_LEAST, Given, Signal


def measure(given: Given) -> float | None:
    return given.copies.from_self


SIGNAL = Signal(
    name="copied_from_self",
    title=_("Copied from her own"),
    unit=_("similarity"),
    low=0,
    high=1,
    help=_("How near the text is to one that the same person wrote before about another image."),
    measure=measure,
    notable=(AT_LEAST, 0.8),
    is_share=True,
)
