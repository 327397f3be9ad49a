"""A speaker's texts as Affection's table 2: every way that it can speak, the nearest neighbour, and people beside."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from jobs.errors import JobCancelled
from modelserve.caption_directions import FOUND
from modelserve.caption_record import NEAREST, PEOPLE, CaptionTable, flat_metrics
from modelserve.caption_table import Beside, caption_table, variants_of
from modelserve.data import image_rows
from modelserve.networks.image_emotion import ImageEmotion
from modelserve.networks.listener import Listener
from modelserve.networks.saved import SavedNetwork
from modelserve.networks.show_attend_tell import ShowAttendTell
from modelserve.networks.text_emotion import TextEmotion
from modelserve.options import CAPTION_METRICS, ImageEmotionOptions, ListenerOptions, SpeakerOptions, TextEmotionOptions
from modelserve.pairs import pair_rows
from modelserve.words import vocabulary_of
from snapshots.reader import Snapshot
from tests.modelserve.tiny_world import LABEL_SET, TinyWorld

Table = Callable[..., CaptionTable | None]


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return TinyWorld(n_stimuli=150).freeze(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def words(snapshot: Snapshot) -> list[str]:
    return vocabulary_of(pair_rows(snapshot).train.texts, min_count=2)


def speaker(words: list[str], **options: Any) -> SavedNetwork:
    """Untrained: what it says does not matter here."""
    torch.manual_seed(5)
    chosen = SpeakerOptions(side=32, hidden=24, embedding=12, attention=8, max_tokens=12, **options)
    return SavedNetwork("speaker", ShowAttendTell.create(len(words), len(LABEL_SET), chosen), LABEL_SET, words)


def listener(words: list[str], seed: int) -> SavedNetwork:
    torch.manual_seed(seed)
    network = Listener.create(len(words), ListenerOptions(side=32, width=16), 8)
    torch.nn.init.normal_(network.bank)
    return SavedNetwork("listener", network, LABEL_SET, words)


@pytest.fixture(scope="module")
def beside(words: list[str]) -> Beside:
    torch.manual_seed(3)
    reader = TextEmotion(len(words), len(LABEL_SET), TextEmotionOptions(embedding=8, hidden=8))
    eye = ImageEmotion.create(len(LABEL_SET), ImageEmotionOptions(side=32))
    return Beside(
        chooser=listener(words, 1),
        judge=listener(words, 2),
        reader=SavedNetwork("text_emotion", reader, LABEL_SET, words),
        eye=SavedNetwork("image_emotion", eye, LABEL_SET, []),
    )


@pytest.fixture
def table(snapshot: Snapshot, words: list[str], tmp_path: Path) -> Table:
    def make(beside: Beside, *, most_images: int = 100, **more: Any) -> CaptionTable | None:
        return caption_table(
            more.pop("speaker", None) or speaker(words),
            more.pop("snapshot", snapshot),
            beside,
            cache=tmp_path,
            read_image=snapshot.image_bytes,
            device=torch.device("cpu"),
            most_images=most_images,
            **more,
        )

    return make


def test_every_way_of_speaking_stands_beside_the_nearest_neighbour_and_people(
    table: Table, beside: Beside, snapshot: Snapshot
) -> None:
    found = table(beside)
    assert found is not None
    record = json.loads(json.dumps(found.as_json()))
    names = [column["name"] for column in record["columns"]]
    assert names == ["default", "grounded", "pragmatic", "grounded_pragmatic", NEAREST, PEOPLE]
    assert record["n_images"] == record["n_test"] == len(pair_rows(snapshot).test) > 11
    rows = {row["metric"]: row for row in record["rows"]}
    assert {
        "BLEU-1",
        "BLEU-4",
        "ROUGE-L",
        "CIDEr",
        "Unique-Productions",
        "Max-LCS",
        "Mean-LCS",
        "Similes",
    } <= rows.keys()
    assert {"Emo-Alignment", "Emo-Alignment XENT", "Listener score", "RefListener score", FOUND} <= rows.keys()
    assert all(set(row["cells"]) == set(names) for row in record["rows"])
    # a neighbour's text can be read off a training text, to the last word
    assert rows["Max-LCS"]["cells"][NEAREST]["value"] == pytest.approx(1)
    assert rows["BLEU-1"]["cells"][NEAREST]["value"] > rows["BLEU-1"]["cells"]["default"]["value"]
    for metric in ("BLEU-4", "Max-LCS", FOUND):
        low, value, high = (rows[metric]["cells"][PEOPLE][key] for key in ("low", "value", "high"))
        assert low <= value <= high
    assert record["remarks"] == []


def test_differences_are_of_the_same_images(table: Table, beside: Beside) -> None:
    found = table(beside)
    assert found is not None
    one = next(row for row in found.as_json()["differences"] if (row["of"], row["metric"]) == (NEAREST, "Max-LCS"))
    columns = {
        name: next(row.machine for row in column.report if row.name == "Max-LCS")
        for name, column in found.columns.items()
    }
    assert one["value"] == pytest.approx(columns[NEAREST].value - columns["default"].value)
    assert one["low"] <= one["value"] <= one["high"]
    assert one["n"] == found.n_images


def test_what_a_promotion_may_be_decided_by_is_all_there(table: Table, beside: Beside) -> None:
    found = table(beside)
    assert found is not None
    flat = flat_metrics(found)
    assert tuple(flat) == CAPTION_METRICS
    assert flat["cider"] == found.of("default", "CIDEr").as_json()
    assert flat["emotion_alignment"] == found.of("grounded", "Emo-Alignment").as_json()


def test_without_other_networks_it_is_measured_beside_people_alone(table: Table) -> None:
    found = table(Beside())
    assert found is not None
    assert list(found.columns) == ["default", "grounded", NEAREST]
    names = {row["metric"] for row in found.as_json()["rows"]}
    assert not {"Emo-Alignment", "Listener score", FOUND} & names
    said = " ".join(found.remarks)
    assert "no listener" in said
    assert "no network 'Explanation to emotion'" in said
    assert "told what most people felt" in said
    assert flat_metrics(found)["found_by_listener"]["value"] is None


def test_one_listener_that_chooses_and_measures_is_said(table: Table, beside: Beside) -> None:
    found = table(replace(beside, judge=None), most_images=12)
    assert found is not None
    assert any("are flattered" in remark for remark in found.remarks)
    assert any(remark.startswith("12 of ") for remark in found.remarks)


def test_a_text_network_with_other_labels_does_not_judge(table: Table, beside: Beside, words: list[str]) -> None:
    other = TextEmotion(len(words), 2, TextEmotionOptions(embedding=8, hidden=8))
    labels = [{"id": "joy", "name": "Joy"}, {"id": "fear", "name": "Fear"}]
    found = table(replace(beside, reader=SavedNetwork("text_emotion", other, labels, words)), most_images=12)
    assert found is not None
    assert found.of("grounded", "Emo-Alignment").value is None
    assert any("with the same labels" in remark for remark in found.remarks)


def test_an_image_network_with_other_labels_tells_nothing_and_that_is_said(table: Table, beside: Beside) -> None:
    eye = ImageEmotion.create(2, ImageEmotionOptions(side=32))
    other = SavedNetwork("image_emotion", eye, [{"id": "joy", "name": "Joy"}, {"id": "fear", "name": "Fear"}], [])
    found = table(replace(beside, eye=other), most_images=12)
    assert found is not None
    assert "grounded" in found.columns
    assert any("told what most people felt" in remark for remark in found.remarks)


def test_speakers_speak_only_as_they_learned_to(words: list[str]) -> None:
    assert variants_of(speaker(words, grounding="none"), has_listener=False) == ["default"]
    assert variants_of(speaker(words, grounding="always"), has_listener=True) == ["grounded", "grounded_pragmatic"]
    assert variants_of(speaker(words, grounding="none", joint_label=True), has_listener=False) == [
        "default",
        "grounded",
    ]


def test_a_study_without_test_images_has_no_table(table: Table, tmp_path: Path) -> None:
    worlds = (TinyWorld(n_stimuli=6, seed=seed).freeze(tmp_path / f"world{seed}") for seed in range(50))
    empty = next(world for world in worlds if not len(image_rows(world).test))
    assert table(Beside(), snapshot=empty) is None


def test_whoever_ends_the_work_is_heard_between_pieces(table: Table, beside: Beside) -> None:
    def end(done: int, total: int) -> None:
        if done:
            raise JobCancelled

    with pytest.raises(JobCancelled):
        table(beside, progress=end)
