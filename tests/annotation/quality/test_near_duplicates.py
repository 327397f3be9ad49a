"""What is within the guarantee is found, always; nothing is called a copy that is none."""

import csv
import itertools
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.models import ExplanationOrder, ExplanationPair, ExplanationText, ResponseSignals
from annotation.quality import explanation_index, word_orders
from annotation.quality.explanation_index import Copies, Written, compare_and_add
from annotation.quality.explanation_store import forget_unused
from annotation.quality.near_duplicates import (
    FEWEST_WORDS,
    MOST_CHANGES,
    Order,
    changed_words,
    most_changes,
    most_changes_between,
    n_pairs,
    numbers_of,
    signature,
    words_of,
)
from annotation.quality.signals.copied_from_other import SIGNAL

# few words, so that runs of words repeat everywhere: the hardest case
WORDS = [
    "it",
    "makes",
    "me",
    "feel",
    "calm",
    "and",
    "the",
    "dog",
    "is",
    "so",
    "old",
    "because",
    "of",
    "a",
    "red",
    "sea",
]


def change(draw: random.Random, words: list[str], n: int) -> list[str]:
    changed = list(words)
    for _ in range(n):
        at = draw.randrange(len(changed))
        act = draw.choice(("substitute", "insert", "delete", "move"))
        if act == "insert":
            changed.insert(at, draw.choice([*WORDS, "strange"]))
        elif act == "move":
            word = changed.pop(at)
            changed.insert(draw.randrange(len(changed) + 1), word)
        elif act == "delete":
            del changed[at]
        else:
            changed[at] = draw.choice([*WORDS, "strange"])
    return changed


@given(
    st.integers(min_value=FEWEST_WORDS, max_value=40),
    st.integers(0, MOST_CHANGES),
    st.integers(min_value=0),
    st.booleans(),
)
@settings(max_examples=400, deadline=None)
def test_whatever_the_order_of_words_a_copy_shares_a_pair(n_words: int, most: int, seed: int, is_known: bool) -> None:
    draw = random.Random(seed)
    words = [draw.choice(WORDS) for _ in range(n_words)]
    copy = change(draw, words, most)
    n_changed = changed_words(words, copy, MOST_CHANGES)
    assert n_changed <= most
    if n_changed > most_changes_between(len(words), len(copy)):
        return
    numbers = numbers_of([*WORDS, *WORDS])
    order = Order(seed % 1000, {number: rank for rank, number in enumerate(draw.sample(numbers, len(numbers)))})
    if not is_known:
        order = Order(order.id)
    first = n_pairs(n_changed)

    assert set(order.pairs(words)[:first]) & set(order.pairs(copy)[:first])
    differing = (signature(words) ^ signature(copy)) & (1 << 64) - 1
    assert differing.bit_count() <= 2 * n_changed
    assert abs(len(words) - len(copy)) <= n_changed


def test_more_than_half_of_the_words_are_kept_and_three_are_changed_at_most() -> None:
    assert [most_changes(n) for n in range(3, 10)] == [0, 0, 2, 2, 3, 3, 3]
    assert most_changes_between(5, 8) == 3
    assert most_changes_between(4, 8) == 0


def test_pairs_of_another_study_or_order_are_other_pairs() -> None:
    words = WORDS[:9]
    assert len(Order(1).pairs(words)) == len(set(Order(1).pairs(words))) == n_pairs(MOST_CHANGES) == 10
    assert not set(Order(1).pairs(words)) & set(Order(2).pairs(words))
    assert Order(1).pairs(words[:4]) == []
    assert len(Order(1).pairs(["so"] * 9)) == 10, "a word said again is a word of its own"


def test_words_are_compared_without_case_signs_and_stretching() -> None:
    assert words_of("Don't LOOK — it’s the Sea!") == ["dont", "look", "its", "the", "sea"]
    assert words_of("L’été, ÉTÉ") == ["lété", "été"]
    assert words_of("¡Qué CALMA!") == ["qué", "calma"]
    assert words_of("صُورَةٌ هـادئة") == words_of("صورة هادئة")
    assert words_of("狗很可爱。") == ["狗", "很", "可", "爱"]
    assert words_of("ｆｕｌｌ width") == ["full", "width"]
    assert words_of("!!! …") == []


def test_changes_are_counted_in_words_and_a_moved_word_is_one() -> None:
    assert changed_words(["the", "old", "dog", "sleeps"], ["the", "very", "old", "cat", "sleeps"], 3) == 2
    assert changed_words(["a", "b", "c", "d", "e"], ["b", "c", "d", "e", "a"], 3) == 1
    assert changed_words(["a", "b", "c", "d", "e"], ["b", "a", "c", "d", "e"], 3) == 1
    assert changed_words(["a", "b", "c", "d"], ["e", "f", "g", "h"], 3) == 4
    assert -(1 << 63) <= signature(WORDS) < 1 << 63


def add(rows: list[tuple[int, int, str]]) -> list[Copies]:
    """(response, person, text) as the job adds them."""
    found = compare_and_add(1, [Written(*row) for row in rows])
    ResponseSignals.objects.bulk_create(
        ResponseSignals(
            response_id=response, study_id=1, stimulus_id=response, participation_id=person, text_id=copies.text_id,
            computed_at="2026-11-21T00:00Z",
        )
        for (response, person, _), copies in zip(rows, found, strict=True)
    )  # fmt: skip
    return found


def brute_force(rows: list[tuple[int, int, str]], number: int) -> tuple[int | None, int | None]:
    """The fewest changed words to an earlier text: of the same person, of another one."""
    nearest: dict[bool, int] = {}
    _, person, text = rows[number]
    words = words_of(text)
    for _, other_person, other_text in rows[:number]:
        original = words_of(other_text)
        is_own = person == other_person
        n_changed = 0 if words == original else changed_words(words, original, MOST_CHANGES)
        is_near = n_changed <= most_changes_between(len(words), len(original))
        if is_near and (is_own or len(words) >= FEWEST_WORDS):
            nearest[is_own] = min(n_changed, nearest.get(is_own, MOST_CHANGES))
    return nearest.get(True), nearest.get(False)


def assert_like_brute_force(rows: list[tuple[int, int, str]], found: list[Copies]) -> None:
    for number, (response, _, text) in enumerate(rows):
        own, other = brute_force(rows, number)
        copies = found[number]
        for fewest, similarity, copied in (
            (own, copies.from_self, copies.self_response),
            (other, copies.from_other, copies.other_response),
        ):
            if fewest is None:
                assert copied is None, (text, rows[copied - 1])
                assert not similarity
                continue
            assert copied is not None, (text, fewest)
            assert copied < response
            words, original = words_of(text), words_of(rows[copied - 1][2])
            assert changed_words(words, original, MOST_CHANGES) == fewest
            assert similarity == round(1 - fewest / max(len(words), len(original)), 4)


@pytest.mark.django_db
@pytest.mark.parametrize("batch", [1, 7, 200])
def test_the_tables_find_what_comparing_everything_with_everything_finds(
    batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(word_orders, "FIRST", 20)  # so that texts lie under several orders
    monkeypatch.setattr(word_orders, "GROWTH", 4)
    monkeypatch.setattr(explanation_index, "AT_ONCE", 2)  # so that the second look is needed
    draw = random.Random(5)
    rows: list[tuple[int, int, str]] = []
    for number in range(240):
        if rows and draw.random() < 0.4:
            words = change(draw, words_of(draw.choice(rows)[2]), draw.randint(0, 3)) or ["word"]
        else:
            words = [draw.choice(WORDS) for _ in range(draw.randint(3, 24))]
        rows.append((number + 1, draw.randrange(12), " ".join(words)))
    found = [copies for start in range(0, len(rows), batch) for copies in add(rows[start : start + batch])]

    assert ExplanationText.objects.values("order_id").distinct().count() >= 2
    assert_like_brute_force(rows, found)


@pytest.mark.django_db
def test_every_copy_of_what_people_really_wrote_is_found(test_data: Path) -> None:
    """Comments of GoEmotions, and copies of them with up to three words changed, against brute force."""
    with (test_data / "goemotions" / "train.csv").open(newline="", encoding="utf-8") as table:
        texts = [row["text"] for row in itertools.islice(csv.DictReader(table), 1_200)]
    draw = random.Random(8)
    rows = [(number + 1, draw.randrange(200), text) for number, text in enumerate(texts)]
    for _ in range(300):
        original = draw.choice(texts)
        copy = change(draw, words_of(original), draw.randint(1, 3)) or ["word"]
        rows.append((len(rows) + 1, 1_000 + len(rows), " ".join(copy)))
    found = [copies for start in range(0, len(rows), 300) for copies in add(rows[start : start + 300])]

    assert_like_brute_force(rows, found)


@pytest.mark.django_db
def test_short_sentences_that_honest_people_write_alike_stay_below_what_is_notable() -> None:
    sentences = ["it makes me feel happy", "it makes me feel calm and safe", "this looks like a very nice place"]
    others = ["this makes me feel sad", "it makes us feel calm and warm", "that looks like a really nice day"]
    add([(number, 1, text) for number, text in enumerate(sentences, 1)])
    for copies in add([(number + 10, 2, text) for number, text in enumerate(others, 1)]):
        assert copies.from_other is not None
        assert copies.other_response is not None
        assert not SIGNAL.is_notable(copies.from_other)


@pytest.mark.django_db
def test_texts_of_before_there_were_pairs_are_compared_as_well() -> None:
    text = "the quiet lake under the wide sky makes me small and calm"
    add([(1, 1, text), (2, 3, "so cute")])
    ExplanationPair.objects.all().delete()
    ExplanationText.objects.update(order_id=None, signature=None)
    (copy,) = add([(3, 2, text.replace("wide", "grey"))])
    assert copy.other_response == 1
    assert not ExplanationText.objects.filter(order_id=None).exists()


@pytest.mark.django_db
def test_short_words_of_strangers_are_no_copies_and_ones_own_are() -> None:
    first, stranger, again = add([(1, 1, "So cute!"), (2, 2, "so cute"), (3, 1, "so cute")])
    assert (first.from_self, first.from_other) == (0.0, None)
    assert (stranger.from_self, stranger.from_other) == (0.0, None)
    assert (again.from_self, again.self_response, again.from_other) == (1.0, 1, None)


@pytest.mark.django_db
def test_whoever_wrote_first_copied_nobody() -> None:
    add([(1, 1, "the quiet lake under the wide sky makes me small and calm")])
    (copy,) = add([(2, 2, "the quiet lake under a wide sky makes me small and happy")])
    assert copy.from_other == pytest.approx(1 - 2 / 12, abs=1e-4)
    assert copy.other_response == 1
    assert copy.from_self == 0.0


@pytest.mark.django_db
def test_chinese_arabic_french_and_spanish_copies_are_found() -> None:
    pairs = [
        ("这张照片让我想起小时候的夏天", "这张照片让我想起年轻时候的夏天"),
        (
            "هذه الصورة تجعلني أشعر بالهدوء لأن البحر جميل جدا اليوم",
            "هذه الصورة تجعلني أشعر بالهدوء لأن البحر كبير جدا اليوم",
        ),
        ("La mer est calme et cela me rend vraiment très heureux", "la mer est calme, et cela me rend plutôt heureux"),
        (
            "El perro me hace sonreír porque está jugando con el niño",
            "el gato me hace sonreír porque está jugando con un niño",
        ),
    ]
    add([(number, 1, original) for number, (original, _) in enumerate(pairs, 1)])
    found = add([(number + 10, 2, copy) for number, (_, copy) in enumerate(pairs, 1)])
    assert [copies.other_response for copies in found] == [1, 2, 3, 4]


@pytest.mark.django_db
def test_other_studies_are_not_looked_into() -> None:
    text = "the quiet lake under the wide sky makes me small and calm"
    add([(1, 1, text)])
    (elsewhere,) = compare_and_add(2, [Written(2, 2, text)])
    assert elsewhere.from_other == 0.0


@pytest.mark.django_db
def test_a_text_that_nobody_has_any_more_is_forgotten_with_its_pairs() -> None:
    text = "the quiet lake under the wide sky makes me small and calm"
    (mine, theirs) = add([(1, 1, text), (2, 2, text)])
    ResponseSignals.objects.filter(pk=1).delete()
    assert mine.text_id is not None
    assert forget_unused([mine.text_id]) == 0
    ResponseSignals.objects.filter(pk=2).delete()
    assert forget_unused([mine.text_id]) == 1
    assert not ExplanationText.objects.exists()
    assert not ExplanationPair.objects.exists()
    assert not ExplanationOrder.objects.exists()
    assert theirs.text_id == mine.text_id
