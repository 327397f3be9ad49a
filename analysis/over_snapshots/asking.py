"""How the asking shaped the answer: place on the screen, the image before, going on, language and device."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from analysis.over_snapshots.asked_answers import CIRCUMSTANCES, asked_answers
from analysis.over_snapshots.parts import in_sections
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
    found = {}
    for done, (name, (message, effects)) in enumerate(SECTIONS.items()):
        progress(1 + done, 1 + len(SECTIONS), message)
        found[name] = effects(answers)
    return {**_about(answers), **found}


def _about(answers: AskedAnswers) -> dict[str, Any]:
    return {
        "n_answers": answers.n,
        "n_stimuli": int((answers.counts.sum(axis=1) > 0).sum()),
        "n_people": len(set(answers.person.tolist())),
    }


def _place(answers: AskedAnswers) -> dict[str, Any]:
    per_place, first_place, places = position_effects(answers)
    return {"slope": asdict(per_place), "first": asdict(first_place), "places": [asdict(one) for one in places]}


def _carry_over(answers: AskedAnswers) -> dict[str, Any]:
    own, before, lags = carry_over_effects(answers)
    return {"own": asdict(own), "before": asdict(before), "lags": [asdict(one) for one in lags]}


def _session(answers: AskedAnswers) -> dict[str, Any]:
    slopes, curve = session_effects(answers)
    return {
        "per_images": PER_IMAGES,
        "slopes": [asdict(one) for one in slopes],
        "curve": [{"first": first, **asdict(one)} for first, one in curve],
    }


def _circumstances(answers: AskedAnswers) -> list[dict[str, Any]]:
    circumstances = []
    for name in CIRCUMSTANCES:
        found, reason = circumstance_effects(answers, name)
        circumstances.append({"name": name, "reason": reason, "values": [asdict(one) for one in found]})
    return circumstances


#: Each part of the result: what is said while it is computed, and its function. None needs another.
SECTIONS: dict[str, tuple[str, Callable[[AskedAnswers], Any]]] = {
    "place": ("place on the screen", _place),
    "carry_over": ("the image before", _carry_over),
    "session": ("going on", _session),
    "circumstances": ("language and device", _circumstances),
}


def _join(snapshot: Snapshot, options: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    answers, labels, n_simulated = asked_answers(snapshot)
    return {"labels": labels, "n_simulated": n_simulated, **_about(answers), **found}


ASKING = SnapshotAnalysis(
    name="asking",
    title="How the asking shaped the answer",
    definition=DEFINITION,
    source=SOURCE,
    run=run,
    parts=in_sections(
        lambda options: tuple(SECTIONS),
        lambda snapshot, options, name: SECTIONS[name][1](asked_answers(snapshot)[0]),
        _join,
    ),
)
