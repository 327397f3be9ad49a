"""Images to explanations, in any variant: what commands, pages and benches call. Imports torch, no Django."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from modelserve.decoding import Decoding, Written, write
from modelserve.errors import PredictionImpossible
from modelserve.networks.image_emotion import ImageEmotion
from modelserve.networks.saved import SavedNetwork
from modelserve.networks.speaker import UNTOLD, Speaker
from modelserve.pictures import pixels_of
from modelserve.reranking import BETA, CANDIDATES, listener_logs, pragmatic_scores
from modelserve.training import limited_threads, predict_shares
from modelserve.variants import VARIANTS

BATCH = 64
MOST_SAMPLES = 20


@dataclass(frozen=True, slots=True)
class Explanation:
    """One text that a network wrote about one image.

    emotion: id of the label it was told or named itself, None where neither; log_probability: natural logarithm, by the
    speaker; heard: log-probability that the listener finds the image by it, None without a listener; attention: per
    word the share of each place of the picture, row by row, summing to 1; grid: rows and columns of places, None where
    they are no square.
    """

    text: str
    words: list[str]
    variant: str
    emotion: str | None
    log_probability: float
    heard: float | None
    attention: list[list[float]]
    grid: tuple[int, int] | None
    is_machine_written: bool = True

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def explain(
    speaker: SavedNetwork,
    images: Sequence[bytes],
    *,
    emotion: str | None = None,
    variant: str = "default",
    n: int = 1,
    listener: SavedNetwork | None = None,
    image_emotion: SavedNetwork | None = None,
    decoding: Decoding | None = None,
    beta: float = BETA,
    pixels: Sequence[NDArray[np.uint8]] | None = None,
) -> list[list[Explanation]]:
    """The n best explanations of each image file, the best first.

    emotion: id or name of a label, for the grounded variants; None: the likeliest that image_emotion answers, or, by a
    speaker that names the emotion first, the one that it names. listener: needed for the pragmatic variants.
    pixels (S, S, 3) each: the images as the speaker sees them, where they have been decoded already.
    Raises PredictionImpossible saying what is wrong with which image or wish.
    """
    if not images:
        return []
    if pixels is None:
        pixels = _decoded(images, speaker.network.side)
    label = None if emotion is None else place_of_label(speaker, emotion)
    check_wish(speaker, variant, label, n, has_listener=listener is not None, has_eye=image_emotion is not None)
    labels = _labels_for(speaker, images, variant, label, image_emotion)
    points = None
    if listener is not None and VARIANTS[variant].is_pragmatic:
        seen = [pixels_of(image, listener.network.side) for image in images]
        points = image_points(listener, torch.from_numpy(np.stack(seen)))
    return explain_pixels(
        speaker,
        torch.from_numpy(np.stack(pixels)),
        labels,
        variant=variant,
        n=n,
        listener=listener,
        points=points,
        decoding=decoding,
        beta=beta,
    )


def _decoded(images: Sequence[bytes], side: int) -> list[NDArray[np.uint8]]:
    pixels = []
    for number, image in enumerate(images, start=1):
        try:
            pixels.append(pixels_of(image, side))
        except PredictionImpossible as error:
            raise PredictionImpossible(f"Image {number} of {len(images)}: {error}") from error
    return pixels


def explain_pixels(
    speaker: SavedNetwork,
    images: Tensor,
    labels: Tensor,
    *,
    variant: str,
    n: int = 1,
    listener: SavedNetwork | None = None,
    points: Tensor | None = None,
    decoding: Decoding | None = None,
    beta: float = BETA,
) -> list[list[Explanation]]:
    """As `explain`, from images (B, S, S, 3) or (B, P, F) as the speaker reads them, and labels (B,), UNTOLD for none.

    points (B, D): what the listener makes of the images, for the pragmatic variants.
    """
    wish = VARIANTS[variant]
    n_candidates = max(n, CANDIDATES) if wish.is_pragmatic else n
    written = candidates(speaker, images, labels, n=n_candidates, decoding=decoding)
    return choose(speaker, written, variant=variant, n=n, listener=listener, points=points, beta=beta)


def candidates(
    speaker: SavedNetwork, images: Tensor, labels: Tensor, *, n: int, decoding: Decoding | None = None
) -> list[list[Written]]:
    """The n best texts of each image as the search finds them; with a beam narrower than n, the beam is n wide."""
    decoding = decoding or Decoding()
    if decoding.beam:
        decoding = replace(decoding, beam=max(decoding.beam, n))
    device = next(speaker.network.parameters()).device
    written: list[list[Written]] = []
    with limited_threads():
        for start in range(0, len(images), BATCH):
            rows = slice(start, start + BATCH)
            written += write(speaker.network, images[rows].to(device), labels[rows].to(device), options=decoding, n=n)
    return written


def choose(
    speaker: SavedNetwork,
    written: list[list[Written]],
    *,
    variant: str,
    n: int = 1,
    listener: SavedNetwork | None = None,
    points: Tensor | None = None,
    beta: float = BETA,
) -> list[list[Explanation]]:
    """Of each image's candidates the n best: in the order of the search, or, pragmatic, as a listener weighs them."""
    if VARIANTS[variant].is_pragmatic and listener is not None and points is not None:
        with limited_threads():
            return _reranked(speaker, written, listener, points, variant, n, beta)
    return [[_explanation(speaker, text, variant, None) for text in texts[:n]] for texts in written]


def image_points(listener: SavedNetwork, images: Tensor) -> Tensor:
    """(B, D) what the listener makes of images (B, S, S, 3)."""
    network = listener.network
    device = network.bank.device
    with torch.inference_mode(), limited_threads():
        found = [network.embed_images(images[at : at + BATCH].to(device)) for at in range(0, len(images), BATCH)]
    return torch.cat(found)


def text_of(speaker: SavedNetwork, text: Written) -> str:
    return " ".join(speaker.words[word] for word in text.words)


def place_of_label(speaker: SavedNetwork, emotion: str) -> int:
    """The place of a label by its id or name, in any case. Raises PredictionImpossible naming those there are."""
    wanted = emotion.strip().casefold()
    for place, label in enumerate(speaker.label_set):
        if wanted in (str(label["id"]).casefold(), str(label.get("name", "")).casefold()):
            return place
    known = ", ".join(speaker.label_ids)
    raise PredictionImpossible(f"emotion: '{emotion}' is not one of this speaker's ({known}). Nothing was written.")


def check_wish(
    speaker: SavedNetwork, variant: str, label: int | None, n: int, *, has_listener: bool, has_eye: bool
) -> None:
    """Raises PredictionImpossible with a sentence where this speaker cannot do that."""
    if variant not in VARIANTS:
        raise PredictionImpossible(f"variant: '{variant}' is unknown; known are {', '.join(VARIANTS)}.")
    if not 1 <= n <= MOST_SAMPLES:
        raise PredictionImpossible(f"samples: got {n}; ask for 1 to {MOST_SAMPLES} explanations of an image.")
    wish, options = VARIANTS[variant], speaker.network.options
    if label is not None and not wish.is_grounded:
        raise PredictionImpossible(
            f"An emotion was named, but the variant '{variant}' is told none. Ask for 'grounded' or "
            "'grounded_pragmatic', or name no emotion."
        )
    if wish.is_grounded and options.grounding == "none" and not options.joint_label:
        raise PredictionImpossible(
            "This speaker learned without emotions, so it cannot be told one. Ask for 'default' or 'pragmatic', or "
            "train a speaker with grounding 'both'."
        )
    if not wish.is_grounded and options.grounding == "always":
        raise PredictionImpossible(
            "This speaker always was told an emotion while it learned, so it cannot speak without. Ask for 'grounded' "
            "or 'grounded_pragmatic', or train a speaker with grounding 'both'."
        )
    if wish.is_grounded and label is None and not has_eye and not options.joint_label:
        raise PredictionImpossible(
            "No emotion was named, and there is no network that says which is likeliest. Name an emotion, or train the "
            "network 'Image to emotions' first."
        )
    if wish.is_pragmatic and not has_listener:
        raise PredictionImpossible(
            "The pragmatic variants need a listener, and none is there. Train one (task 'listener') first, or ask for "
            "'default' or 'grounded'."
        )


def _labels_for(
    speaker: SavedNetwork, images: Sequence[bytes], variant: str, label: int | None, eye: SavedNetwork | None
) -> Tensor:
    if not VARIANTS[variant].is_grounded:
        return torch.full((len(images),), UNTOLD)
    if label is not None:
        return torch.full((len(images),), label)
    if eye is None or not isinstance(eye.network, ImageEmotion):
        return torch.full((len(images),), UNTOLD)
    side = eye.network.encoder.preprocessing.side
    shares = predict_shares(eye.network, torch.from_numpy(np.stack([pixels_of(image, side) for image in images])))
    # Both may know other labels, or the same ones in another order.
    column_of = {name: column for column, name in enumerate(eye.label_ids)}
    shared = [(place, column_of[name]) for place, name in enumerate(speaker.label_ids) if name in column_of]
    if not shared:
        raise PredictionImpossible(
            "The speaker and the network that says which emotion is likeliest share no label. Name an emotion."
        )
    likeliest = shares[:, [column for _, column in shared]].argmax(dim=1)
    return torch.tensor([place for place, _ in shared])[likeliest]


def _reranked(
    speaker: SavedNetwork,
    written: list[list[Written]],
    listener: SavedNetwork,
    points: Tensor,
    variant: str,
    n: int,
    beta: float,
) -> list[list[Explanation]]:
    image = torch.tensor([number for number, texts in enumerate(written) for _ in texts])
    flat = [text for texts in written for text in texts]
    said = [text_of(speaker, text) for text in flat]
    heard = torch.cat(
        [
            listener_logs(listener.network, points[image[at : at + 1024]], said[at : at + 1024], listener.words)
            for at in range(0, len(flat), 1024)
        ]
    )
    spoken = torch.tensor([text.log_probability for text in flat])
    scores, heard_of = pragmatic_scores(spoken, heard, beta=beta).tolist(), heard.tolist()
    found, at = [], 0
    for texts in written:
        rows = sorted(range(at, at + len(texts)), key=lambda row: -scores[row])[:n]
        found.append([_explanation(speaker, flat[row], variant, heard_of[row]) for row in rows])
        at += len(texts)
    return found


def _explanation(speaker: SavedNetwork, text: Written, variant: str, heard: float | None) -> Explanation:
    network: Speaker = speaker.network
    n_places = text.attention.shape[1]
    side = round(n_places**0.5)
    return Explanation(
        text=text_of(speaker, text),
        words=[speaker.words[word] for word in text.words],
        variant=variant,
        emotion=speaker.label_ids[text.label] if 0 <= text.label < network.n_labels else None,
        log_probability=text.log_probability,
        heard=heard,
        attention=[[round(share, 5) for share in row] for row in text.attention.tolist()],
        grid=(side, side) if side * side == n_places else None,
    )
