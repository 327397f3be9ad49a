"""The metrics of texts equal the COCO caption toolkit's own values on its tokens, to 1e-4."""

import json
import re

import numpy as np
import pytest

from modelserve.evaluation.bleu import bleu, bleu_counts, corpus_bleu
from modelserve.evaluation.captions import Captions
from modelserve.evaluation.cider import cider, cider_scores
from modelserve.evaluation.java_parts import JavaPartMissing, java, toolkit_file
from modelserve.evaluation.meteor import corpus_meteor, meteor, meteor_counts
from modelserve.evaluation.ptb_tokens import ptb_tokens
from modelserve.evaluation.rouge_l import rouge_l, rouge_l_scores
from modelserve.evaluation.spice import read_spice, spice

FILES = ("nlgeval_example", "e2e_example", "flickr8k_human", "flickr8k_shuffled")
# What METEOR's own program counted on nlg-eval's two public example sentences.
COUNTS_OF_EXAMPLE = np.array(
    [
        [10, 7, 4, 4, 1, 1, 2, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 3, 3],
        [10, 13, 6, 7, 4, 4, 4, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 1, 2, 10, 9],
    ],
    dtype=float,
)


def words(text):
    return text.split()


def runs_of_letters(text):
    return re.findall(r"[a-z0-9']+", text.lower())


def captions_of(name, folder, tokens="ptb"):
    known = json.loads((folder / "caption-metrics" / f"{name}.json").read_text())
    items = known["items"]
    if tokens == "ptb":
        candidates = [words(item["candidate_ptb"]) for item in items]
        references = [[words(text) for text in item["references_ptb"]] for item in items]
    else:
        candidates = [runs_of_letters(item["candidate"]) for item in items]
        references = [[runs_of_letters(text) for text in item["references"]] for item in items]
    key = "corpus_scores_ptb" if tokens == "ptb" else "corpus_scores_regex_tokens"
    return Captions(candidates, references, np.arange(len(items))), known[key], items


def some(candidate, *references):
    return Captions([words(candidate)], [[words(text) for text in references]], np.array([0]))


@pytest.fixture
def has_programs():
    try:
        java()
        toolkit_file("meteor/meteor-1.5.jar")
    except JavaPartMissing as missing:
        pytest.skip(str(missing))


@pytest.mark.parametrize("tokens", ["ptb", "regex"])
@pytest.mark.parametrize("name", FILES)
def test_bleu_rouge_l_and_cider_equal_the_toolkit(name, tokens, test_data):
    captions, known, _ = captions_of(name, test_data, tokens)
    for n, found in enumerate(bleu(captions), start=1):
        assert found.value == pytest.approx(known[f"BLEU-{n}"], abs=1e-4)
    assert rouge_l(captions).value == pytest.approx(known["ROUGE-L"], abs=1e-4)
    assert cider(captions).value == pytest.approx(known["CIDEr"], abs=1e-4)


@pytest.mark.parametrize("name", FILES)
def test_single_captions_equal_the_toolkit_too(name, test_data):
    captions, _, items = captions_of(name, test_data)
    assert rouge_l_scores(captions) == pytest.approx([item["scores_ptb"]["ROUGE-L"] for item in items], abs=1e-4)
    assert cider_scores(captions) == pytest.approx([item["scores_ptb"]["CIDEr"] for item in items], abs=1e-4)
    alone = corpus_bleu(bleu_counts(captions))
    for n in range(4):
        assert alone[:, n] == pytest.approx([item["scores_ptb"][f"BLEU-{n + 1}"] for item in items], abs=1e-4)


def test_meteor_equals_the_toolkit(has_programs, test_data):
    known = [captions_of(name, test_data) for name in FILES]
    counts = meteor_counts(
        [tokens for captions, _, _ in known for tokens in captions.candidates],
        [texts for captions, _, _ in known for texts in captions.references],
    )
    start = 0
    for captions, scores, items in known:
        part = counts[start : start + len(captions)]
        start += len(captions)
        assert corpus_meteor(part.sum(axis=0, keepdims=True))[0] == pytest.approx(scores["METEOR"], abs=1e-4)
        assert corpus_meteor(part) == pytest.approx([item["scores_ptb"]["METEOR"] for item in items], abs=1e-4)


def test_ptb_tokens_equal_the_toolkit(has_programs, test_data):
    captions, _, items = captions_of("e2e_example", test_data)
    assert ptb_tokens([item["candidate"] for item in items]) == captions.candidates


def test_meteor_follows_from_the_programs_counts():
    assert corpus_meteor(COUNTS_OF_EXAMPLE.sum(axis=0, keepdims=True))[0] == pytest.approx(0.295797, abs=1e-6)
    assert corpus_meteor(COUNTS_OF_EXAMPLE)[0] == pytest.approx(0.155657, abs=1e-6)


def test_without_the_programs_the_error_says_how_to_add_them(monkeypatch):
    monkeypatch.setattr("modelserve.evaluation.java_parts.PACKAGE", "no_such_package_here")
    for metric in (meteor, spice):
        with pytest.raises(JavaPartMissing, match=r"apt-get install .*pip install"):
            metric(some("a cat", "the cat"))
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(JavaPartMissing, match="no Java"):
        java()


def test_spices_output_is_read_and_nothing_said_counts_nothing():
    told = '[{"image_id": 1, "scores": {"All": {"f": 0.25}}}, {"image_id": 0, "scores": {"All": {"f": "NaN"}}}]'
    assert read_spice(told, 2).tolist() == [0.0, 0.25]
    with pytest.raises(JavaPartMissing, match="2 of 3"):
        read_spice(told, 3)


def test_a_copy_of_a_reference_is_perfect_and_an_empty_text_is_nothing():
    copy = some("a dog runs on the grass", "a dog runs on the grass", "one dog outside")
    assert [one.value for one in bleu(copy)] == pytest.approx([1, 1, 1, 1], abs=1e-6)
    assert rouge_l(copy).value == pytest.approx(1)
    empty = some("", "a dog", "")
    assert [one.value for one in bleu(empty)] == pytest.approx([0, 0, 0, 0], abs=1e-6)
    assert rouge_l(empty).value == 0
    assert cider(empty).value == 0


def test_one_image_has_no_interval_and_none_has_no_value():
    assert bleu(some("a b c d", "a b c d"))[0].low is None
    nothing = Captions([], [], np.array([], dtype=np.int64))
    assert [one.value for one in bleu(nothing)] == [None] * 4
    assert rouge_l(nothing).value is None
    assert cider(nothing).value is None


def test_intervals_hold_the_value_and_resample_images(test_data):
    captions, _, _ = captions_of("flickr8k_human", test_data)
    for found in (*bleu(captions), rouge_l(captions), cider(captions)):
        assert found.low < found.value < found.high
    twice = Captions(
        [*captions.candidates, *captions.candidates],
        [*captions.references, *captions.references],
        np.concatenate([captions.images, captions.images]),
    )
    # The same captions once more tell nothing new: the interval does not shrink.
    assert rouge_l(twice).low == pytest.approx(rouge_l(captions).low)
    assert cider(twice).value == pytest.approx(cider(captions).value)
    assert bleu(captions, seed=1)[0] == bleu(captions, seed=1)[0]


def test_leaving_one_text_out_keeps_every_image_with_two():
    captions = Captions(
        [words("x"), words("y"), words("z")],
        [[words("a"), words("b"), words("c")], [words("d")], [words("a"), words("b"), words("c")]],
        np.array([7, 8, 7]),
    )
    human = captions.left_out()
    assert human.images.tolist() == [7]
    assert sorted([*human.candidates, *human.references[0]]) == [["a"], ["b"], ["c"]]


def test_lengths_that_differ_are_refused():
    with pytest.raises(ValueError, match="1 texts"):
        Captions([["a"]], [], np.array([0]))
