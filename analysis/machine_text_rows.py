"""The export of machine-written texts: a row per answer after which one was shown or held back."""

from collections.abc import Iterator
from typing import Any

from annotation.machine_texts.options import MachineTextOptions
from annotation.machine_texts.queries import turns_of
from annotation.models import Study
from annotation.services.freeze_snapshot import response_key

COLUMNS = (
    "response_key", "stimulus_key", "annotator", "emotion", "text", "network_version", "variant",
    "learned_from_simulated", "arm", "held_out_share", "shown_at", "rating", "rating_declined", "answered_at",
    "is_simulated", "draw_seed",
)  # fmt: skip
"""Explained in docs/researcher/rated_explanations.md. response_key and annotator are those of the study's snapshots."""


def export_rows(study: Study) -> Iterator[list[Any]]:
    """By person and time."""
    seed = MachineTextOptions.of(study.machine_texts).seed
    for turn in turns_of(study):
        yield [
            response_key(turn.stimulus_key, turn.annotator),
            turn.stimulus_key,
            turn.annotator,
            turn.label,
            turn.text,
            turn.version,
            turn.variant,
            turn.learned_from_simulated,
            "shown" if turn.is_shown else "held_out",
            turn.held_out_share,
            turn.shown_at.isoformat(),
            turn.rating,
            turn.is_declined,
            turn.answered_at.isoformat() if turn.answered_at else None,
            turn.is_simulated,
            seed,
        ]
