"""How each kind of network answers a batch: one row per task. Imports torch: only where networks are held.

An answerer prepares item by item, so that one broken picture spoils one question and no batch; then it answers all
items of all questions at once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from modelserve.errors import PredictionImpossible
from modelserve.explaining import explain
from modelserve.masking import emotion_place, masks_and_words
from modelserve.networks.listener import association
from modelserve.pictures import pixels_of
from modelserve.predictor import Predictor, ServedNetwork
from modelserve.services.read_stored_image import read_stored_image
from modelserve.training import limited_threads


@dataclass(frozen=True, slots=True)
class Answerer:
    """prepare: (served, item) -> what `answer` takes, or raises PredictionImpossible with a sentence.

    answer: (served, prepared items, options) -> one JSON answer per item; raises PredictionImpossible where the options
    are wrong for this network. Items and options come from outside: nothing about them may be taken for granted.
    """

    prepare: Callable[[ServedNetwork, Any], Any]
    answer: Callable[[ServedNetwork, Sequence[Any], dict[str, Any]], list[Any]]
    decodes: bool = True
    """Whether preparing is worth a thread beside the network: decoding a picture is, looking words up is not."""


def _distribution_of_image(served: ServedNetwork, item: Any) -> Any:
    """item: a name in the storage, or {image: such a name, source: where the picture comes from}."""
    place, source = (item.get("image", ""), item.get("source", "")) if isinstance(item, dict) else (item, "")
    return served.pixels(read_stored_image(str(place))), served.source_place(str(source))


def _distribution_of_text(served: ServedNetwork, item: Any) -> Any:
    return served.word_ids(str(item)), -1


def _distributions(served: ServedNetwork, prepared: Sequence[Any], options: dict[str, Any]) -> list[Any]:
    """{label id: share} per item; with the option `ratings`, {distribution, ratings: {head: number}}."""
    inputs, sources = zip(*prepared, strict=True)
    answers = served.answers(inputs, sources)
    if options.get("ratings"):
        return [{"distribution": distribution, "ratings": ratings} for distribution, ratings in answers]
    return [distribution for distribution, _ in answers]


def _image_file(served: ServedNetwork, item: Any) -> Any:
    image = read_stored_image(str(item))
    return image, pixels_of(image, served.saved.network.side)


def _explanations(served: ServedNetwork, prepared: Sequence[Any], options: dict[str, Any]) -> list[Any]:
    """options: variant, emotion, samples; listener and image_emotion: where these lie, set by `ask_speaker` alone."""
    beside = {task: _BESIDE.load(options[task]).saved for task in ("listener", "image_emotion") if options.get(task)}
    emotion, samples = options.get("emotion"), options.get("samples", 1)
    if not isinstance(samples, int) or isinstance(samples, bool):
        raise PredictionImpossible(f"samples: got {samples!r}; a whole number is needed.")
    images, pixels = zip(*prepared, strict=True)
    found = explain(
        served.saved,
        images,
        pixels=pixels,
        emotion=None if emotion is None else str(emotion),
        variant=str(options.get("variant", "default")),
        n=samples,
        listener=beside.get("listener"),
        image_emotion=beside.get("image_emotion"),
    )
    return [[text.as_json() for text in texts] for texts in found]


def _image_and_text(served: ServedNetwork, item: Any) -> Any:
    if not isinstance(item, dict) or not str(item.get("text", "")).strip():
        raise PredictionImpossible("A listener needs an image and a text about it.")
    network = served.saved.network
    pixels = pixels_of(read_stored_image(str(item.get("image", ""))), network.side)
    return pixels, network.read([str(item["text"])], served.saved.words)[0]


def _scores(served: ServedNetwork, prepared: Sequence[Any], options: dict[str, Any]) -> list[Any]:
    """Per pair {cosine: -1..1, found: the chance that the listener picks this image among its distractors}."""
    network, device = served.saved.network, served.device
    images = torch.from_numpy(np.stack([pixels for pixels, _ in prepared])).to(device)
    texts = torch.nn.utils.rnn.pad_sequence([words for _, words in prepared], batch_first=True).to(device)
    with torch.inference_mode(), limited_threads():
        seen, told = network.embed_images(images), network.embed_texts(texts)
        cosines, scale = (seen * told).sum(dim=1), network.scale()
        found = association(scale * cosines, scale * told @ network.bank.T).exp()
    pairs = zip(cosines.tolist(), found.tolist(), strict=True)
    return [{"cosine": cosine, "found": chance} for cosine, chance in pairs]


def _image_and_emotion(served: ServedNetwork, item: Any) -> Any:
    if not isinstance(item, dict):
        raise PredictionImpossible("A mask needs an image and an emotion.")
    emotion = emotion_place(served.saved, item.get("emotion"))
    return pixels_of(read_stored_image(str(item.get("image", ""))), served.saved.network.side), emotion


def _masks(served: ServedNetwork, prepared: Sequence[Any], options: dict[str, Any]) -> list[Any]:
    found: list[Any] = []
    for start in range(0, len(prepared), PAIRS_AT_ONCE):
        pixels, emotions = zip(*prepared[start : start + PAIRS_AT_ONCE], strict=True)
        found += masks_and_words(served.saved, pixels, emotions, device=served.device)
    return found


PAIRS_AT_ONCE = 64
_BESIDE = Predictor()  # the networks that a speaker needs beside itself

ANSWERERS: dict[str, Answerer] = {
    "image_emotion": Answerer(_distribution_of_image, _distributions),
    "text_emotion": Answerer(_distribution_of_text, _distributions, decodes=False),
    "listener": Answerer(_image_and_text, _scores),
    "speaker": Answerer(_image_file, _explanations),
    "emosem": Answerer(_image_and_emotion, _masks),
}
