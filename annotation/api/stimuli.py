"""Stimuli over the API: list them, bring some in; and responses that were given elsewhere."""

import uuid
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.utils.text import get_valid_filename
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response as ApiResponse
from rest_framework.views import APIView

from annotation.access import get_study
from annotation.api.paging import BEFORE, page_of
from annotation.api.throttle import Throttle
from annotation.errors import InvalidInput
from annotation.images import image_url
from annotation.models import Stimulus, Study
from annotation.services.import_refusals import LANGUAGE
from annotation.services.read_table import KINDS
from annotation.services.receive_uploads import Upload, receive_uploads
from jobs.services import start_job

PER_PAGE = 100


def as_dict(study: Study, stimulus: Stimulus) -> dict[str, Any]:
    """A stimulus as lists show it."""
    return {
        "id": stimulus.pk,
        "key": stimulus.key,
        "name": stimulus.name,
        "source_dataset": stimulus.source_dataset,
        "description": stimulus.description,
        "metadata": stimulus.metadata,
        "width": stimulus.width,
        "height": stimulus.height,
        "wanted": stimulus.wanted,
        "open_slots": stimulus.open_slots,
        "image_url": image_url(study.pk, stimulus.image_sha256),
        "thumbnail_url": image_url(study.pk, stimulus.image_sha256, "320"),
    }


class Stimuli(APIView):
    """GET: the stimuli, newest first. POST: images, zips or manifests as multipart files."""

    parser_classes = [MultiPartParser]

    class Input(serializers.Serializer[Any]):
        files = serializers.ListField(child=serializers.FileField(allow_empty_file=True), allow_empty=False)
        # browsers send the bare file name only; a chosen folder's paths come beside the files, in their order
        names = serializers.ListField(child=serializers.CharField(max_length=1000), required=False)
        source_dataset = serializers.CharField(max_length=120, required=False, allow_blank=True)

    @extend_schema(parameters=[BEFORE], responses=dict)
    def get(self, request: Request, slug: str) -> ApiResponse:
        study = get_study(request.user, slug, "see_results")
        page = page_of(request, Stimulus.objects.filter(study=study).order_by("-id"), PER_PAGE)
        stimuli = [as_dict(study, stimulus) for stimulus in page.rows]
        return ApiResponse({"stimuli": stimuli, "next_before": page.next_before})

    @extend_schema(request={"multipart/form-data": Input}, responses={201: dict, 202: dict})
    def post(self, request: Request, slug: str) -> ApiResponse:
        study = get_study(request.user, slug, "change_study")
        data = self.Input(data=request.data)
        data.is_valid(raise_exception=True)
        files = data.validated_data["files"]
        names = data.validated_data.get("names") or [file.name for file in files]
        if len(names) != len(files):
            sentence = f"There are {len(files)} files and {len(names)} names; give one name per file, or none."
            raise InvalidInput(sentence, {"names": [sentence]})
        received = receive_uploads(
            study=study,
            uploads=[Upload(name, file.size, file) for name, file in zip(names, files, strict=True)],
            source_dataset=data.validated_data.get("source_dataset", ""),
            user=request.user,
        )
        imported = received.imported
        added = Stimulus.objects.filter(study=study, key__in=imported.keys if imported else [])
        return ApiResponse(
            {
                "imported": imported.as_dict() if imported else None,
                "stimuli": [as_dict(study, stimulus) for stimulus in added],
                "jobs": [job.as_dict() for job in received.jobs],
            },
            status=status.HTTP_202_ACCEPTED if received.jobs else status.HTTP_201_CREATED,
        )


class ResponseImports(APIView):
    """Bring in responses that were given elsewhere, in the background: a table with worker, item, label, explanation.

    Affection's public files are recognised by their header. The same file again changes nothing.
    """

    parser_classes = [MultiPartParser]
    throttle_classes = [Throttle]
    throttle_scope = "jobs"

    class Input(serializers.Serializer[Any]):
        file = serializers.FileField()
        worker_column = serializers.CharField(max_length=200, required=False)
        item_column = serializers.CharField(max_length=200, required=False)
        label_column = serializers.CharField(max_length=200, required=False)
        text_column = serializers.CharField(max_length=200, required=False)
        source_column = serializers.CharField(max_length=200, required=False)
        language = serializers.CharField(max_length=12, required=False, help_text="of the words, such as en")

    @extend_schema(request={"multipart/form-data": Input}, responses={202: dict})
    def post(self, request: Request, slug: str) -> ApiResponse:
        study = get_study(request.user, slug, "change_study")
        data = self.Input(data=request.data)
        data.is_valid(raise_exception=True)
        given = dict(data.validated_data)
        file, language = given.pop("file"), given.pop("language", "")
        if language and not LANGUAGE.fullmatch(language):
            sentence = f"{language!r} is no code of a language; write it as en, pt or zh-hans."
            raise InvalidInput(sentence, {"language": [sentence]})
        if Path(file.name).suffix.lower() not in KINDS:
            sentence = f"{file.name} is no table that can be read; bring one that ends in {', '.join(KINDS)}."
            raise InvalidInput(sentence, {"file": [sentence]})
        if file.size > settings.ARCHIVE_MAX_BYTES:
            sentence = f"{file.name} is larger than {settings.ARCHIVE_MAX_BYTES // 1_000_000} MB, the limit here."
            raise InvalidInput(sentence, {"file": [sentence]})
        name = default_storage.save(f"uploads/{uuid.uuid4().hex}/{get_valid_filename(Path(file.name).name)}", file)
        columns = {part.removesuffix("_column"): column for part, column in given.items()}
        arguments = {"storage_name": name, "file_name": file.name, "columns": columns, "language": language}
        job = start_job("import_responses", study_key=study.slug, arguments=arguments, user=request.user)
        return ApiResponse(job.as_dict(), status=status.HTTP_202_ACCEPTED)
