"""From pictures to marked texts: variants, wishes that cannot be met, and how a listener chooses."""

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from modelserve.errors import NothingToLearn, PredictionImpossible
from modelserve.explaining import Explanation, explain
from modelserve.networks.encoders import make_encoder
from modelserve.networks.saved import SavedNetwork, load_network, save_network
from modelserve.options import parse_options
from modelserve.pairs import pair_rows
from modelserve.recipes import learn
from modelserve.reranking import pragmatic_scores
from modelserve.training import Watcher
from snapshots.reader import Snapshot
from tests.modelserve.tiny_world import COLOURS, WORDS, TinyWorld

QUICK: dict[str, Any] = {
    "side": 32,
    "device": "cpu",
    "hidden": 48,
    "embedding": 24,
    # so long that what is told has won over what is seen with every seed, and on processors that add otherwise
    "epochs": 20,
    "learning_rate": 6e-3,
}


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return TinyWorld(n_stimuli=150).freeze(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def speaker(snapshot: Snapshot, tmp_path_factory: pytest.TempPathFactory) -> SavedNetwork:
    folder = tmp_path_factory.mktemp("speaker")
    learned = learn(snapshot, "speaker", parse_options("speaker", QUICK), work_folder=folder)
    metrics = learned.metrics
    assert metrics["word_loss"]["high"] < metrics["baseline"]["word_loss"]["low"] / 3
    assert len(metrics["texts"]) == 8
    assert {len(row["texts"]) for row in metrics["texts"]} == {2}
    save_network(folder / "saved", learned.saved)
    return load_network(folder / "saved")


@pytest.fixture(scope="module")
def listener(snapshot: Snapshot, tmp_path_factory: pytest.TempPathFactory) -> SavedNetwork:
    options = parse_options("listener", {"side": 32, "device": "cpu", "width": 32, "epochs": 8, "batch_size": 16})
    learned = learn(snapshot, "listener", options, work_folder=tmp_path_factory.mktemp("listener"))
    # Three colours and texts that name the writer's emotion: among ten others three or so look alike.
    assert learned.metrics["games"]["1"]["low"] > 0.5
    assert learned.metrics["n_stimuli"] > 11
    return learned.saved


def picture(emotion: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (60, 40), COLOURS[emotion]).save(file, "JPEG")
    return file.getvalue()


def test_it_says_what_people_say_of_such_a_picture(speaker: SavedNetwork) -> None:
    (first,), (second,) = explain(speaker, [picture("awe"), picture("anger")])
    assert (first.text, second.text) == (WORDS["awe"], WORDS["anger"])
    assert first.is_machine_written
    assert (first.emotion, first.variant, first.heard, first.grid) == (None, "default", None, (2, 2))
    assert len(first.attention) == len(first.words) == 7
    assert first.as_json()["is_machine_written"] is True


def test_it_explains_the_emotion_that_is_asked_for(speaker: SavedNetwork) -> None:
    """What is told outweighs what is seen: in this world writers with another emotion write of that."""
    for wish in ("Anger", "anger"):
        ((text,),) = explain(speaker, [picture("awe")], emotion=wish, variant="grounded")
        assert (text.text, text.emotion) == (WORDS["anger"], "anger")


def test_several_texts_differ(speaker: SavedNetwork) -> None:
    (texts,) = explain(speaker, [picture("awe")], n=3)
    assert len({text.text for text in texts}) == 3


def test_without_a_wish_the_likeliest_emotion_is_explained(
    speaker: SavedNetwork, snapshot: Snapshot, tmp_path: Path
) -> None:
    options = parse_options("image_emotion", {"side": 32, "epochs": 8, "learning_rate": 3e-3, "device": "cpu"})
    eye = learn(snapshot, "image_emotion", options, work_folder=tmp_path).saved
    found = explain(speaker, [picture("awe"), picture("anger")], variant="grounded", image_emotion=eye)
    assert [texts[0].emotion for texts in found] == ["awe", "anger"]


def test_a_listener_chooses_the_text_by_which_it_finds_the_image(speaker: SavedNetwork, listener: SavedNetwork) -> None:
    (heard,) = explain(speaker, [picture("awe")], variant="pragmatic", listener=listener, n=20, beta=1.0)
    assert heard[0].heard == max(text.heard or -np.inf for text in heard)
    (spoken,) = explain(speaker, [picture("awe")], variant="pragmatic", listener=listener, n=20, beta=0.0)
    assert spoken[0].log_probability == max(text.log_probability for text in spoken)


def test_both_terms_weigh_alike_before_beta() -> None:
    spoken, heard = torch.tensor([-10.0, -30.0]), torch.tensor([-0.5, -1.5])
    assert pragmatic_scores(spoken, heard, beta=0.25).tolist() == pytest.approx([-10.0, -30.0])
    flat = pragmatic_scores(spoken, torch.tensor([-0.0, -0.001]), beta=0.5)  # a sure listener decides nothing
    assert flat.tolist() == pytest.approx([-5.0, -15.2])
    assert pragmatic_scores(torch.zeros(0), torch.zeros(0)).shape == (0,)


@pytest.mark.parametrize(
    ("wish", "sentence"),
    [
        ({"variant": "loud"}, "variant: 'loud' is unknown; known are default"),
        ({"n": 0}, "samples: got 0"),
        ({"n": 21}, "samples: got 21"),
        ({"emotion": "joy", "variant": "grounded"}, "emotion: 'joy' is not one of this speaker's \\(contentment, awe"),
        ({"emotion": "awe"}, "An emotion was named, but the variant 'default' is told none"),
        ({"variant": "grounded"}, "No emotion was named, and there is no network"),
        ({"variant": "pragmatic"}, "The pragmatic variants need a listener"),
    ],
)
def test_a_wish_that_cannot_be_met_is_said(speaker: SavedNetwork, wish: dict[str, Any], sentence: str) -> None:
    with pytest.raises(PredictionImpossible, match=sentence):
        explain(speaker, [picture("awe")], **wish)


def test_a_speaker_that_learned_otherwise_says_so(speaker: SavedNetwork) -> None:
    network = speaker.network
    before = network.options
    try:
        network.options = replace(before, grounding="none")
        with pytest.raises(PredictionImpossible, match="learned without emotions"):
            explain(speaker, [picture("awe")], variant="grounded", emotion="awe")
        network.options = replace(before, grounding="always")
        with pytest.raises(PredictionImpossible, match="cannot speak without"):
            explain(speaker, [picture("awe")])
    finally:
        network.options = before


def test_a_file_that_is_no_picture_is_named(speaker: SavedNetwork) -> None:
    assert explain(speaker, []) == []
    with pytest.raises(PredictionImpossible, match="Image 2 of 2: This image cannot be read"):
        explain(speaker, [picture("awe"), b"no picture"])


def test_texts_that_nobody_could_learn_from_are_refused(snapshot: Snapshot, tmp_path: Path) -> None:
    for values, sentence in (
        ({"max_tokens": 5}, "Hardly any explanation has at most 3 words"),
        ({"min_count": 1000}, "No word stands at least 1000 times"),
    ):
        with pytest.raises(NothingToLearn, match=sentence):
            learn(snapshot, "speaker", parse_options("speaker", QUICK | values), work_folder=tmp_path)
    bare = TinyWorld(n_stimuli=40, has_images=False).freeze(tmp_path)
    for task in ("speaker", "listener"):
        with pytest.raises(NothingToLearn, match="has an image and an explanation"):
            learn(bare, task, parse_options(task), work_folder=tmp_path)


class Killed(Exception):
    """The worker is gone."""


@pytest.mark.parametrize("decoder", ["lstm", "transformer"])
def test_a_killed_run_ends_with_the_same_bits(snapshot: Snapshot, decoder: str, tmp_path: Path) -> None:
    values = QUICK | {"decoder": decoder, "epochs": 2, "checkpoint_steps": 1, "texts_per_image": 2}
    options = parse_options("speaker", values)
    whole = learn(snapshot, "speaker", options, work_folder=tmp_path / "whole").saved.network.state_dict()
    steps = 0

    def die() -> None:
        nonlocal steps
        steps += 1
        if steps == 7:
            raise Killed

    with pytest.raises(Killed):
        learn(snapshot, "speaker", options, work_folder=tmp_path / "cut", watcher=Watcher(may_continue=die))
    resumed = learn(snapshot, "speaker", options, work_folder=tmp_path / "cut").saved.network.state_dict()
    assert all(torch.equal(resumed[name], value) for name, value in whole.items())


def test_a_speaker_can_take_the_eye_of_a_listener(listener: SavedNetwork, snapshot: Snapshot, tmp_path: Path) -> None:
    save_network(tmp_path / "listener", listener)
    name = f"network:{tmp_path / 'listener'}"
    values = QUICK | {"encoder": name, "freeze_encoder": True, "epochs": 1}
    saved = learn(snapshot, "speaker", parse_options("speaker", values), work_folder=tmp_path / "run").saved
    mine, theirs = saved.network.pixels.encoder.state_dict(), make_encoder(name).state_dict()
    assert all(torch.equal(mine[part], theirs[part]) for part in theirs)
    assert len(list((tmp_path / "run" / "cache").glob("places-*.npy"))) == 3  # one per part, made once


def test_every_row_of_a_part_is_of_its_stimuli(snapshot: Snapshot) -> None:
    pairs = pair_rows(snapshot)
    for part in (pairs.train, pairs.validation, pairs.test):
        assert len(part.texts) == len(part.labels) == len(part.image_of_text) == 6 * len(part)
        assert part.counts(4).sum(axis=1).tolist() == [6.0] * len(part)
        assert set(part.texts_of(0)) <= set(WORDS.values())


def test_an_explanation_is_marked_whatever_becomes_of_it() -> None:
    text = Explanation("a", ["a"], "default", None, -1.0, None, [[1.0]], (1, 1))
    assert text.as_json()["is_machine_written"] is True
