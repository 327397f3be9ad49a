"""Ask the served speaker from a web process: the question goes to the process that holds the networks."""

from collections.abc import Sequence
from typing import Any

from modelserve.errors import PredictionImpossible
from modelserve.models import Network
from modelserve.queries import promoted_network
from modelserve.services.ask_predictor import ask_predictor
from modelserve.variants import VARIANTS


def ask_speaker(
    study_key: str,
    images: Sequence[str],
    *,
    emotion: str | None = None,
    variant: str = "default",
    samples: int = 1,
    version: int | None = None,
    timeout_seconds: float = 30.0,
) -> tuple[Network, list[list[dict[str, Any]]]]:
    """The speaker that was asked, and per image its explanations, the best first, as `Explanation.as_json` gives them.

    images: names in the storage. The pragmatic variants use the study's served listener, the grounded ones without an
    emotion its served network 'Image to emotions'. Raises as `ask_predictor`.
    """
    if variant not in VARIANTS:
        raise PredictionImpossible(f"variant: '{variant}' is unknown; known are {', '.join(VARIANTS)}.")
    wish = VARIANTS[variant]
    options: dict[str, Any] = {"variant": variant, "samples": samples}
    if emotion is not None:
        options["emotion"] = emotion
    for task, is_needed in (("listener", wish.is_pragmatic), ("image_emotion", wish.is_grounded and emotion is None)):
        network = promoted_network(study_key, task) if is_needed else None
        if network is not None:
            options[task] = network.weights_location
    return ask_predictor(study_key, "speaker", images, timeout_seconds, version=version, options=options)
