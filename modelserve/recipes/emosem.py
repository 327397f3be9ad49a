"""Image and emotion to mask and explanation: from regions that people drew, or the generated world's known causes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from modelserve.data import Rows, SplitRows, image_inputs, image_rows
from modelserve.errors import NothingToLearn
from modelserve.evaluation.mask_overlap import THRESHOLDS, mask_overlap, overlaps
from modelserve.evaluation.paired import mean_score
from modelserve.evaluation.resampling import Resampling, estimate, weighted_mean
from modelserve.networks.emosem import PROMPT, EmoSem
from modelserve.networks.saved import SavedNetwork
from modelserve.options import EmoSemOptions, RunOptions
from modelserve.recipes.recipe import Learned, ReadImage, Scores
from modelserve.regions import mask_table, unpacked
from modelserve.training import Examples, Watcher, choose_device, fit, limited_threads, seeded
from modelserve.words import vocabulary_of, word_ids
from snapshots.cleaning import tokens_of
from snapshots.reader import Snapshot

TEXTS_PER_IMAGE = 8  # kept of each image; more would only fill memory
BATCH = 32
EMPTY_SHARE = 0.01  # of the picture: that much marked is next to nothing
HALF = 0.5  # of a pixel's share, from which it belongs to the mask


@dataclass(frozen=True, slots=True)
class Said:
    """What people wrote: texts and the label that each explains, by stimulus key, in the snapshot's order."""

    texts: dict[str, list[tuple[str, str]]]

    def of(self, keys: list[str]) -> list[str]:
        return [text for key in keys for text, _ in self.texts.get(key, [])]


def learn_emosem(
    snapshot: Snapshot,
    task: str,
    options: RunOptions,
    *,
    work_folder: Path,
    cache: Path,
    read_image: ReadImage,
    watcher: Watcher,
) -> Learned:
    """As `modelserve.recipes.learn`. Raises NothingToLearn where nobody drew regions and there is no world."""
    rows = image_rows(snapshot)
    for note in rows.notes:
        watcher.log(note)
    network_options: EmoSemOptions = options.network
    said = said_of(snapshot)
    words = words_of(said.of(rows.train.stimulus_keys), rows.label_set, network_options.min_count)
    prompts = prompts_of(rows.label_set, words)
    device = choose_device(options.training.device)
    with seeded(options.training.seed, device):
        saved = SavedNetwork(task, EmoSem(len(words), prompts, network_options), rows.label_set, words)
    train, validation = (
        examples_of(saved, snapshot, part, said, read_image, cache) for part in (rows.train, rows.validation)
    )
    n_drawn = int(train.targets[:, :, 0].sum())  # type: ignore[call-overload]  # a tensor here
    if not n_drawn:
        raise NothingToLearn(
            "Nobody drew a region on the training stimuli of this snapshot, so a network that finds them cannot learn. "
            "Collect regions, freeze a new snapshot and train again."
        )
    if not int(validation.targets[:, :, 0].sum()):  # type: ignore[call-overload]
        raise NothingToLearn(
            f"Nobody drew a region on the {len(rows.validation)} stimuli that tell when a network has learned enough, "
            f"only {n_drawn} on those to learn from. Collect regions on more stimuli, freeze a new snapshot and train "
            "again."
        )
    watcher.log(f"{n_drawn} masks of image and emotion to learn from.")
    fitted = fit(
        saved.network, train, validation, options.training, checkpoints=work_folder / "checkpoints", watcher=watcher
    )
    metrics = _measured(saved, snapshot, rows, read_image, cache, device.type) | {
        "split": {
            name: {"rows": len(part), "stimuli": part.n_stimuli}
            for name, part in (("train", rows.train), ("validation", rows.validation), ("test", rows.test))
        },
        "notes": rows.notes,
        "baseline": _baseline(saved, snapshot, rows, train, cache),
        "best_epoch": fitted.best_epoch,
        "epochs": len(fitted.curve),
        "device": fitted.device,
    }
    return Learned(saved, fitted, metrics)


def measure_emosem(
    saved: SavedNetwork, snapshot: Snapshot, *, cache: Path, read_image: ReadImage, device: str
) -> dict[str, Any]:
    """As `modelserve.recipes.measure`."""
    return _measured(saved, snapshot, image_rows(snapshot), read_image, cache, device)


def score_emosem(saved: SavedNetwork, snapshot: Snapshot, *, cache: Path, read_image: ReadImage, device: str) -> Scores:
    """As `modelserve.recipes.scores`: a row per image and emotion that somebody was asked about."""
    test, side = image_rows(snapshot).test, saved.network.side
    known, truth = unpacked(mask_table(snapshot, test.stimulus_keys, saved.label_ids, side, cache), side)
    found = np.zeros_like(truth)
    if len(test):
        found = found_masks(saved, image_inputs(test.items, side, read_image, cache), device)
    image, emotion = known.nonzero()
    overlap = overlaps(list(found[image, emotion]), list(truth[image, emotion]))
    has_mask = ~np.isnan(overlap)
    of_metric = {"mask_iou": mean_score(overlap)}
    for threshold in THRESHOLDS:
        reached = np.where(has_mask, overlap >= threshold, np.nan)
        of_metric[f"mask_precision_{round(100 * threshold)}"] = mean_score(reached)
    return Scores(test.stimuli[image] if len(test) else np.zeros(0, dtype=np.int64), of_metric)


def said_of(snapshot: Snapshot) -> Said:
    """What people wrote; nothing where the study asks for no text."""
    steps = {step["kind"]: str(step["name"]) for step in reversed(snapshot.study["steps"])}
    texts: dict[str, list[tuple[str, str]]] = {}
    if "text" not in steps or "choice" not in steps:
        return Said(texts)
    for batch in snapshot.responses(["stimulus_key", steps["choice"], steps["text"]], accepted_only=True):
        for key, label, text in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            own = texts.setdefault(key, [])
            if label is not None and text and text.strip() and len(own) < TEXTS_PER_IMAGE:
                own.append((text, label))
    return Said(texts)


def words_of(texts: list[str], label_set: list[dict[str, Any]], min_count: int) -> list[str]:
    """The vocabulary of these texts, and the words of the prompt and of the labels' names after it."""
    words = vocabulary_of(texts, min_count=min_count)
    asked = [*tokens_of(PROMPT), *(token for tokens in asked_for(label_set) for token in tokens)]
    known = set(words)
    return [*words, *(token for token in dict.fromkeys(asked) if token not in known)]


def asked_for(label_set: list[dict[str, Any]]) -> list[list[str]]:
    """The words by which each label is asked for, no two alike: those of its name, or, of an emoji, of its id."""
    found: list[list[str]] = []
    for number, label in enumerate(label_set):
        tokens = tokens_of(str(label.get("name") or label["id"])) or tokens_of(str(label["id"]))
        found.append([*tokens, f"emotion{number}"] if not tokens or tokens in found else tokens)
    return found


def prompts_of(label_set: list[dict[str, Any]], words: list[str]) -> Tensor:
    """(K, L) int64: the prompt with each label's name, 0 at the end."""
    texts = [f"{PROMPT} {' '.join(tokens)}" for tokens in asked_for(label_set)]
    longest = max(len(tokens_of(text)) for text in texts) + 2  # <sos> and <eos>
    return torch.from_numpy(word_ids(texts, words, longest))


def examples_of(
    saved: SavedNetwork, snapshot: Snapshot, rows: Rows, said: Said, read_image: ReadImage, cache: Path
) -> Examples:
    """Inputs: images (n, S, S, 3), words (n, R, T), labels (n, R). Targets: masks as `mask_table` packs them."""
    network: EmoSem = saved.network
    images = image_inputs(rows.items, network.side, read_image, cache)
    masks = mask_table(snapshot, rows.stimulus_keys, saved.label_ids, network.side, cache)
    n, longest = len(rows), network.options.max_tokens
    words = np.zeros((n, TEXTS_PER_IMAGE, longest), dtype=np.int64)
    labels = np.full((n, TEXTS_PER_IMAGE), -1, dtype=np.int64)
    place = {label: number for number, label in enumerate(saved.label_ids)}
    for row, key in enumerate(rows.stimulus_keys):
        pairs = said.texts.get(key, [])
        if pairs:
            words[row, : len(pairs)] = word_ids([text for text, _ in pairs], saved.words, longest)
            labels[row, : len(pairs)] = [place[label] for _, label in pairs]
    return Examples((images, torch.from_numpy(words), torch.from_numpy(labels)), torch.from_numpy(masks))


def found_masks(saved: SavedNetwork, images: Tensor, device: str) -> NDArray[np.bool_]:
    """(n, K, S, S) where the network sees what stirs each emotion."""
    network: EmoSem = saved.network
    place = choose_device(device)
    network = network.to(place).eval()
    n_labels = len(saved.label_set)
    found = np.zeros((len(images), n_labels, network.side, network.side), dtype=bool)
    with torch.inference_mode(), limited_threads():
        for start in range(0, len(images), BATCH):
            batch = images[start : start + BATCH].to(place)
            seen = network.see_image(batch)
            for label in range(n_labels):
                emotions = torch.full((len(batch),), label, dtype=torch.int64, device=place)
                shares = torch.sigmoid(network.find(seen, emotions)[0])
                found[start : start + len(batch), label] = (shares >= HALF).cpu().numpy()
    network.to("cpu")
    return found


def _measured(
    saved: SavedNetwork, snapshot: Snapshot, rows: SplitRows, read_image: ReadImage, cache: Path, device: str
) -> dict[str, Any]:
    test = rows.test
    side = saved.network.side
    known, truth = unpacked(mask_table(snapshot, test.stimulus_keys, saved.label_ids, side, cache), side)
    found = np.zeros_like(truth)
    if len(test):
        found = found_masks(saved, image_inputs(test.items, side, read_image, cache), device)
    return _overlap(found, known, truth, test)


def _baseline(saved: SavedNetwork, snapshot: Snapshot, rows: SplitRows, train: Examples, cache: Path) -> dict[str, Any]:
    """What to beat: for each emotion the same mask on every image, the pixels that most training masks hold."""
    side, test = saved.network.side, rows.test
    targets: Any = train.targets
    votes, n = np.zeros((len(saved.label_ids), side, side)), np.zeros((len(saved.label_ids), 1, 1))
    for start in range(0, len(targets), 512):
        known, masks = unpacked(targets[start : start + 512].numpy(), side)
        has_mask = known & masks.any(axis=(2, 3))
        votes += (masks * has_mask[:, :, None, None]).sum(axis=0)
        n += has_mask.sum(axis=0)[:, None, None]
    usual = votes / np.maximum(n, 1) >= HALF
    known, truth = unpacked(mask_table(snapshot, test.stimulus_keys, saved.label_ids, side, cache), side)
    return _overlap(np.broadcast_to(usual, truth.shape), known, truth, test)


def _overlap(
    found: NDArray[np.bool_], known: NDArray[np.bool_], truth: NDArray[np.bool_], rows: Rows
) -> dict[str, Any]:
    image, emotion = known.nonzero()
    stimuli = rows.stimuli[image] if len(rows) else np.zeros(0, dtype=np.int64)
    found, truth = found[image, emotion], truth[image, emotion]
    overlap = mask_overlap(overlaps(list(found), list(truth)), Resampling(stimuli))
    empty = ~truth.any(axis=(1, 2))
    left = (found[empty].mean(axis=(1, 2)) <= EMPTY_SHARE).astype(np.float64)
    return {
        "n_rows": len(image),
        "n_stimuli": len(np.unique(stimuli)),
        "mask_iou": overlap.miou.as_json(),
        "mask_precision_25": overlap.precision[0.25].as_json(),
        "mask_precision_50": overlap.precision[0.5].as_json(),
        # of pairs where nothing stirs the emotion: how often next to nothing was marked
        "mask_left_empty": estimate(weighted_mean(left), Resampling(stimuli[empty])).as_json(),
    }
