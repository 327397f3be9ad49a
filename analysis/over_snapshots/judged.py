"""What people made of explanations: who passes for a person, which variant is preferred, how plausible each is."""

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.judged.trials import HUMAN
from analysis.over_snapshots.snapshot_analysis import Progress, SnapshotAnalysis
from analysis.statistics import DEFAULT_SEED, N_RESAMPLES
from analysis.statistics.confidence_sequence import ERROR, confidence_sequence
from analysis.statistics.crossed_means import crossed_mean, crossed_shares, indicator_columns
from analysis.statistics.scales.comparisons import bradley_terry
from snapshots.errors import SnapshotDamaged
from snapshots.reader import Snapshot

N_EXTREMES = 6
OUTCOMES = ("both", "network_only", "human_only", "none")


@dataclass(frozen=True)
class Judgement:
    """One answer: its trial, the image and the person (what intervals resample), whose the texts were, when."""

    trial: str
    image: str
    origins: tuple[str, ...]
    answer: str
    moment: Any
    annotator: str


def judged(snapshot: Snapshot, options: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Of the first step that compares or judges texts. Raises SnapshotError where the study has none."""
    kinds = {step["kind"] for step in snapshot.study["steps"]}
    step = snapshot.step_named_by_kind("compare" if "compare" in kinds else "judge")
    settings = next(one["options"] for one in snapshot.study["steps"] if one["name"] == step)
    progress(0, 2, "reading the judgements")
    judgements = _judgements(snapshot, step)
    progress(1, 2, "resampling images and people")
    resampling = {"n_resamples": options["n_resamples"], "seed": options["seed"]}
    found: dict[str, Any] = {
        "step": step,
        "n_judgements": len(judgements),
        "n_trials": len({one.trial for one in judgements}),
        "n_images": len({one.image for one in judgements}),
        "n_judges": len({one.annotator for one in judgements}),
    }
    if len(settings["labels"]) and "mode" not in settings:
        found |= {"design": "plausibility", **_ratings(judgements, settings["labels"], resampling)}
    elif settings["mode"] == "preference":
        found |= {"design": "preference", **_preferences(judgements)}
    else:
        found |= {"design": "turing", **_passing(judgements, resampling), "extremes": _extremes(judgements)}
    progress(2, 2, "")
    return found


def _judgements(snapshot: Snapshot, step: str) -> list[Judgement]:
    trials: dict[str, tuple[str, tuple[str, ...]]] = {}
    taken_back: set[str] = set()
    for row in snapshot.stimuli().to_pylist():
        metadata = json.loads(row["metadata"] or "{}")
        origins = metadata.get("origins", {}).get(step)
        if metadata.get("is_taken_back"):
            taken_back.add(row["stimulus_key"])
        elif isinstance(origins, list):
            trials[row["stimulus_key"]] = row["image_sha256"] or row["name"], tuple(map(str, origins))
    found = []
    columns = ["stimulus_key", "annotator", "created_at", step]
    for batch in snapshot.responses(columns, accepted_only=True):
        for row in batch.to_pylist():
            if row[step] is None or row["stimulus_key"] in taken_back:
                continue
            if row["stimulus_key"] not in trials:
                raise SnapshotDamaged(
                    f"stimuli: {row['stimulus_key'][:12]} was judged, but does not say whose its texts were."
                )
            image, origins = trials[row["stimulus_key"]]
            found.append(Judgement(row["stimulus_key"], image, origins, row[step], row["created_at"], row["annotator"]))
    return sorted(found, key=lambda one: (one.moment, one.trial, one.annotator))


def _outcome(one: Judgement) -> str:
    """What was said of the pair, whichever text stood first."""
    if one.answer in ("both", "none"):
        return one.answer
    chosen = one.origins[0 if one.answer == "a" else 1]
    return "human_only" if chosen == HUMAN else "network_only"


def _passing(judgements: list[Judgement], resampling: dict[str, int]) -> dict[str, Any]:
    """Per variant the shares of the four outcomes and the pass rate; and how often A was taken, whoever wrote it."""
    by_variant: dict[str, list[Judgement]] = defaultdict(list)
    for one in judgements:
        by_variant[next(origin for origin in one.origins if origin != HUMAN)].append(one)
    variants = {}
    for variant, own in sorted(by_variant.items()):
        outcomes = [_outcome(one) for one in own]
        columns = indicator_columns(outcomes, OUTCOMES)
        columns = np.column_stack([columns, columns[:, 0] + columns[:, 1]])
        shares = crossed_shares(columns, *_crossed(own), **resampling)
        variants[variant] = {
            "n_judgements": len(own),
            "n_trials": len({one.trial for one in own}),
            **{name: share.as_dict() for name, share in zip((*OUTCOMES, "passes"), shares, strict=True)},
            "monitored": _monitored(own),
        }
    single = [one for one in judgements if one.answer in ("a", "b")]
    is_a = indicator_columns([one.answer for one in single], ("a",))
    [took_a] = crossed_shares(is_a, *_crossed(single), **resampling)
    return {"variants": variants, "took_a": took_a.as_dict()}


def _crossed(judgements: list[Judgement]) -> tuple[list[str], list[str]]:
    """Image and person of each: answers about one image are alike, and so are those of one person."""
    return [one.image for one in judgements], [one.annotator for one in judgements]


def _extremes(judgements: list[Judgement]) -> dict[str, list[dict[str, Any]]]:
    """The trials in which the network's text passed most and least often, each with how often of how many."""
    by_trial: dict[str, list[Judgement]] = defaultdict(list)
    for one in judgements:
        by_trial[one.trial].append(one)
    trials: list[dict[str, Any]] = [
        {
            "stimulus_key": trial,
            "variant": next(origin for origin in own[0].origins if origin != HUMAN),
            "n": len(own),
            "n_passed": sum(_outcome(one) in ("both", "network_only") for one in own),
        }
        for trial, own in by_trial.items()
    ]

    def share(trial: dict[str, Any]) -> float:
        return float(trial["n_passed"] / trial["n"])

    # of several alike those with more judgements, then by key; a trial stands on one side only
    most = sorted(trials, key=lambda each: (-share(each), -each["n"], each["stimulus_key"]))[:N_EXTREMES]
    named = {each["stimulus_key"] for each in most}
    rest = [each for each in trials if each["stimulus_key"] not in named]
    least = sorted(rest, key=lambda each: (share(each), -each["n"], each["stimulus_key"]))[:N_EXTREMES]
    return {"most": [each for each in most if each["n_passed"]], "least": least}


def _monitored(own: list[Judgement]) -> dict[str, Any]:
    """The pass rate of judgements that are independent: in their order, each of a new person about a new image.

    Somebody who finds all texts human counts once, however much she judges; otherwise the interval would be wrong far
    more often than it says.
    """
    images: set[str] = set()
    people: set[str] = set()
    counted: list[Judgement] = []
    for one in own:
        if one.image not in images and one.annotator not in people:
            images.add(one.image)
            people.add(one.annotator)
            counted.append(one)
    n_passed = sum(_outcome(one) in ("both", "network_only") for one in counted)
    interval = confidence_sequence(n_passed, len(counted))
    return {
        "n": len(counted),
        "n_passed": n_passed,
        "low": interval[0] if interval else None,
        "high": interval[1] if interval else None,
        "error": ERROR,
    }


def _preferences(judgements: list[Judgement]) -> dict[str, Any]:
    variants = sorted({origin for one in judgements for origin in one.origins})
    place = {variant: number for number, variant in enumerate(variants)}
    won = np.zeros((len(judgements), len(variants), len(variants)))
    for of_one, one in zip(won, judgements, strict=True):
        a, b = (place[origin] for origin in one.origins)
        if one.answer == "same":
            of_one[a, b] += 0.5
            of_one[b, a] += 0.5
        else:
            of_one[(a, b) if one.answer == "a" else (b, a)] += 1.0
    wins = won.sum(axis=0)
    images, people = _crossed(judgements)
    both = [f"{image}/{person}" for image, person in zip(images, people, strict=True)]
    by_image, by_person, by_both = (_summed(won, keys) for keys in (images, people, both))
    fitted = bradley_terry(wins, by_cluster=by_image, crossed_with=(by_person, by_both))
    return {
        "variants": {
            variant: {"strength": strength.as_dict(), "wins": wins[number].tolist()}
            for variant, number, strength in zip(variants, range(len(variants)), fitted.strengths, strict=True)
        },
        "order": variants,
        "connected": fitted.connected,
    }


def _summed(won: NDArray[np.float64], keys: list[str]) -> NDArray[np.float64]:
    """(n_keys, n_variants, n_variants) the wins of all judgements (n, n_variants, n_variants) with the same key."""
    names, place = np.unique(np.array(keys, dtype=str), return_inverse=True)
    found = np.zeros((len(names), *won.shape[1:]))
    np.add.at(found, place, won)
    return found


def _ratings(judgements: list[Judgement], labels: list[dict[str, Any]], resampling: dict[str, int]) -> dict[str, Any]:
    """Mean place on the scale per variant, from 1 for its lowest label."""
    place = {label["id"]: float(number) for number, label in enumerate(labels, start=1)}
    by_origin: dict[str, list[Judgement]] = defaultdict(list)
    for one in judgements:
        by_origin[one.origins[0]].append(one)
    variants = {}
    for origin, own in sorted(by_origin.items()):
        mean = crossed_mean([place[one.answer] for one in own], *_crossed(own), **resampling)
        variants[origin] = {"n_judgements": len(own), "mean": mean.as_dict()}
    return {"variants": variants, "n_labels": len(labels)}


JUDGED = SnapshotAnalysis(
    name="judged",
    title="Judged by people",
    definition=(
        "Emotional Turing test: per variant the shares of judgements in which both texts, only the network's, only the "
        "person's or none could be by a person; the pass rate is both plus only the network's. Preferences: "
        "Bradley-Terry strengths, intervals by images and people. Plausibility: mean place on the scale. 95 % "
        "intervals of shares and means from resampling images and people, each for itself; the monitored interval "
        "holds at every look: it counts each person and each image once, in the order of the judgements."
    ),
    source=(
        "Affection (CVPR 2023), supplement, emotional Turing test; Bradley and Terry (1952); Robbins (1970); Owen "
        "(2007), The Pigeonhole Bootstrap; Cameron, Gelbach and Miller (2011), Robust Inference With Multiway "
        "Clustering"
    ),
    run=judged,
    defaults={"seed": DEFAULT_SEED, "n_resamples": N_RESAMPLES},
)
