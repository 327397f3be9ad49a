"""Scores of 720 real texts equal those that the packages and published tables give, computed by others."""

import json
from pathlib import Path
from typing import Any

import pytest

from analysis.language.concreteness import concreteness_of_single_words, mean_affect
from analysis.language.lexicons import AffectNorms, ConcretenessNorms
from analysis.language.sentiment import subjectivity, vader, vader_class
from analysis.language.tokens import latin_words

FILES = ["goemotions_dev300", "varierr_train300", "flickr8k_candidates120"]
TO_SIX_DIGITS = 1e-6  # the reference is rounded to as many


@pytest.fixture(params=FILES)
def reference(request: pytest.FixtureRequest, test_data: Path) -> dict[str, Any]:
    file = test_data / "linguistic-reference" / f"{request.param}.json"
    if not file.is_file():
        pytest.skip(f"the reference is not at {file}")
    found: dict[str, Any] = json.loads(file.read_text())
    return found


def test_every_text_equals_the_reference_to_six_digits(
    reference: dict[str, Any], concreteness: ConcretenessNorms, affect: AffectNorms
) -> None:
    for item in reference["items"]:
        text = item["text"]
        words = latin_words(text)
        assert (len(words), len(set(words))) == (item["n_tokens"], item["n_types"]), text
        scores = vader(text)
        assert vader_class(scores.compound) == item["vader_class"], text
        rated, n_rated = concreteness_of_single_words(words, concreteness)
        norms, n_norms = mean_affect(words, affect)
        assert (n_rated, n_norms) == (item["concreteness_covered_tokens"], item["warriner_covered_tokens"]), text
        polarity, subjective = subjectivity(text)
        ours = [scores.negative, scores.neutral, scores.positive, scores.compound, polarity, subjective]
        theirs = [*(item["vader"][name] for name in ("neg", "neu", "pos", "compound")),
                  item["textblob_polarity"], item["textblob_subjectivity"]]  # fmt: skip
        assert ours == pytest.approx(theirs, abs=TO_SIX_DIGITS), text
        assert rated == (None if n_rated == 0 else pytest.approx(item["concreteness_mean"], abs=TO_SIX_DIGITS)), text
        expected = item["warriner_mean_vad"]
        assert (norms is None) == (n_norms == 0)
        if norms is not None:
            assert norms == pytest.approx(expected, abs=TO_SIX_DIGITS), text


def test_the_means_of_the_corpus_equal_the_reference(reference: dict[str, Any]) -> None:
    texts = [item["text"] for item in reference["items"]]
    words = [latin_words(text) for text in texts]
    corpus = reference["corpus"]

    assert sum(map(len, words)) / len(texts) == pytest.approx(corpus["mean_tokens"], abs=TO_SIX_DIGITS)
    assert len({word for text in words for word in text}) == corpus["vocabulary_size"]
    classes = [vader_class(vader(text).compound) for text in texts]
    assert {name: classes.count(name) for name in set(classes)} == corpus["vader_class_counts"]


def test_the_published_border_of_the_most_abstract_words_is_met(concreteness: ConcretenessNorms) -> None:
    pairs = [entry for entry in concreteness.most_abstract if " " in entry]

    # Affection's reference: "424 words + 4 bigrams"
    assert (len(concreteness.most_abstract) - len(pairs), len(pairs)) == (424, 4)
