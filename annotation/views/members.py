"""The people of a study: add, change, remove."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from annotation.access import get_study, rights_of
from annotation.errors import AnnotationError, InvalidInput
from annotation.forms import MemberForm
from annotation.models import Membership
from annotation.services.change_members import remove_member, set_member


@login_required
@require_http_methods(["GET", "POST"])
def members(request: HttpRequest, slug: str) -> HttpResponse:
    study = get_study(request.user, slug, "change_members")
    if request.method == "POST" and "remove" in request.POST:
        name = request.POST["remove"]
        try:
            remove_member(study=study, user_name=name)
        except AnnotationError as error:
            messages.error(request, error.message)
        else:
            messages.success(request, f"{name} has no part in this study any more.")
        return redirect("study_members", slug=slug)
    form = MemberForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            membership = set_member(study=study, **form.cleaned_data)
        except InvalidInput as error:
            for field, sentences in error.errors.items():
                for sentence in sentences:
                    form.add_error(field, sentence)
        except AnnotationError as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, f"{membership.user} is {membership.get_role_display().lower()} of this study.")
            return redirect("study_members", slug=slug)
    context = {
        "study": study,
        "rights": rights_of(request.user, study),
        "form": form,
        "memberships": Membership.objects.filter(study=study).select_related("user").order_by("role", "user__username"),
        "tab": "members",
    }
    return render(request, "studies/members.html", context, status=422 if form.errors else 200)
