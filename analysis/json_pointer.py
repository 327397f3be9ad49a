"""Places in a JSON object, named as RFC 6901 does: /result/estimates/krippendorff_alpha/value."""

from collections.abc import Sequence
from typing import Any


def pointer(path: Sequence[str | int]) -> str:
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)


def at_pointer(document: Any, place: str) -> Any:
    """What stands there; the whole for "". Raises LookupError with how far the way goes."""
    if place and not place.startswith("/"):
        raise LookupError(f"A place begins with /, as in /result/n_responses; got {place!r}.")
    here, way = document, ""
    for part in place.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        try:
            here = here[int(name)] if isinstance(here, list) else here[name]
        except (KeyError, IndexError, ValueError, TypeError):
            found = ", ".join(list(here)[:12]) if isinstance(here, dict) else f"{type(here).__name__}"
            raise LookupError(f"There is nothing at {way}/{part}; at {way or 'the top'} stands: {found}.") from None
        way += f"/{part}"
    return here
