"""Let a study's served speaker write about images, in this process: for commands and workers."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from modelserve.errors import NoNetworkServed
from modelserve.models import Network
from modelserve.queries import promoted_networks
from modelserve.variants import VARIANTS

if TYPE_CHECKING:
    from modelserve.decoding import Decoding
    from modelserve.explaining import Explanation


def served_networks(study_key: str) -> dict[str, Network]:
    """{task: the network that answers now}."""
    return {network.task: network for network in promoted_networks(study_key)}


def explain_images(
    study_key: str,
    images: Sequence[bytes],
    *,
    emotion: str | None = None,
    variant: str = "default",
    n: int = 1,
    decoding: "Decoding | None" = None,
    networks: Mapping[str, Network] | None = None,
) -> "tuple[Network, list[list[Explanation]]]":
    """The served speaker, and the n best texts about each image file, the best first, each with where it looked.

    The pragmatic variants use the study's served listener, the grounded ones without an emotion its served network
    'Image to emotions'. networks: those that were served before, by task (`served_networks`), for whoever asks several
    times and wants the same ones to answer. Raises NoNetworkServed, PredictionImpossible with a sentence.
    """
    asked = served_networks(study_key) if networks is None else networks
    speaker = asked.get("speaker")
    if speaker is None:
        raise NoNetworkServed(
            "No speaker is served for this study. Train one (task 'speaker'); the first is served by itself."
        )
    # Torch takes seconds and hundreds of megabytes: only who writes imports it.
    from modelserve.explaining import explain
    from modelserve.networks.saved import SavedNetwork
    from modelserve.predictor import PREDICTOR

    def served(task: str) -> SavedNetwork | None:
        network = asked.get(task)
        return PREDICTOR.load(network.weights_location).saved if network else None

    wish = VARIANTS.get(variant)
    return speaker, explain(
        PREDICTOR.load(speaker.weights_location).saved,
        images,
        emotion=emotion,
        variant=variant,
        n=n,
        listener=served("listener") if wish and wish.is_pragmatic else None,
        image_emotion=served("image_emotion") if wish and wish.is_grounded and emotion is None else None,
        decoding=decoding,
    )
