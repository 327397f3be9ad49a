"""What the served network answers for one stimulus, drawn as people's distribution is, with the distance of the two."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from django.urls import reverse
from django.utils.safestring import mark_safe

from analysis.charts import ShareBar, mark_class, share_bars
from analysis.charts.marks import as_percent
from analysis.figures import Figure
from analysis.network_heads import number
from analysis.network_pages import LearnedFrom
from annotation.models import Study
from annotation.queries import snapshots_of
from modelserve.evaluation.kl_divergence import kl_divergence_per_row
from modelserve.options import TASKS
from modelserve.queries import predictions_of_stimulus, promoted_networks
from snapshots.split import split_of

LEARNING = "train"  # the split's word for what is learned from


def network_distributions(
    study: Study, stimulus_key: str, labels: Sequence[dict[str, Any]], counts: Sequence[int] | None
) -> list[dict[str, Any]]:
    """One entry per served network that has predicted this stimulus: figure, network, version, divergence, ....

    ratings: (head, number) of what it says beside the emotions.

    labels: the study's label set; counts: accepted responses per label in its order, None where nobody answered.
    divergence: Kullback–Leibler from people to network, in nats; None where nobody answered.
    """
    answers = predictions_of_stimulus(study.slug, stimulus_key)
    if not answers:
        return []
    snapshot_of = {network.pk: network.snapshot_id for network in promoted_networks(study.slug)}
    records = snapshots_of(study)
    people = None if counts is None or sum(counts) == 0 else [count / sum(counts) for count in counts]
    entries = []
    for answer in answers:
        shares = [float(answer["distribution"].get(label["id"], 0)) for label in labels]
        snapshot_id = snapshot_of.get(answer["network"], "")
        divergence = _divergence(counts, shares) if people and counts else None
        learned_from = LearnedFrom(snapshot_id, records.get(snapshot_id))
        was_held_out = split_of(stimulus_key) != LEARNING
        entries.append(
            {
                "network": answer["network"],
                "version": answer["version"],
                "divergence": divergence,
                "was_held_out": was_held_out,
                "learned_from": learned_from,
                "ratings": [(name, number(value)) for name, value in answer["ratings"].items()],
                "figure": _figure(
                    study, stimulus_key, answer, labels, shares, people, divergence, was_held_out, learned_from
                ),
            }
        )
    return entries


def _divergence(counts: Sequence[int], shares: Sequence[float]) -> float:
    return float(kl_divergence_per_row(np.array([counts], dtype=np.float64), np.array([shares]))[0])


def _figure(
    study: Study,
    stimulus_key: str,
    answer: dict[str, Any],
    labels: Sequence[dict[str, Any]],
    shares: list[float],
    people: list[float] | None,
    divergence: float | None,
    was_held_out: bool,
    learned_from: LearnedFrom,
) -> Figure:
    title = f"{TASKS[answer['task']].title}: version {answer['version']}"
    likeliest = max(range(len(shares)), key=shares.__getitem__)
    lead = f"Holds {labels[likeliest]['name'].lower()} likeliest, {as_percent(shares[likeliest], 0)}."
    if divergence is not None:
        lead += f" {divergence:.2f} nats from what people answered, whose share is the broken line."
    lead += (
        " Held out: it has not learned from this image."
        if was_held_out
        else " This image is one of those that it learns from, so being close is no feat."
    )
    bars = [
        ShareBar(
            name=str(label["name"]),
            share=share,
            css=f"{mark_class(str(label['id']), label.get('polarity'), place)} of-network",
            marker=people[place] if people else None,
        )
        for place, (label, share) in enumerate(zip(labels, shares, strict=True))
    ]
    beside = [as_percent(share) for share in people] if people else ["–"] * len(shares)
    names = [str(label["name"]) for label in labels]
    return Figure(
        id=f"network-{answer['network']}",
        title=title,
        lead=lead,
        svg=mark_safe(share_bars(title, lead, bars, full=1)),  # noqa: S308  # escaped where it is drawn
        columns=["Emotion", "Network", "People"],
        rows=[[name, as_percent(share), other] for name, share, other in zip(names, shares, beside, strict=True)],
        raw_columns=["label", "network_share", "people_share"],
        raw_rows=[
            [label["id"], share, people[place] if people else None]
            for place, (label, share) in enumerate(zip(labels, shares, strict=True))
        ],
        definition=(
            "The shares that the network gives each emotion for this image; they sum to 1. The distance is the "
            "Kullback–Leibler divergence from people's distribution to the network's: 0 where they are the same."
        ),
        csv_url=reverse("study_stimulus_network_csv", args=[study.slug, stimulus_key, answer["network"]]),
        source=f"{learned_from.sentence}, snapshot {learned_from.snapshot_id[:12]}.",
    )
