"""Where the numbers of stimuli come from: steps, metadata, attributes; and what is said where there are none."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelserve.errors import NothingToLearn
from modelserve.ratings import error_variances, find_targets, table_of
from snapshots.reader import Snapshot
from tests.modelserve.tiny_world import TinyWorld


def facts(number: int, emotion: str) -> dict[str, Any]:
    """Metadata as it comes: numbers as texts, gaps, words."""
    row = {"category": "Person" if number % 3 else "Scenery", "themes": ["sea", emotion]}
    if number == 1:
        return row | {"valence_mean": "n/a"}
    if number == 2:
        return row
    return row | {"valence_mean": str(1 + number % 5), "valence_sd": 1.5, "valence_n": 100, "width": number}


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return TinyWorld(n_stimuli=12, facts=facts, is_rated=True).freeze(tmp_path_factory.mktemp("world"))


def numbers(snapshot: Snapshot) -> dict[str, int]:
    """{stimulus key: its number}."""
    table = snapshot.stimuli()
    pairs = zip(table["stimulus_key"].to_pylist(), table["name"].to_pylist(), strict=True)
    return {key: int(name.removesuffix(".jpg")) for key, name in pairs}


def test_published_numbers_are_found_with_or_without_mean_in_their_name(snapshot: Snapshot) -> None:
    target, same, width = find_targets(snapshot, ["valence", "valence_mean", "width"])
    place = numbers(snapshot)
    assert {place[key]: value for key, value in target.values.items()} == {
        number: 1 + number % 5 for number in range(12) if number not in (1, 2)
    }
    assert same.values == target.values
    assert target.n_unusable == 1
    assert set(target.error_variance.values()) == {1.5**2 / 100}
    assert width.error_variance == {}


def test_a_step_gives_the_mean_of_its_answers_and_how_sure_it_is(snapshot: Snapshot) -> None:
    (target,) = find_targets(snapshot, ["calm"])
    given: dict[str, list[int]] = {}
    for batch in snapshot.responses(["stimulus_key", "calm"], accepted_only=True):
        for key, value in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            given.setdefault(key, []).append(value)
    assert target.values == pytest.approx({key: np.mean(values) for key, values in given.items()})
    pooled = np.mean([np.var(values, ddof=1) for values in given.values()])  # as many answers everywhere
    assert list(target.error_variance.values()) == pytest.approx([pooled / 6] * 12)


def test_attributes_are_shares_of_answers_or_words_of_the_metadata(snapshot: Snapshot) -> None:
    tag, chosen, person, theme = find_targets(
        snapshot, ["tags:coloured", "emotion:awe", "category:Person", "themes:sea"]
    )
    assert set(tag.values.values()) == {5 / 6}
    keys, labels, counts = snapshot.label_counts("emotion")
    assert [chosen.values[key] for key in keys] == pytest.approx(counts[:, labels.index("awe")] / 6)
    place = numbers(snapshot)
    assert all(person.values[key] == float(place[key] % 3 > 0) for key in keys)
    assert set(theme.values.values()) == {1.0}


def test_a_table_has_nan_where_nothing_is_known(snapshot: Snapshot) -> None:
    targets = find_targets(snapshot, ["valence", "calm"])
    keys = sorted(numbers(snapshot), key=numbers(snapshot).__getitem__)
    table = table_of(targets, keys)
    assert table.shape == (12, 2)
    assert np.isnan(table).sum(axis=0).tolist() == [2, 0]
    assert np.isnan(error_variances(targets[0], keys)).tolist() == [number in (1, 2) for number in range(12)]
    assert table_of([], keys).shape == (12, 0)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("dominance", "'dominance' is neither a step that gives numbers .* This snapshot has calm, valence, width"),
        ("explanation", "'explanation' is neither a step that gives numbers"),
        ("category", "'category' in the stimuli's metadata holds no number. .* for example 'category:Person'"),
        ("category:Object", "no stimulus has 'Object' as its 'category'"),
        ("tags:loud", "no accepted answer to 'tags' is or holds 'loud'"),
        ("mood:good", "'mood:good' is neither"),
    ],
)
def test_what_is_not_there_is_said_with_what_is(snapshot: Snapshot, name: str, sentence: str) -> None:
    with pytest.raises(NothingToLearn, match=sentence):
        find_targets(snapshot, [name])


def test_a_snapshot_without_numbers_says_so(tmp_path: Path) -> None:
    bare = TinyWorld(n_stimuli=4).freeze(tmp_path)
    with pytest.raises(NothingToLearn, match="This snapshot has no such numbers"):
        find_targets(bare, ["valence"])


def test_one_answer_per_stimulus_tells_no_reliability(tmp_path: Path) -> None:
    lonely = TinyWorld(n_stimuli=4, n_responses=1, is_rated=True).freeze(tmp_path)
    (target,) = find_targets(lonely, ["calm"])
    assert len(target.values) == 4
    assert target.error_variance == {}
    assert json.dumps(target.values)
