"""A network's answers to stored images, in this process: for workers."""

import contextlib
from collections.abc import Sequence

from django.core.exceptions import SuspiciousFileOperation
from django.core.files.storage import default_storage

from modelserve.errors import PredictionImpossible
from modelserve.models import Network


def predict_images(network: Network, storage_names: Sequence[str]) -> list[dict[str, float]]:
    """{label id: share} for each image, in order; shares sum to 1. Raises PredictionImpossible naming the image."""
    # Torch takes seconds and hundreds of megabytes: only a worker that predicts imports it.
    from modelserve.predictor import PREDICTOR

    return PREDICTOR.load(network.weights_location).predict_images([_read(name) for name in storage_names])


def _read(name: str) -> bytes:
    # The smaller files of an image are made after its upload; until then the whole one stands in.
    whole = f"{name.rpartition('/')[0]}/full.jpg"
    for place in dict.fromkeys((name, whole)):
        missing = (FileNotFoundError, IsADirectoryError, SuspiciousFileOperation)
        with contextlib.suppress(*missing), default_storage.open(place) as file:
            return bytes(file.read())
    raise PredictionImpossible(f"There is no stored image '{name}'. Nothing was predicted.")
