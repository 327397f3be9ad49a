"""Lists of the API, the newest first: `?before=<next_before>` goes on where a page ended."""

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from annotation.errors import InvalidInput
from annotation.whole_number import whole_number

BEFORE = OpenApiParameter("before", OpenApiTypes.INT64, description="`next_before` of the page before")


@dataclass(frozen=True)
class Page:
    """next_before: what the next page is asked for with; None = this is the last one."""

    rows: list[Any]
    next_before: int | None


def page_of(request: Request, rows: QuerySet[Any], size: int, *, key: str = "pk") -> Page:
    """The next `size` of the rows, which descend by `key`. Raises InvalidInput where `before` is no whole number."""
    asked = request.query_params.get("before", "")
    if asked:
        before = whole_number(asked)
        if not before:
            sentence = f"before is {asked[:40]!r}; give the `next_before` of the page before, a whole number."
            raise InvalidInput(sentence, {"before": [sentence]})
        rows = rows.filter(**{f"{key}__lt": before})
    found = list(rows[: size + 1])
    more = len(found) > size
    return Page(found[:size], getattr(found[size - 1], key) if more else None)
