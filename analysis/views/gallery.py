"""All answered images of a study, to filter, sort and walk through."""

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from analysis.gallery import GalleryForm
from analysis.models import StimulusStatistics
from analysis.pictures import pictures_of
from analysis.queries import study_statistics
from annotation.access import get_study

PER_PAGE = 60


@require_GET
@login_required
def gallery(request: HttpRequest, slug: str) -> HttpResponse:
    study = get_study(request.user, slug, "see_results")
    statistics = study_statistics(study.pk)
    labels = statistics.labels if statistics else []
    form = GalleryForm(request.GET, labels)
    is_valid = form.is_valid()
    rows = form.stimuli(study.pk) if is_valid else StimulusStatistics.objects.none()
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "study": study,
        "statistics": statistics,
        "has_responses": bool(statistics and statistics.n_responses),
        "form": form,
        "page": page,
        "pictures": pictures_of(study.pk, page.object_list, labels),
    }
    return render(request, "analysis/gallery.html", context, status=200 if is_valid else 400)
