"""What people would feel in front of a picture that nobody has answered: a network's guess, and people's own words.

The words are of people who wrote about other images of the study, those that the same network holds closest to this
picture. Nobody wrote them about it, and the page says so.
"""

import base64
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.safestring import mark_safe
from PIL import Image

from analysis.attention import LookedWord, looked_words_of
from analysis.charts import ShareBar, mark_class, share_bars
from analysis.charts.marks import as_percent
from analysis.figures import Figure
from analysis.network_heads import number
from analysis.network_pages import LearnedFrom
from analysis.queries import study_statistics
from annotation.images import image_url
from annotation.models import Response, Study
from annotation.queries import responses_to_stimuli, snapshots_of
from modelserve.models import Network
from modelserve.queries import nearest_predictions

NEAR = 24  # images whose explanations are read
MOST_WORDS = 12  # explanations shown
LEAST_SHARE = 0.1  # of an emotion whose explanations are shown
SHOWN_PIXELS = 640


@dataclass(frozen=True)
class Said:
    """One explanation by a person, and the image that it was written about."""

    text: str
    language: str
    name: str
    css: str
    stimulus_key: str
    stimulus_name: str
    thumbnail_url: str
    is_simulated: bool


@dataclass(frozen=True)
class Written:
    """One explanation by a network. name: the emotion that it was told."""

    text: str
    name: str
    css: str
    looked: list[LookedWord]


@dataclass(frozen=True)
class Felt:
    """Everything that the page says about one picture."""

    picture: str  # a data: address, since the picture is kept nowhere
    network: Network
    learned_from: LearnedFrom
    figure: Figure
    likeliest: str
    said: list[Said]
    n_near: int
    written: list[Written]
    ratings: list[tuple[str, str]]


def what_people_would_feel(
    study: Study,
    jpeg: bytes,
    network: Network,
    distribution: dict[str, float],
    written: Mapping[str, Mapping[str, Any]],
    ratings: Mapping[str, float] | None = None,
) -> Felt:
    """The page's facts; distribution: of `network`, whose answer this is; written: {label: a speaker's explanation};
    ratings: {head: number} of what the network says beside the emotions."""
    names, classes = _names(network), _classes(network)
    learned_from = LearnedFrom(network.snapshot_id, snapshots_of(study).get(network.snapshot_id))
    near = nearest_predictions(network, distribution, NEAR)
    return Felt(
        picture=_as_address(jpeg),
        network=network,
        learned_from=learned_from,
        figure=_figure(study, network, distribution, learned_from),
        likeliest=_names(network)[max(distribution, key=distribution.__getitem__)],
        said=_said(study, network, distribution, near),
        n_near=len(near),
        written=[
            Written(str(text["text"]), names[label], classes[label], looked_words_of(text))
            for label, text in written.items()
            if label in names
        ],
        ratings=[(name, number(value)) for name, value in (ratings or {}).items()],
    )


def _names(network: Network) -> dict[str, str]:
    return {str(label["id"]): str(label.get("name") or label["id"]) for label in network.label_set}


def _classes(network: Network) -> dict[str, str]:
    return {
        str(label["id"]): mark_class(str(label["id"]), label.get("polarity"), place)
        for place, label in enumerate(network.label_set)
    }


def _figure(study: Study, network: Network, distribution: dict[str, float], learned_from: LearnedFrom) -> Figure:
    names, classes = _names(network), _classes(network)
    statistics = study_statistics(study.pk)
    totals = statistics.label_totals if statistics else {}
    n_answers = sum(totals.get(label, 0) for label in names)
    usual = {label: totals.get(label, 0) / n_answers if n_answers else None for label in names}
    first, second = sorted(distribution, key=distribution.__getitem__, reverse=True)[:2]
    lead = (
        f"Most would feel {names[first].lower()}, {as_percent(distribution[first], 0)}; then "
        f"{names[second].lower()}, {as_percent(distribution[second], 0)}."
    )
    if n_answers:
        lead += " The broken line is the share of all answers in this study."
    bars = [
        ShareBar(names[label], share, css=f"{classes[label]} of-network", marker=usual[label])
        for label, share in distribution.items()
    ]
    title = "What the network expects people to feel"
    return Figure(
        id="felt",
        title=title,
        lead=lead,
        svg=mark_safe(share_bars(title, lead, bars, full=1)),  # noqa: S308  # escaped where it is drawn
        columns=["Emotion", "Expected", "All answers"],
        rows=[
            [names[label], as_percent(share), "–" if usual[label] is None else as_percent(usual[label])]
            for label, share in distribution.items()
        ],
        raw_columns=["label", "expected_share", "share_of_all_answers"],
        raw_rows=[[label, share, usual[label]] for label, share in distribution.items()],
        definition=(
            "The share of people that the network expects to choose each emotion in front of this picture; they sum "
            "to 1. It has learned from people's answers to other images. It can be wrong, and how wrong it is on "
            "average stands on its own page."
        ),
        source=f"Version {network.version}. {learned_from.sentence}, snapshot {network.snapshot_id[:12]}.",
    )


def _said(study: Study, network: Network, distribution: dict[str, float], near: list[str]) -> list[Said]:
    """Explanations of the likeliest emotions, each emotion's share of the list near its share of the prediction."""
    names, classes = _names(network), _classes(network)
    steps = [step for step in study.parsed_steps if step.labels is None]
    place = {key: number for number, key in enumerate(near)}
    by_label: dict[str, list[tuple[int, Response, str]]] = {}
    for response in responses_to_stimuli(study, near):
        texts = [text for text in (step.plain_text(response.answers) for step in steps) if text]
        if texts and response.label in names:
            entry = (place[response.stimulus.key], response, "\n".join(texts))
            by_label.setdefault(response.label, []).append(entry)
    said: list[Said] = []
    for label in sorted(distribution, key=distribution.__getitem__, reverse=True):
        if distribution[label] < LEAST_SHARE or len(said) >= MOST_WORDS:
            break
        # the nearest image first, one explanation per image before a second one of the same
        rows = sorted(by_label.get(label, []), key=lambda row: (row[0], row[1].pk))
        seen: dict[int, int] = {}
        ranked = []
        for row in rows:
            seen[row[0]] = seen.get(row[0], 0) + 1
            ranked.append((seen[row[0]], *row))
        ranked.sort(key=lambda row: (row[0], row[1]))
        n_shown = max(1, round(MOST_WORDS * distribution[label]))
        for _, _, response, text in ranked[:n_shown]:
            said.append(
                Said(
                    text=text,
                    language=response.language,
                    name=names[label],
                    css=classes[label],
                    stimulus_key=response.stimulus.key,
                    stimulus_name=response.stimulus.description or response.stimulus.name,
                    thumbnail_url=image_url(study.pk, response.stimulus.image_sha256, "320"),
                    is_simulated=response.is_simulated,
                )
            )
    return said[:MOST_WORDS]


def _as_address(jpeg: bytes) -> str:
    with Image.open(io.BytesIO(jpeg)) as picture:
        picture.thumbnail((SHOWN_PIXELS, SHOWN_PIXELS))
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=82)
    return "data:image/jpeg;base64," + base64.b64encode(out.getvalue()).decode()


def distribution_of(answer: Any) -> dict[str, float]:
    """What a network that distributes answered, as {label id: share}."""
    return {str(label): float(share) for label, share in answer.items()}
