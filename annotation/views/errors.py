"""The pages for what went wrong."""

import sys

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from annotation.outage import RETRY_SECONDS, outage_behind
from annotation.too_many import too_many_sentence

API = "/api/"


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    too_many = too_many_sentence(exception)
    if request.path.startswith(API):
        message = too_many or "The address or the query holds something the site cannot use; nothing was changed."
        return JsonResponse({"type": "too_many" if too_many else "bad_request", "message": message}, status=400)
    return render(request, "errors/400.html", {"reason": too_many}, status=400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "errors/403.html", {"reason": str(exception or "")}, status=403)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    sentence = _(
        "This form was not accepted, and nothing was changed: it was open for very long, came from another site, or "
        "your browser keeps no cookies. Go back, load the page again and send it once more."
    )
    return render(request, "errors/403.html", {"reason": sentence}, status=403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if request.path.startswith(API):
        message = "There is no such address. All of them are described at /api/v1/schema."
        return JsonResponse({"type": "not_found", "message": message}, status=404)
    return render(request, "errors/404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """A fault of ours, or, with its own sentence, an outage. Called while the error is being handled."""
    outage = outage_behind(sys.exc_info()[1])
    for_program = request.path.startswith(API)
    if outage is None and for_program:
        message = _(
            "Something broke on our side; it is written to the server's log. What was reported as saved is safe."
        )
        return JsonResponse({"type": "server_error", "message": message}, status=500)
    if outage is None:
        return HttpResponse(render_to_string("errors/500.html"), status=500)
    headers = {"Retry-After": str(RETRY_SECONDS)}
    if for_program:
        return JsonResponse({"type": outage.type, "message": outage.message}, status=503, headers=headers)
    return HttpResponse(render_to_string("errors/503.html", {"reason": outage.message}), status=503, headers=headers)
