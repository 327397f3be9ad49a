"""The report gives every metric with an interval and people's own figure beside it, and says what is missing."""

import json

import numpy as np
import pytest

from modelserve.evaluation.caption_report import EmotionReader, Encoder, caption_report
from modelserve.evaluation.captions import Captions
from modelserve.evaluation.rouge_l import rouge_l
from modelserve.world import World

N = 40


@pytest.fixture(scope="module")
def world():
    return World()


@pytest.fixture(scope="module")
def captions(world):
    """A speaker that always says the same of an object in the image, beside five people."""
    texts = [[tokens(response.text) for response in world.responses(index, 5)] for index in range(N)]
    spoken = [tokens(world.references(index, "awe", 1)[0]) for index in range(N)]
    return Captions(spoken, texts, np.arange(N))


def tokens(text):
    return text.lower().replace(".", "").split()


def reader(world):
    def read(texts):
        found = [world.label_given_text(text) for text in texts]
        return np.stack([np.full(9, 1 / 9) if one is None else one for one in found])

    return EmotionReader(read, {index: world.distribution(index) for index in range(N)})


def encoder(is_clip=False):
    def embed(texts):
        vectors = np.zeros((len(texts), 50))
        for row, text in enumerate(texts):
            for token in text.split():
                vectors[row, sum(token.encode()) % 50] += 1
        return vectors

    return Encoder(embed, {index: np.ones(50) for index in range(N)}, is_clip=is_clip)


def test_every_row_has_an_interval_and_the_ceiling_beside_it(world, captions):
    rows = caption_report(
        captions,
        training_texts=[tokens(world.responses(index, 1)[0].text) for index in range(100, 300)],
        encoder=encoder(),
        emotions=reader(world),
        with_programs=False,
    )
    by_name = {row.name: row for row in rows}
    assert len(by_name) == len(rows)
    for name, row in by_name.items():
        if name in ("METEOR", "SPICE"):
            assert row.note
            continue
        assert row.machine.value is not None, name
        assert row.people.value is not None, name
        if name != "Distinct tokens":
            assert row.machine.low <= row.machine.value <= row.machine.high, name
            assert row.people.low <= row.people.value <= row.people.high, name
    # This speaker says "awe" of everything; people say what they feel.
    assert by_name["Emo-Alignment"].machine.value < by_name["Emo-Alignment"].people.value
    assert by_name["Emo-Alignment XENT"].machine.value > by_name["Emo-Alignment XENT"].people.value
    json.dumps([row.as_json() for row in rows], allow_nan=False)


def test_the_ceiling_is_one_persons_text_beside_the_others(captions):
    rows = {row.name: row for row in caption_report(captions, with_programs=False, seed=3)}
    assert rows["ROUGE-L"].people == rouge_l(captions.left_out(3), 3)
    assert rows["ROUGE-L"].people.n == N


def test_whoever_wrote_the_ceilings_text_has_no_vote_in_the_majority():
    """Two people who never agree: with their own votes they would align with a majority that they are."""
    texts = [[["glad"], ["sad"], ["sad"]] for _ in range(20)]
    counts = {image: np.array([1.0, 2.0]) for image in range(20)}

    def read(captions):
        return np.array([[1.0, 0.0] if text == "glad" else [0.0, 1.0] for text in captions])

    captions = Captions([["glad"]] * 20, texts, np.arange(20))
    found = {}
    for name, writers in (("all", {}), ("others", {image: [0, 1, 1] for image in range(20)})):
        rows = caption_report(captions, emotions=EmotionReader(read, counts, writers), with_programs=False)
        found[name] = {row.name: row for row in rows}["Emo-Alignment"]
    n_sad = sum(place > 0 for place in captions.chosen_texts().values())
    assert 0 < n_sad < 20
    assert found["all"].people.value == pytest.approx(n_sad / 20)
    # Of those who are sad one other is: no majority. Whoever is glad stands against two.
    assert (found["others"].people.value, found["others"].people.n) == (0.0, 20 - n_sad)
    assert found["others"].machine == found["all"].machine  # a network has no vote of its own


def test_a_listeners_figures_do_not_carry_clips_names(captions):
    names = {row.name for row in caption_report(captions, encoder=encoder(), with_programs=False)}
    assert {"Listener score", "RefListener score", "Listener DivCos"} <= names
    assert not {"CLIPScore", "ClipDivCos"} & names
    names = {row.name for row in caption_report(captions, encoder=encoder(is_clip=True), with_programs=False)}
    assert {"CLIPScore", "RefCLIPScore", "ClipDivCos"} <= names


def test_a_missing_program_is_a_note_and_not_an_error(captions, monkeypatch):
    monkeypatch.setattr("modelserve.evaluation.java_parts.PACKAGE", "no_such_package_here")
    rows = {row.name: row for row in caption_report(captions)}
    assert "pip install" in rows["METEOR"].note
    assert rows["METEOR"].machine.value is None
    assert rows["BLEU-4"].machine.value is not None


def test_without_human_texts_what_needs_them_says_so():
    captions = Captions([["a", "cat"], ["a", "dog"]], [[], []], np.array([0, 1]))
    rows = {row.name: row for row in caption_report(captions, encoder=encoder())}
    assert rows["BLEU-1"].machine.value is None
    assert rows["BLEU-1"].note
    assert rows["Unique-Productions"].machine.value == 1
    assert rows["Unique-Productions"].people.value is None
    assert rows["RefListener score"].machine.value is None


def test_no_captions_give_a_report_without_values():
    rows = caption_report(Captions([], [], np.array([], dtype=np.int64)), encoder=encoder())
    assert rows
    assert all(row.machine.value is None for row in rows)
