"""Reads with a name a researcher would use; what other apps may know of networks. No torch."""

from collections.abc import Iterable, Mapping
from functools import reduce
from operator import add
from typing import Any

from django.db.models import FloatField, Max, QuerySet, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Abs, Cast, Coalesce

from modelserve.models import Network, Prediction, Promotion, TrainingRun


def training_runs_of(study_key: str, task: str | None = None) -> QuerySet[TrainingRun]:
    """The study's training runs, newest first, each with its job and network at hand."""
    runs = TrainingRun.objects.filter(study_key=study_key).select_related("job", "network")
    return runs.filter(task=task) if task else runs


def networks_of(study_key: str, task: str | None = None) -> QuerySet[Network]:
    """The study's networks, newest first."""
    networks = Network.objects.filter(study_key=study_key).select_related("training_run")
    return networks.filter(task=task) if task else networks


def next_version(study_key: str, task: str) -> int:
    """The number of the next network of this task; a deleted one's is not given again. Lock the registry first."""
    ours = {"study_key": study_key, "task": task}
    numbers = [model.objects.filter(**ours).aggregate(last=Max("version"))["last"] for model in (Network, TrainingRun)]
    return 1 + max(number or 0 for number in numbers)


def promoted_network(study_key: str, task: str) -> Network | None:
    """The network that answers for this study and task."""
    return Network.objects.filter(
        study_key=study_key, task=task, promoted_at__isnull=False, retired_at__isnull=True
    ).first()


def promoted_networks(study_key: str) -> list[Network]:
    """The networks that answer for this study, one per task at most."""
    served = Network.objects.filter(study_key=study_key, promoted_at__isnull=False, retired_at__isnull=True)
    return list(served.order_by("task"))


def promotions_of(study_key: str, task: str) -> QuerySet[Promotion]:
    """What was served when and why, newest first."""
    promotions = Promotion.objects.filter(network__study_key=study_key, network__task=task)
    return promotions.select_related("network", "previous", "promoted_by", "taken_back_by")


def network_before(study_key: str, task: str) -> Network | None:
    """The network to return to: served before the one that is, and not deleted since."""
    standing = promotions_of(study_key, task).filter(taken_back_at__isnull=True)
    newest = standing.first()
    if newest is None or newest.previous is not None:
        return newest.previous if newest else None
    # a deleted version takes its promotions with it: the one before it is the newest of the others that stand
    earlier = standing.exclude(network=newest.network_id).first()
    return earlier.network if earlier else None


def can_roll_back(study_key: str, task: str) -> bool:
    """Whether there is an earlier network to return to."""
    return network_before(study_key, task) is not None


def predictions_of_stimulus(study_key: str, stimulus_key: str) -> list[dict[str, Any]]:
    """What the served networks say of one stimulus: {task, version, network, labels, distribution, ratings}."""
    predictions = Prediction.objects.filter(
        study_key=study_key,
        stimulus_key=stimulus_key,
        network__promoted_at__isnull=False,
        network__retired_at__isnull=True,
    ).select_related("network")
    return [
        {
            "task": prediction.network.task,
            "version": prediction.network.version,
            "network": prediction.network_id,
            "labels": prediction.network.label_ids,
            "distribution": prediction.distribution,
            "ratings": prediction.ratings,
        }
        for prediction in predictions.order_by("network__task")
    ]


def predicted_distributions(
    study_key: str, stimulus_keys: Iterable[str], task: str = "image_emotion"
) -> dict[str, dict[str, float]]:
    """{stimulus key: {label id: share}} by the served network, for the stimuli that it has predicted."""
    predictions = Prediction.objects.filter(
        study_key=study_key,
        stimulus_key__in=list(stimulus_keys),
        network__task=task,
        network__promoted_at__isnull=False,
        network__retired_at__isnull=True,
    )
    return dict(predictions.values_list("stimulus_key", "distribution"))


def nearest_predictions(network: Network, distribution: Mapping[str, float], n: int) -> list[str]:
    """Keys of the n stimuli whose prediction by this network is nearest to a distribution of it, the nearest first.

    Near by the sum of absolute differences of the shares (twice the total variation distance), which every label
    counts in. Stimuli that it has not predicted are not known here.
    """
    terms = [
        Abs(Coalesce(Cast(KeyTextTransform(label, "distribution"), FloatField()), 0.0) - float(share))
        for label, share in distribution.items()
    ]
    distance = reduce(add, terms, Value(0.0))
    rows = Prediction.objects.filter(study_key=network.study_key, network=network).annotate(distance=distance)
    return list(rows.order_by("distance", "stimulus_key").values_list("stimulus_key", flat=True)[:n])
