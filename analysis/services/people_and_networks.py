"""Sets the served network's predictions beside people's answers, image by image: for the job and its page."""

from typing import Any

import numpy as np
from django.utils import timezone

from analysis.models import AnalysisResult, StimulusStatistics
from analysis.queries import study_statistics
from analysis.statistics import DEFAULT_SEED, N_RESAMPLES
from analysis.statistics.beside_people import LEAST_RESPONSES, SURE, beside_people
from annotation.errors import StateConflict
from annotation.models import Study
from jobs.models import Job
from jobs.queries import under_way
from jobs.services import start_job
from modelserve.queries import predicted_distributions, promoted_network
from snapshots.split import split_of
from snapshots.version import code_version

JOB_KIND = "people_and_networks"
#: Its rows' name: predictions are no part of a snapshot, so it has no row in analysis.over_snapshots.
NAME = "people_and_networks"
TASK = "image_emotion"
N_SHOWN = 24
AT_ONCE = 5_000
DEFINITION = {
    "title": "People and networks",
    "definition": (
        f"Images that the network did not learn from, with at least {LEAST_RESPONSES} responses. Divergence: "
        "Jensen-Shannon, in nats. Agree: the label that has half of the responses or more is also the network's "
        f"likeliest. Surely wrong: the network gives another one {SURE:.0%} or more; unsure: another one, and less. "
        "Split: no label has half. The correlation is Spearman's, of the entropies of people and network. 95 % "
        "intervals from resampling images."
    ),
    "source": "Lin (1991), Divergence Measures Based on the Shannon Entropy; the groups are ours",
}


def start_people_and_networks(*, study: Study, user: Any = None) -> Job:
    """Starts the job; asked twice while one waits, gives that one. Raises StateConflict where no network is served."""
    _served(study)
    waiting = under_way(study.slug, JOB_KIND)
    return waiting or start_job(JOB_KIND, study_key=study.slug, arguments={}, user=user)


def _served(study: Study) -> Any:
    network = promoted_network(study.slug, TASK)
    if network is None:
        raise StateConflict("No network from images to emotions is served for this study. Train one first.")
    return network


def store_people_and_networks(study: Study, progress: Any = lambda done, total, message: None) -> AnalysisResult:
    """Keeps one row per network; names the images of each group, the clearest first. Raises StateConflict."""
    network = _served(study)
    statistics = study_statistics(study.pk)
    labels = [str(label["id"]) for label in statistics.labels] if statistics else []
    keys, counts, predicted = [], [], []
    answered = StimulusStatistics.objects.filter(study_id=study.pk, n_responses__gte=LEAST_RESPONSES)
    chunk: list[StimulusStatistics] = []

    def take() -> None:
        held_out = [row for row in chunk if split_of(row.stimulus_key) == "test" and len(row.counts) == len(labels)]
        found = predicted_distributions(study.slug, [row.stimulus_key for row in held_out], TASK)
        for row in held_out:
            if row.stimulus_key in found:
                keys.append(row.stimulus_key)
                counts.append(row.counts)
                predicted.append([float(found[row.stimulus_key].get(label, 0.0)) for label in labels])
        chunk.clear()

    for row in answered.order_by("stimulus_id").iterator(chunk_size=AT_ONCE):
        chunk.append(row)
        if len(chunk) == AT_ONCE:
            take()
            progress(len(keys), 0, "reading predictions")
    take()
    shape = (len(keys), len(labels))
    progress(0, 1, "comparing")
    found = beside_people(
        np.array(counts, dtype=np.float64).reshape(shape),
        np.array(predicted, dtype=np.float64).reshape(shape),
        n_resamples=N_RESAMPLES,
        seed=DEFAULT_SEED,
    )
    result = {
        "network": network.pk,
        "version": network.version,
        "n_compared": found.n_compared,
        "n_simulated": statistics.n_simulated if statistics else 0,
        "mean_divergence_nats": found.mean_divergence_nats.as_dict(),
        "split_known": found.split_known.as_dict(),
        "groups": {
            name: {"n": len(places), "keys": [keys[place] for place in places[:N_SHOWN]]}
            for name, places in (
                ("agree", found.agree),
                ("surely_wrong", found.surely_wrong),
                ("unsure", found.unsure),
                ("split_and_known", found.split_and_known),
                ("split_and_unknown", found.split_and_unknown),
            )
        },
    }
    kept, _ = AnalysisResult.objects.update_or_create(
        study_id=study.pk,
        snapshot_id=network.snapshot_id,
        name=NAME,
        options={"network": network.pk},
        defaults={
            "definition": DEFINITION,
            "seed": DEFAULT_SEED,
            "code_version": code_version(),
            "result": result,
            "as_of": timezone.now(),
        },
    )
    return kept
