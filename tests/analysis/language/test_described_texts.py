"""Texts described: found again by their keys, taken, joined, kept, and read word by word."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from analysis.language.cell_means import Cells
from analysis.language.describe import DescribedTexts, describe_all, joined
from analysis.language.named_things import named_things
from analysis.language.text_keys import as_texts, text_keys
from analysis.language.word_index import WordIndex
from analysis.over_snapshots.kept_descriptions import from_bytes, keep_descriptions, read_descriptions, to_bytes
from analysis.statistics.clustered_means import clustered_means

SENTENCES = [
    "A happy dog runs to the lake.", "", "Two dogs and a lake.", "a happy dog runs to the lake.", "The lake!",
    "Der Hund schl\u00e4ft friedlich neben dem stillen See im Wald.", "A happy dog runs to the lake.",
]  # fmt: skip


@pytest.fixture(scope="module")
def described() -> DescribedTexts:
    return describe_all(SENTENCES, ["en"] * len(SENTENCES))[0]


def same(one: DescribedTexts, other: DescribedTexts) -> bool:
    one, other = one.canonical(), other.canonical()
    columns = ("keys", "numbers", "similes", "else_group", "offsets", "ids", "tags")
    spoken = [[each.language_names[place] for place in each.languages] for each in (one, other)]
    equal = [np.array_equal(getattr(one, name), getattr(other, name), equal_nan=name == "numbers") for name in columns]
    return all(equal) and one.words == other.words and spoken[0] == spoken[1]


def test_a_key_follows_every_byte_and_the_language_and_not_where_a_text_stands() -> None:
    texts = ["", "a", "b", "aa", "12345678", "123456780", "87654321", "1234567812345678", "1234567\u00e9", "a\0", "\0a"]
    languages = ["en"] * len(texts)
    keys = text_keys(as_texts(texts), as_texts(languages))
    assert len(set(keys.tolist())) == len(texts)
    assert not set(keys.tolist()) & set(text_keys(as_texts(texts), as_texts(["fr"] * len(texts))).tolist())
    backwards = text_keys(as_texts(texts[::-1]), as_texts(languages))
    assert backwards[::-1].tolist() == keys.tolist()
    # cut in pieces, and as a view into a longer column
    pieces = pa.chunked_array([pa.array(["x", *texts[:4]])[1:], pa.array(texts[4:])])
    assert text_keys(pieces, as_texts(languages)).tolist() == keys.tolist()
    assert len(text_keys(as_texts([]), as_texts([]))) == 0
    swapped = [f"{first:08d}{second:08d}" for first in range(30) for second in range(30)]
    assert len(set(text_keys(as_texts(swapped), as_texts(["en"] * 900)).tolist())) == 900


def test_what_is_known_already_is_taken_and_only_the_rest_described(described: DescribedTexts) -> None:
    grown = [
        "A zebra.",
        *SENTENCES[:3],
        "Two dogs and a lake.",
        *SENTENCES[3:5],
        "A balcony in the sun.",
        *SENTENCES[5:],
    ]
    known, n_new = describe_all(grown, ["en"] * len(grown), known=described)
    fresh, n_all = describe_all(grown, ["en"] * len(grown))
    assert (n_new, n_all) == (2, 8)
    assert same(known, fresh)
    assert same(
        describe_all(SENTENCES[2:4], ["en"] * 2, known=described)[0], describe_all(SENTENCES[2:4], ["en"] * 2)[0]
    )
    assert same(
        describe_all(["A zebra."], ["en"], known=describe_all([], [])[0])[0], describe_all(["A zebra."], ["en"])[0]
    )


def test_stretches_and_single_rows_give_the_same_texts(described: DescribedTexts) -> None:
    long = described.take(np.tile(np.arange(len(described)), 20))
    rows = np.concatenate((np.arange(3, 60), np.arange(90, 140), [2], np.arange(0, 30)))
    one_by_one = joined([long.take(np.array([row])) for row in rows])
    assert same(long.take(rows), one_by_one)
    assert len(long.take(rows[:0])) == 0


def test_parts_joined_and_bytes_read_again_are_the_same(described: DescribedTexts, tmp_path: Path) -> None:
    halves = [described.take(np.arange(4)).canonical(), described.take(np.arange(4, 7)).canonical()]
    assert same(joined([from_bytes(to_bytes(half)) for half in halves]), described)
    path = tmp_path / "folder" / "kept.arrow"
    keep_descriptions(path, described)
    kept = read_descriptions(path)
    assert kept is not None
    keep_descriptions(path, halves[0])  # in place of what is being read
    assert same(kept, described)
    path.write_bytes(path.read_bytes()[:-40])
    assert read_descriptions(path) is None
    assert read_descriptions(tmp_path / "absent") is None


def test_words_are_found_where_they_stand(described: DescribedTexts) -> None:
    index = WordIndex.of(described)
    word = described.words.index("lake")
    found = index.texts[index.starts[word] : index.starts[word + 1]]
    assert found.tolist() == [0, 2, 3, 4, 6]
    assert len(index.texts) == len(index.words) == len(described.ids)
    assert len(WordIndex.of(describe_all([], [])[0]).texts) == 0


def test_a_thing_is_shared_in_either_number_once_per_text() -> None:
    texts = describe_all(["a dog, a dog", "dogs", "dog", "a lake", "the lakes and lakes", "sun"], ["en"] * 6)[0]
    image = np.array([0, 0, 1, 2, 2, 2])
    places = {word: place for place, word in enumerate(texts.words)}
    forms = np.arange(len(texts.words))
    for one, many in (("dog", "dogs"), ("lake", "lakes")):
        forms[places[many]] = places[one]
    found = named_things(WordIndex.of(texts), image, forms, np.ones(len(texts.words), bool))
    assert found.n_things.tolist() == [1, 1, 1, 1, 1, 1]
    assert found.n_shared.tolist() == [1, 1, 0, 1, 1, 0]
    shared = zip(found.thing, found.image, found.n_texts, strict=True)
    assert {(texts.words[thing], of, n) for thing, of, n in shared} == {("dog", 0, 2), ("lake", 2, 2)}


def test_means_of_all_cells_at_once_are_those_of_each_alone() -> None:
    random = np.random.default_rng(5)
    image, emotion = np.sort(random.integers(0, 60, 500)), random.integers(0, 4, 500)
    source = random.integers(0, 3, 60)
    values = random.normal(1_000, 0.01, 500)
    values[random.random(500) < 0.2] = np.nan
    cells = Cells(image, emotion, source, (3, 4))
    for measured in (values, np.where(image < 3, values, np.nan), np.full(500, np.nan)):
        means = cells.means(measured)
        for mine, alone in (
            (means.everything(), clustered_means(measured, image, np.zeros(60, int), 1)),
            (means.by_source(), clustered_means(measured, image, source, 3)),
            (means.by_emotion(), clustered_means(measured, image * 4 + emotion, np.tile(np.arange(4), 60), 4)),
            (
                means.by_both(),
                clustered_means(
                    measured, image * 4 + emotion, np.repeat(source, 4) * 4 + np.tile(np.arange(4), 60), 12
                ),
            ),
        ):
            assert mine.n.tolist() == alone.n.tolist()
            assert mine.n_clusters.tolist() == alone.n_clusters.tolist()
            for name in ("mean", "low", "high"):
                np.testing.assert_allclose(getattr(mine, name), getattr(alone, name), rtol=0, atol=1e-9)
