"""Progress of long work, and its end on request."""

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response as ApiResponse
from rest_framework.views import APIView

from annotation.access import get_study
from jobs.models import Job
from jobs.services import cancel_job

# who may end a job: whoever may do what it does
RIGHT_TO_CANCEL = {
    "train": "train",
    "freeze_snapshot": "freeze_snapshot",
    "export": "export",
    "report": "export",
    "make_public": "publish",
    "send_payments": "pay",
    "rehearse": "see_results",
    "judge_speaker": "train",
    "measure_captions": "train",
    "compare_networks": "ask_network",
    "people_and_networks": "see_results",
    "rated_texts": "see_results",
    "latent_truth": "see_results",
    "snapshot_analysis": "see_results",
    "analysis_parts": "see_results",
    "compare_groups": "see_results",
    "compare_sides": "see_results",
}


class OneJob(APIView):
    """GET: how far the job is. DELETE: ask it to end."""

    def job(self, request: Request, job_id: int, right: str | None) -> Job:
        job = Job.objects.filter(pk=job_id).first()
        if job is None:
            raise Http404("There is no such job.")
        if job.study_key:
            get_study(request.user, job.study_key, right or RIGHT_TO_CANCEL.get(job.kind, "change_study"))
        elif job.created_by_id != request.user.pk and not request.user.is_superuser:
            raise Http404("There is no such job.")
        return job

    @extend_schema(responses=dict)
    def get(self, request: Request, job_id: int) -> ApiResponse:
        return ApiResponse(self.job(request, job_id, "see_results").as_dict())

    @extend_schema(responses=dict)
    def delete(self, request: Request, job_id: int) -> ApiResponse:
        job = self.job(request, job_id, None)
        cancel_job(job)
        job.refresh_from_db()
        return ApiResponse(job.as_dict())
