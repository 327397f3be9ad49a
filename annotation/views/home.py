"""The front door."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect("studies")
    return render(request, "home.html")


@require_GET
def health(request: HttpRequest) -> JsonResponse:
    """For balancers and the launcher: the process answers."""
    return JsonResponse({"ok": True})
