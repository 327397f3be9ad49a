"""A snapshot to what networks learn from: rows of items and people's answers, split by stimulus, then tensors."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from modelserve.errors import NothingToLearn
from modelserve.pictures import pixel_table
from snapshots.reader import Snapshot
from snapshots.split import split_of

TRAIN, VALIDATION, TEST = "train", "val", "test"  # the words of Affection's public file
BORROWED_SHARE = 10  # every tenth training stimulus validates where the split gave no stimulus to that


@dataclass(frozen=True, slots=True)
class Rows:
    """One part of a snapshot for one task.

    stimulus_keys: (n) the stimulus of every row; items: (n) image sha256 or explanation; counts: (n, K) how many people
    chose each label: of the whole stimulus for images, of the one response for texts.
    """

    stimulus_keys: list[str]
    items: list[str]
    counts: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.items)

    @property
    def n_stimuli(self) -> int:
        return len(set(self.stimulus_keys))

    @property
    def stimuli(self) -> NDArray[np.int64]:
        """(n,) a number per stimulus, equal where the stimulus is."""
        numbers = {key: number for number, key in enumerate(dict.fromkeys(self.stimulus_keys))}
        return np.array([numbers[key] for key in self.stimulus_keys], dtype=np.int64)

    @property
    def shares(self) -> NDArray[np.float32]:
        """(n, K) the distribution of people's answers, each row summing to 1."""
        shares: NDArray[np.float32] = (self.counts / self.counts.sum(axis=1, keepdims=True)).astype(np.float32)
        return shares


@dataclass(frozen=True, slots=True)
class SplitRows:
    """The three parts (85 / 5 / 10, by stimulus) and what a reader must know about them."""

    label_set: list[dict[str, Any]]
    train: Rows
    validation: Rows
    test: Rows
    notes: list[str]


def image_rows(snapshot: Snapshot) -> SplitRows:
    """One row per stimulus that has an image and an accepted response.

    Raises NothingToLearn where there are no responses, no images, one emotion only, or hardly any stimuli.
    """
    step = _choice_step(snapshot)
    keys, label_ids, counts = snapshot.label_counts(step)
    if counts.sum() == 0:
        raise NothingToLearn(_NO_RESPONSES)
    stimuli = snapshot.stimuli()
    image_of = dict(zip(stimuli["stimulus_key"].to_pylist(), stimuli["image_sha256"].to_pylist(), strict=True))
    chosen = [row for row, key in enumerate(keys) if image_of.get(key) and counts[row].sum() > 0]
    if not chosen:
        raise NothingToLearn(
            "None of the answered stimuli of this snapshot has an image, so a network that reads images cannot learn. "
            "Add images to the study, or train the network that reads explanations."
        )
    rows = Rows(
        [keys[row] for row in chosen], [image_of[keys[row]] for row in chosen], counts[chosen].astype(np.float64)
    )
    return _split(rows, snapshot.label_set(step), label_ids)


def text_rows(snapshot: Snapshot) -> SplitRows:
    """One row per accepted response with an explanation; it goes where its stimulus goes.

    Raises NothingToLearn where there is no text step, no text, one emotion only, or hardly any stimuli.
    """
    step, text_step = _choice_step(snapshot), _step_of_kind(snapshot, "text")
    if text_step is None:
        raise NothingToLearn(
            "This study has no step that asks for a text, so a network that reads explanations cannot learn. Train "
            "the network that reads images, or add a text step to a new study."
        )
    label_set = snapshot.label_set(step)
    place = {str(label["id"]): number for number, label in enumerate(label_set)}
    keys: list[str] = []
    texts: list[str] = []
    labels: list[int] = []
    for batch in snapshot.responses(["stimulus_key", step, text_step], accepted_only=True):
        for key, label, text in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            if label is not None and text and text.strip():
                keys.append(key)
                texts.append(text)
                labels.append(place[label])
    if not keys:
        raise NothingToLearn(_NO_RESPONSES if snapshot.n_responses == 0 else _NO_TEXTS)
    counts = np.zeros((len(keys), len(label_set)))
    counts[np.arange(len(keys)), labels] = 1
    return _split(Rows(keys, texts, counts), label_set, list(place))


def image_inputs(items: Sequence[str], side: int, read_image: Callable[[str], bytes], cache: Path) -> Tensor:
    """(n, S, S, 3) uint8, mapped from disk."""
    return torch.from_numpy(pixel_table(items, side, read_image, cache))


_NO_RESPONSES = (
    "This snapshot holds no accepted response, so there is nothing to learn. Collect responses, freeze a new snapshot "
    "and train again."
)
_NO_TEXTS = (
    "No accepted response of this snapshot has an explanation, so a network that reads explanations cannot learn. "
    "Collect explanations, freeze a new snapshot and train again."
)


def _choice_step(snapshot: Snapshot) -> str:
    step = _step_of_kind(snapshot, "choice")
    if step is None:
        raise NothingToLearn(
            "This study has no step that asks for a choice, so there are no emotions to learn. Train on a study with "
            "a choice step."
        )
    return step


def _step_of_kind(snapshot: Snapshot, kind: str) -> str | None:
    return next((str(step["name"]) for step in snapshot.study["steps"] if step["kind"] == kind), None)


def _split(rows: Rows, label_set: list[dict[str, Any]], label_ids: list[str]) -> SplitRows:
    part_of: dict[str, str] = {key: split_of(key) for key in set(rows.stimulus_keys)}
    notes = []
    in_train = sorted(key for key, part in part_of.items() if part == TRAIN)
    if VALIDATION not in part_of.values() and len(in_train) >= 2:
        borrowed = in_train[::BORROWED_SHARE]
        part_of |= dict.fromkeys(borrowed, VALIDATION)
        notes.append(
            f"The study is so small that its split has no stimulus for validation; {len(borrowed)} of {len(in_train)} "
            "training stimuli validate instead. From about 60 stimuli on this is not needed."
        )
    parts = {name: _taken(rows, part_of, name) for name in (TRAIN, VALIDATION, TEST)}
    sizes = ", ".join(f"{part.n_stimuli} {name}" for name, part in parts.items())
    if not len(parts[TRAIN]) or not len(parts[VALIDATION]):
        raise NothingToLearn(
            f"This snapshot has {len(part_of)} answered stimuli ({sizes}); at least one is needed to learn from and "
            "one to validate. Collect responses on more stimuli (about 60 fill every part), freeze a new snapshot and "
            "train again."
        )
    seen = np.flatnonzero(parts[TRAIN].counts.sum(axis=0))
    if len(seen) < 2:
        raise NothingToLearn(
            f"Every response on the {parts[TRAIN].n_stimuli} training stimuli chose '{label_ids[seen[0]]}'; a network "
            "needs at least two emotions to tell apart. Collect more responses and train again."
        )
    if not len(parts[TEST]):
        notes.append(
            f"The study is so small that its split ({sizes}) has no stimulus for testing: no metric can be given and "
            "no network compared. From about 60 stimuli on every part is filled."
        )
    elif parts[TEST].n_stimuli < 20:  # below this the 95 % interval of an accuracy spans some 40 points
        notes.append(f"The metrics stand on {parts[TEST].n_stimuli} test stimuli only; read them with their intervals.")
    return SplitRows(label_set, parts[TRAIN], parts[VALIDATION], parts[TEST], notes)


def _taken(rows: Rows, part_of: dict[str, str], name: str) -> Rows:
    chosen = [row for row, key in enumerate(rows.stimulus_keys) if part_of[key] == name]
    return Rows([rows.stimulus_keys[row] for row in chosen], [rows.items[row] for row in chosen], rows.counts[chosen])
