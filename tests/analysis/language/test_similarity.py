"""How alike texts are: against every pair counted one by one."""

import itertools

import numpy as np
import pytest

from analysis.language.similarity import groups_of_images, sample_of_images, similarity, tf_idf


def test_tf_idf_rows_have_length_one_and_rare_words_weigh_more() -> None:
    # texts: a b | a c c | (empty)
    table = tf_idf(np.array([0, 1, 0, 2, 2]), np.array([0, 2, 5, 5]), 3).todense()

    assert np.linalg.norm(table, axis=1) == pytest.approx([1, 1, 0])
    common, rare = np.log(4 / 3) + 1, np.log(4 / 2) + 1
    assert table[0] == pytest.approx(np.array([common, rare, 0]) / np.hypot(common, rare))
    assert table[1] == pytest.approx(np.array([common, 0, 2 * rare]) / np.hypot(common, 2 * rare))


def test_means_equal_those_over_all_pairs_within_groups() -> None:
    random = np.random.default_rng(4)
    n = 260
    vectors = random.normal(size=(n, 8))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    image = np.sort(random.integers(0, 60, n))
    emotion, person = random.integers(0, 3, n), random.integers(0, 40, n)

    found = similarity(vectors, emotion, image, person, 3, seed=5)

    group, n_groups = groups_of_images(image, 5)
    assert n_groups > 1
    values: dict[str, list[float]] = {"same_image": [], "other_image_same_emotion": []}
    for number in range(n_groups):
        rows = np.flatnonzero(group == number)
        alike: dict[str, list[float]] = {name: [] for name in values}
        for a, b in itertools.combinations(rows, 2):
            if person[a] == person[b]:
                continue
            if image[a] == image[b]:
                alike["same_image"].append(float(vectors[a] @ vectors[b]))
            elif emotion[a] == emotion[b]:
                alike["other_image_same_emotion"].append(float(vectors[a] @ vectors[b]))
        for name in values:
            values[name].append(float(np.mean(alike[name])))
    for name, of_groups in values.items():
        value, low, high, n_pairs = found.figures[name]
        assert value == pytest.approx(np.mean(of_groups))
        assert low is not None
        assert high is not None
        assert low < value < high
        assert n_pairs > 0


def test_texts_of_one_image_that_share_words_are_more_alike() -> None:
    vectors = np.repeat(np.eye(4), 3, axis=0)
    image = np.repeat(np.arange(4), 3)

    found = similarity(vectors, np.zeros(12, int), image, np.arange(12), 1, seed=1)

    assert found.figures["same_image"][0] == pytest.approx(1)
    assert found.figures["other_image"][0] == pytest.approx(0)
    # too few texts for two groups: a value, and no interval
    assert found.figures["same_image"][1] is None


@pytest.mark.parametrize("n", [0, 1])
def test_nothing_to_compare_gives_no_number(n: int) -> None:
    none = np.zeros(n, int)

    found = similarity(np.ones((n, 2)) / np.sqrt(2), none, none, none, 2, seed=1)

    assert all(figure == (None, None, None, 0) for figure in found.figures.values())
    assert np.isnan(found.table).all()


def test_one_persons_texts_are_not_compared_and_empty_ones_are_left_out() -> None:
    vectors = np.array([[1.0, 0], [1.0, 0], [0, 0]])

    found = similarity(vectors, np.zeros(3, int), np.array([0, 1, 0]), np.array([7, 7, 8]), 1, seed=1)

    assert found.figures["other_image"] == (None, None, None, 0)
    assert found.figures["same_image"] == (None, None, None, 0)


def test_a_sample_takes_whole_images_with_several_texts() -> None:
    assert sample_of_images([3, 1, 2, 4], np.array([3, 1, 0, 2]), 7).tolist() == [3, 0]
    assert sample_of_images([1, 1], np.array([0, 1]), 7).tolist() == []
