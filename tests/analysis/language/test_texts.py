"""What is read from one text: words, concreteness, similes, groups, parts of speech, language."""

from pathlib import Path

import pytest

from analysis.language.concreteness import concreteness_with_pairs, mean_affect, uses_most_abstract
from analysis.language.errors import LexiconUnreadable
from analysis.language.lexicons import AffectNorms, ConcretenessNorms, read_affect, read_concreteness
from analysis.language.parts_of_speech import TAGS, tag
from analysis.language.similes import SUBSTRINGS, similes_in
from analysis.language.something_else import GROUPS, UNCLASSIFIED, group_of
from analysis.language.text_language import UNKNOWN, language_of
from analysis.language.tokens import latin_words


def test_a_rated_pair_counts_as_one_and_takes_its_words_out(few_ratings: ConcretenessNorms) -> None:
    assert concreteness_with_pairs(["the", "dog", "eats", "ice", "cream"], few_ratings) == (pytest.approx(4.9), 2)


def test_of_pairs_that_overlap_both_count_and_the_first_takes_the_shared_word(few_ratings: ConcretenessNorms) -> None:
    mean, n = concreteness_with_pairs(["ice", "cream", "cake"], few_ratings)

    assert (mean, n) == (pytest.approx(4.5), 2)


def test_a_pair_that_stands_twice_counts_twice(few_ratings: ConcretenessNorms) -> None:
    assert concreteness_with_pairs(["ice", "cream", "and", "ice", "cream"], few_ratings) == (5.0, 2)


def test_a_text_without_a_rated_word_has_no_concreteness(few_ratings: ConcretenessNorms) -> None:
    assert concreteness_with_pairs(["the", "zyx"], few_ratings) == (None, 0)
    assert concreteness_with_pairs([], few_ratings) == (None, 0)
    assert mean_affect(["zyx"], AffectNorms({})) == (None, 0)


def test_the_most_abstract_word_is_found_in_a_text(few_ratings: ConcretenessNorms) -> None:
    assert few_ratings.most_abstract == {"idea"}
    assert uses_most_abstract(["an", "idea"], few_ratings)
    assert not uses_most_abstract(["a", "dog"], few_ratings)


def test_similes_are_the_thirteen_substrings() -> None:
    assert len(SUBSTRINGS) == 13
    found = similes_in(["it", "looks", "like", "rain", "and", "reminds", "me", "of", "home"])
    assert [phrase for place, phrase in enumerate(SUBSTRINGS) if found >> place & 1] == ["reminds me", "looks like"]
    assert similes_in([]) == 0
    # substrings, as published: no word borders
    assert similes_in(["this", "could", "become", "worse"])


def test_something_else_needs_exactly_one_word_of_exactly_one_group() -> None:
    assert len(GROUPS) == 28
    assert GROUPS[group_of(["i", "feel", "puzzled", "by", "it"])][0] == "confused"
    assert group_of(["bored", "and", "confused"]) == UNCLASSIFIED
    assert group_of(["bored", "bored"]) == UNCLASSIFIED
    assert group_of([]) == UNCLASSIFIED
    # it stands in two of the published groups, so it never decides
    assert group_of(["surprised"]) == UNCLASSIFIED


def test_parts_of_speech_of_plain_sentences() -> None:
    tags = [TAGS[place] for place in tag(["i", "love", "the", "happy", "dog", "on", "the", "grass"])]

    assert tags == ["PRON", "VERB", "DET", "ADJ", "NOUN", "ADP", "DET", "NOUN"]
    assert tag([]) == []
    assert TAGS[tag(["visit"])[0]] == "NOUN"
    assert TAGS[tag(["to", "visit"])[1]] == "VERB"


@pytest.mark.parametrize(
    ("text", "page", "expected"),
    [
        ("The happy dog is running across the green field with a ball", "de", "en"),
        ("Der Hund läuft fröhlich über die grüne Wiese und freut sich sehr", "en", "de"),
        ("sad", "en-GB", "en"),
        ("sad", "", UNKNOWN),
        ("", "fr", "fr"),
        ("!!!", "", UNKNOWN),
    ],
)
def test_a_language_is_recognised_in_longer_texts_and_taken_from_the_page_in_short_ones(
    text: str, page: str, expected: str
) -> None:
    assert language_of(text, latin_words(text), page) == expected


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "is empty"),
        ("Word\tConc.M\n", "no rows"),
        ("Word\tRating\ndog\t4\n", "no column 'Conc.M'"),
        ("Word\tConc.M\ndog\tfour\n", "line 2: Conc.M is 'four'"),
        ("Word\tConc.M\ndog\t7\n", "not a number of 1..5"),
        ("Word\tConc.M\ndog\n", "shorter than the header"),
    ],
)
def test_a_file_that_is_no_lexicon_is_refused_with_the_place(tmp_path: Path, content: str, says: str) -> None:
    file = tmp_path / "ratings.txt"
    file.write_text(content)

    with pytest.raises(LexiconUnreadable, match=says):
        read_concreteness(file)


def test_a_lexicon_that_is_not_there_or_is_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LexiconUnreadable, match="is not there"):
        read_affect(tmp_path / "absent.csv")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00\xd8")
    with pytest.raises(LexiconUnreadable, match="cannot be read"):
        read_affect(tmp_path / "binary")


def test_words_named_like_missing_values_are_words(tmp_path: Path) -> None:
    file = tmp_path / "ratings.csv"
    file.write_text("Word,Conc.M\nnull,1.5\nnan,3.0\n")

    assert read_concreteness(file).ratings == {"null": 1.5, "nan": 3.0}
