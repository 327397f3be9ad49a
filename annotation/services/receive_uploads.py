"""What a researcher uploads for a study: a few images are imported at once, everything larger by a job."""

import json
import shutil
import tempfile
import uuid
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.core.files import File
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils.text import get_valid_filename

from annotation.errors import InvalidInput
from annotation.models import Study
from annotation.services.import_stimuli import (
    ImportedStimuli,
    Progress,
    import_archive,
    import_files,
    import_manifest,
    no_progress,
)
from annotation.services.read_table import KINDS
from jobs.models import Job
from jobs.services import start_job

IMAGES_AT_ONCE = 20  # as many as one request can decode while a person waits


@dataclass(frozen=True)
class Upload:
    """One uploaded file: its name (a path below the folder it was chosen with), size in bytes, and content."""

    name: str
    size: int
    file: BinaryIO

    @property
    def ending(self) -> str:
        return Path(self.name).suffix.lower()


@dataclass
class Received:
    """imported: what was imported at once, if anything; jobs: the work that was started for the rest."""

    imported: ImportedStimuli | None = None
    jobs: list[Job] = field(default_factory=list)


def receive_uploads(*, study: Study, uploads: list[Upload], source_dataset: str = "", user: Any = None) -> Received:
    """Images, zips and manifests, told apart by the ending of their names. Raises InvalidInput."""
    if not uploads:
        raise InvalidInput("Choose at least one file.", {"files": ["Choose at least one file."]})
    for upload in uploads:
        if upload.size > settings.ARCHIVE_MAX_BYTES:
            most = settings.ARCHIVE_MAX_BYTES // 1_000_000
            raise InvalidInput(f"{upload.name} has {upload.size / 1e6:,.0f} MB; at most {most:,} MB can be uploaded.")
    large = [upload for upload in uploads if upload.ending == ".zip" or upload.ending in KINDS]
    images = [upload for upload in uploads if upload not in large]
    received = Received()
    if len(images) > IMAGES_AT_ONCE:
        with _zipped(images) as packed:
            received.jobs.append(_start(study, packed, source_dataset, user, is_packed=True))
    elif images:
        files = [(upload.name, upload.file) for upload in images]
        received.imported = import_files(study=study, files=files, source_dataset=source_dataset)
    received.jobs += [_start(study, upload, source_dataset, user) for upload in large]
    return received


def _start(study: Study, upload: Upload, source_dataset: str, user: Any, *, is_packed: bool = False) -> Job:
    name = default_storage.save(
        f"uploads/{uuid.uuid4().hex}/{get_valid_filename(Path(upload.name).name)}", File(upload.file)
    )
    arguments: dict[str, Any] = {"storage_name": name, "file_name": upload.name, "source_dataset": source_dataset}
    if is_packed:
        arguments["is_packed"] = True
    return start_job("import_stimuli", study_key=study.slug, arguments=arguments, user=user)


@contextmanager
def _zipped(images: list[Upload]) -> Iterator[Upload]:
    """Many images as one upload, so that one job imports all of them or none."""
    with tempfile.TemporaryFile() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
            for number, image in enumerate(images):
                # a folder of its own for each, since two images may have the same name; it is no part of the name
                with archive.open(f"{number}/{image.name}", "w") as member:
                    shutil.copyfileobj(image.file, member)
        size = file.tell()
        file.seek(0)
        yield Upload(f"{len(images)} images.zip", size, file)


def receive_snapshot(*, upload: Upload, user: Any) -> Job:
    """The zip of a whole snapshot, of which a job makes a study. Raises InvalidInput."""
    if upload.size > settings.ARCHIVE_MAX_BYTES:
        most = settings.ARCHIVE_MAX_BYTES // 1_000_000
        raise InvalidInput(f"The file is larger than {most} MB, the limit here.", {"file": ["It is too large."]})
    name = default_storage.save(f"uploads/{uuid.uuid4().hex}/snapshot.zip", File(upload.file))
    return start_job("import_snapshot", arguments={"storage_name": name}, user=user)


def import_upload(
    *,
    study: Study,
    storage_name: str,
    file_name: str,
    source_dataset: str = "",
    is_packed: bool = False,
    progress: Progress = no_progress,
) -> dict[str, Any]:
    """Imports a stored zip or manifest; see `once`. Raises InvalidInput or InvalidRows.

    is_packed: the zip was made here, of many images that came at once.
    """

    def work(path: Path) -> dict[str, Any]:
        if Path(file_name).suffix.lower() == ".zip":
            return import_archive(
                study=study,
                path=path,
                file_name=file_name,
                source_dataset=source_dataset,
                is_packed=is_packed,
                progress=progress,
            ).as_dict()
        root = Path(settings.MANIFEST_ROOT) if settings.MANIFEST_ROOT else None
        return import_manifest(
            study=study, path=path, file_name=file_name, root=root, source_dataset=source_dataset, progress=progress
        ).as_dict()

    return once(storage_name, work)


def once(storage_name: str, work: Callable[[Path], dict[str, Any]]) -> dict[str, Any]:
    """A job's work on a stored upload, which is deleted afterwards. Asked again, it gives the first answer.

    Where the work refuses the upload it is deleted as well, since it would be refused again.
    """
    answer_name = f"{storage_name}.result.json"
    if default_storage.exists(answer_name):
        with default_storage.open(answer_name) as file:
            return dict(json.load(file))
    try:
        with local_file(storage_name) as path:
            answer = work(path)
    except InvalidInput:
        default_storage.delete(storage_name)
        raise
    # the answer first: whoever dies between these two lines works again, and finds everything there already
    default_storage.save(answer_name, ContentFile(json.dumps(answer).encode()))
    default_storage.delete(storage_name)
    return answer


@contextmanager
def local_file(storage_name: str) -> Iterator[Path]:
    """A stored file as a file on this machine: itself where the storage is a folder, else a copy."""
    try:
        path = Path(default_storage.path(storage_name))
    except NotImplementedError:
        with tempfile.NamedTemporaryFile(suffix=Path(storage_name).suffix) as copy:
            with default_storage.open(storage_name) as file:
                shutil.copyfileobj(file, copy)
            copy.flush()
            yield Path(copy.name)
        return
    yield path
