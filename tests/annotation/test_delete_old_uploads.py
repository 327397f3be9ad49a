"""What was uploaded for an import does not lie about: it may hold who people are."""

import os
import time
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from annotation.services.delete_old_uploads import KEPT, delete_old_uploads
from jobs.models import Job
from jobs.services import start_job

pytestmark = pytest.mark.django_db


def uploaded(name: str, *, is_old: bool = True) -> str:
    default_storage.save(name, ContentFile(b"worker,item,label"))
    age = KEPT.total_seconds() + 60 if is_old else 0
    os.utime(default_storage.path(name), (time.time() - age, time.time() - age))
    return name


def test_old_uploads_go_with_their_folder_and_new_ones_stay() -> None:
    old, new = uploaded("uploads/a/labels.csv"), uploaded("uploads/b/labels.csv", is_old=False)
    also_old = uploaded("uploads/snapshot.zip")
    assert delete_old_uploads() == 2
    assert not default_storage.exists(old)
    assert not default_storage.exists(also_old)
    assert default_storage.exists(new)
    assert not Path(default_storage.path("uploads/a")).exists()
    assert delete_old_uploads() == 0


def test_what_a_job_waits_for_stays_until_it_has_ended() -> None:
    name = uploaded("uploads/a/labels.csv")
    job = start_job("import_responses", arguments={"storage_name": name})
    assert delete_old_uploads() == 0
    Job.objects.filter(pk=job.pk).update(state=Job.FAILED)
    assert delete_old_uploads() == 1


def test_nothing_was_ever_uploaded() -> None:
    assert delete_old_uploads() == 0
