"""Where a number leads: the address of the image explorer with the filters that find the images behind it.

The address is relative, so that figures need not know the study's slug. It holds on pages one level below the study
(/studies/<slug>/ itself, /studies/<slug>/common-ground, ...), which is where figures stand.
"""

from urllib.parse import urlencode


def images(**filters: str | float | list[str]) -> str:
    """images(emotion="awe", agreement_min=0.5): the fields of `analysis.explorer.ExplorerForm`."""
    return f"explorer?{urlencode(filters, doseq=True)}"
