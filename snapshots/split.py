"""Which stimuli a network learns from, and which it is judged on. The only place for this rule."""

import hashlib
from typing import Literal, TypeAlias

Split: TypeAlias = Literal["train", "val", "test"]
SPLITS: tuple[Split, ...] = ("train", "val", "test")

_TRAIN_PERCENT, _VAL_PERCENT = 85, 5


def split_of(stimulus_key: str, seed: int = 2021) -> Split:
    """The split of a stimulus: train for 85, val for 5 and test for 10 of 100, by a hash of seed and key.

    All responses to a stimulus are in its split. The rule looks at nothing else, so a stimulus never moves
    when the study grows; the shares are therefore near 85/5/10, not exact.
    Source: Affection splits by image, 85/5/10 (ArtEmis' code likewise, with seed 2021 and exact shares).
    """
    digest = hashlib.sha256(f"{seed}\n{stimulus_key}".encode()).digest()
    percent = int.from_bytes(digest[:8], "big") * 100 >> 64
    if percent < _TRAIN_PERCENT:
        return "train"
    return "val" if percent < _TRAIN_PERCENT + _VAL_PERCENT else "test"
