"""NUL in an address, a query or a form: nobody types it, and no text of the database can hold it."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse

API = "/api/"  # its bodies are looked at by annotation/api/json_body.py


class NoNul:
    """Answers 404 where the address holds one, and 400 where a query or a form does, before any view looks at it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> None:
        if "\x00" in request.path:
            raise Http404("There is no such address.")
        if request.path.startswith(API):
            # an answer of an annotator comes this way, and has no query
            forms = [request.GET] if request.META.get("QUERY_STRING") else []
        else:
            forms = [request.GET, request.POST]
        if any("\x00" in value for form in forms for _, values in form.lists() for value in values):
            raise BadRequest("The query or the form holds a NUL character.")
