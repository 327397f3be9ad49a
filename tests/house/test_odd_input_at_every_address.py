"""Whatever is sent to an address, it answers with a page, a refusal in words or a redirect, never with a broken page.

Nothing here knows the parameters of an address: forms and queries answer every name with the same odd text, and the
fields of an API's body are those that its serializer declares.
"""

import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache import caches
from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import NoReverseMatch, resolve
from django.utils.datastructures import MultiValueDict

from tests.house.addresses import Address, our_addresses
from tests.house.test_every_address_against_every_role import ADDRESSES, TAKING_PART
from tests.house.world import World, make_world

pytestmark = pytest.mark.django_db

ODD_TEXTS = ("²", "9" * 5_000)
ODD_VALUES = ("a\x00\ud83d", 10**30, {"a": ["\x00"]}, [[None]])
ODD_BODIES = ("[" * 100_000, "[]", '"text"', "{]", '{"a": Infinity}')


class Anything(MultiValueDict[str, Any]):
    """Parameters that give the same answer to every name."""

    def __init__(self, answer: str) -> None:
        super().__init__()
        self.answer = answer

    def __getitem__(self, name: str) -> Any:
        return self.answer

    def __contains__(self, name: object) -> bool:
        return True

    def get(self, name: str, default: Any = None) -> Any:
        return self.answer

    def getlist(self, name: str, default: Any = None) -> list[Any]:
        return [self.answer]

    def lists(self) -> Any:
        return [("every", [self.answer])]

    def copy(self) -> Any:
        return QueryDict("", mutable=True)

    def urlencode(self, safe: str | None = None) -> str:
        return ""


class OddParameters:
    """A middleware that puts `answer` into every query and form; None = as they were sent."""

    answer: str | None = None

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if self.answer is not None:
            request.GET = request._post = Anything(self.answer)  # type: ignore[assignment,attr-defined]
            request._files = MultiValueDict()  # type: ignore[attr-defined]
        return self.get_response(request)


@pytest.fixture
def world(settings: Any) -> Iterator[World]:
    settings.MIDDLEWARE = [f"{__name__}.OddParameters", *settings.MIDDLEWARE]
    logging.disable(logging.CRITICAL)  # a thousand refusals would bury what is wrong
    yield make_world()
    OddParameters.answer = None
    logging.disable(logging.NOTSET)


def status_of(world: World, person: str, method: str, url: str, body: str | None = None) -> int:
    """One request whose effects are taken back."""
    for cache in caches.all():
        cache.clear()
    browser = world.browsers[person]
    cookies = browser.cookies.copy()
    with transaction.atomic():
        answer = browser.generic(method, url, body or "", content_type="application/json" if body else "text/plain")
        if answer.streaming:
            for _ in answer.streaming_content:  # type: ignore[attr-defined]
                pass
        transaction.set_rollback(True)
    browser.cookies = cookies
    return answer.status_code


def asked(world: World, methods: set[str], *, is_api: bool) -> Iterator[tuple[Address, str, str, str]]:
    """(address, its URL, method, who may use it)."""
    for address in our_addresses():
        for method, who in ADDRESSES.get(address.name, {}).items():
            if method in methods and address.is_api == is_api:
                person = "anna" if who is TAKING_PART or address.name.startswith("annotate_") else "ada"
                yield address, address.url(world.here.arguments), method, person


def fields_of(url: str) -> dict[str, Any]:
    serializer = getattr(resolve(url).func.cls, "Input", None)
    return dict(serializer().fields) if serializer else {}


def usual(field: Any) -> Any:
    """Something that the field takes, so that the others are looked at."""
    if hasattr(field, "choices"):
        return next(iter(field.choices))
    kinds = {
        "IntegerField": 1,
        "FloatField": 1.0,
        "BooleanField": True,
        "DictField": {},
        "JSONField": {},
        "ListField": [],
    }
    return kinds.get(type(field).__name__, "awe")


@pytest.mark.parametrize("text", ODD_TEXTS, ids=["superscript", "digits"])
def test_no_page_breaks_on_odd_parameters(world: World, text: str) -> None:
    OddParameters.answer = text
    broken = []
    for is_api in (False, True):
        for address, url, method, person in asked(world, {"GET"} if is_api else {"GET", "POST"}, is_api=is_api):
            status = status_of(world, person, method, url)
            if status >= 500:
                broken.append(f"{address.name}: {method} with {text[:10]!r} answered {status}")
    assert not broken, "\n".join(broken)


def test_nul_in_an_address_is_not_found(world: World) -> None:
    broken = []
    for address in our_addresses():
        texts = [name for name in address.arguments if isinstance(world.here.arguments.get(name), str)]
        for name in texts if address.name in ADDRESSES else []:
            marker = "zzz-nul"
            try:
                url = address.url({**world.here.arguments, name: marker, f"{address.name}.{name}": marker})
            except NoReverseMatch:
                continue  # the pattern itself lets no such thing in
            for method in ADDRESSES[address.name]:
                status = status_of(world, "ada", method, url.replace(marker, "%00"))
                if status not in (404, 405):
                    broken.append(f"{address.name}: {method} with NUL for {name} answered {status}")
    assert not broken, "\n".join(broken)


def test_no_endpoint_breaks_on_odd_bodies(world: World) -> None:
    broken = []
    for address, url, method, person in asked(world, {"POST", "PUT", "PATCH"}, is_api=True):
        fields = fields_of(url)
        good = {name: usual(field) for name, field in fields.items()}
        bodies = [*ODD_BODIES, *(json.dumps(dict.fromkeys(good, value)) for value in ODD_VALUES)]
        # of each field two of them in turn, so that the whole takes seconds
        bodies += [
            json.dumps({**good, name: ODD_VALUES[(number + shift) % len(ODD_VALUES)]})
            for number, name in enumerate(good)
            for shift in (0, 1)
        ]
        for body in bodies:
            status = status_of(world, person, method, url, body)
            if status >= 500:
                broken.append(f"{address.name}: {method} {body[:80]} answered {status}")
    assert not broken, "\n".join(broken)
