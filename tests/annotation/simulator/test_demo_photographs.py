"""The demo's photographs: every file has its facts, every fact its file."""

from PIL import Image

from annotation.demo.photographs import FOLDER, demo_photographs


def test_every_row_has_its_file_and_every_file_its_row():
    rows = [photo.image_file for photo in demo_photographs()]
    assert len(rows) == len(set(rows)) == 100
    assert sorted(rows) == sorted(path.name for path in FOLDER.iterdir())


def test_every_file_is_a_small_jpeg():
    for photo in demo_photographs():
        with Image.open(photo.path) as image:
            assert image.format == "JPEG"
            assert image.size == (384, 307)
        assert photo.path.stat().st_size < 60_000


def test_feelings_can_vary():
    valences = [photo.valence_mean for photo in demo_photographs()]
    arousals = [photo.arousal_mean for photo in demo_photographs()]
    assert min(valences) < 2.5
    assert max(valences) > 6.2
    assert min(arousals) < 2.0
    assert max(arousals) > 5.0
    assert all(1 <= value <= 7 for value in valences + arousals)
    assert 20 <= sum(valence < 4 for valence in valences) <= 40


def test_every_photograph_is_described_in_one_plain_sentence_of_its_own():
    descriptions = [photo.description for photo in demo_photographs()]
    assert len(set(descriptions)) == 100
    assert all(2 <= len(text.split()) <= 15 and text[0].isupper() for text in descriptions)
    # A screen reader says "image" by itself.
    assert not any(word in text.lower() for text in descriptions for word in ("photo", "picture of", "image"))


def test_nobody_is_the_subject():
    assert {photo.category for photo in demo_photographs()} == {"Animal", "Object", "Scenery"}
