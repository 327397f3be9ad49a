"""What the database's texts and JSON cannot keep, though Python and JSON can say it."""

from collections.abc import Iterator
from typing import Any


def why_not_storable(value: Any) -> str:
    """Of plain JSON: what stands in the way of storing it, as the end of a sentence; '' = nothing."""
    for text in _texts_in(value):
        if "\x00" in text:
            return "holds a NUL character, which cannot be stored"
        try:
            text.encode()
        except UnicodeEncodeError:
            return "holds half of a character (a lone surrogate), which cannot be stored"
    return ""


def _texts_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield str(key)
            yield from _texts_in(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts_in(inner)
