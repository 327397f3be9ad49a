"""Loads a network once per process, batches, answers. Imports torch: workers only."""

import threading
from collections import OrderedDict
from collections.abc import Sequence

import numpy as np
import torch

from modelserve.errors import PredictionImpossible
from modelserve.networks.image_emotion import ImageEmotion
from modelserve.networks.saved import SavedNetwork, load_network
from modelserve.networks.text_emotion import TextEmotion
from modelserve.pictures import pixels_of
from modelserve.storage_folders import local_folder
from modelserve.training import predict_shares
from modelserve.words import word_ids

KEPT_NETWORKS = 4  # per process; a pretrained encoder may weigh some hundred megabytes
BATCH = 64

Distribution = dict[str, float]
"""Label id to share; shares sum to 1."""


class ServedNetwork:
    """A network in memory, with what its outputs mean."""

    def __init__(self, saved: SavedNetwork) -> None:
        self._saved = saved

    @property
    def side(self) -> int:
        """Pixels of the square that it sees; 0 where it reads texts."""
        network = self._saved.network
        return network.encoder.preprocessing.side if isinstance(network, ImageEmotion) else 0

    def predict_images(self, images: Sequence[bytes]) -> list[Distribution]:
        """One distribution per image file, in order. Raises PredictionImpossible saying which image cannot be read."""
        if not isinstance(self._saved.network, ImageEmotion):
            raise PredictionImpossible("This network reads texts, not images.")
        if not images:
            return []
        pixels = []
        for number, image in enumerate(images, start=1):
            try:
                pixels.append(pixels_of(image, self.side))
            except PredictionImpossible as error:
                raise PredictionImpossible(f"Image {number} of {len(images)}: {error}") from error
        return self._answers(torch.from_numpy(np.stack(pixels)))

    def predict_texts(self, texts: Sequence[str]) -> list[Distribution]:
        """One distribution per text, in order. Raises PredictionImpossible saying which text is empty."""
        if not isinstance(self._saved.network, TextEmotion):
            raise PredictionImpossible("This network reads images, not texts.")
        if not texts:
            return []
        for number, text in enumerate(texts, start=1):
            if not text.strip():
                raise PredictionImpossible(f"Text {number} of {len(texts)} is empty. Nothing was predicted.")
        words = word_ids(texts, self._saved.words, self._saved.network.options.max_tokens)
        return self._answers(torch.from_numpy(words))

    def _answers(self, inputs: torch.Tensor) -> list[Distribution]:
        # On the CPU: a served network answers a page at a time, and a training may hold the whole GPU.
        shares = predict_shares(self._saved.network, inputs, batch_size=BATCH).tolist()
        return [dict(zip(self._saved.label_ids, row, strict=True)) for row in shares]


class Predictor:
    """The networks that this process has loaded, the least recently asked one leaving first."""

    def __init__(self, capacity: int = KEPT_NETWORKS) -> None:
        self._capacity = capacity
        self._loaded: OrderedDict[str, ServedNetwork] = OrderedDict()
        self._lock = threading.Lock()

    def load(self, weights_location: str) -> ServedNetwork:
        """The network stored in this folder, whose name is the hash of its content, so it can be kept for ever.

        Raises NetworkFilesUnreadable, FolderNotInStorage.
        """
        with self._lock:
            if weights_location not in self._loaded:
                self._loaded[weights_location] = ServedNetwork(load_network(local_folder(weights_location)))
                if len(self._loaded) > self._capacity:
                    self._loaded.popitem(last=False)
            self._loaded.move_to_end(weights_location)
            return self._loaded[weights_location]


PREDICTOR = Predictor()
