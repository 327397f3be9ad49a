"""Images, zips and manifests come in through the page and through the API; large ones by a job."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from rest_framework.authtoken.models import Token

from annotation.api.stimuli import PER_PAGE
from annotation.models import Response, Stimulus, Study
from annotation.services.receive_uploads import IMAGES_AT_ONCE
from jobs.models import Job
from jobs.services import run
from tests.annotation.pictures import as_zip, picture
from tests.conftest import make_stimuli, make_study

pytestmark = pytest.mark.django_db

SignIn = Callable[[User], Client]


@pytest.fixture
def empty_study(mika: User) -> Study:
    return make_study(mika, n_stimuli=0, is_open=False)


def file(name: str, content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def address(study: Study) -> str:
    return f"/api/v1/studies/{study.slug}/stimuli"


def finished(kind: str) -> Job:
    job = Job.objects.get(kind=kind)
    run(job.pk)
    job.refresh_from_db()
    return job


# --- the page ---


def test_a_few_images_are_there_at_once(empty_study: Study, mika: User, sign_in: SignIn) -> None:
    page = f"/studies/{empty_study.slug}/stimuli"
    form = {
        "images": [file("a.jpg", picture("red")), file("b.png", picture("blue", kind="PNG"))],
        "source_dataset": "mine",
    }
    answer = sign_in(mika).post(page, form, follow=True)
    assert "2 images added." in answer.content.decode()
    assert set(Stimulus.objects.values_list("name", "source_dataset")) == {("a.jpg", "mine"), ("b.png", "mine")}
    assert 'src="/images/' in answer.content.decode()


def test_a_bad_image_is_named_on_the_page(empty_study: Study, mika: User, sign_in: SignIn) -> None:
    form = {"images": [file("good.jpg", picture()), file("drawing.svg", b"<svg/>")]}
    answer = sign_in(mika).post(f"/studies/{empty_study.slug}/stimuli", form)
    assert answer.status_code == 422
    assert "drawing.svg is an SVG drawing" in answer.content.decode()
    assert not Stimulus.objects.exists()


def test_nothing_chosen_is_said(empty_study: Study, mika: User, sign_in: SignIn) -> None:
    answer = sign_in(mika).post(f"/studies/{empty_study.slug}/stimuli", {})
    assert "Choose at least one file" in answer.content.decode()


def test_many_images_become_one_job(empty_study: Study, mika: User, sign_in: SignIn) -> None:
    images = [file(f"{n}.jpg", picture((10 * n, 0, 0))) for n in range(IMAGES_AT_ONCE + 1)]
    sign_in(mika).post(f"/studies/{empty_study.slug}/stimuli", {"folder": images})
    assert not Stimulus.objects.exists()
    job = finished("import_stimuli")
    assert (job.state, job.result["n_added"]) == (Job.DONE, IMAGES_AT_ONCE + 1)
    assert {"0.jpg", "20.jpg"} <= {Path(name).name for name in Stimulus.objects.values_list("name", flat=True)}


# --- the API ---


def test_one_image_per_request_tells_what_became_of_it(empty_study: Study, mika: User, sign_in: SignIn) -> None:
    client = sign_in(mika)
    answer = client.post(address(empty_study), {"files": file("a.jpg", picture()), "names": "trip/a.jpg"})
    assert answer.status_code == 201
    assert answer.json()["imported"] == {"n_read": 1, "n_added": 1, "n_duplicates": 0}
    assert answer.json()["stimuli"][0]["name"] == "trip/a.jpg"
    thumbnail = client.get(answer.json()["stimuli"][0]["thumbnail_url"])
    assert b"".join(thumbnail.streaming_content).startswith(b"\xff\xd8")  # type: ignore[attr-defined]
    again = client.post(address(empty_study), {"files": file("b.jpg", picture())})
    assert again.json()["imported"]["n_duplicates"] == 1


def test_a_zip_becomes_a_job_that_may_run_twice(empty_study: Study, mika: User, sign_in: SignIn) -> None:
    content = as_zip({"a.jpg": picture("red"), "b.jpg": picture("blue")})
    answer = sign_in(mika).post(address(empty_study), {"files": file("trip.zip", content)})
    assert answer.status_code == 202
    stored = Job.objects.get().arguments["storage_name"]
    job = finished("import_stimuli")
    assert (job.state, job.result) == (Job.DONE, {"n_read": 2, "n_added": 2, "n_duplicates": 0})
    assert not default_storage.exists(stored)
    Job.objects.filter(pk=job.pk).update(state=Job.QUEUED)
    assert finished("import_stimuli").result == {"n_read": 2, "n_added": 2, "n_duplicates": 0}
    assert Stimulus.objects.count() == 2


def test_a_bad_zip_fails_with_every_member_and_leaves_nothing(empty_study: Study, mika: User, sign_in: SignIn) -> None:
    content = as_zip({"a.jpg": picture(), "../b.jpg": picture(), "c.jpg": b"x"})
    sign_in(mika).post(address(empty_study), {"files": file("trip.zip", content)})
    job = finished("import_stimuli")
    assert job.state == Job.FAILED
    assert "'../b.jpg' has a name that leads out of the zip" in job.error
    assert not Stimulus.objects.exists()
    assert not default_storage.exists(job.arguments["storage_name"])


def test_a_manifest_with_a_bad_row_fails_with_row_and_reason(empty_study: Study, mika: User, sign_in: SignIn) -> None:
    rows = "name\n" + "".join(f"image {n}\n" for n in range(9_999)) + '"' + "x" * 400 + '"\n'
    sign_in(mika).post(address(empty_study), {"files": file("manifest.csv", rows.encode())})
    job = finished("import_stimuli")
    assert (job.state, job.result["rows"][0]["row"]) == (Job.FAILED, 10_001)
    assert job.error.startswith("Row 10001, name: it has 400 characters")
    assert not Stimulus.objects.exists()


def test_paths_in_an_uploaded_manifest_stay_below_the_opened_folder(
    empty_study: Study, mika: User, sign_in: SignIn, settings: Any, tmp_path: Path
) -> None:
    opened = tmp_path / "opened"
    opened.mkdir()
    (opened / "a.jpg").write_bytes(picture())
    (tmp_path / "secret.jpg").write_bytes(picture("red"))
    settings.MANIFEST_ROOT = str(opened)
    client = sign_in(mika)
    client.post(address(empty_study), {"files": file("manifest.csv", b"path\n../secret.jpg\n")})
    assert finished("import_stimuli").state == Job.FAILED
    Job.objects.all().delete()
    client.post(address(empty_study), {"files": file("manifest.csv", b"path\na.jpg\n")})
    assert finished("import_stimuli").state == Job.DONE
    assert Stimulus.objects.get().name == "a.jpg"


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({}, "files"),
        ({"files": file("a.jpg", b"")}, "a.jpg is empty"),
        ({"files": file("a.jpg", b"hello")}, "a.jpg is not an image"),
        ({"files": file("a.jpg", picture()), "names": ["a", "b"]}, "1 files and 2 names"),
        ({"files": file("a.jpg", picture()), "names": "x" * 301}, "at most 300"),
    ],
)
def test_bad_uploads_are_refused(
    empty_study: Study, mika: User, sign_in: SignIn, form: dict[str, Any], sentence: str
) -> None:
    answer = sign_in(mika).post(address(empty_study), form)
    assert answer.status_code == 400
    assert sentence in answer.json()["message"]
    assert not Stimulus.objects.exists()


def test_an_upload_that_is_too_large_is_refused(empty_study: Study, mika: User, sign_in: SignIn, settings: Any) -> None:
    settings.ARCHIVE_MAX_BYTES = 100
    answer = sign_in(mika).post(address(empty_study), {"files": file("trip.zip", as_zip({"a.jpg": picture()}))})
    assert answer.status_code == 400
    assert "can be uploaded" in answer.json()["message"]
    assert not Job.objects.exists()


def test_who_may_upload_and_who_may_list(study: Study, stan: User, rosa: User, mika: User, sign_in: SignIn) -> None:
    lists = [sign_in(user).get(address(study)).status_code for user in (stan, rosa, mika)]
    assert lists == [404, 200, 200]
    uploads = [
        sign_in(user).post(address(study), {"files": file("a.jpg", picture())}).status_code
        for user in (stan, rosa, mika)
    ]
    assert uploads == [404, 403, 201]
    assert Client().post(address(study), {"files": file("a.jpg", picture())}).status_code in (401, 403)


def test_a_script_uploads_with_its_token(empty_study: Study, mika: User) -> None:
    token = Token.objects.create(user=mika)
    client = Client(enforce_csrf_checks=True, headers={"Authorization": f"Token {token.key}"})
    assert client.post(address(empty_study), {"files": file("a.jpg", picture())}).status_code == 201


def test_the_list_goes_on_where_it_ended(mika: User, sign_in: SignIn) -> None:
    study = make_study(mika, n_stimuli=150)
    client = sign_in(mika)
    first = client.get(address(study)).json()["stimuli"]
    second = client.get(address(study), {"before": first[-1]["id"]}).json()["stimuli"]
    assert (len(first), len(second)) == (100, 50)
    assert not {row["id"] for row in first} & {row["id"] for row in second}


def test_a_page_says_where_the_next_one_begins_and_a_wrong_place_is_refused(mika: User, sign_in: SignIn) -> None:
    study = make_study(mika, n_stimuli=PER_PAGE)
    client = sign_in(mika)
    assert client.get(address(study)).json()["next_before"] is None
    make_stimuli(study, 1, prefix="one more")
    first = client.get(address(study)).json()
    assert first["next_before"] == first["stimuli"][-1]["id"]
    last = client.get(address(study), {"before": first["next_before"]}).json()
    assert (len(last["stimuli"]), last["next_before"]) == (1, None)
    for odd in ("abc", "-1", "1.5", "0", "9" * 40):
        refused = client.get(address(study), {"before": odd})
        assert (refused.status_code, "before" in refused.json()["errors"]) == (400, True)


# --- responses from elsewhere ---


def test_responses_come_in_by_a_job_that_may_run_twice(study: Study, mika: User, sign_in: SignIn) -> None:
    content = b"worker,item,label,explanation\nw,picture_0.jpg,awe,the quiet lake at dawn\n"
    where = f"/api/v1/studies/{study.slug}/response-imports"
    answer = sign_in(mika).post(where, {"file": file("labels.csv", content)})
    assert answer.status_code == 202
    assert finished("import_responses").result["n_responses"] == 1
    assert not default_storage.exists(Job.objects.get().arguments["storage_name"])
    Job.objects.update(state=Job.QUEUED)
    assert finished("import_responses").result["n_responses"] == 1
    assert Response.objects.count() == 1


def test_a_program_says_the_language_of_the_words(study: Study, mika: User, sign_in: SignIn, settings: Any) -> None:
    content = b"worker,item,label,explanation\nw,picture_0.jpg,awe,le lac tranquille\n"
    where = f"/api/v1/studies/{study.slug}/response-imports"
    client = sign_in(mika)
    assert client.post(where, {"file": file("labels.csv", content), "language": "fr"}).status_code == 202
    assert finished("import_responses").state == Job.DONE
    assert Response.objects.get().language == "fr"
    odd = client.post(where, {"file": file("labels.csv", content), "language": "f r"})
    assert (odd.status_code, "language" in odd.json()["errors"]) == (400, True)
    settings.ARCHIVE_MAX_BYTES = 10
    large = client.post(where, {"file": file("labels.csv", content)})
    assert (large.status_code, "file" in large.json()["errors"]) == (400, True)


def test_a_bad_file_of_responses_fails_with_its_rows(study: Study, mika: User, sign_in: SignIn) -> None:
    content = b"worker,item,mood\nw,picture_0.jpg,joyful\n"
    where = f"/api/v1/studies/{study.slug}/response-imports"
    sign_in(mika).post(where, {"file": file("labels.csv", content), "label_column": "mood"})
    job = finished("import_responses")
    assert job.state == Job.FAILED
    assert "Row 2, mood: 'joyful' is not an option of this study" in job.error
    assert sign_in(mika).post(where, {"file": file("labels.docx", b"x")}).status_code == 400


def test_packed_uploads_keep_two_images_of_one_name_apart(empty_study: Study, mika: User, sign_in: SignIn) -> None:
    images = [file("same.jpg", picture((10 * n, 0, 0))) for n in range(IMAGES_AT_ONCE + 2)]
    sign_in(mika).post(address(empty_study), {"files": images})
    with default_storage.open(Job.objects.get().arguments["storage_name"]) as stored:
        assert len(zipfile.ZipFile(io.BytesIO(stored.read())).namelist()) == IMAGES_AT_ONCE + 2
    assert json.loads(json.dumps(finished("import_stimuli").result))["n_added"] == IMAGES_AT_ONCE + 2


def test_more_files_than_one_request_may_hold_are_told_what_to_do(
    empty_study: Study, mika: User, sign_in: SignIn, settings: Any
) -> None:
    settings.DATA_UPLOAD_MAX_NUMBER_FILES = 2
    images = [file(f"{n}.jpg", picture((10 * n, 0, 0))) for n in range(3)]
    client = sign_in(mika)
    answer = client.post(address(empty_study), {"files": images})
    assert (answer.status_code, answer.json()["type"]) == (400, "too_many")
    assert answer.json()["message"].startswith("At most 2 files can be sent at once. Nothing was imported.")
    page = client.post(f"/studies/{empty_study.slug}/stimuli", {"images": [file("a.jpg", b"x") for _ in range(3)]})
    assert page.status_code == 400
    assert "At most 2 files can be sent at once" in page.content.decode()
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 2
    answer = client.post(address(empty_study), {"files": file("a.jpg", b"x"), "names": list("abcdef")})
    assert answer.json()["message"].startswith("At most 2 fields can be sent at once.")


def test_packed_uploads_keep_the_names_they_came_with(empty_study: Study, mika: User, sign_in: SignIn) -> None:
    names = [f"trip/day {n}/lake.jpg" for n in range(IMAGES_AT_ONCE)] + ["sea.jpg"]
    images = [file("lake.jpg", picture((10 * n, 0, 0))) for n in range(IMAGES_AT_ONCE + 1)]
    sign_in(mika).post(address(empty_study), {"files": images, "names": names})
    assert finished("import_stimuli").state == Job.DONE
    assert sorted(Stimulus.objects.values_list("name", flat=True)) == sorted(names)
