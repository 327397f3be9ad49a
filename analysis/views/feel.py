"""What would people feel? Somebody brings a picture; the served network and people's own words answer."""

from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from analysis.feel import distribution_of, what_people_would_feel
from analysis.services.ask_about_images import ask_about_images, speak_about
from annotation.access import get_study
from annotation.errors import ImageRefused
from annotation.services.decode_image import decode_image
from modelserve.errors import ModelServeError, NoNetworkServed, PredictorBusy
from modelserve.queries import promoted_network

TASK = "image_emotion"


class FeelForm(forms.Form):
    """One picture."""

    picture = forms.FileField(
        label="A picture",
        help_text="It is looked at and forgotten. JPEG, PNG, WebP, GIF, BMP or TIFF.",
        widget=forms.ClearableFileInput(attrs={"accept": "image/*"}),
        error_messages={"required": "Choose a picture.", "empty": "This file is empty. Choose a picture."},
    )


@login_required
@require_http_methods(["GET", "POST"])
def feel(request: HttpRequest, slug: str) -> HttpResponse:
    study = get_study(request.user, slug, "ask_network")
    context: dict[str, Any] = {"study": study, "network": promoted_network(slug, TASK), "form": FeelForm()}
    if request.method == "GET":
        return render(request, "analysis/feel.html", context)
    form = FeelForm(request.POST, request.FILES)
    context["form"] = form
    status = 400
    if form.is_valid():
        upload = form.cleaned_data["picture"]
        try:
            picture = decode_image(upload, upload.name or "The picture")
            network, answers = ask_about_images(study, TASK, [picture.jpeg], options={"ratings": True})
            distribution = distribution_of(answers[0]["distribution"])
            written = speak_about(study, picture.jpeg, distribution)
            context["felt"] = what_people_would_feel(
                study, picture.jpeg, network, distribution, written, answers[0]["ratings"]
            )
            status = 200
        except ImageRefused as error:
            form.add_error("picture", str(error))
        except NoNetworkServed as error:
            form.add_error(None, str(error))
            status = 409
        except PredictorBusy as error:
            form.add_error(None, str(error))
            status = 503
        except ModelServeError as error:
            form.add_error(None, str(error))
    response = render(request, "analysis/feel.html", context, status=status)
    if status == 503:
        response["Retry-After"] = "5"
    return response
