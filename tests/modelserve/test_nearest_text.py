"""The baseline copies from the training image that looks most alike."""

import numpy as np
import pytest

from modelserve.nearest_text import nearest_texts
from modelserve.pairs import PairRows


def rows(texts: list[list[str]]) -> PairRows:
    flat = [text for of_image in texts for text in of_image]
    image = np.array([number for number, of_image in enumerate(texts) for _ in of_image], dtype=np.int64)
    names = [f"{number:064x}" for number in range(len(texts))]
    return PairRows(names, names, flat, image, np.zeros(len(flat), dtype=np.int64))


def test_the_text_is_one_of_the_nearest_image_by_direction_not_by_length() -> None:
    train = rows([["a calm lake"], ["a red wall", "bricks"], ["a dog"]])
    features = np.array([[1.0, 0.0], [0.0, 9.0], [-1.0, 0.0]], dtype=np.float32)
    wanted = np.array([[5.0, 0.1], [0.1, 0.2], [-0.1, 0.0]], dtype=np.float32)
    found = nearest_texts(wanted, features, train)
    assert found[0] == "a calm lake"
    assert found[1] in ("a red wall", "bricks")
    assert found[2] == "a dog"
    assert nearest_texts(wanted, features, train) == found
    assert {nearest_texts(wanted[1:2], features, train, seed=seed)[0] for seed in range(20)} == {"a red wall", "bricks"}


def test_without_training_images_there_is_nothing_to_copy() -> None:
    empty = rows([])
    with pytest.raises(ValueError, match="0 training images"):
        nearest_texts(np.ones((1, 2), np.float32), np.ones((0, 2), np.float32), empty)
