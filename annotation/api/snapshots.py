"""Snapshots and exports over the API."""

from typing import Any

from django.core.files.storage import default_storage
from django.http import FileResponse, Http404
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import PermissionDenied
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response as ApiResponse
from rest_framework.views import APIView

from annotation.access import get_study, may_create_studies
from annotation.api.paging import BEFORE, page_of
from annotation.api.throttle import Throttle
from annotation.errors import InvalidInput
from annotation.models import SnapshotRecord
from annotation.services.delete_exports import delete_withdrawn_exports
from annotation.services.receive_uploads import Upload, receive_snapshot
from jobs.models import Job
from jobs.queries import jobs_of
from jobs.services import start_job
from snapshots.exports import EXPORT_FORMATS

EXPORTS_SHOWN = 100


class Snapshots(APIView):
    """List a study's snapshots; freeze a new one in the background."""

    def get_throttles(self) -> list[Any]:
        self.throttle_scope = "jobs"
        return [Throttle()] if self.request.method == "POST" else []

    @extend_schema(responses=dict)
    def get(self, request: Request, slug: str) -> ApiResponse:
        study = get_study(request.user, slug, "see_results")
        records = SnapshotRecord.objects.filter(study=study)
        return ApiResponse(
            {
                "snapshots": [
                    {
                        "id": record.snapshot_id,
                        "n_responses": record.n_responses,
                        "n_stimuli": record.n_stimuli,
                        "n_annotators": record.n_annotators,
                        "n_simulated": record.n_simulated,
                        "contains_withdrawn": record.contains_withdrawn,
                        "created_at": record.created_at,
                    }
                    for record in records[:500]
                ]
            }
        )

    @extend_schema(request=None, responses={202: dict})
    def post(self, request: Request, slug: str) -> ApiResponse:
        get_study(request.user, slug, "freeze_snapshot")
        job = start_job("freeze_snapshot", study_key=slug, user=request.user)
        return ApiResponse(job.as_dict(), status=status.HTTP_202_ACCEPTED)


class Exports(APIView):
    """POST: write a snapshot in a format, in the background; without a snapshot id the study is frozen first.

    GET: the exports, newest first.
    """

    class Input(serializers.Serializer[Any]):
        format = serializers.ChoiceField(choices=list(EXPORT_FORMATS))
        snapshot_id = serializers.RegexField(r"^[0-9a-f]{64}$", required=False)

    def get_throttles(self) -> list[Any]:
        self.throttle_scope = "jobs"
        return [Throttle()] if self.request.method == "POST" else []

    @extend_schema(request=Input, responses={202: dict})
    def post(self, request: Request, slug: str) -> ApiResponse:
        study = get_study(request.user, slug, "export")
        data = self.Input(data=request.data)
        data.is_valid(raise_exception=True)
        snapshot_id = data.validated_data.get("snapshot_id", "")
        if snapshot_id and not SnapshotRecord.objects.filter(study=study, snapshot_id=snapshot_id).exists():
            raise InvalidInput("This study has no such snapshot.", {"snapshot_id": ["Take one of the study's list."]})
        arguments = {"format": data.validated_data["format"], "snapshot_id": snapshot_id}
        job = start_job("export", study_key=slug, arguments=arguments, user=request.user)
        return ApiResponse(job.as_dict(), status=status.HTTP_202_ACCEPTED)

    @extend_schema(parameters=[BEFORE], responses=dict)
    def get(self, request: Request, slug: str) -> ApiResponse:
        get_study(request.user, slug, "export")
        page = page_of(request, jobs_of(slug, "export"), EXPORTS_SHOWN)
        marked = marked_snapshots(slug)
        return ApiResponse(
            {
                "exports": [
                    {
                        **job.as_dict(),
                        "download_url": download_url(job),
                        "contains_withdrawn": job.result.get("snapshot_id") in marked,
                    }
                    for job in page.rows
                ],
                "next_before": page.next_before,
            }
        )


def marked_snapshots(slug: str) -> set[str]:
    """Ids of the study's snapshots that hold what was withdrawn since."""
    rows = SnapshotRecord.objects.filter(study__slug=slug, contains_withdrawn=True)
    return set(rows.values_list("snapshot_id", flat=True))


class StudyImports(APIView):
    """Make a study of a whole snapshot (the zip that the format `snapshot` exports), in the background.

    The job's result names the study. A damaged snapshot imports nothing.
    """

    parser_classes = [MultiPartParser]
    throttle_classes = [Throttle]
    throttle_scope = "jobs"

    class Input(serializers.Serializer[Any]):
        file = serializers.FileField()

    @extend_schema(request={"multipart/form-data": Input}, responses={202: dict})
    def post(self, request: Request) -> ApiResponse:
        if not may_create_studies(request.user):
            raise PermissionDenied("Studies are made by members of the group 'Study creators'.")
        data = self.Input(data=request.data)
        data.is_valid(raise_exception=True)
        file = data.validated_data["file"]
        job = receive_snapshot(upload=Upload(file.name, file.size, file), user=request.user)
        return ApiResponse(job.as_dict(), status=status.HTTP_202_ACCEPTED)


class WithdrawnExports(APIView):
    """Delete the files of all exports that hold answers withdrawn since they were written."""

    @extend_schema(responses=dict)
    def delete(self, request: Request, slug: str) -> ApiResponse:
        study = get_study(request.user, slug, "change_study")
        return ApiResponse({"n_deleted": delete_withdrawn_exports(study)})


def download_url(job: Job) -> str | None:
    """Where a finished export is fetched."""
    if job.state != Job.DONE or job.result.get("deleted"):
        return None
    return reverse("api_export_file", args=[job.study_key, job.pk, job.result["file_name"]])


class ExportFile(APIView):
    """The file of a finished export."""

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    def get(self, request: Request, slug: str, job_id: int, file_name: str) -> FileResponse:
        get_study(request.user, slug, "export")
        return export_file(slug, job_id, file_name)


def export_file(slug: str, job_id: int, file_name: str) -> FileResponse:
    """Streams it to whoever has been let in. Raises Http404."""
    job = Job.objects.filter(pk=job_id, study_key=slug, kind="export", state=Job.DONE).first()
    if job is None or job.result.get("file_name") != file_name:
        raise Http404("There is no such export.")
    try:
        file = default_storage.open(job.result["storage_name"])
    except FileNotFoundError:
        raise Http404("This export was deleted; make a new one.") from None
    return FileResponse(file, as_attachment=True, filename=file_name, content_type="application/octet-stream")
