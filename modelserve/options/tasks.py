"""The kinds of network: what each reads and answers, its options, and by which metric a promotion is decided."""

from dataclasses import dataclass
from typing import Any

from modelserve.errors import BadTrainingOption
from modelserve.options.of_networks import (
    EmoSemOptions,
    ImageEmotionOptions,
    ListenerOptions,
    SpeakerOptions,
    TextEmotionOptions,
)
from modelserve.options.of_training import TrainingOptions


@dataclass(frozen=True, slots=True)
class TaskKind:
    """A kind of network: what it reads, its options, and by which metric a promotion is decided."""

    name: str
    title: str
    reads: str  # image or text
    network_options: type[Any]
    training: TrainingOptions  # its defaults of the loop
    promote_by: str
    metrics: tuple[str, ...] = ("kl_divergence", "majority_accuracy", "polarity_accuracy", "calibration_error")
    """The metrics that a promotion may be decided by."""
    answers: str = "distribution"  # or score, explanation, mask


# ArtEmis' 5e-4 is for 340,000 texts; some hundred texts give few steps per epoch and need larger ones.
_TEXT_TRAINING = TrainingOptions(learning_rate=2e-3)
# A row is an image with several of its texts.
_PAIR_TRAINING = TrainingOptions(learning_rate=2e-3, batch_size=64, epochs=30)

CAPTION_METRICS = ("bleu_4", "rouge_l", "cider", "emotion_alignment", "unique_productions", "found_by_listener")
"""Of the texts that a speaker writes in its plainest way, measured after it (`modelserve/caption_record.py`)."""

TASKS: dict[str, TaskKind] = {
    "image_emotion": TaskKind(
        "image_emotion", "Image to emotions", "image", ImageEmotionOptions, TrainingOptions(), "kl_divergence"
    ),
    "text_emotion": TaskKind(
        "text_emotion", "Explanation to emotion", "text", TextEmotionOptions, _TEXT_TRAINING, "kl_divergence"
    ),
    "listener": TaskKind(
        "listener",
        "Listener: which image is a text about",
        "image",
        ListenerOptions,
        _PAIR_TRAINING,
        "listener_accuracy",
        ("listener_accuracy",),
        answers="score",
    ),
    "speaker": TaskKind(
        "speaker",
        "Speaker: image to explanation",
        "image",
        SpeakerOptions,
        _PAIR_TRAINING,
        "word_loss",
        ("word_loss", *CAPTION_METRICS),
        answers="explanation",
    ),
    "emosem": TaskKind(
        "emosem",
        "Image and emotion to what stirs it",
        "image",
        EmoSemOptions,
        TrainingOptions(learning_rate=2e-3, batch_size=16),
        "mask_iou",
        ("mask_iou", "mask_precision_25", "mask_precision_50"),
        answers="mask",
    ),
}

PROMOTION_METRICS: dict[str, bool] = {
    "kl_divergence": True,
    "majority_accuracy": False,
    "polarity_accuracy": False,
    "calibration_error": True,
    "listener_accuracy": False,
    "word_loss": True,
    "bleu_4": False,
    "rouge_l": False,
    "cider": False,
    "emotion_alignment": False,
    "unique_productions": False,
    "found_by_listener": False,
    "mask_iou": False,
    "mask_precision_25": False,
    "mask_precision_50": False,
}
"""The metrics that a promotion may be decided by, and whether smaller is better."""


def find_task(task: str) -> TaskKind:
    """Raises BadTrainingOption naming the known tasks."""
    if task not in TASKS:
        raise BadTrainingOption(f"task: '{task}' is unknown; known are {', '.join(TASKS)}.")
    return TASKS[task]
