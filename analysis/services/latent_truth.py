"""Fits methods of latent truth to a frozen snapshot and says what they make of it: for the job and the command."""

from collections.abc import Callable, Iterable
from dataclasses import asdict, fields
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.conf import settings
from django.core.files.storage import default_storage
from django.utils import timezone

from analysis.models import LatentTruthResult
from analysis.statistics.latent import METHODS, LatentTruth, Method, Responses, unlike_votes
from annotation.errors import InvalidInput
from annotation.models import Study
from annotation.queries import frozen_at
from annotation.services.freeze_snapshot import freeze_snapshot
from jobs.models import Job
from jobs.queries import under_way
from jobs.services import start_job
from snapshots.errors import SnapshotDamaged
from snapshots.local_copy import local_copy
from snapshots.reader import Snapshot
from snapshots.version import code_version

JOB_KIND = "latent_truth"
N_UNLIKE = 50
Progress = Callable[[int, int, str], None]


def methods_named(names: Iterable[str]) -> list[Method]:
    """In the order of METHODS; 'all' is every one. Raises InvalidInput for a name that there is not."""
    wanted = set(names)
    known = {method.name for method in METHODS}
    if unknown := sorted(wanted - known - {"all"}):
        raise InvalidInput(
            f"There is no method {unknown[0]!r}; known are {', '.join(sorted(known))}, all. Nothing was computed."
        )
    return [method for method in METHODS if method.name in wanted or "all" in wanted]


def start_latent_truth(*, study: Study, methods: Iterable[str] = ("all",), user: Any = None) -> Job:
    """Starts the job; asked twice while one like it waits, gives that one. Raises InvalidInput."""
    arguments = {"methods": [method.name for method in methods_named(methods)]}
    same = under_way(study.slug, JOB_KIND, arguments=arguments)
    return same or start_job(JOB_KIND, study_key=study.slug, arguments=arguments, user=user)


def store_latent_truth(*, study: Study, methods: Iterable[str], progress: Progress) -> list[LatentTruthResult]:
    """Freezes the study, fits each method, keeps one row per method and snapshot; run twice, it finds the same rows.

    The rows hold no pseudonyms: who takes her answers back is not left behind in them. Raises InvalidInput,
    SnapshotError.
    """
    chosen = [method.name for method in methods_named(methods)]
    now = timezone.now()
    record = freeze_snapshot(study=study, progress=lambda done, total: progress(done, total, "freezing the study"))
    return store_latent_truth_of(
        study=study, snapshot_id=record.snapshot_id, methods=chosen, progress=progress, as_of=now
    )


def store_latent_truth_of(
    *, study: Study, snapshot_id: str, methods: Iterable[str], progress: Progress, as_of: datetime | None = None
) -> list[LatentTruthResult]:
    """The same of a snapshot that was frozen before. Raises InvalidInput, SnapshotError.

    as_of: when the study was so; None = when the snapshot was frozen, or later where the row knows better.
    """
    snapshot = snapshot_of_storage(snapshot_id)
    stored = []
    for found in latent_truth(snapshot, methods_named(methods), progress):
        values = {
            "definition": {key: found[key] for key in ("title", "assumes", "source", "options", "labels")},
            "seed": found["options"].get("seed"),
            "code_version": found["code_version"],
            "figures": found["figures"],
            "unlike_votes": found["unlike_votes"],
        }
        result, _ = LatentTruthResult.objects.update_or_create(
            study_id=study.pk,
            snapshot_id=snapshot.id,
            method=found["method"],
            defaults=values | ({"as_of": as_of} if as_of else {}),
            create_defaults=values | {"as_of": as_of or frozen_at(study, snapshot.id)},
        )
        stored.append(result)
    return stored


def snapshot_of_storage(snapshot_id: str) -> Snapshot:
    """Raises SnapshotError where the storage does not hold it."""
    return local_copy(default_storage, snapshot_id, Path(settings.CACHE_DIR) / "storage", with_images=False)


def latent_truth(
    snapshot: Snapshot,
    methods: Iterable[Method],
    progress: Progress = lambda done, total, message: None,
    *,
    with_everything: bool = False,
) -> list[dict[str, Any]]:
    """Per method: its facts, options, snapshot, figures, and the stimuli on which it departs most from the votes.

    Of the snapshot's first choice step; accepted responses only. with_everything: also every stimulus's label and
    probabilities, and every annotator's skill, by key and pseudonym.
    Raises SnapshotError if the study has no choice step, or if the files do not fit the manifest.
    """
    chosen = list(methods)
    progress(0, len(chosen) + 1, "reading the snapshot")
    responses, keys, pseudonyms, labels = responses_of(snapshot)
    names = [str(label.get("name") or label["id"]) for label in labels]
    ids = [str(label["id"]) for label in labels]
    results = []
    for number, method in enumerate(chosen, 1):
        progress(number, len(chosen) + 1, method.title)
        fitted = method.make().fit(responses)
        departs = unlike_votes(responses, fitted, n_stimuli=N_UNLIKE)
        skill = fitted.skill_
        known = skill.value[~np.isnan(skill.value)]
        result: dict[str, Any] = {
            "method": method.name,
            "title": method.title,
            "assumes": method.assumes,
            "source": method.source,
            "options": _options(fitted),
            "labels": ids,
            "snapshot": snapshot.id,
            "code_version": code_version(),
            "figures": {
                "n_responses": responses.n_responses,
                "n_stimuli": departs.n_answered,
                "n_annotators": int(known.size),
                "n_overruled": departs.n_overruled,
                "n_tie_broken": departs.n_tie_broken,
                "mean_divergence_nats": departs.mean_divergence_nats,
                "skill_quartiles": np.quantile(known, [0.25, 0.5, 0.75]).tolist() if known.size else None,
                "n_iterations": fitted.n_iterations_,
                "converged": fitted.converged_,
                "log_likelihood": fitted.log_likelihood_[-1] if fitted.log_likelihood_ else None,
            },
            "unlike_votes": [
                {
                    "stimulus_key": keys[one.stimulus_index],
                    "divergence_nats": one.divergence_nats,
                    "shares": one.shares,
                    "probabilities": one.probabilities,
                    "label": ids[one.label],
                    "top_labels": [ids[label] for label in one.top_labels],
                    "is_overruled": one.is_overruled,
                    "why": one.why(names),
                    "votes": [
                        {
                            key: value
                            for key, value in {**asdict(vote), "label": ids[vote.label_index]}.items()
                            if key not in ("annotator_index", "label_index")
                        }
                        for vote in one.votes
                    ],
                }
                for one in departs.stimuli
            ],
        }
        if with_everything:
            result["stimuli"] = [
                {
                    "stimulus_key": key,
                    "label": ids[label] if label >= 0 else None,
                    "probabilities": row,
                    "divergence_nats": divergence,
                }
                for key, label, row, divergence in zip(
                    keys,
                    fitted.labels_.tolist(),
                    fitted.probabilities_.tolist(),
                    departs.divergence_nats.tolist(),
                    strict=True,
                )
            ]
            result["annotators"] = [
                {"annotator": pseudonym, **{key: row[key] for key in ("skill", "low", "high", "n_responses")}}
                for pseudonym, row in zip(pseudonyms, skill.rows(), strict=True)
            ]
        results.append(result)
    progress(len(chosen) + 1, len(chosen) + 1, "")
    return results


def responses_of(snapshot: Snapshot) -> tuple[Responses, list[str], list[str], list[dict[str, Any]]]:
    """The accepted responses of the first choice step; stimulus keys and pseudonyms (ascending); the label set."""
    step = snapshot.step_named_by_kind("choice")
    labels = snapshot.label_set(step)
    keys = snapshot.stimuli()["stimulus_key"].combine_chunks()
    ids = pa.array([str(label["id"]) for label in labels], pa.string())
    stimulus, label, people = [], [], []
    for batch in snapshot.responses(["stimulus_key", "annotator", step], accepted_only=True):
        batch = batch.filter(batch.column(step).is_valid())
        row, column = pc.index_in(batch.column("stimulus_key"), keys), pc.index_in(batch.column(step), ids)
        if row.null_count or column.null_count:
            raise SnapshotDamaged(f"responses.parquet: a {step} is not in its label set, or its stimulus is missing.")
        stimulus.append(row.to_numpy())
        label.append(column.to_numpy())
        people.append(batch.column("annotator"))
    annotators = pa.chunked_array(people, pa.string()) if people else pa.chunked_array([], pa.string())
    pseudonyms = pa.array(sorted(annotators.unique().to_pylist()), pa.string())
    nothing = np.zeros(0, dtype=np.int64)
    responses = Responses.of(
        np.concatenate([nothing, *stimulus]),
        pc.index_in(annotators, pseudonyms).to_numpy().astype(np.int64),
        np.concatenate([nothing, *label]),
        n_stimuli=len(keys),
        n_annotators=len(pseudonyms),
        n_labels=len(labels),
    )
    return responses, keys.to_pylist(), pseudonyms.to_pylist(), labels


def _options(fitted: LatentTruth) -> dict[str, Any]:
    """What the constructor was given, defaults included."""
    return {each.name: getattr(fitted, each.name) for each in fields(fitted) if each.init}  # type: ignore[arg-type]
