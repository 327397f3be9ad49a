"""The annotator over the API: which study she may take part in, and who she is.

She is known by the signed cookie of her participation (annotation/participant.py); forms are protected against forgery
as on every page.
"""

from typing import Any

from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework.authentication import CSRFCheck
from rest_framework.exceptions import PermissionDenied
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.views import APIView

from annotation.access import role_in
from annotation.api.json_body import AnswersBody
from annotation.errors import NotTakingPart
from annotation.models import Participation, Study
from annotation.participant import participation_of
from annotation.prepared import Prepared, columns, from_row

# On the way of every response, so without the long texts.
_STUDY_FIELDS = (
    "id", "slug", "state", "steps", "entry", "wanted_responses", "lease_seconds", "order", "counterbalance_options",
    "care", "limits",
)  # fmt: skip
_STUDY = Prepared(
    "select {columns} from annotation_study where slug = %(slug)s and state <> 'draft'",
    columns=columns(Study, _STUDY_FIELDS),
)


def study_for_annotators(request: Request, slug: str) -> Study:
    """A study that people may take part in. Drafts, and studies by invitation, do not exist for strangers."""
    row = _STUDY.row(slug=slug)
    study = from_row(Study, row, _STUDY_FIELDS) if row else None
    if study is None or (study.entry == Study.MEMBERS and role_in(request.user, study) is None):
        raise Http404("There is no such study.")
    return study


NOT_HERE = gettext_lazy("You are not taking part in this study in this browser. Open the study's link first.")


class OneFormat(DefaultContentNegotiation):
    """JSON, whatever the request would like: there is nothing to choose from."""

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type


class ParticipantView(APIView):
    """Base: finds study and participation, and checks the CSRF token of every writing request."""

    permission_classes = [AllowAny]
    content_negotiation_class = OneFormat
    parser_classes = [AnswersBody]
    study: Study

    def perform_authentication(self, request: Request) -> None:
        """Only where somebody asks for `request.user`: participants have no account, and answering needs none."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        check = CSRFCheck(lambda _request: HttpResponse())
        check.process_request(request._request)
        reason = check.process_view(request._request, None, (), {})  # type: ignore[arg-type]  # as DRF itself does
        if reason:
            raise PermissionDenied(f"CSRF failed: {reason}")
        self.study = study_for_annotators(request, kwargs["slug"])

    def participation(self, request: Request) -> Participation:
        found = participation_of(request._request, self.study)
        if found is None:
            raise NotTakingPart(str(NOT_HERE))
        if found.withdrawn_at:
            raise NotTakingPart(_("You withdrew from this study; your answers were removed."))
        return found
