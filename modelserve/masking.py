"""A network's masks and sentences for pictures and emotions, as JSON. Imports torch."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from modelserve.errors import PredictionImpossible
from modelserve.evaluation.run_lengths import run_lengths
from modelserve.networks.saved import SavedNetwork
from modelserve.training import limited_threads
from snapshots.cleaning import Vocabulary

HALF = 0.5
WRITTEN_BY = "network"


def emotion_place(saved: SavedNetwork, emotion: Any) -> int:
    """The place of a label in the network's outputs. Raises PredictionImpossible naming those that it knows."""
    if emotion not in saved.label_ids:
        raise PredictionImpossible(
            f"emotion: {emotion!r} is none of this network's: {', '.join(saved.label_ids)}. Nothing was predicted."
        )
    return saved.label_ids.index(emotion)


def masks_and_words(
    saved: SavedNetwork,
    pixels: Sequence[NDArray[np.uint8]],
    emotions: Sequence[int],
    *,
    device: torch.device | None = None,
    temperature: float = 0.0,
    seed: int = 0,
) -> list[dict[str, Any]]:
    """For each picture (S, S, 3) and emotion {emotion, mask, share, explanation, written_by}.

    mask: COCO run lengths over the square that the network saw, the whole picture squeezed into it; share: of the
    picture that it covers; explanation: '' where the network does not write.
    """
    place = device or torch.device("cpu")
    images = torch.from_numpy(np.stack(pixels)).to(place)
    with torch.inference_mode(), limited_threads():
        asked = torch.tensor(list(emotions), dtype=torch.int64, device=place)
        shares, words = saved.network.answer(images, asked, temperature=temperature, seed=seed)
    found = (shares >= HALF).cpu().numpy()
    vocabulary = Vocabulary(tuple(saved.words))
    texts = [" ".join(vocabulary.decode(row)) for row in words.cpu().tolist()]
    if not saved.network.options.writes:
        texts = [""] * len(texts)
    return [
        {
            "emotion": saved.label_ids[emotion],
            "mask": run_lengths(mask),
            "share": float(mask.mean()),
            "explanation": text,
            "written_by": WRITTEN_BY,
        }
        for emotion, mask, text in zip(emotions, found, texts, strict=True)
    ]
