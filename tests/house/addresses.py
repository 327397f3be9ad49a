"""Every address of the site, found by walking the URL configuration; nothing here knows what the site offers."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver, reverse


@dataclass(frozen=True)
class Address:
    """One pattern of the URL configuration: its full name, its arguments, and how it is written."""

    name: str
    arguments: tuple[str, ...]
    route: str

    @property
    def is_api(self) -> bool:
        return self.route.startswith("api/")

    @property
    def is_admin_site(self) -> bool:
        return self.route.startswith("admin/")

    def url(self, values: Mapping[str, Any]) -> str:
        """`values` by argument, or by 'address.argument' where one address needs another object than the rest."""
        chosen = {name: values.get(f"{self.name}.{name}", values.get(name)) for name in self.arguments}
        return reverse(self.name, kwargs=chosen)


def all_addresses() -> list[Address]:
    return list(_walk(get_resolver().url_patterns, "", ""))


def our_addresses() -> list[Address]:
    """Without Django's admin site, whose patterns follow from the tables."""
    return [address for address in all_addresses() if not address.is_admin_site]


def _walk(patterns: Any, route: str, namespace: str) -> Iterator[Address]:
    for pattern in patterns:
        here = route + str(pattern.pattern).removeprefix("^")
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from _walk(pattern.url_patterns, here, inner)
        elif isinstance(pattern, URLPattern):
            arguments = tuple(pattern.pattern.converters) or tuple(re.findall(r"\?P<(\w+)>", here))
            yield Address(f"{namespace}{pattern.name}" if pattern.name else "", arguments, here)
