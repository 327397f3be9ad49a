"""One object of each kind in each of two studies, and everybody who might ask for it."""

import hashlib
import uuid
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import numpy as np
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from PIL import Image

from analysis.models import AnalysisResult, PublicExplorer
from analysis.over_snapshots import analysis_named
from analysis.over_snapshots.judged import JUDGED
from analysis.over_snapshots.snapshot_analysis import no_progress
from analysis.services.analyse_snapshot import store_analysis
from analysis.services.public_explorer import make_explorer, new_address, set_public_explorer
from analysis.services.refresh_statistics import refresh_statistics
from analysis.services.rehearse import rehearse
from annotation.images import image_token
from annotation.models import (
    AttentionCheck,
    Identity,
    Membership,
    Participation,
    Payment,
    PayPlan,
    PracticeItem,
    QualityRule,
    Response,
    SnapshotRecord,
    Stimulus,
    Study,
)
from annotation.services.freeze_snapshot import freeze_snapshot
from annotation.simulator.rehearsal import RehearsalOptions
from jobs.models import Job
from modelserve.evaluation.report import evaluate
from modelserve.models import Network, Prediction, Promotion, TrainingRun
from modelserve.options import parse_options
from snapshots.local_copy import image_name
from tests.conftest import annotator_client, make_participation, make_study, make_user, respond


@dataclass
class Place:
    """A study and one object of each kind in it; `arguments` fills every address (tests/house/addresses.py)."""

    study: Study
    stimulus: Stimulus
    participation: Participation
    response: Response
    arguments: dict[str, Any] = field(default_factory=dict)


@dataclass
class World:
    """`here` is the study in which Anna annotates, Rosa researches and Mika manages; `elsewhere` is Ada's, with Bo."""

    here: Place
    elsewhere: Place
    browsers: dict[str, Client]


def make_world() -> World:
    people = {name: make_user(name) for name in ("stan", "anna", "bo", "rosa", "mika")}
    people["ada"] = make_user("ada", is_superuser=True, is_staff=True)
    here = make_place(people["mika"], people["anna"], title="Feelings at the lake")
    elsewhere = make_place(people["ada"], people["bo"], title="Another study")
    Membership.objects.create(study=here.study, user=people["rosa"], role=Membership.RESEARCHER)
    refresh_statistics(wait=True)
    browsers = {"nobody": Client(raise_request_exception=False)}
    for name, user in people.items():
        taking_part = {"anna": here, "bo": elsewhere}.get(name)
        browser = annotator_client(taking_part.participation) if taking_part else Client()
        browser.raise_request_exception = False
        browser.force_login(user)
        browsers[name] = browser
    return World(here, elsewhere, browsers)


def make_place(manager: User, annotator: User, **settings: Any) -> Place:
    study = make_study(manager, n_stimuli=4, **settings)
    jpeg = BytesIO()
    Image.new("RGB", (64 + study.pk % 64, 48), (120, 140, 90)).save(jpeg, "JPEG")
    sha256 = hashlib.sha256(jpeg.getvalue()).hexdigest()
    default_storage.save(image_name(sha256), ContentFile(jpeg.getvalue()))
    study.stimuli.update(image_sha256=sha256, width=64, height=48, bytes=len(jpeg.getvalue()))
    Membership.objects.create(study=study, user=annotator, role=Membership.ANNOTATOR)
    participation = make_participation(study)
    Identity.objects.create(annotator=participation.annotator, user=annotator)
    response = respond(participation)
    respond(make_participation(study))
    place = Place(study, response.stimulus, participation, response)
    snapshot = SnapshotRecord.objects.create(
        study=study, snapshot_id=hashlib.sha256(study.slug.encode()).hexdigest(),
        n_responses=2, n_stimuli=4, n_annotators=2, n_simulated=0,
    )  # fmt: skip
    PayPlan.objects.create(study=study, reward=150)
    payment = Payment.objects.create(
        study=study, participation=participation, kind=Payment.REWARD, purpose="reward", amount=150, currency="GBP"
    )
    export = _export(study, snapshot, manager)
    network = _network(study, snapshot, response.stimulus)
    speaker = _speaker(study, snapshot)
    options = RehearsalOptions(n_people=8, wanted=1)
    rehearsal = Job.objects.create(
        kind="rehearse",
        study_key=study.slug,
        state=Job.DONE,
        arguments=options.as_json(),
        result=rehearse(study=study, options=options),
    )
    report = Job.objects.create(kind="report", study_key=study.slug, state=Job.DONE, created_by=manager)
    names = {"pdf": default_storage.save(f"reports/{report.pk}/report.pdf", ContentFile(b"%PDF-1.4"))}
    Job.objects.filter(pk=report.pk).update(result={"snapshot_id": snapshot.snapshot_id, "files": names})
    for name in ("disagreement", "asking", "words"):
        store_analysis(study=study, analysis=analysis_named(name), options={}, progress=no_progress)
    place.arguments = {
        "slug": study.slug,
        "address": _public_explorer(study, manager),
        "response_id": response.pk,
        "stimulus_id": response.stimulus_id,
        "job_id": export.pk,
        "file_name": export.result["file_name"],
        "key": response.stimulus.key,
        "pseudonym": participation.annotator.pseudonym,
        "item_id": PracticeItem.objects.create(study=study, name="practice", feedback="It stirs much.").pk,
        "check_id": AttentionCheck.objects.create(study=study, instruction="Say awe", wanted={"emotion": "awe"}).pk,
        "network_id": network.pk,
        "rule_id": _rule(study).pk,
        "network_captions.network_id": speaker.pk,
        "network_captions_csv.network_id": speaker.pk,
        "api_network_captions.network_id": speaker.pk,
        "run_id": network.training_run_id,
        "training_cancel.job_id": network.training_run.job_id,
        "study_rehearsal_csv.job_id": rehearsal.pk,
        "study_report_file.job_id": report.pk,
        "format_name": "pdf",
        "user_name": annotator.username,
        "token": image_token(study.pk, sha256),
        "sha256": sha256,
        "size": "full",
        "task": "image_emotion",
        "source": "link",
        "payment_key": payment.key,
        "name": "emotions",
        "study_disagreement_csv.name": "parts",
        "study_asking_csv.name": "place",
        "study_judged_csv.name": _judged(study),
        "study_rated_texts_csv.name": "ratings",
        "study_language_csv.name": "measures",
        "study_planning_csv.name": "power",
    }
    return place


def _judged(study: Study) -> str:
    """What people made of explanations; the name of its figure."""
    mean = {"value": 4.0, "low": None, "high": None, "n": 1, "reason": None, "note": None}
    AnalysisResult.objects.create(
        study_id=study.pk,
        snapshot_id="0" * 64,
        name=JUDGED.name,
        options=dict(JUDGED.defaults),
        definition={"title": JUDGED.title, "definition": JUDGED.definition, "source": JUDGED.source},
        code_version="1",
        result={
            "design": "plausibility",
            "n_labels": 5,
            **dict.fromkeys(("n_judgements", "n_trials", "n_images", "n_judges"), 1),
            "variants": {"human": {"n_judgements": 1, "mean": mean}},
        },
    )
    return "plausible"


def _public_explorer(study: Study, user: User) -> str:
    frozen = freeze_snapshot(study=study)
    explorer = set_public_explorer(
        study=study,
        address=new_address(),
        snapshot_id=frozen.snapshot_id,
        settings={"shows_images": True, "least_responses": 2, "consents": [], "allows_robots": False},
        user=user,
    )
    # images with one answer are not shown; here every one is asked for
    PublicExplorer.objects.filter(pk=study.pk).update(settings=explorer.settings | {"least_responses": 1})
    make_explorer(study=study, progress=no_progress)
    return explorer.address


def _export(study: Study, snapshot: SnapshotRecord, user: User) -> Job:
    export = Job.objects.create(kind="export", study_key=study.slug, state=Job.DONE, created_by=user)
    name = default_storage.save(f"exports/{export.pk}/{study.slug}.csv", ContentFile(b"stimulus_key\n"))
    export.result = {
        "file_name": f"{study.slug}.csv",
        "storage_name": name,
        "snapshot_id": snapshot.snapshot_id,
        "bytes": 13,
    }
    export.save()
    return export


def _rule(study: Study) -> QualityRule:
    conditions = [{"signal": "n_words", "is": "at_most", "value": 2.0}]
    definition = {"scope": "response", "match": "all", "conditions": conditions}
    return QualityRule.objects.create(
        study=study, name="Too short", definition=definition, message="Write a little more."
    )


def _network(study: Study, snapshot: SnapshotRecord, stimulus: Stimulus) -> Network:
    labels = [dict(label) for label in study.labels]
    origin: dict[str, Any] = {"study_key": study.slug, "task": "image_emotion", "snapshot_id": snapshot.snapshot_id}
    options = parse_options("image_emotion").as_json()
    networks = []
    for version in (1, 2):
        run = TrainingRun.objects.create(
            **origin,
            snapshot_location=f"snapshots/{snapshot.snapshot_id}",
            options=options,
            seed=version,
            code_version="test",
            curve=[{"epoch": 1, "train_loss": 1.2, "validation_loss": 1.3, "learning_rate": 5e-4}],
            job=Job.objects.create(kind="train", study_key=study.slug, state=Job.DONE),
        )
        networks.append(
            Network.objects.create(
                **origin,
                version=version,
                label_set=labels,
                options=options,
                seed=version,
                code_version="test",
                training_run=run,
                metrics=_metrics([label["id"] for label in labels]),
                weights_location=f"networks/{uuid.uuid4().hex}",
            )
        )
    first = networks[0]
    first.promoted_at = study.created_at
    first.save()
    Promotion.objects.create(network=first, reason=Promotion.FIRST)
    share = 1 / len(labels)
    Prediction.objects.create(
        study_key=study.slug, network=first, stimulus_key=stimulus.key,
        distribution={label["id"]: share for label in labels},
    )  # fmt: skip
    return first


def _speaker(study: Study, snapshot: SnapshotRecord) -> Network:
    """A version whose texts were measured."""
    origin: dict[str, Any] = {"study_key": study.slug, "task": "speaker", "snapshot_id": snapshot.snapshot_id}
    options = parse_options("speaker").as_json()
    unknown = {"value": None, "low": None, "high": None, "n": 0}
    captions = {
        "n_images": 1,
        "n_test": 1,
        "reference": "default",
        "columns": [{"name": "default", "title": "Default", "kind": "variant"}],
        "rows": [{"metric": "BLEU-4", "better": "more", "note": "", "cells": {"default": unknown, "people": unknown}}],
        "differences": [],
        "remarks": [],
    }
    run = TrainingRun.objects.create(
        **origin,
        snapshot_location=f"snapshots/{snapshot.snapshot_id}",
        options=options,
        seed=1,
        code_version="test",
        job=Job.objects.create(kind="train", study_key=study.slug, state=Job.DONE),
    )
    return Network.objects.create(
        **origin,
        version=1,
        label_set=[dict(label) for label in study.labels],
        options=options,
        seed=1,
        code_version="test",
        training_run=run,
        metrics={"captions": captions},
        weights_location=f"networks/{uuid.uuid4().hex}",
    )


def _metrics(labels: list[str]) -> dict[str, Any]:
    draw = np.random.default_rng(7)
    counts = draw.multinomial(6, np.full(len(labels), 1 / len(labels)), size=5).astype(float)
    measured = evaluate(
        counts,
        np.full(counts.shape, 1 / len(labels)),
        stimuli=np.arange(5),
        label_ids=labels,
        polarities=[1] * len(labels),
    )
    split = {part: {"rows": 5, "stimuli": 5} for part in ("train", "validation", "test")}
    return {
        **measured,
        "split": split,
        "notes": [],
        "baseline": measured,
        "best_epoch": 1,
        "epochs": 1,
        "device": "cpu",
    }
