"""A distribution as one thin strip of colour, for beneath a thumbnail. The words stand in the link beside it."""

from collections.abc import Sequence


def strip(shares: Sequence[tuple[float, str]]) -> str:
    """shares: (share, class) from left to right, adding up to at most 1. Hidden from screen readers."""
    parts, x = [], 0.0
    for share, css in shares:
        if share > 0:
            parts.append(f'<rect class="{css}" x="{100 * x:.2f}" y="0" width="{100 * share:.2f}" height="1"/>')
            x += share
    return (
        '<svg class="strip" viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true" focusable="false">'
        f"{''.join(parts)}</svg>"
    )
