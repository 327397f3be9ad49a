"""How the asking shaped the answer: place on the screen, the image before, going on, language and device."""

from dataclasses import asdict
from typing import Any

from analysis.over_snapshots.asked_answers import CIRCUMSTANCES, asked_answers
from analysis.over_snapshots.snapshot_analysis import Progress, SnapshotAnalysis, no_progress
from analysis.statistics.asking import (
    PER_IMAGES,
    AskedAnswers,
    carry_over_effects,
    circumstance_effects,
    position_effects,
    session_effects,
)
from snapshots.reader import Snapshot

DEFINITION = (
    "Place: how often the label at each place of the screen was chosen, less the share of the others who chose that "
    "label at the same image. Image before: how much an answer follows what others felt at the image that this person "
    "saw before, among people who came to an image from different ones; own answer: how much more often than habit "
    "says the label of the answer before is given again. Going on: slopes within a person per "
    f"{PER_IMAGES} further images of a session. Language and device: each label's share less the others' at the same "
    "images. All intervals are robust to people and to images (two-way clustering, Student's t)."
)
SOURCE = "Cameron, Gelbach and Miller (2011); Krosnick and Alwin (1987); Holm (1979)"


def run(snapshot: Snapshot, options: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Every effect with its interval, whether it is causal, or why it cannot be told. Raises SnapshotError."""
    progress(0, 5, "reading the snapshot")
    answers, labels, n_simulated = asked_answers(snapshot)
    return {"labels": labels, "n_simulated": n_simulated, **asking_of(answers, progress)}


def asking_of(answers: AskedAnswers, progress: Progress = no_progress) -> dict[str, Any]:
    """All that is found in the answers themselves."""
    progress(1, 5, "place on the screen")
    per_place, first_place, places = position_effects(answers)
    progress(2, 5, "the image before")
    own, before, lags = carry_over_effects(answers)
    progress(3, 5, "going on")
    slopes, curve = session_effects(answers)
    progress(4, 5, "language and device")
    circumstances = []
    for name in CIRCUMSTANCES:
        found, reason = circumstance_effects(answers, name)
        circumstances.append({"name": name, "reason": reason, "values": [asdict(one) for one in found]})
    return {
        "n_answers": answers.n,
        "n_stimuli": int((answers.counts.sum(axis=1) > 0).sum()),
        "n_people": len(set(answers.person.tolist())),
        "place": {
            "slope": asdict(per_place),
            "first": asdict(first_place),
            "places": [asdict(one) for one in places],
        },
        "carry_over": {"own": asdict(own), "before": asdict(before), "lags": [asdict(one) for one in lags]},
        "session": {
            "per_images": PER_IMAGES,
            "slopes": [asdict(one) for one in slopes],
            "curve": [{"first": first, **asdict(one)} for first, one in curve],
        },
        "circumstances": circumstances,
    }


ASKING = SnapshotAnalysis(
    name="asking",
    title="How the asking shaped the answer",
    definition=DEFINITION,
    source=SOURCE,
    run=run,
)
