"""All answered images of a study, to filter, sort and walk through without end."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_GET

from analysis.explorer import MOST_COUNTED, ExplorerForm
from analysis.figures import moment
from analysis.keyset import page_after
from analysis.pictures import pictures_of
from analysis.queries import sources_of_study, study_statistics
from annotation.access import get_study

PER_PAGE = 60


@gzip_page
@require_GET
@login_required
def explorer(request: HttpRequest, slug: str) -> HttpResponse:
    study = get_study(request.user, slug, "see_results")
    statistics = study_statistics(study.pk)
    labels = statistics.labels if statistics else []
    form = ExplorerForm(request.GET, study, labels, sources_of_study(study.pk))
    context: dict[str, Any] = {
        "study": study,
        "statistics": statistics,
        "as_of": moment(statistics.as_of) if statistics else "",
        "has_responses": bool(statistics and statistics.n_responses),
        "form": form,
    }
    if not form.is_valid():
        return render(request, "analysis/explorer.html", context, status=400)
    rows = form.stimuli()
    after = request.GET.get("after", "")
    try:
        page, next_after = page_after(rows, form.order, after, PER_PAGE)
    except ValueError:  # an address that somebody changed, or of another order: begin again
        after = ""
        page, next_after = page_after(rows, form.order, after, PER_PAGE)
    state = request.GET.copy()
    state.pop("after", None)
    context |= {
        "pictures": pictures_of(study.pk, page, labels),
        "after": after,
        "next_after": next_after,
        # every picture's own page knows which selection it was reached from
        "state": state.urlencode() or f"sort={form.sorted_by}",
        "shows": _shown(form.sorted_by),
    }
    if request.headers.get("X-Requested-With") == "explorer":
        return render(request, "analysis/_explorer_page.html", context)
    context["n_found"] = form.n_found(statistics.n_stimuli if statistics else 0)
    context["is_more"] = form.is_filtering and context["n_found"] > MOST_COUNTED
    context["most_counted"] = MOST_COUNTED
    return render(request, "analysis/explorer.html", context)


@require_GET
@login_required
def gallery(request: HttpRequest, slug: str) -> HttpResponse:
    """The explorer's earlier address, whose links live on in papers and mails."""
    get_study(request.user, slug, "see_results")
    query = request.META.get("QUERY_STRING", "")
    return redirect(f"{reverse('study_explorer', args=[slug])}{'?' if query else ''}{query}", permanent=True)


def _shown(sort: str) -> str:
    """The number that stands below each picture: the one that they are sorted by."""
    return next((name for name in ("entropy", "agreement") if sort.startswith(name)), "responses")
