"""A speaker from a snapshot: learned word by word, measured by the words of the test texts and by what it writes."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from modelserve.evaluation.paired import ratio_score
from modelserve.evaluation.resampling import Estimate, Resampling
from modelserve.evaluation.word_loss import UNKNOWN_WORDS, word_loss
from modelserve.explaining import Explanation, explain_pixels
from modelserve.networks.by_option import SPEAKERS
from modelserve.networks.saved import SavedNetwork
from modelserve.networks.speaker import END, PADDING, START, UNKNOWN, UNTOLD, Speaker
from modelserve.options import RunOptions, SpeakerOptions
from modelserve.pairs import PairRows, SplitPairs, pair_rows, short_enough
from modelserve.recipes.pair_inputs import BATCH, learned_words, pair_examples, pixels_for, place_table, split_facts
from modelserve.recipes.recipe import Learned, ReadImage, Scores
from modelserve.training import Watcher, choose_device, fit, limited_threads, seeded
from modelserve.word_vad import vad_of_words
from modelserve.words import word_ids
from snapshots.reader import Snapshot

SHOWN = 8  # texts on the page of a version
MOST_PLACES = 256  # of which a record tells where it looked


def learn_speaker(
    snapshot: Snapshot,
    task: str,
    options: RunOptions,
    *,
    work_folder: Path,
    cache: Path,
    read_image: ReadImage,
    watcher: Watcher,
) -> Learned:
    """As `modelserve.recipes.learn`."""
    chosen: SpeakerOptions = options.network
    pairs = short_enough(pair_rows(snapshot), chosen.max_tokens)
    for note in pairs.notes:
        watcher.log(note)
    device = choose_device(options.training.device)
    words = learned_words(pairs.train.texts, chosen.min_count)
    with seeded(options.training.seed, device):
        saved = _fresh_network(task, chosen, pairs, words)
    numbers = {
        id(part): torch.from_numpy(word_ids(part.texts, words, chosen.max_tokens))
        for part in (pairs.train, pairs.validation)
    }
    frequencies = torch.bincount(numbers[id(pairs.train)].flatten(), minlength=len(words)).float()
    frequencies[PADDING] = frequencies[START] = 0
    saved.network.start_from(frequencies)
    train, validation = (
        pair_examples(images_for(saved, part, read_image, cache, device), part, numbers[id(part)])
        for part in (pairs.train, pairs.validation)
    )
    fitted = fit(
        saved.network, train, validation, options.training, checkpoints=work_folder / "checkpoints", watcher=watcher
    )
    metrics = measure_speaker(saved, snapshot, cache=cache, read_image=read_image, device=device.type)
    metrics |= split_facts(pairs) | {
        # What to beat: choosing every word by how often it is used, whatever the picture.
        "baseline": {"word_loss": _by_frequency(saved, pairs.test, frequencies).as_json()},
        "texts": _first_texts(saved, pairs, images_for(saved, pairs.test, read_image, cache, device)),
        "best_epoch": fitted.best_epoch,
        "epochs": len(fitted.curve),
        "device": fitted.device,
    }
    return Learned(saved, fitted, metrics)


def measure_speaker(
    saved: SavedNetwork, snapshot: Snapshot, *, cache: Path, read_image: ReadImage, device: str
) -> dict[str, Any]:
    """As `modelserve.recipes.measure`. A speaker that can be told the emotion is told the writer's."""
    test = pair_rows(snapshot).test
    losses, lengths, unknown = _word_losses(saved, test, cache, read_image, device)
    loss = word_loss(losses, lengths, unknown, Resampling(test.image_of_text))
    return {"n_rows": len(test.texts), "n_stimuli": len(test), "word_loss": loss.as_json()}


def score_speaker(
    saved: SavedNetwork, snapshot: Snapshot, *, cache: Path, read_image: ReadImage, device: str
) -> Scores:
    """As `modelserve.recipes.scores`: a row per text."""
    test = pair_rows(snapshot).test
    losses, lengths, unknown = _word_losses(saved, test, cache, read_image, device)
    return Scores(test.image_of_text, {"word_loss": ratio_score(losses + unknown * math.log(UNKNOWN_WORDS), lengths)})


def _word_losses(
    saved: SavedNetwork, test: PairRows, cache: Path, read_image: ReadImage, device: str
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Per text: its summed loss, its words, and how many of them are unknown; (N,) each."""
    place = choose_device(device)
    network: Speaker = saved.network.to(place).eval()
    texts = torch.from_numpy(word_ids(test.texts, saved.words, network.options.max_tokens))  # (N, T)
    labels = torch.from_numpy(test.labels)
    losses, lengths = np.zeros(len(texts)), np.zeros(len(texts))
    images = images_for(saved, test, read_image, cache, place)
    image_of_text = torch.from_numpy(test.image_of_text)
    with torch.inference_mode(), limited_threads():
        for start in range(0, len(texts), BATCH):
            rows = slice(start, start + BATCH)
            batch = images[image_of_text[rows]].to(place)
            lost, n_words = network.word_losses(batch, texts[rows].to(place), labels[rows].to(place))
            losses[rows], lengths[rows] = lost.double().cpu().numpy(), n_words.cpu().numpy()
    network.to("cpu")
    return losses, lengths, (texts == UNKNOWN).sum(dim=1).numpy().astype(np.float64)


def images_for(saved: SavedNetwork, rows: PairRows, read_image: ReadImage, cache: Path, device: torch.device) -> Tensor:
    """Pixels (I, S, S, 3); where the encoder does not learn, what it sees of each image, (I, P, F), computed once."""
    network: Speaker = saved.network
    pixels = pixels_for(rows, network.side, read_image, cache)
    return pixels if network.pixels.learns else place_table(network.pixels, pixels, cache, device)


def _first_texts(saved: SavedNetwork, pairs: SplitPairs, images: Tensor) -> list[dict[str, Any]]:
    """What it writes about the first test images, beside what one person wrote: for the page of this version."""
    test, n = pairs.test, min(SHOWN, len(pairs.test))
    if not n:
        return []
    # told what most people felt; the first label wins a tie
    felt = torch.from_numpy(test.counts(len(pairs.label_set))[:n].argmax(axis=1))
    options = saved.network.options
    wishes: list[tuple[str, Tensor]] = []
    if options.grounding != "always":
        wishes.append(("default", torch.full((n,), UNTOLD)))
    if options.grounding != "none":
        wishes.append(("grounded", felt))
    written = [explain_pixels(saved, images[:n], labels, variant=variant) for variant, labels in wishes]
    names = {str(label["id"]): str(label.get("name", label["id"])) for label in pairs.label_set}
    return [
        {
            "stimulus_key": test.stimulus_keys[image],
            "image_sha256": test.image_sha256s[image],
            "texts": [
                {
                    "text": texts[image][0].text,
                    "emotion": names.get(texts[image][0].emotion or "", ""),
                    **looked_at(texts[image][0]),
                }
                for texts in written
                if texts[image]
            ],
            "person": test.texts_of(image)[0],
        }
        for image in range(n)
    ]


def looked_at(text: Explanation) -> dict[str, Any]:
    """Words and, for each, where it looked: 0 to 100 per place, 100 the place that it looked at most.

    Whole numbers, so that a record with some texts stays small; nothing where the places are no square or too many.
    """
    if text.grid is None or text.grid[0] * text.grid[1] > MOST_PLACES:
        return {}
    looked = [[round(100 * share / max(max(row), 1e-9)) for share in row] for row in text.attention]
    return {"words": text.words, "looked": looked, "grid": list(text.grid)}


def _fresh_network(task: str, options: SpeakerOptions, pairs: SplitPairs, words: list[str]) -> SavedNetwork:
    network = SPEAKERS[options.decoder].create(len(words), len(pairs.label_set), options)
    if options.vad_weight:
        network.vad[: len(words)] = vad_of_words(words, Path(options.vad_lexicon))
    return SavedNetwork(task, network, pairs.label_set, words)


def _by_frequency(saved: SavedNetwork, test: PairRows, frequencies: Tensor) -> Estimate:
    """The word loss of a speaker that knows nothing but how often each word is used."""
    texts = word_ids(test.texts, saved.words, saved.network.options.max_tokens)[:, 1:]  # what follows <sos>
    counts = frequencies.double().numpy()
    # A word that is never used may still come, as <unk> may: one count each keeps its cost finite.
    logs: NDArray[np.float64] = np.log(np.maximum(counts, 1.0) / np.maximum(counts, 1.0)[END - 1 :].sum())
    is_word = texts != PADDING
    losses = -(logs[texts] * is_word).sum(axis=1)
    unknown = (texts == UNKNOWN).sum(axis=1).astype(np.float64)
    return word_loss(losses, is_word.sum(axis=1).astype(np.float64), unknown, Resampling(test.image_of_text))
