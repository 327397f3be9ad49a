"""Serves images under addresses that were handed out; no database on this path."""

from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest
from django.views.decorators.http import require_GET

from annotation.images import token_fits
from snapshots.local_copy import image_name


@require_GET
def image(request: HttpRequest, token: str, sha256: str, size: str) -> FileResponse:
    if not token_fits(token, sha256):
        raise Http404("There is no such image.")
    try:
        file = default_storage.open(image_name(sha256, size))
    except FileNotFoundError:
        try:
            file = default_storage.open(image_name(sha256))  # the derived size is still being made
        except FileNotFoundError:
            raise Http404("There is no such image.") from None
    response = FileResponse(file, content_type="image/jpeg")
    # the address holds the content's hash, so what is behind it never changes
    response["Cache-Control"] = "private, max-age=31536000, immutable"
    return response
