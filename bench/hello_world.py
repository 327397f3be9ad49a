"""The floor: the smallest Django site, served by gunicorn as the product is. What is left over it is ours."""

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path


def hello(request: HttpRequest) -> HttpResponse:
    # the length is said, or the server sends chunks and the client would have to parse them
    return HttpResponse("Hello, world", headers={"Content-Length": "12"})


urlpatterns = [path("", hello)]
settings.configure(SECRET_KEY="only for a benchmark", ALLOWED_HOSTS=["127.0.0.1"], ROOT_URLCONF=__name__, MIDDLEWARE=[])
application = get_wsgi_application()
