"""One option of a table: its default, its meaning, what is allowed."""

from dataclasses import field
from typing import Any


def option(
    default: Any, meaning: str, *, least: float | None = None, most: float | None = None, among: tuple[str, ...] = ()
) -> Any:
    return field(default=default, metadata={"meaning": meaning, "least": least, "most": most, "among": among})
