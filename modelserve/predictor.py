"""Loads a network once per process, batches, answers. Imports torch: workers only."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from modelserve.errors import PredictionImpossible
from modelserve.networks.image_emotion import ImageEmotion
from modelserve.networks.saved import SavedNetwork, load_network
from modelserve.networks.text_reader import TextReader
from modelserve.pictures import pixels_of
from modelserve.storage_folders import local_folder
from modelserve.training import choose_device, limited_threads

KEPT_NETWORKS = 4  # per process; a pretrained encoder may weigh some hundred megabytes
BATCH = 64

Distribution = dict[str, float]
"""Label id to share; shares sum to 1."""

Ratings = dict[str, float]
"""Head to number, in the unit of its scale; empty for a network without heads."""


class ServedNetwork:
    """A network in memory, on its device, with what its outputs mean. One thread at a time may let it compute."""

    def __init__(self, saved: SavedNetwork, device: str = "cpu") -> None:
        self.saved = saved
        self.device = choose_device(device)
        saved.network.to(self.device).eval()

    @property
    def task(self) -> str:
        return self.saved.task

    @property
    def side(self) -> int:
        """Pixels of the square that it sees; 0 where it reads texts."""
        network = self.saved.network
        return network.encoder.preprocessing.side if isinstance(network, ImageEmotion) else 0

    def pixels(self, image: bytes) -> NDArray[np.uint8]:
        """(S, S, 3) of an image file. Raises PredictionImpossible if it cannot be read, or the network reads texts."""
        if not isinstance(self.saved.network, ImageEmotion):
            raise PredictionImpossible("This network reads texts, not images.")
        return pixels_of(image, self.side)

    def word_ids(self, text: str) -> NDArray[np.int64]:
        """(T,) of a text. Raises PredictionImpossible if it is empty, or the network reads images."""
        if not isinstance(self.saved.network, TextReader):
            raise PredictionImpossible("This network reads images, not texts.")
        if not text.strip():
            raise PredictionImpossible("The text is empty. Nothing was predicted.")
        ids: NDArray[np.int64] = self.saved.network.read([text], self.saved.words)[0].numpy()
        return ids

    def source_place(self, source: str) -> int:
        """Which of the network's heads per source answers for this source; -1 = the one that all share."""
        network = self.saved.network
        sources = network.sources if isinstance(network, ImageEmotion) else ()
        return sources.index(source) if source in sources else -1

    def answers(
        self, prepared: Sequence[NDArray[Any]], sources: Sequence[int] | None = None
    ) -> list[tuple[Distribution, Ratings]]:
        """The distribution and the numbers of every prepared item (`pixels` or `word_ids`), in order.

        sources: `source_place` of every item; by default those of no source.
        """
        found: list[tuple[Distribution, Ratings]] = []
        network = self.saved.network
        for start in range(0, len(prepared), BATCH):
            inputs = torch.from_numpy(np.stack(prepared[start : start + BATCH])).to(self.device)
            with torch.inference_mode(), limited_threads():
                if isinstance(network, ImageEmotion):
                    places = torch.tensor(sources[start : start + BATCH] if sources else [-1] * len(inputs))
                    logs, numbers = network.answer((inputs, places.to(self.device)))
                    heads, ratings = network.heads, numbers.cpu().tolist()
                else:
                    logs, heads, ratings = network(inputs), (), [[]] * len(inputs)
                shares = logs.float().softmax(dim=1).cpu().tolist()
            found += [
                (dict(zip(self.saved.label_ids, row, strict=True)), dict(zip(heads, numbers, strict=True)))
                for row, numbers in zip(shares, ratings, strict=True)
            ]
        return found

    def distributions(self, prepared: Sequence[NDArray[Any]]) -> list[Distribution]:
        """One distribution per prepared item (`pixels` or `word_ids`), in order."""
        return [distribution for distribution, _ in self.answers(prepared)]

    def look_at(self, images: Sequence[bytes], sources: Sequence[str]) -> list[tuple[Distribution, Ratings]]:
        """The distribution and the numbers of every image file of these sources, in order.

        Raises PredictionImpossible saying which image cannot be read.
        """
        prepared = [self._one("Image", n, images, self.pixels) for n in range(len(images))]
        return self.answers(prepared, [self.source_place(source) for source in sources])

    def predict_images(self, images: Sequence[bytes]) -> list[Distribution]:
        """One distribution per image file, in order. Raises PredictionImpossible saying which image cannot be read."""
        return self.distributions([self._one("Image", n, images, self.pixels) for n in range(len(images))])

    def predict_texts(self, texts: Sequence[str]) -> list[Distribution]:
        """One distribution per text, in order. Raises PredictionImpossible saying which text is empty."""
        return self.distributions([self._one("Text", n, texts, self.word_ids) for n in range(len(texts))])

    def _one(self, kind: str, place: int, items: Sequence[Any], prepare: Callable[[Any], Any]) -> Any:
        try:
            return prepare(items[place])
        except PredictionImpossible as error:
            raise PredictionImpossible(f"{kind} {place + 1} of {len(items)}: {error}") from error


class Predictor:
    """The networks that this process has loaded, the least recently asked one leaving first."""

    def __init__(self, capacity: int = KEPT_NETWORKS, *, device: str = "cpu") -> None:
        # By default the CPU: a served network answers a page at a time, and a training may hold the whole GPU.
        self._capacity, self._device = capacity, device
        self._loaded: OrderedDict[str, ServedNetwork] = OrderedDict()
        self._lock = threading.Lock()

    def load(self, weights_location: str) -> ServedNetwork:
        """The network stored in this folder, whose name is the hash of its content, so it can be kept for ever.

        Raises NetworkFilesUnreadable, FolderNotInStorage.
        """
        with self._lock:
            if weights_location in self._loaded:
                self._loaded.move_to_end(weights_location)
                return self._loaded[weights_location]
        # Outside the lock: while one network is read, the others answer.
        served = ServedNetwork(load_network(local_folder(weights_location)), self._device)
        with self._lock:
            served = self._loaded.setdefault(weights_location, served)
            self._loaded.move_to_end(weights_location)
            if len(self._loaded) > self._capacity:
                self._loaded.popitem(last=False)
            return served


PREDICTOR = Predictor()
