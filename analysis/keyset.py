"""Pages by where the last one ended: as fast on the thousandth page as on the first, and nothing twice or left out.

An order is a list of keys, the id last, so that equal values never jump between pages. The first key may be null; those
rows come last, whatever the direction.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import F, Q, QuerySet

ID = "stimulus_id"
#: Beyond it the database has no number for an id.
MOST = 2**63


@dataclass(frozen=True)
class Key:
    """name: of a field, or what `expression` is annotated as. is_moment: its values are moments, not numbers."""

    name: str
    descending: bool = False
    expression: Any = None
    is_moment: bool = False


@dataclass(frozen=True)
class Order:
    """keys: before the id, which goes the way of the first one. nullable: the first key may be null."""

    keys: tuple[Key, ...]
    nullable: bool = False

    @property
    def all_keys(self) -> tuple[Key, ...]:
        return (*self.keys, Key(ID, self.keys[0].descending))


def page_after(
    rows: QuerySet[Any], order: Order, cursor: str, n: int, *, backward: bool = False
) -> tuple[list[Any], str]:
    """At most n rows after the cursor ('' = from the start; backward: before it), and the cursor of the next page.

    '' as next cursor: there is no further row. Raises ValueError for a cursor that was not made by this order.
    """
    keys = tuple(replace(key, descending=key.descending ^ backward) for key in order.all_keys)
    for key in keys:
        if key.expression is not None:
            rows = rows.annotate(**{key.name: key.expression})
    first, *rest = keys
    values = read_cursor(cursor, keys) if cursor else None
    phases = [(rows.filter(**{f"{first.name}__isnull": False}), list(keys))] if order.nullable else [(rows, list(keys))]
    if order.nullable:
        without = (rows.filter(**{f"{first.name}__isnull": True}), rest)
        phases = [without, *phases] if backward else [*phases, without]
    found: list[Any] = []
    for phase, by in phases:
        wanted = n + 1 - len(found)
        if wanted <= 0:
            break
        is_null_phase = by is rest
        if values is not None and order.nullable:
            started_in_nulls = values[0] is None
            if started_in_nulls != is_null_phase:
                if is_null_phase == backward:
                    continue  # this phase lies wholly on the side that was seen
                asked = phase
            else:
                asked = phase.filter(_beyond(by, values[1:] if is_null_phase else values))
        else:
            asked = phase if values is None else phase.filter(_beyond(by, values))
        ordered = asked.order_by(*(F(key.name).desc() if key.descending else F(key.name).asc() for key in by))
        found += list(ordered[:wanted])
    more = len(found) > n
    kept = found[:n]
    return kept, cursor_of(kept[-1], keys) if more else ""


def cursor_of(row: Any, keys: Sequence[Key]) -> str:
    """Where a row stands, for an address."""
    return json.dumps([_plain(getattr(row, key.name)) for key in keys], separators=(",", ":"))


def read_cursor(cursor: str, keys: Sequence[Key]) -> list[Any]:
    """Raises ValueError."""
    values = json.loads(cursor)
    if not isinstance(values, list) or len(values) != len(keys):
        raise ValueError(f"{cursor!r} does not fit the order.")
    return [
        None if value is None and place == 0 else _read(value, is_moment=key.is_moment)
        for place, (value, key) in enumerate(zip(values, keys, strict=True))
    ]


def _read(value: Any, *, is_moment: bool) -> Any:
    if is_moment and isinstance(value, str):
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is not None:
            return moment
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_number and not is_moment and abs(value) < MOST:
        return value
    raise ValueError(f"{value!r} does not fit the order.")


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _beyond(keys: Sequence[Key], values: Sequence[Any]) -> Q:
    """Rows that come after these values: later in the first key, or equal there and later in the second, and so on."""
    condition = Q()
    equal = Q()
    for key, value in zip(keys, values, strict=True):
        condition |= equal & Q(**{f"{key.name}__{'lt' if key.descending else 'gt'}": value})
        equal &= Q(**{key.name: value})
    first = keys[0]
    # the same once more, plainly, so that the database starts at the right place of the index
    return Q(**{f"{first.name}__{'lte' if first.descending else 'gte'}": values[0]}) & condition
