"""With an S3-compatible bucket instead of the local folder, everything that is a file still works."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage, storages
from django.db import transaction
from moto.server import ThreadedMotoServer
from PIL import Image
from storages.backends.s3 import S3Storage

from annotation.images import image_url
from annotation.models import Study
from annotation.services.decode_image import decode_image
from annotation.services.export_snapshot import export_snapshot
from annotation.services.freeze_snapshot import freeze_snapshot
from annotation.services.import_snapshot import import_archive
from annotation.services.insert_stimuli import NewStimulus, insert_stimuli
from jobs.models import Job
from jobs.services import run as run_job
from modelserve.models import Network
from modelserve.services.start_training import start_training
from snapshots.local_copy import image_name
from tests.conftest import make_participation, make_study, respond
from tests.modelserve.tiny_world import TinyWorld

pytestmark = [
    pytest.mark.django_db(transaction=True),
    # of the client library, not of ours
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture
def bucket(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    for name, value in {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}.items():
        monkeypatch.setenv(name, value)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1").create_bucket(Bucket="studies")
    options = {
        "bucket_name": "studies",
        "endpoint_url": endpoint,
        "region_name": "us-east-1",
        "access_key": "key",
        "secret_key": "secret",
        "default_acl": "private",
        "file_overwrite": True,
    }
    backend = {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}
    settings.STORAGES = {**settings.STORAGES, "default": backend}
    yield endpoint
    server.stop()


def test_images_snapshots_and_exports_live_in_the_bucket(bucket: str, client: Any, mika: Any, tmp_path: Path) -> None:
    assert isinstance(storages["default"], S3Storage)
    out = io.BytesIO()
    Image.new("RGB", (64, 48), "teal").save(out, "PNG")
    decoded = decode_image(io.BytesIO(out.getvalue()), "teal.png")
    default_storage.save(image_name(decoded.sha256), ContentFile(decoded.jpeg))
    study: Study = make_study(mika, n_stimuli=0, is_open=False)
    stimulus = NewStimulus(name="teal.png", image_sha256=decoded.sha256, width=64, height=48, bytes=len(decoded.jpeg))
    with transaction.atomic():
        insert_stimuli(study=study, stimuli=[stimulus])
    study.state = Study.OPEN
    study.save()
    served = client.get(image_url(study.pk, decoded.sha256))
    assert b"".join(served.streaming_content) == decoded.jpeg
    assert client.get(image_url(study.pk, "0" * 64)).status_code == 404
    respond(make_participation(study))
    record = freeze_snapshot(study=study)
    exported = export_snapshot(snapshot_id=record.snapshot_id, format_name="snapshot", folder="exports/1")
    with default_storage.open(exported.storage_name) as file:
        archive = io.BytesIO(file.read())
    again = import_archive(file=archive, parent=tmp_path / "import", user=mika)
    assert freeze_snapshot(study=again).snapshot_id == record.snapshot_id


def test_a_network_learns_from_a_snapshot_in_the_bucket(bucket: str, settings: Any, tmp_path: Path) -> None:
    """Tables are copied here once; pictures are fetched one by one, and nothing else of the folder."""
    frozen = TinyWorld(n_stimuli=40).freeze(tmp_path)
    for path in sorted(frozen.folder.rglob("*")):
        if path.is_file():
            place = f"snapshots/{frozen.id}/{path.relative_to(frozen.folder)}"
            default_storage.save(place, ContentFile(path.read_bytes()))
    run = start_training(
        study_key="in-the-bucket",
        task="image_emotion",
        snapshot_id=frozen.id,
        snapshot_location=f"snapshots/{frozen.id}",
        options={"side": 32, "epochs": 1, "device": "cpu"},
    )
    assert run.job is not None
    run_job(run.job.pk)
    job = Job.objects.get(pk=run.job.pk)
    assert job.state == Job.DONE, job.error
    network = Network.objects.get(training_run=run)
    assert sorted(default_storage.listdir(network.weights_location)[1]) == ["network.json", "network.safetensors"]
    copied = Path(settings.CACHE_DIR) / "tables" / "snapshots" / frozen.id
    assert (copied / "responses.parquet").is_file()
    assert not (copied / "images").exists()
