"""A small world is learned, and a world that cannot be learned is refused with a sentence."""

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from modelserve.data import image_rows, text_rows
from modelserve.errors import NothingToLearn
from modelserve.options import parse_options
from modelserve.pictures import pixels_of
from modelserve.recipes import learn
from snapshots.split import split_of
from tests.modelserve.tiny_world import TinyWorld

IMAGE: dict[str, Any] = {"side": 32, "epochs": 6, "learning_rate": 3e-3, "device": "cpu"}
TEXT: dict[str, Any] = {"epochs": 4, "learning_rate": 5e-3, "device": "cpu"}


def test_colours_are_learned_far_better_than_the_average_answer(tmp_path: Path) -> None:
    snapshot = TinyWorld(n_stimuli=200).freeze(tmp_path)
    metrics = learn(
        snapshot, "image_emotion", parse_options("image_emotion", IMAGE), work_folder=tmp_path / "run"
    ).metrics
    assert metrics["split"]["test"]["stimuli"] > 15
    assert metrics["kl_divergence"]["high"] < metrics["baseline"]["kl_divergence"]["low"]
    assert metrics["majority_accuracy"]["low"] > 0.6  # chance: a third


def test_explanations_are_learned_far_better_than_the_average_answer(tmp_path: Path) -> None:
    snapshot = TinyWorld(n_stimuli=100).freeze(tmp_path)
    learned = learn(snapshot, "text_emotion", parse_options("text_emotion", TEXT), work_folder=tmp_path / "run")
    assert learned.metrics["majority_accuracy"]["value"] > 0.9
    assert learned.metrics["majority_accuracy"]["n"] == 6 * learned.metrics["split"]["test"]["stimuli"]
    assert "meadow" in learned.saved.words


def test_every_row_of_a_stimulus_is_in_the_part_of_the_stimulus(tmp_path: Path) -> None:
    snapshot = TinyWorld(n_stimuli=100).freeze(tmp_path)
    for rows in (image_rows(snapshot), text_rows(snapshot)):
        for name, part in (("train", rows.train), ("val", rows.validation), ("test", rows.test)):
            assert {split_of(key) for key in part.stimulus_keys} == {name}
    assert len(text_rows(snapshot).train) == 6 * len(image_rows(snapshot).train)


def test_the_target_is_the_distribution_of_accepted_answers(tmp_path: Path) -> None:
    snapshot = TinyWorld(n_stimuli=60).freeze(tmp_path)
    keys, _, counts = snapshot.label_counts("emotion")
    rows = image_rows(snapshot).train
    place = keys.index(rows.stimulus_keys[0])
    assert rows.shares[0].tolist() == pytest.approx((counts[place] / counts[place].sum()).tolist())


def test_the_label_set_travels_with_the_network(tmp_path: Path) -> None:
    odd = [{"id": "anger", "name": "Wut", "polarity": "negative"}, {"id": "awe", "name": "Ehrfurcht", "polarity": None}]
    snapshot = TinyWorld(n_stimuli=40, emotions=["awe", "anger"], label_set=odd).freeze(tmp_path)
    options = parse_options("text_emotion", TEXT | {"epochs": 1})
    assert learn(snapshot, "text_emotion", options, work_folder=tmp_path / "run").saved.label_set == odd


def test_a_study_without_validation_stimuli_borrows_and_says_so(tmp_path: Path) -> None:
    world = next(
        world
        for seed in range(50)
        if split_parts(world := TinyWorld(n_stimuli=6, seed=seed), tmp_path / str(seed)) == {"train"}
    )
    rows = image_rows(world.freeze(tmp_path / "again"))
    assert (rows.train.n_stimuli, rows.validation.n_stimuli, rows.test.n_stimuli) == (5, 1, 0)
    assert "1 of 6 training stimuli validate instead" in rows.notes[0]
    assert "no metric can be given" in rows.notes[1]
    learned = learn(
        world.freeze(tmp_path / "third"),
        "image_emotion",
        parse_options("image_emotion", IMAGE | {"epochs": 1}),
        work_folder=tmp_path / "run",
    )
    assert learned.metrics["kl_divergence"] == {"value": None, "low": None, "high": None, "n": 0}
    assert learned.metrics["notes"] == rows.notes


def split_parts(world: TinyWorld, folder: Path) -> set[str]:
    return {split_of(key) for key in world.freeze(folder).stimuli()["stimulus_key"].to_pylist()}


WORLD = TinyWorld(n_stimuli=40)


@pytest.mark.parametrize(
    ("world", "task", "sentence"),
    [
        (replace(WORLD, n_responses=0), "image_emotion", "holds no accepted response"),
        (replace(WORLD, n_responses=0), "text_emotion", "holds no accepted response"),
        (replace(WORLD, has_images=False), "image_emotion", "None of the answered stimuli of this snapshot has an"),
        (replace(WORLD, has_text_step=False), "text_emotion", "has no step that asks for a text"),
        (replace(WORLD, emotions=["awe"]), "image_emotion", "chose 'awe'; a network needs at least two emotions"),
        (replace(WORLD, n_stimuli=1), "image_emotion", "has 1 answered stimuli"),
    ],
)
def test_what_cannot_be_learned_is_said(world: TinyWorld, task: str, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(NothingToLearn, match=sentence):
        learn(world.freeze(tmp_path), task, parse_options(task), work_folder=tmp_path / "run")


def test_texts_whose_words_are_all_rare_teach_nothing(tmp_path: Path) -> None:
    """As where a language puts no space between its words: every text would be one word that nobody else uses."""
    options = parse_options("text_emotion", TEXT | {"min_count": 1000})
    with pytest.raises(NothingToLearn, match="No word stands at least 1000 times"):
        learn(WORLD.freeze(tmp_path), "text_emotion", options, work_folder=tmp_path / "run")


@pytest.mark.parametrize(
    ("task", "values"),
    [
        ("text_emotion", {}),
        ("listener", {"side": 32, "width": 32}),
        ("speaker", {"side": 32, "hidden": 16, "embedding": 8, "attention": 8}),
        ("speaker", {"side": 32, "hidden": 16, "decoder": "transformer", "freeze_encoder": True}),
        ("image_emotion", {"side": 32, "freeze_encoder": True, "heads": "calm", "source_heads": True}),
    ],
)
def test_a_study_without_test_stimuli_is_learned_and_gives_no_figure(
    task: str, values: dict[str, Any], tmp_path: Path
) -> None:
    worlds = (TinyWorld(n_stimuli=14, seed=seed, is_rated=True, sources=("a", "b")) for seed in range(50))
    world = next(
        world for number, world in enumerate(worlds) if "test" not in split_parts(world, tmp_path / str(number))
    )
    options = parse_options(task, {"epochs": 1, "device": "cpu"} | values)
    metrics = learn(world.freeze(tmp_path / "again"), task, options, work_folder=tmp_path / "run").metrics
    assert metrics["split"]["test"] == {"rows": 0, "stimuli": 0}
    assert metrics[options.promote_by] == {"value": None, "low": None, "high": None, "n": 0}


def test_a_broken_image_is_named(tmp_path: Path) -> None:
    snapshot = WORLD.freeze(tmp_path)

    def read(sha256: str) -> bytes:
        return b"no picture"

    with pytest.raises(NothingToLearn, match=r"Image [0-9a-f]{64} of the snapshot: This image cannot be read"):
        learn(
            snapshot,
            "image_emotion",
            parse_options("image_emotion", IMAGE),
            work_folder=tmp_path / "run",
            read_image=read,
        )


def test_any_size_and_mode_of_picture_becomes_a_square() -> None:
    for mode, size in (("L", (500, 20)), ("CMYK", (31, 77)), ("RGB", (1, 1))):
        file = io.BytesIO()
        Image.new(mode, size).save(file, "JPEG")
        assert pixels_of(file.getvalue(), 32).shape == (32, 32, 3)
