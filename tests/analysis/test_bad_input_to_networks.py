"""Bad input to every endpoint of networks: a clear error, nothing is kept, and the next good question is answered."""

import io
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.core.cache import caches
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from annotation.models import Stimulus, Study
from jobs.models import Job
from modelserve.models import Network, TrainingRun
from tests.analysis.painted_study import QUICK, painted_study, png, train_now, work_off
from tests.modelserve.serving.answering import answering

SignIn = Callable[[User], Client]
LONG = "a" * 10_001
NUL = "it\x00looks"
BAD_BODIES: list[tuple[str, Any]] = [
    ("no JSON", "{"),
    ("a list", []),
    ("a number", 7),
    ("nothing", {}),
    ("null", None),
    ("deeply nested", {"task": {"task": {"task": []}}, "stimuli": {"a": {}}, "pairs": {"a": {}}, "run": {}}),
]
# endpoint -> bodies that are wrong for it alone
BAD_VALUES: dict[str, list[Any]] = {
    "predictions": [
        {"task": "envy", "stimuli": ["KEY"]},
        {"task": "speaker", "stimuli": ["KEY"]},
        {"task": "image_emotion"},
        {"task": "image_emotion", "stimuli": []},
        {"task": "image_emotion", "stimuli": "KEY"},
        {"task": "image_emotion", "stimuli": [7, None, {}]},
        {"task": "image_emotion", "stimuli": ["KEY"] * 257},
        {"task": "image_emotion", "stimuli": ["gone"]},
        {"task": "image_emotion", "stimuli": ["../../etc/passwd"]},
        {"task": "image_emotion", "texts": ["the lake"]},
        {"task": "text_emotion", "stimuli": ["KEY"]},
        {"task": "text_emotion", "texts": [""]},
        {"task": "text_emotion", "texts": ["   "]},
        {"task": "text_emotion", "texts": [NUL]},
        {"task": "text_emotion", "texts": [LONG]},
        {"task": "text_emotion", "texts": [7.5]},
        {"task": "image_emotion", "stimuli": ["KEY"], "version": 99},
        {"task": "image_emotion", "stimuli": ["KEY"], "version": 0},
        {"task": "image_emotion", "stimuli": ["KEY"], "version": "newest"},
        {"task": "image_emotion", "stimuli": ["KEY"], "version": 2**40},
    ],
    "explanations": [
        {"stimuli": ["KEY"], "variant": "loud"},
        {"stimuli": ["KEY"], "variant": "grounded", "emotion": "envy"},
        {"stimuli": ["KEY"], "variant": "default", "emotion": "awe"},
        {"stimuli": ["KEY"], "variant": "pragmatic"},  # the study has no listener
        {"stimuli": ["KEY"], "variant": "grounded", "emotion": {"id": "awe"}},
        {"stimuli": ["KEY"], "samples": 0},
        {"stimuli": ["KEY"], "samples": 21},
        {"stimuli": ["KEY"], "samples": "many"},
        {"stimuli": ["KEY"] * 17},
        {"stimuli": ["KEY"], "version": 99},
        {"stimuli": [None]},
    ],
    "listener-scores": [
        {"pairs": []},
        {"pairs": [{"stimulus": "KEY"}]},
        {"pairs": [{"stimulus": "KEY", "text": ""}]},
        {"pairs": [{"stimulus": "KEY", "text": LONG}]},
        {"pairs": [{"stimulus": "gone", "text": "a"}]},
        {"pairs": [{"stimulus": "KEY", "text": "a"}] * 65},
        {"pairs": "KEY"},
        {"pairs": [{"stimulus": "KEY", "text": "a"}], "version": -1},
        {"pairs": [{"stimulus": "KEY", "text": "a"}]},  # no listener is served
    ],
    "masks": [
        {"emotion": "awe"},
        {"stimuli": ["KEY"]},
        {"emotion": "awe", "stimuli": []},
        {"emotion": "awe", "stimuli": ["gone"]},
        {"emotion": "a" * 81, "stimuli": ["KEY"]},
        {"emotion": "awe", "stimuli": ["KEY"], "version": 99},
        {"emotion": "awe", "stimuli": ["KEY"]},  # no such network is served
    ],
    "training-runs": [
        {"task": "envy"},
        {"task": "image_emotion", "options": []},
        {"task": "image_emotion", "options": {"epochs": 0}},
        {"task": "image_emotion", "options": {"epochs": "many"}},
        {"task": "image_emotion", "options": {"epochs": 1e400}},
        {"task": "image_emotion", "options": {"envy": 1}},
        {"task": "image_emotion", "options": {"encoder": "../../etc/passwd"}},
        {"task": "image_emotion", "options": {"promote_by": "cider"}},
        {"task": "image_emotion", "options": {"budget_minutes": -1}},
        {"task": "image_emotion", "options": {"samples_per_epoch": 0.5}},
        {"task": "speaker", "options": {"caption_images": 0, "promote_by": "cider"}},
    ],
    "network-comparisons": [
        {"networks": []},
        {"networks": [1]},
        {"networks": [10**9, 10**9 + 1]},
        {"networks": ["a", "b"]},
        {"networks": list(range(1, 9))},
        {"networks": [0, -1]},
    ],
    "training-limit": [{"minutes_per_day": -1}, {"minutes_per_day": "long"}, {"minutes_per_day": 1e12}, {}],
}


@pytest.fixture
def study(transactional_db: None, mika: User, monkeypatch: pytest.MonkeyPatch) -> Study:
    """With networks for images, texts and explanations; without a listener and masks."""
    tiny = {"side": 32, "epochs": 1, "device": "cpu", "min_count": 1, "caption_images": 0}
    monkeypatch.setitem(QUICK, "speaker", tiny | {"hidden": 32, "embedding": 16, "attention": 16})
    study = painted_study(mika, n_stimuli=30)
    for task in ("image_emotion", "text_emotion", "speaker"):
        train_now(study, task)
    return study


def send(client: Client, study: Study, place: str, body: Any, key: str) -> Any:
    text = body if isinstance(body, str) else json.dumps(body).replace('"KEY"', json.dumps(key))
    call = client.put if place == "training-limit" else client.post
    caches["default"].clear()  # who asks often is not throttled here
    return call(f"/api/v1/studies/{study.slug}/{place}", text, content_type="application/json")


def is_clear(response: Any) -> bool:
    """Refused as the caller's fault or as not possible now, in words."""
    if not 400 <= response.status_code < 500 or response.status_code == 429:
        return False
    said = response.json()
    return len(json.dumps(said)) > 20 and "Traceback" not in response.content.decode()


def test_every_endpoint_refuses_bad_input_in_words_and_goes_on(study: Study, mika: User, sign_in: SignIn) -> None:
    client, faults = sign_in(mika), []
    client.raise_request_exception = False
    key = Stimulus.objects.filter(study=study).order_by("rank").values_list("key", flat=True)[0]
    n_jobs = Job.objects.count()
    with answering():
        for place, bodies in BAD_VALUES.items():
            for name, body in [*BAD_BODIES, *((json.dumps(one)[:70], one) for one in bodies)]:
                response = send(client, study, place, body, key)
                if not is_clear(response):
                    faults.append(f"{place}, {name}: {response.status_code} {response.content[:200]!r}")
        good = send(client, study, "predictions", {"task": "image_emotion", "stimuli": [key]}, key)
        assert good.status_code == 200, good.content
        assert send(client, study, "explanations", {"stimuli": [key]}, key).status_code == 200
    assert not faults, "\n".join(faults)
    assert Job.objects.count() == n_jobs


def huge_png() -> bytes:
    """Some kilobytes that would be 100 million pixels."""
    out = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(out, "PNG")
    return out.getvalue()


def uploads() -> dict[str, bytes]:
    truncated = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 255, (200, 200, 3), dtype=np.uint8)
    Image.fromarray(noise).save(truncated, "JPEG")
    return {
        "empty.jpg": b"",
        "text.jpg": b"this is no picture",
        "page.svg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        "cut.jpg": truncated.getvalue()[:300],
        "huge.png": huge_png(),
    }


def test_files_that_are_no_pictures_are_refused_and_the_next_one_is_answered(
    study: Study, mika: User, sign_in: SignIn
) -> None:
    client, faults = sign_in(mika), []
    client.raise_request_exception = False
    words = {"emotion": "awe", "variant": "grounded"}
    with answering():
        for place in ("predictions", "explanations", "masks"):
            address = f"/api/v1/studies/{study.slug}/{place}"
            bad: dict[str, dict[str, Any]] = {
                name: {"images": SimpleUploadedFile(name, content)} for name, content in uploads().items()
            }
            bad["17 files"] = {"images": [SimpleUploadedFile(f"{n}.png", png()) for n in range(17)]}
            bad["another field"] = {"picture": SimpleUploadedFile("a.png", png())}
            for name, files in bad.items():
                caches["default"].clear()
                response = client.post(address, files | words)
                if not is_clear(response):
                    faults.append(f"{place}, {name}: {response.status_code} {response.content[:200]!r}")
            good = client.post(address, {"images": SimpleUploadedFile("a.png", png())} | words)
            assert good.status_code == (409 if place == "masks" else 200), good.content
        for name, content in uploads().items():
            page = client.post(f"/studies/{study.slug}/feel", {"picture": SimpleUploadedFile(name, content)})
            if page.status_code != 400 or "error" not in page.content.decode():
                faults.append(f"the page, {name}: {page.status_code}")
        seen = client.post(f"/studies/{study.slug}/feel", {"picture": SimpleUploadedFile("a.png", png())})
        assert seen.status_code == 200
        assert "Machine-written" in seen.content.decode()
        assert "looked mostly at" in seen.content.decode()
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("task", ["image_emotion", "text_emotion", "listener", "speaker", "emosem"])
@pytest.mark.parametrize("emotions", [[], ["awe"]], ids=["nobody answered", "all felt the same"])
def test_a_study_that_teaches_nothing_ends_the_training_with_a_sentence(
    transactional_db: None, mika: User, sign_in: SignIn, task: str, emotions: list[str]
) -> None:
    study = painted_study(mika, n_stimuli=8, n_people=2 if emotions else 0, emotions=emotions or ["awe"])
    client = sign_in(mika)
    response = client.post(
        f"/api/v1/studies/{study.slug}/training-runs",
        json.dumps({"task": task, "options": {"device": "cpu", "epochs": 1}}),
        content_type="application/json",
    )
    if not emotions:
        assert response.status_code == 409
        assert "no responses yet" in response.content.decode()
        return
    assert response.status_code == 202
    work_off("freeze_and_train", "train")
    job = TrainingRun.objects.get(study_key=study.slug).job
    assert job is not None
    assert job.state == Job.FAILED
    assert job.error.endswith((".", "again."))
    assert "Traceback" not in job.error
    assert not Network.objects.filter(study_key=study.slug).exists()
    assert client.get(f"/studies/{study.slug}/networks").status_code == 200
