"""The effect of seeing something: found where there is one, not where there is none, and 'cannot tell' with few."""

from typing import Any

import numpy as np
import pytest
from scipy import stats

from analysis.statistics.held_out_effect import Outcome, held_out_effect, welch


def answers(random: np.random.Generator, n_people: int, *, shift: float = 0.0, tilt: float = 0.0) -> dict[str, Any]:
    """Each person some answers of three labels and a value; those who are shown are shifted, and tilted to label 0."""
    is_shown = np.arange(n_people) % 2 == 0
    person = np.repeat(np.arange(n_people), random.integers(5, 25, n_people))
    shown = is_shown[person]
    own = random.normal(0, 1, n_people)[person]
    values = own + random.normal(0, 1, len(person)) + shift * shown
    p = np.where(shown, 1 / 3 + tilt, 1 / 3)
    label = np.where(random.random(len(person)) < p, 0, random.integers(1, 3, len(person)))
    return {"person": person, "label": label, "values": values, "is_shown": is_shown}


def effect(made: dict[str, Any], *, margin: float = 0.5, n_exchanges: int = 299) -> dict[str, Any]:
    return held_out_effect(
        made["person"],
        made["label"],
        [Outcome("value", made["values"], margin)],
        is_shown=made["is_shown"],
        n_labels=3,
        margin=0.1,
        seed=7,
        n_exchanges=n_exchanges,
    )


def test_welch_is_scipys() -> None:
    random = np.random.default_rng(1)
    first, second = random.normal(1, 2, 17), random.normal(0, 1, 40)
    theirs = stats.ttest_ind(first, second, equal_var=False)
    ours = welch(first, second, margin=0.5)
    interval = theirs.confidence_interval()
    assert ours.p == pytest.approx(theirs.pvalue, abs=1e-12)
    assert (ours.low, ours.high) == pytest.approx((interval.low, interval.high), abs=1e-12)
    assert ours.degrees == pytest.approx(theirs.df, abs=1e-9)


def test_two_sides_each_of_one_mind_differ_for_sure() -> None:
    found = welch(np.ones(12), np.zeros(15), margin=0.05)
    assert (found.value, found.low, found.high) == (1.0, 1.0, 1.0)
    assert found.p is not None
    assert found.p < 1e-6
    assert found.p_equivalence == 1.0


def test_a_person_counts_once_however_much_she_answers() -> None:
    random = np.random.default_rng(2)
    made = answers(random, 40)
    person = made["person"]
    means = np.array([made["values"][person == each].mean() for each in range(40)])
    found = effect(made)["outcomes"][0]
    assert found["shown"] == pytest.approx(means[made["is_shown"]].mean())
    assert found["value"] == pytest.approx(means[made["is_shown"]].mean() - means[~made["is_shown"]].mean())


def test_an_effect_is_found_with_its_size() -> None:
    found = effect(answers(np.random.default_rng(3), 240, shift=1.0, tilt=0.3))
    outcome, first, whole = found["outcomes"][0], found["labels"][0], found["distribution"]
    assert outcome["verdict"] == "differ"
    assert outcome["low"] < 1.0 < outcome["high"]
    assert first["verdict"] == "differ"
    assert first["low"] < 0.3 < first["high"]
    assert whole["verdict"] == "differ"
    assert whole["value"] > whole["by_chance"][1]


def test_no_effect_is_shown_to_be_none_where_there_are_people_enough() -> None:
    found = effect(answers(np.random.default_rng(4), 900))
    assert found["outcomes"][0]["verdict"] == "same"
    assert {one["verdict"] for one in found["labels"]} == {"same"}
    assert found["distribution"]["verdict"] == "same"


def test_with_few_people_nothing_is_claimed_either_way() -> None:
    found = effect(answers(np.random.default_rng(5), 14, shift=0.4))
    assert {one["verdict"] for one in (*found["outcomes"], found["distribution"], *found["labels"])} == {"cannot_tell"}


def test_false_claims_stay_below_what_is_stated() -> None:
    """Of 200 studies without an effect, at most about one in twenty claims any of the five things."""
    random = np.random.default_rng(6)
    n_false = 0
    for _ in range(200):
        found = effect(answers(random, 30), n_exchanges=99)
        claims = [*found["outcomes"], found["distribution"]]
        n_false += any(one["verdict"].startswith("differ") for one in claims)
    assert n_false <= 18


@pytest.mark.parametrize("case", ["nobody", "one side", "four people a side", "nothing measured", "all alike"])
def test_odd_input_is_answered_with_a_reason(case: str) -> None:
    random = np.random.default_rng(8)
    made = answers(random, 8 if case == "four people a side" else 20)
    if case == "nobody":
        made = {name: made[name][:0] for name in made}
    elif case == "one side":
        made["is_shown"][:] = True
    elif case == "nothing measured":
        made["values"][:], made["label"][:] = np.nan, -1
    elif case == "all alike":
        made["values"][:], made["label"][:] = 2.0, 1
    found = effect(made)
    every = [*found["outcomes"], found["distribution"], *found["labels"]]
    assert {one["verdict"] for one in every} == {"cannot_tell"}
    assert all(one["reason"] for one in (found["outcomes"][0], *found["labels"]))
