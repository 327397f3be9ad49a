"""Freeze, export, import: the same data are the same snapshot, on any installation."""

import io
import uuid
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.test import Client

from annotation.care.frozen import care_of_snapshot
from annotation.care.ratings import rate_stimulus
from annotation.errors import InvalidInput
from annotation.models import Annotator, Participation, Response, ResponseRevision, SnapshotRecord, Stimulus, Study
from annotation.services import copy_out
from annotation.services.audit_study import audit_study
from annotation.services.create_study import update_study
from annotation.services.export_snapshot import export_snapshot
from annotation.services.freeze_snapshot import describe, freeze_snapshot
from annotation.services.import_snapshot import import_archive, import_snapshot
from annotation.services.import_stimuli import import_files
from annotation.services.revise_response import revise_response
from annotation.services.withdraw import withdraw_participation, withdraw_response
from jobs.models import Job
from jobs.services import run, start_job
from snapshots.local_copy import image_name, local_copy
from snapshots.verify import verify
from snapshots.writer import SnapshotWriter
from tests.annotation.pictures import picture
from tests.conftest import answer, make_participation, make_stimuli, respond

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def answered(study: Study) -> Study:
    """Three people, one of them simulated, with a revision, a withdrawal and texts that are hard on CSV."""
    people = [make_participation(study), make_participation(study), make_participation(study, is_simulated=True)]
    texts = [
        "=1+1 is what I feel, really",
        'a "quiet" lake,\nwith two lines',
        "trees 🌲 and sky\t",
        "'=tricky but honest",
    ]
    for number, person in enumerate(people):
        for text in texts[: 4 - number]:
            respond(person, answer("awe" if number else "fear", text), duration_ms=1234, signals={"pasted": 0.1})
    first = Response.objects.order_by("pk").first()
    assert first is not None
    revise_response(
        study=study, response=first, client_key=uuid.uuid4(), answers=answer("sadness", "on second thought")
    )
    last = Response.objects.order_by("pk").last()
    assert last is not None
    withdraw_response(response=last)
    return study


def zip_of(study: Study) -> "ContentFile[bytes]":
    """A whole snapshot of the study as it is now, to be uploaded."""
    exported = export_snapshot(
        snapshot_id=freeze_snapshot(study=study).snapshot_id, format_name="snapshot", folder="exports/1"
    )
    with default_storage.open(exported.storage_name) as file:
        return ContentFile(file.read(), name="snapshot.zip")


def test_freezing_twice_gives_the_same_snapshot(answered: Study, tmp_path: Path) -> None:
    first, second = freeze_snapshot(study=answered), freeze_snapshot(study=answered)
    assert first.pk == second.pk
    snapshot = local_copy(default_storage, first.snapshot_id, tmp_path, with_images=False)
    assert verify(snapshot.folder) == []
    assert first.n_responses == Response.objects.exclude(status="withdrawn").count() == 8
    assert snapshot.study["n_withdrawn"] == 1
    assert first.n_simulated == 1


def test_an_answer_that_comes_meanwhile_is_in_no_part_of_it(answered: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    """The answers are read in a session of their own, as of the same moment as the tables before them."""
    before = freeze_snapshot(study=answered)

    def somebody_answers() -> None:
        try:
            make_stimuli(answered, 3, prefix="meanwhile")
            respond(make_participation(answered))
        finally:
            connection.close()

    def second_session() -> Any:
        with ThreadPoolExecutor(1) as other:
            other.submit(somebody_answers).result(60)
        return copy_out.second_session()

    monkeypatch.setattr("annotation.services.freeze_snapshot.second_session", second_session)
    assert freeze_snapshot(study=answered).snapshot_id == before.snapshot_id
    assert Response.objects.exclude(status="withdrawn").count() == before.n_responses + 1


def test_a_new_answer_makes_another_snapshot(answered: Study) -> None:
    before = freeze_snapshot(study=answered).snapshot_id
    respond(make_participation(answered))
    assert freeze_snapshot(study=answered).snapshot_id != before


def test_a_snapshot_holds_pseudonyms_and_no_accounts(answered: Study, mika: User, tmp_path: Path) -> None:
    record = freeze_snapshot(study=answered)
    folder = local_copy(default_storage, record.snapshot_id, tmp_path, with_images=False).folder
    everything = b"".join(file.read_bytes() for file in folder.iterdir())
    assert mika.username.encode() not in everything
    assert answered.slug.encode() not in everything


def test_what_is_exported_imports_back_to_the_same_id(answered: Study, ada: User, tmp_path: Path) -> None:
    record = freeze_snapshot(study=answered)
    exported = export_snapshot(snapshot_id=record.snapshot_id, format_name="snapshot", folder="exports/1")
    with default_storage.open(exported.storage_name) as file:
        archive = file.read()
    # an empty installation
    answered.delete()
    Annotator.objects.all().delete()
    study = import_archive(file=io.BytesIO(archive), parent=tmp_path, user=ada)
    assert freeze_snapshot(study=study).snapshot_id == record.snapshot_id
    assert study.state == Study.CLOSED
    assert audit_study(study) == []
    assert ResponseRevision.objects.filter(response__study=study).count() == 1


CARE = {
    "content_note": "Some images show *accidents*.",
    "blur_strong": True,
    "strong_from": 0.4,
    "theme_opt_out": True,
    "help_lines": [{"name": "Somebody", "phone": "112", "url": "", "place": ""}],
}


def test_care_comes_back_with_a_snapshot(answered: Study, ada: User, tmp_path: Path) -> None:
    plain = freeze_snapshot(study=answered)
    study = update_study(study=answered, care=CARE)
    first, second, *_ = Stimulus.objects.filter(study=study).order_by("pk")
    rate_stimulus(study=study, stimulus=first, content_note="blood", themes="spiders; blood", strength=0.7)
    Stimulus.objects.filter(pk=second.pk).update(metadata={"themes": "their own", "strength": "high"})
    record = freeze_snapshot(study=study)
    assert record.snapshot_id != plain.snapshot_id
    exported = export_snapshot(snapshot_id=record.snapshot_id, format_name="snapshot", folder="exports/1")
    with default_storage.open(exported.storage_name) as file:
        archive = file.read()
    answered.delete()
    Annotator.objects.all().delete()
    study = import_archive(file=io.BytesIO(archive), parent=tmp_path, user=ada)
    assert study.care == CARE
    again = Stimulus.objects.get(study=study, key=first.key)
    assert (again.content_note, again.themes, again.strength_rated) == ("blood", ["blood", "spiders"], 0.7)
    assert (again.is_strong, again.metadata) == (True, first.metadata)
    other = Stimulus.objects.get(study=study, key=second.key)
    assert (other.themes, other.strength_rated) == ([], None)
    assert other.metadata == {"themes": "their own", "strength": "high"}
    assert freeze_snapshot(study=study).snapshot_id == record.snapshot_id


def test_a_study_without_care_says_nothing_of_it_and_keeps_its_id(answered: Study) -> None:
    assert "care" not in describe(answered, 0)
    record = freeze_snapshot(study=answered)
    Study.objects.filter(pk=answered.pk).update(care={"show_map": True})
    other = freeze_snapshot(study=answered)
    Study.objects.filter(pk=answered.pk).update(care={})
    assert freeze_snapshot(study=answered).snapshot_id == record.snapshot_id != other.snapshot_id


def test_care_that_this_version_does_not_know_is_refused_in_words() -> None:
    with pytest.raises(InvalidInput, match=r"no such setting.*Nothing was imported"):
        care_of_snapshot({"care": {"hold_hands": True}})
    assert care_of_snapshot({}) == {}


def test_importing_beside_the_original_works_too(answered: Study, ada: User, tmp_path: Path) -> None:
    record = freeze_snapshot(study=answered)
    exported = export_snapshot(snapshot_id=record.snapshot_id, format_name="snapshot", folder="exports/1")
    with default_storage.open(exported.storage_name) as file:
        study = import_archive(file=file, parent=tmp_path, user=ada)
    assert freeze_snapshot(study=study).snapshot_id == record.snapshot_id
    assert study.slug != answered.slug


def test_a_damaged_archive_imports_nothing(answered: Study, ada: User, tmp_path: Path) -> None:
    record = freeze_snapshot(study=answered)
    exported = export_snapshot(snapshot_id=record.snapshot_id, format_name="snapshot", folder="exports/1")
    damaged = io.BytesIO()
    with (
        default_storage.open(exported.storage_name) as file,
        zipfile.ZipFile(file) as source,
        zipfile.ZipFile(damaged, "w") as target,
    ):
        for name in source.namelist():
            content = source.read(name)
            target.writestr(
                name, content.replace(b"Feelings at", b"Feelings in") if name == "manifest.json" else content
            )
    n_studies = Study.objects.count()
    with pytest.raises(InvalidInput, match="Nothing was imported"):
        import_archive(file=damaged, parent=tmp_path, user=ada)
    assert Study.objects.count() == n_studies


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04broken"])
def test_a_file_that_is_no_archive_is_refused(ada: User, tmp_path: Path, content: bytes) -> None:
    with pytest.raises(InvalidInput):
        import_archive(file=io.BytesIO(content), parent=tmp_path, user=ada)


def test_a_snapshot_that_says_too_little_about_its_study_is_refused_in_words(ada: User, tmp_path: Path) -> None:
    """The format asks for steps and label sets only; whoever writes one herself may leave out the rest."""
    steps = [{"name": "why", "kind": "text", "options": {}}]
    study = {"steps": steps, "label_sets": {}, "title": "By hand", "wanted_responses": 1}
    SnapshotWriter(tmp_path / "by hand", study=study, step_fields=[pa.field("why", pa.string())]).close()
    with pytest.raises(InvalidInput, match="does not say the study's description, template, instructions, consents"):
        import_snapshot(folder=tmp_path / "by hand", user=ada)
    assert not Study.objects.exists()


@pytest.mark.parametrize("format_name", ["csv", "jsonl", "parquet", "affection_raw", "affection_preprocessed"])
def test_every_format_holds_every_response(answered: Study, format_name: str) -> None:
    record = freeze_snapshot(study=answered)
    exported = export_snapshot(snapshot_id=record.snapshot_id, format_name=format_name, folder="exports/1")
    assert exported.bytes == default_storage.size(exported.storage_name)
    if format_name != "parquet":
        with default_storage.open(exported.storage_name) as file:
            text = file.read().decode()
        assert "trees 🌲 and sky" in text


def test_a_withdrawal_marks_the_snapshots_that_hold_the_answers(answered: Study) -> None:
    record = freeze_snapshot(study=answered)
    participation = Participation.objects.filter(study=answered).first()
    assert participation is not None
    withdraw_participation(participation=participation)
    assert SnapshotRecord.objects.get(pk=record.pk).contains_withdrawn
    assert freeze_snapshot(study=answered).snapshot_id != record.snapshot_id


def test_export_as_a_job_ends_with_a_link(answered: Study, rosa: User, sign_in: Any) -> None:
    client: Client = sign_in(rosa)
    page = client.post(f"/studies/{answered.slug}/exports", {"format": "csv", "snapshot_id": ""})
    assert page.status_code == 302
    job = Job.objects.get(kind="export")
    run(job.pk)
    job.refresh_from_db()
    assert job.state == Job.DONE, job.error
    fetched = client.get(f"/studies/{answered.slug}/exports/{job.pk}/{job.result['file_name']}")
    assert fetched.status_code == 200
    assert "attachment" in fetched["Content-Disposition"]
    content = b"".join(fetched.streaming_content)  # type: ignore[attr-defined]
    assert content.count(b"accepted") == 8
    assert b"'=1+1" in content


def test_strangers_and_other_studies_get_nothing(answered: Study, stan: User, rosa: User, sign_in: Any) -> None:
    job = start_job("export", study_key=answered.slug, arguments={"format": "csv"}, user=rosa)
    run(job.pk)
    job.refresh_from_db()
    address = f"/studies/{answered.slug}/exports/{job.pk}/{job.result['file_name']}"
    assert sign_in(stan).get(address).status_code == 404
    assert Client().get(address).status_code == 302
    assert sign_in(stan).post(f"/studies/{answered.slug}/exports", {"format": "csv"}).status_code == 404
    assert sign_in(rosa).get(address.replace(job.result["file_name"], "other.csv")).status_code == 404


def test_an_uploaded_archive_becomes_a_study(answered: Study, ada: User, sign_in: Any) -> None:
    record = freeze_snapshot(study=answered)
    exported = export_snapshot(snapshot_id=record.snapshot_id, format_name="snapshot", folder="exports/1")
    with default_storage.open(exported.storage_name) as file:
        upload = ContentFile(file.read(), name="snapshot.zip")
    sign_in(ada).post("/studies/import", {"file": upload})
    job = Job.objects.get(kind="import_snapshot")
    run(job.pk)
    job.refresh_from_db()
    assert job.state == Job.DONE, job.error
    study = Study.objects.get(slug=job.result["study"])
    assert freeze_snapshot(study=study).snapshot_id == record.snapshot_id


def test_an_import_that_is_run_twice_makes_one_study(answered: Study, ada: User, sign_in: Any) -> None:
    sign_in(ada).post("/studies/import", {"file": zip_of(answered)})
    job = Job.objects.get(kind="import_snapshot")
    run(job.pk)
    Job.objects.filter(pk=job.pk).update(state=Job.QUEUED)
    run(job.pk)
    job.refresh_from_db()
    assert job.state == Job.DONE, job.error
    assert Study.objects.exclude(pk=answered.pk).get().slug == job.result["study"]
    assert not default_storage.exists(job.arguments["storage_name"])


def test_a_program_imports_a_study_and_strangers_do_not(answered: Study, ada: User, rosa: User, sign_in: Any) -> None:
    answer = sign_in(ada).post("/api/v1/study-imports", {"file": zip_of(answered)})
    assert answer.status_code == 202
    run(answer.json()["id"])
    job = sign_in(ada).get(f"/api/v1/jobs/{answer.json()['id']}").json()
    assert (job["state"], Study.objects.filter(slug=job["result"]["study"]).count()) == ("done", 1)
    assert sign_in(rosa).post("/api/v1/study-imports", {"file": zip_of(answered)}).status_code == 403
    assert sign_in(ada).post("/api/v1/study-imports", {}).json()["errors"]["file"]


def test_a_damaged_upload_is_not_kept(ada: User, sign_in: Any) -> None:
    sign_in(ada).post("/studies/import", {"file": ContentFile(b"PK no zip", name="snapshot.zip")})
    job = Job.objects.get(kind="import_snapshot")
    run(job.pk)
    job.refresh_from_db()
    assert job.state == Job.FAILED
    assert "is not a zip archive" in job.error
    assert not default_storage.exists(job.arguments["storage_name"])


def test_images_that_cannot_be_stored_leave_no_study_without_them(study: Study, ada: User, tmp_path: Path) -> None:
    import_files(study=study, files=[("lake.jpg", io.BytesIO(picture()))])
    archive = zip_of(study).read()
    images = Path(default_storage.path("images"))
    images.rename(tmp_path / "moved")
    images.write_text("no folder can be made here")
    with pytest.raises(OSError):  # whatever the file system says
        import_archive(file=io.BytesIO(archive), parent=tmp_path / "first", user=ada)
    assert Study.objects.get() == study
    images.unlink()
    again = import_archive(file=io.BytesIO(archive), parent=tmp_path / "second", user=ada)
    sha256 = Stimulus.objects.exclude(image_sha256="").get(study=again).image_sha256
    assert default_storage.exists(image_name(sha256))
    run(Job.objects.get(kind="derive_images").pk)
    assert default_storage.exists(image_name(sha256, "320"))


def test_who_may_not_create_studies_may_not_import_one(rosa: User, sign_in: Any) -> None:
    assert sign_in(rosa).get("/studies/import").status_code == 403
