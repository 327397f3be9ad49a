"""{% for link, row in figure|linked_rows %}: a figure's table with where each row leads."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from django import template

register = template.Library()


@register.filter
def linked_rows(figure: Any) -> Iterable[tuple[str, Sequence[Any]]]:
    """(address or "", cells) per row of a figure, which may be a dict."""
    rows, links = (_part(figure, "rows") or []), (_part(figure, "links") or [])
    return zip_longest(links[: len(rows)], rows, fillvalue="")


def _part(figure: Any, name: str) -> Any:
    return figure.get(name) if isinstance(figure, Mapping) else getattr(figure, name, None)
