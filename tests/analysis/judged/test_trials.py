"""Which texts are shown together is drawn from a seed, balanced, and complete."""

from collections import Counter

import pytest

from analysis.judged.trials import HUMAN, PLAUSIBILITY, PREFERENCE, TURING, draw_trials

HUMANS = {f"image {n}": [f"person {who} on {n}" for who in range(3)] for n in range(200)}
MACHINES = {f"image {n}": {"default": f"default on {n}", "pragmatic": f"pragmatic on {n}"} for n in range(200)}


def test_each_variant_meets_one_person_per_image_and_never_the_same() -> None:
    trials = draw_trials(TURING, HUMANS, MACHINES, seed=1)
    assert len(trials) == 400
    assert Counter(tuple(sorted(trial.origins)) for trial in trials) == {
        ("default", HUMAN): 200,
        (HUMAN, "pragmatic"): 200,
    }
    texts = [dict(zip(trial.origins, trial.texts, strict=True))[HUMAN] for trial in trials]
    assert len(set(texts)) == 400
    assert all(
        trial.image.removeprefix("image ") == text.rsplit(" ", 1)[1] for trial, text in zip(trials, texts, strict=True)
    )


def test_the_order_is_hidden_and_even() -> None:
    first = Counter(trial.origins[0] == HUMAN for trial in draw_trials(TURING, HUMANS, MACHINES, seed=1))
    assert 160 <= first[True] <= 240


def test_the_same_seed_gives_the_same_trials_whatever_other_images_there_are() -> None:
    all_of_them = draw_trials(TURING, HUMANS, MACHINES, seed=5)
    some = {key: MACHINES[key] for key in list(MACHINES)[:20]}
    assert draw_trials(TURING, HUMANS, some, seed=5) == [trial for trial in all_of_them if trial.image in some]
    assert draw_trials(TURING, HUMANS, some, seed=6) != draw_trials(TURING, HUMANS, some, seed=5)


def test_preference_pairs_every_two_variants_and_plausibility_shows_one_text_alone() -> None:
    machines = {"one": {"a": "x", "b": "y", "c": "z"}, "two": {"a": "x", "b": " "}}
    pairs = draw_trials(PREFERENCE, {}, machines, seed=0)
    assert Counter(tuple(sorted(trial.origins)) for trial in pairs) == {("a", "b"): 1, ("a", "c"): 1, ("b", "c"): 1}
    alone = draw_trials(PLAUSIBILITY, {"one": ["me"]}, machines, seed=0)
    assert sorted(trial.origins[0] for trial in alone) == ["a", "a", "b", "c", HUMAN]


def test_capitals_stops_and_contractions_do_not_tell_who_is_human() -> None:
    humans = {"one": ["It’s SO calm; the lake's surface doesn’t move!  I'd stay…", "!?"]}
    machines = {"one": {"default": "the lake is calm"}}
    [trial] = draw_trials(TURING, humans, machines, seed=0)
    said = dict(zip(trial.origins, trial.texts, strict=True))
    assert said[HUMAN] == "it is so calm the lake surface does not move i would stay"
    assert said["default"] == "the lake is calm"
    alone = draw_trials(PLAUSIBILITY, humans, {"one": {"elsewhere": "A Lake, calm."}}, seed=0)
    assert {trial.texts[0] for trial in alone} == {said[HUMAN], "a lake calm"}
    # two variants side by side: nobody is to be told from a person, and a comma may be what makes one better
    [pair] = draw_trials(PREFERENCE, {}, {"one": {"a": "Calm, blue.", "b": "calm"}}, seed=0)
    assert "Calm, blue." in pair.texts


def test_without_people_there_is_no_turing_test() -> None:
    assert draw_trials(TURING, {"one": ["  "]}, {"one": {"a": "x"}}, seed=0) == []
    with pytest.raises(ValueError, match="turing, preference, plausibility"):
        draw_trials("lottery", {}, {}, seed=0)
